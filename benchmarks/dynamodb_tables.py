"""Tables for a benchmark."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager


@asynccontextmanager
async def tables(endpoint: str, now: datetime) -> AsyncIterator[DynamoDBManager]:
    """A provider whose clock stands still, with tables that are gone afterwards."""
    manager = DynamoDBManager(
        region="us-east-1",
        table_prefix=f"benchmark-{os.getpid()}-",
        endpoint_url=endpoint,
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
        clock=lambda: now,
    )
    async with manager:
        yield manager
        await manager.delete_tables()
