"""Managers of fresh tables, on the engine itself or behind a faulty proxy."""

import os
from collections.abc import AsyncIterator
from itertools import count
from typing import Any, Protocol

import pytest

from github_events_monitor.infrastructure.dynamodb.layout import TABLES
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager

from ..conftest import clock

collect_ignore_glob = ["test_*.py"] if os.environ.get("DATABASE_PROVIDER") == "sqlite" else []

_numbers = count(1)


class Make(Protocol):
    """Makes a manager; without a prefix it has tables of its own."""

    def __call__(self, **options: Any) -> DynamoDBManager: ...


@pytest.fixture
async def make(dynamodb_endpoint: str) -> AsyncIterator[Make]:
    made: list[DynamoDBManager] = []

    def manager(**options: Any) -> DynamoDBManager:
        chosen: dict[str, Any] = {
            "region": "us-east-1",
            "table_prefix": f"own-{os.getpid()}-{next(_numbers)}-",
            "endpoint_url": dynamodb_endpoint,
            "aws_access_key_id": "dummy",
            "aws_secret_access_key": "dummy",
            "clock": clock,
        }
        made.append(DynamoDBManager(**chosen | options))
        return made[-1]

    yield manager
    for prefix in {one.connection.client.table_prefix for one in made}:
        client = manager(table_prefix=prefix).connection.client
        names = (await client.call("list_tables"))["TableNames"]
        for table in TABLES:
            if client.table(table.name) in names:
                await client.call("delete_table", TableName=client.table(table.name))
    for one in made:
        await one.close()


@pytest.fixture
async def manager(make: Make) -> DynamoDBManager:
    """One manager whose tables are there."""
    chosen = make()
    await chosen.initialize()
    return chosen
