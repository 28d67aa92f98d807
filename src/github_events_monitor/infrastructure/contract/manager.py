"""The database as a whole."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec

from ...instants import format_instant
from ...ledger import with_archive
from ...records import (
    CollectedBatch,
    Commit,
    CommitRecord,
    Event,
    Lease,
    Ledger,
    RepositoryState,
    Stored,
    Thread,
    repo_key,
)
from .. import thread_wire
from .bulk import BatchEncoder, RecordEncoder, decode_records
from .collector_state import CollectorState
from .commits import CommitsRepository
from .connection import DatabaseConnection
from .events import EventsRepository
from .export_coverage import MEMORY, Part, restricted, with_hours
from .export_rows import ParsedItems, parse_items
from .joining import join_repositories
from .metrics import MetricsRepository
from .names import Names, names_of
from .spool import Spool
from .threads import ThreadsRepository
from .types import TABLES, TableItem, check_tables


class DatabaseManager(ABC):
    """A database as a whole: connection, repositories, collector state, and what must happen across them."""

    connection: DatabaseConnection
    events: EventsRepository
    commits: CommitsRepository
    metrics: MetricsRepository
    collector_state: CollectorState
    threads: ThreadsRepository

    retention_days: int | None = None
    """After how many days events and commits are removed; None is never."""

    batch_encoder: ClassVar[type[BatchEncoder]] = RecordEncoder
    """What makes the batches that `import_batches` takes."""

    async def prepare(self) -> None:
        """See `DatabaseConnection.prepare`."""
        await self.connection.prepare()

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
            await self.close()  # the caller has no manager to close
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
        """Store what a collector learned, under its lease, and return what was really new.

        After a crash at any point either the whole batch is there, or its state is not, so that the same records come
        again and are recognised. Raises `LeaseLost` when the lease's epoch is no longer the repository's: the state is
        then unchanged (and on SQLite nothing at all was written). Where threads are not `available`, the state stored
        does not say that they are known.
        """
        threads = tuple(thread_wire.threads_from(batch.threads))
        await self.connection.open()
        checked = msgspec.structs.replace(batch, threads=threads)
        return await self._store(checked if self.threads.available else _without_threads(checked), lease)

    async def import_events(
        self, events: Sequence[Event], commits: Sequence[CommitRecord], threads: Sequence[Thread] = ()
    ) -> Stored:
        """Store many repositories' records in one step (one transaction where the engine has them; then threads)."""
        await self.connection.open()
        await self._note_stored(events, [record.commit for record in commits], threads)
        stored = await self._import(events, commits)
        if threads:
            await self.threads.save_threads(threads)
        return stored

    async def import_batches(self, batches: Sequence[bytes], names: Mapping[str, str] | None = None) -> Stored:
        """Store what encoders of this provider (`batch_encoder`) made: the same, in bulk, one after another.

        names: the keys under which repositories are stored that the batches have under other ones.
        """
        await self.connection.open()
        return await self._import_batches(batches, names or {})

    async def join_repositories(self, repo: str, into: str) -> Counter[str]:
        """Store under one key what is stored under two names of one repository. What is there under `into` stays.

        Return by table how many of the other name's rows were there already, be it in another form.
        The other name stands for it from then on. Days' results of the other name go: they can be computed again.
        """
        await self.connection.open()
        old, key, known = repo_key(repo), repo_key(into), Counter[str]()
        if old != key:
            known = await join_repositories(self, old, key)
            await self._forget_repository(old)
        return known

    async def read_items(
        self, tables: Sequence[str] = TABLES, *, since: str | None = None, repo: str | None = None
    ) -> AsyncIterator[TableItem]:
        """Every stored row of the tables, for export, by table in the order given, without keys that begin with `#`.

        since: events and commits (with their files and summaries) from that instant on, threads that are open or were
        updated since. repo: its rows only. What is
        remembered of a repository claims no more than what such a part holds. Memory does not grow with the number of
        rows. Raises `InvalidInput` for a table that there is not.
        """
        async for page in self.read_pages(tables, since=since, repo=repo):
            for item in page:
                yield item

    async def read_pages(
        self, tables: Sequence[str] = TABLES, *, since: str | None = None, repo: str | None = None
    ) -> AsyncIterator[list[TableItem]]:
        """Yield the same rows some hundreds at a time, for handling many; a page is of one table."""
        check_tables(tables)
        await self.connection.open()
        key = repo_key(repo) if repo is not None else None
        with Spool(MEMORY) as memory:
            if MEMORY in tables:
                await self._remember(memory, key)
            for table in tables:
                pages = self._restricted(memory, Part(tables, since or "")) if table == MEMORY else None
                async for page in pages or self._read_pages(table, since, key):
                    yield page

    async def _remember(self, memory: Spool, repo: str | None) -> None:
        """What is known before the records are read: all of that must be among them."""
        hours = await self.collector_state.get_archive_hours()
        async for page in self._read_pages(MEMORY, None, repo):
            await asyncio.to_thread(memory.put, [with_hours(item, hours) for item in page])

    async def _restricted(self, memory: Spool, part: Part) -> AsyncIterator[list[TableItem]]:
        """Yield the same afterwards, in so far as it is still known and came along."""
        kept = part._replace(since=max(part.since, self._kept_since()))
        hours = await self.collector_state.get_archive_hours()
        pages = memory.pages()
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            now = await self.collector_state.get_states(item.item["repo_name"] for item in page)
            states = {key: with_archive(state, hours) for key, state in now.items()}
            yield [restricted(item, kept, states) for item in page]

    def _kept_since(self) -> str:
        """Return since when records stay; what is older may go any time."""
        if self.retention_days is None:
            return ""
        return format_instant(self.connection.clock() - timedelta(days=self.retention_days))

    async def write_items(self, items: Sequence[TableItem] | ParsedItems) -> dict[str, int]:
        """Store exported rows and return by table how many were new. What is there already stays.

        But for a commit known from a push alone, which is completed, and what is known of a repository, which grows.
        Of rows stored before that are now seen to have been there under another name the numbers are less by as many.

        Raises `InvalidInput` naming the table and the key of a row that is not in the export form, before any of
        these items is written.
        """
        await self.connection.open()
        parsed = items if isinstance(items, ParsedItems) else await asyncio.to_thread(parse_items, items)
        await self._note_stored([*parsed.events.values()], [*parsed.commits.values()], [*parsed.threads.values()])
        new = await self._write_items(parsed)
        known = await self._recognise(state for _, state, _ in parsed.health.values() if state is not None)
        return {table: new.get(table, 0) - known[table] for table in (*new, *(known.keys() - new.keys()))}

    async def _recognise(self, states: Iterable[RepositoryState]) -> Counter[str]:
        """Give one id one key, whatever names its repository had where these states come from.

        Return by table how many of their rows were there already under that key.
        """
        names, known = Names(self), Counter[str]()
        await names.recognise(names_of(states))
        await names.save()
        for name, key in names.apart.items():
            known += await self.join_repositories(name, key)
        return known

    @abstractmethod
    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored: ...
    @abstractmethod
    async def _import(self, events: Sequence[Event], commits: Sequence[CommitRecord]) -> Stored: ...

    async def _import_batches(self, batches: Sequence[bytes], names: Mapping[str, str]) -> Stored:
        stored = Stored()
        for batch in batches:
            events, commits = await asyncio.to_thread(decode_records, batch, names)
            await self._note_stored(events, [record.commit for record in commits], ())
            stored = stored.plus(await self._import(events, commits))
        return stored

    async def _note_stored(  # noqa: B027 - where reading never lags behind writing there is nothing to do
        self, events: Sequence[Event], commits: Sequence[Commit], threads: Sequence[Thread]
    ) -> None:
        """Before records are stored beside what is known: remember what answers have to show before it is complete."""

    @abstractmethod
    async def _forget_repository(self, repo: str) -> None: ...

    @abstractmethod
    def _read_pages(self, table: str, since: str | None, repo: str | None) -> AsyncIterator[list[TableItem]]: ...
    @abstractmethod
    async def _write_items(self, items: ParsedItems) -> dict[str, int]: ...

    @abstractmethod
    async def create_tables(self, **options: Any) -> dict[str, str]:
        """Make what is missing and return by table "created" or "exists". Options are the provider's own."""

    @abstractmethod
    async def describe(self) -> dict[str, Any]:
        """Return what `database info` shows: tables with status, item counts, sizes, indexes, and settings."""

    @abstractmethod
    async def backup(self, path: Path, *, replace: bool = False) -> int:
        """Copy the database, as it is at one moment, into a new private file and return its size in bytes.

        It works while others read and write. Raises `InvalidInput` where the file is there already (unless `replace`),
        and where the provider has other ways: the message names them.
        """

    @abstractmethod
    async def check(self) -> dict[str, Any]:
        """Return what `database check` shows; nothing is created or changed.

        `provider`, `problems` (sentences without stored rows in them; empty where all is well), `schema_version` where
        there is one, and `tables`: by name `items` (None where they cannot be counted) and what else is known.
        """

    @abstractmethod
    async def delete_tables(self) -> list[str]:
        """Remove our tables with all they hold and return their names."""


def _without_threads(batch: CollectedBatch) -> CollectedBatch:
    """Return the batch for a database that cannot hold threads: they stay unknown rather than known to be none."""
    spans = {kind: known for kind, known in batch.state.ledger.spans.items() if kind != "threads"}
    state = msgspec.structs.replace(batch.state, ledger=Ledger(spans=spans))
    return msgspec.structs.replace(batch, state=state, threads=())
