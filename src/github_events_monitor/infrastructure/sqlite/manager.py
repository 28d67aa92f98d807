"""The SQLite provider as a whole.

Implementation notes
- `store`, `import_events` and `import_batches` are one transaction each: records, rollup, state and the lease's epoch
  check together.
- Any number of programs may use one file: each transaction takes the write lock at its beginning (BEGIN IMMEDIATE).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import InvalidInput
from ...instants import Clock, system_clock
from ...records import CollectedBatch, CommitRecord, Event, Lease, Stored
from ..contract.export_rows import ParsedItems
from ..database_interface import TABLES, DatabaseManager, TableItem
from . import copying, joining, schema
from .bulk import RowEncoder, import_rows
from .collector_state import SQLiteCollectorState, check_lease, save_states
from .commits import SQLiteCommits, insert_commits
from .connection import SQLiteConnection
from .events import SQLiteEvents, insert_events
from .exporting import export_pages
from .importing import import_items
from .metrics import SQLiteMetrics, save_rows
from .threads import SQLiteThreads, save_threads


class SQLiteManager(DatabaseManager):
    """A database file, or `:memory:`.

    path: missing folders are made; the file is readable by its owner alone.
    retention_days: shown by `describe`; the collector calls `delete_before`.
    busy_timeout: seconds to wait for another process that holds the file's lock.
    """

    connection: SQLiteConnection
    batch_encoder = RowEncoder

    def __init__(
        self,
        path: str = "./github_events.db",
        *,
        clock: Clock = system_clock,
        retention_days: int | None = None,
        busy_timeout: float = 5.0,
    ) -> None:
        self.connection = SQLiteConnection(path, clock=clock, busy_timeout=busy_timeout)
        self.events = SQLiteEvents(self.connection)
        self.commits = SQLiteCommits(self.connection)
        self.metrics = SQLiteMetrics(self.connection)
        self.collector_state = SQLiteCollectorState(self.connection)
        self.threads = SQLiteThreads(self.connection)
        self.retention_days = retention_days

    def __repr__(self) -> str:
        return f"SQLiteManager({self.connection.path!r})"

    async def create_tables(self, **options: Any) -> dict[str, str]:
        """See the contract; there are no options."""
        if options:
            raise InvalidInput(f"the SQLite provider has no option {next(iter(options))!r} for creating tables")
        made = await self.connection.create()
        return {table: "created" if table in made else "exists" for table in TABLES}

    async def describe(self) -> dict[str, Any]:
        """Return tables with row counts and indexes, size on disk, journal mode, schema version; no file is made."""
        about: dict[str, Any] = {"provider": "sqlite", "database_path": self.connection.path}
        if not self.connection.is_there:
            missing: dict[str, Any] = {"status": "missing", "items": None, "indexes": []}
            return about | {"tables": dict.fromkeys(TABLES, missing), "retention_days": self.retention_days}
        await self.connection.open()
        return about | await self.connection.read(_describe) | {"retention_days": self.retention_days}

    async def backup(self, path: Path, *, replace: bool = False) -> int:
        """See the contract; the file is checked before it gets its name."""
        return await asyncio.to_thread(copying.back_up, self.connection.path, path, replace=replace)

    async def check(self) -> dict[str, Any]:
        """See the contract."""
        return await asyncio.to_thread(copying.check, self.connection.path)

    async def delete_tables(self) -> list[str]:
        """See the contract; the file stays, with the tables of others if there are any, and none is made."""
        if not self.connection.is_there:
            return []
        await self.connection.open()
        await self.connection.write(schema.drop)
        await self.connection.maintain(lambda db: db.execute("VACUUM") and None)
        await self.close()  # the next use creates the tables again
        return list(TABLES)

    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        return await self.connection.write(lambda db: _store(db, batch, lease))

    async def _import(self, events: Sequence[Event], commits: Sequence[CommitRecord]) -> Stored:
        return await self.connection.write(lambda db: _import(db, events, commits))

    async def _import_batches(self, batches: Sequence[bytes], names: Mapping[str, str]) -> Stored:
        return await self.connection.write(lambda db: import_rows(db, batches, names))

    async def _forget_repository(self, repo: str) -> None:
        await self.connection.write(lambda db: joining.forget_repository(db, repo))

    def _read_pages(self, table: str, since: str | None, repo: str | None) -> AsyncIterator[list[TableItem]]:
        return export_pages(self.connection, table, since, repo)

    async def _write_items(self, rows: ParsedItems) -> dict[str, int]:
        return await self.connection.write(lambda db: import_items(db, rows))


def _import(db: sqlite3.Connection, events: Sequence[Event], commits: Sequence[CommitRecord]) -> Stored:
    return Stored(insert_events(db, events), insert_commits(db, commits))


def _store(db: sqlite3.Connection, batch: CollectedBatch, lease: Lease) -> Stored:
    check_lease(db, lease)
    stored = Stored(insert_events(db, batch.events), insert_commits(db, batch.commits))
    save_rows(db, "security_metrics", batch.security)
    save_rows(db, "deployment_metrics", batch.deployments)
    save_threads(db, batch.threads)
    save_states(db, [batch.state])
    return stored


def _describe(db: sqlite3.Connection) -> dict[str, Any]:
    def pragma(name: str) -> Any:
        return db.execute(f"PRAGMA {name}").fetchone()[0]

    indexes = db.execute("SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    return {
        "size_bytes": pragma("page_count") * pragma("page_size"),
        "journal_mode": pragma("journal_mode"),
        "schema_version": db.execute("SELECT value FROM _meta WHERE key = 'schema_version'").fetchone()[0],
        "sqlite_version": sqlite3.sqlite_version,
        "tables": {
            table: {
                "status": "active",
                "items": db.execute(f"SELECT count(*) FROM {table}").fetchone()[0],
                "indexes": sorted(name for owner, name in indexes if owner == table),
            }
            for table in TABLES
        },
    }
