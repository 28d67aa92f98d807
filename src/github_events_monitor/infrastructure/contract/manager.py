"""The database as a whole."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar, Self

from ...instants import format_instant
from ...records import CollectedBatch, CommitRecord, Event, Lease, Stored, repo_key
from .bulk import BatchEncoder, RecordEncoder, decode_records
from .claims import MEMORY, Part, claimed
from .commits import CommitsRepository
from .connection import DatabaseConnection
from .events import EventsRepository
from .exchange import ParsedItems, parse_items
from .metrics import MetricsRepository
from .vocabulary import TABLES, TableItem


class DatabaseManager(ABC):
    """A database as a whole: the connection, the three repositories, and what must happen across them."""

    connection: DatabaseConnection
    events: EventsRepository
    commits: CommitsRepository
    metrics: MetricsRepository

    batch_encoder: ClassVar[type[BatchEncoder]] = RecordEncoder
    """What makes the batches that `import_batch` takes."""

    async def initialize(self) -> None:
        """Open the database and make its tables; idempotent."""
        await self.connection.open()

    async def close(self) -> None:
        """Close it; idempotent."""
        await self.connection.close()

    async def __aenter__(self) -> Self:
        try:
            await self.initialize()
        except BaseException:
            await self.close()  # nobody else will
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def health_check(self) -> dict[str, Any]:
        """See `DatabaseConnection.health`."""
        return await self.connection.health()

    def consumed_capacity(self) -> dict[tuple[str, str], float]:
        """Capacity units consumed since start by (table, "read" | "write"), on engines that bill by them."""
        return {}

    async def store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        """Store what a collector learned, under its lease; answers what was really new.

        After a crash at any point either the whole batch is there, or its state is not, so that the same records come
        again and are recognised. Raises `LeaseLost` when the lease's epoch is no longer the repository's: the state is
        then unchanged (and on SQLite nothing at all was written).
        """
        await self.connection.open()
        return await self._store(batch, lease)

    async def import_events(self, events: Sequence[Event], commits: Sequence[CommitRecord]) -> Stored:
        """Many repositories' records in one step (one transaction where the engine has them)."""
        await self.connection.open()
        return await self._import(events, commits)

    async def import_batch(self, batch: bytes) -> Stored:
        """The bulk path: the same for what an encoder of this provider (`batch_encoder`) made."""
        await self.connection.open()
        return await self._import_batch(batch)

    async def read_items(
        self,
        tables: Sequence[str] = TABLES,
        *,
        since: str | None = None,
        repo: str | None = None,
        now: str | None = None,
    ) -> AsyncIterator[TableItem]:
        """Every stored row of the tables, for export, by table in the order given, without keys that begin with `#`.

        since: events and commits (with their files and summaries) from that instant on. repo: its rows only. now: when
        reading begins, null is now. What is remembered of a repository claims no more than what such a part holds.
        Memory does not grow with the number of rows.
        """
        async for page in self.read_pages(tables, since=since, repo=repo, now=now):
            for item in page:
                yield item

    async def read_pages(
        self,
        tables: Sequence[str] = TABLES,
        *,
        since: str | None = None,
        repo: str | None = None,
        now: str | None = None,
    ) -> AsyncIterator[list[TableItem]]:
        """The same rows some hundreds at a time, for whoever has many to handle; a page is of one table."""
        await self.connection.open()
        part = Part(tables, since or "", now or format_instant(self.connection.clock()))
        hours = await self.metrics.get_archive_hours()
        async for page in self._read_pages(tables, since, repo_key(repo) if repo is not None else None):
            yield claimed(page, part, hours) if page and page[0].table == MEMORY else page

    async def write_items(self, items: Sequence[TableItem] | ParsedItems) -> dict[str, int]:
        """Store exported rows; answers by table how many were new. What is there already stays as it is.

        Raises `InvalidInput` naming the table and the key of a row that is not in the export form, before any of
        these items is written.
        """
        await self.connection.open()
        parsed = items if isinstance(items, ParsedItems) else await asyncio.to_thread(parse_items, items)
        return await self._write_items(parsed)

    @abstractmethod
    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored: ...
    @abstractmethod
    async def _import(self, events: Sequence[Event], commits: Sequence[CommitRecord]) -> Stored: ...

    async def _import_batch(self, batch: bytes) -> Stored:
        events, commits = await asyncio.to_thread(decode_records, batch)
        return await self._import(events, commits)

    @abstractmethod
    def _read_pages(
        self, tables: Sequence[str], since: str | None, repo: str | None
    ) -> AsyncIterator[list[TableItem]]: ...
    @abstractmethod
    async def _write_items(self, items: ParsedItems) -> dict[str, int]: ...

    @abstractmethod
    async def create_tables(self, **options: Any) -> dict[str, str]:
        """Make what is missing; answers by table "created" or "exists". Options are the provider's own."""

    @abstractmethod
    async def describe(self) -> dict[str, Any]:
        """What `database info` shows: tables with status, item counts, sizes, indexes, and the provider's settings."""

    @abstractmethod
    async def delete_tables(self) -> list[str]:
        """Remove our nine tables with all they hold; answers their names."""
