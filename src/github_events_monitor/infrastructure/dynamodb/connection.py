"""The connection: the client, and the tables it needs.

Reads through an index may lag behind a write (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html);
known ids, commits by sha, states, leases and the watch list are therefore read from the tables, consistently.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ...errors import MonitorError
from ...instants import Clock
from ...side_by_side import LoopLock
from ..database_interface import CORE_TABLES, DatabaseConnection
from . import settling, state_items, tables
from .capacity import Capacity
from .client import DynamoDBClient


class DynamoDBConnection(DatabaseConnection):
    """See the module.

    retention_days: How long events, commits and threads that are not open live; None is for ever.
    has_threads: Whether the table of threads was there, or could be made, when the tables were opened.
    """

    def __init__(self, client: DynamoDBClient, clock: Clock, retention_days: int | None = None) -> None:
        self.client = client
        self.clock = clock
        self.retention_days = retention_days
        self.has_threads = True
        self._latest: list[settling.Mark] = []
        self._opened_on: asyncio.AbstractEventLoop | None = None
        self._opening = LoopLock()

    @property
    def capacity(self) -> Capacity:
        """What all calls of this connection consumed."""
        return self.client.capacity

    async def prepare(self) -> None:
        """See `DatabaseConnection`."""
        await self.client.connect()

    async def open(self) -> None:
        """See `DatabaseConnection`; on existing tables this takes DescribeTable and one GetItem."""
        loop = asyncio.get_running_loop()
        if self._opened_on is loop:
            return
        async with self._opening():
            if self._opened_on is not loop:
                self.has_threads = await tables.ensure(self.client, expiry=self.retention_days is not None)
                await state_items.check_layout(self.client)
                self._opened_on = loop

    def note_latest(self, marks: Sequence[settling.Mark]) -> None:
        """Note what indexes have to show of what is stored without a claim to know anything: of each table the last."""
        tables = {mark.table for mark in marks}
        self._latest = [*(mark for mark in self._latest if mark.table not in tables), *marks]

    async def settle_latest(self) -> list[settling.Mark]:
        """Wait until indexes show what was stored last, before it is claimed to be known; return what they do not."""
        marks, self._latest = self._latest, []
        return await settling.settle(self.client, marks)

    async def close(self) -> None:
        """See `DatabaseConnection`."""
        self.forget()
        await self.client.close()

    def forget(self) -> None:
        """Look for the tables again before the next use."""
        self._opened_on = None

    def expiry(self, instant: str) -> int | None:
        """Return `expires_at` of a record of that instant in epoch seconds, or None when records stay for ever.

        Never in the past: DynamoDB leaves items alone that should have gone more than five years ago.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
        """
        if self.retention_days is None:
            return None
        due = datetime.fromisoformat(instant) + timedelta(days=self.retention_days)
        return int(max(due, self.clock()).timestamp())

    async def health(self) -> dict[str, Any]:
        """See `DatabaseConnection`: exactly status, provider, region, table_prefix, tables_found when healthy."""
        problem: dict[str, Any] = {}
        found: int | None = None
        try:
            there = await tables.existing(self.client, CORE_TABLES)
            found = len(there)
            if reason := tables.unusable(self.client, there):
                problem = {"error": reason}
        except MonitorError as error:
            problem = {"error": error.message}
        return {
            "status": "unhealthy" if problem else "healthy",
            "provider": "dynamodb",
            "region": self.client.region,
            "table_prefix": self.client.table_prefix,
            "tables_found": found,
            **problem,
        }
