"""Files into a database: `import_files`."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..errors import DataFileError
from ..github.commits import parse_push_commits
from ..github.events import check_types
from ..github.natural_keys import is_derived
from ..infrastructure.contract.deliveries import not_delivered, without_doubles
from ..infrastructure.database_interface import DatabaseManager, retrying_longer
from ..infrastructure.gc_pause import without_garbage_collection
from ..infrastructure.watch_list import watched_keys
from ..instants import Clock, system_clock
from ..records import CommitRecord, Event, Stored, repo_key
from .archive import Batch, Wanted, batches_of
from .files import DataFile, data_files
from .hours import Memory, Seen, hour_of
from .import_export import ItemBatch, item_batches
from .kinds import Kind, array_blocks, kind_of
from .lines import blocks_of
from .parsing_process import Parsers
from .pipeline import WriteBehind
from .record import record_threads
from .report import ImportReport, Progress, Tally
from .selecting import check_ids, delivered_repositories, ids_of, known_ids

_MAX_REPOSITORIES_HELD = 50_000
_TOGETHER = 2
"""Batches that are written together when more come than are written: each page of an index is then written once."""


async def import_files(
    manager: DatabaseManager,
    paths: Sequence[str | Path],
    *,
    repos: Sequence[str] | frozenset[str] | None = None,
    types: Sequence[str] | frozenset[str] | None = None,
    targets: Iterable[str] = (),
    progress: Progress | None = None,
    clock: Clock = system_clock,
    stdin: BinaryIO | None = None,
) -> ImportReport:
    """Store what files hold: events as GH Archive or the Events API give them, or this program's own exports.

    paths: files, patterns, or `-` for `stdin`. Kinds are told apart by content, gzip or plain alike. repos, types: only
    those repositories ("owner/name", also under other names that they had) and event types. targets: what settings
    watch beside the watch list. Importing a file again changes nothing.

    What events tell of issues and pull requests is recorded of the repositories named, else of those that are watched.

    All files are looked at before anything is stored. Raises `InvalidInput` for a path that is not there,
    `DataFileError` for a file of another kind, and for one that is cut or altered: it then names how much of it was
    stored, and the same import can be run again. Single lines that cannot be used are counted and left out; so are
    empty files, unless there is no other one.
    """
    chosen = check_types(types)
    keys = frozenset(repo_key(repo) for repo in repos) if repos is not None else None
    files = await asyncio.to_thread(data_files, paths, stdin)
    kinds = {file: await asyncio.to_thread(_look_at, file) for file in files}
    empty = [file.name for file, kind in kinds.items() if kind is Kind.EMPTY]
    if empty and len(empty) == len(kinds):
        are = "is" if len(empty) == 1 else "are"
        raise DataFileError(f"{', '.join(empty[:3])} {are} empty; name a file with events or an export")
    files = [file for file in files if kinds[file] is not Kind.EMPTY]
    await check_ids(manager, keys, kinds)
    ids = await ids_of(manager, keys, kinds) if keys else frozenset[int]()
    recorded = frozenset(await watched_keys(manager.collector_state, targets)) if keys is None else keys
    recorded_ids = ids or await known_ids(manager, recorded) if recorded else ids
    delivered = await delivered_repositories(manager, recorded)
    wanted = Wanted(
        repos=keys,
        types=frozenset(chosen) if chosen is not None else None,
        ids=ids,
        recorded=recorded,
        recorded_ids=recorded_ids,
        delivered=delivered,
        delivered_ids=await known_ids(manager, delivered),
    )
    parsers = Parsers({file: kinds[file] for file in files}, wanted, manager.batch_encoder)
    work = _Import(manager, wanted, files, parsers, progress, clock)
    with without_garbage_collection(), retrying_longer(), parsers:
        for file in files:
            await work.run(file, kinds[file])
    return work.report(empty)


def _look_at(file: DataFile) -> Kind:
    try:
        kind = kind_of(file)
    except DataFileError:
        file.close()
        raise
    file.forget()
    return kind


class _Import:
    """One run over several files."""

    def __init__(
        self,
        manager: DatabaseManager,
        wanted: Wanted,
        files: list[DataFile],
        parsers: Parsers,
        progress: Progress | None,
        clock: Clock,
    ) -> None:
        self._manager = manager
        self._wanted = wanted
        self._parses_alone = False
        """Whether files are parsed here: processes of their own know only what was wanted at first."""
        self._files = files
        self._parsers = parsers
        self._progress = progress
        self._memory = Memory(manager, wanted.repos, clock)
        self._tally = Tally()

    def report(self, empty: Sequence[str]) -> ImportReport:
        """Return what was done."""
        return self._tally.report(self._memory.busy, empty)

    async def run(self, file: DataFile, kind: Kind) -> None:
        """Import one file."""
        before = self._tally.stored
        try:
            await (self._export(file) if kind is Kind.EXPORT else self._events(file, kind))
        except DataFileError as error:
            raise DataFileError(self._what_was_done(error, self._tally.stored - before, file)) from None
        finally:
            file.close()

    async def _events(self, file: DataFile, kind: Kind) -> None:
        hour = hour_of(file.name) if kind is Kind.EVENT_LINES and self._wanted.types is None else None
        seen = Seen(hour)
        try:
            with self._batches(file, kind) as batches:
                await self._event_batches(file, batches, seen)
        except DataFileError:
            await self._memory.learn(seen.newest, None)
            raise
        await self._memory.learn(seen.newest, seen.whole, seen.odd)
        self._tally.hours += seen.whole is not None

    def _batches(self, file: DataFile, kind: Kind) -> AbstractContextManager[Iterator[Batch]]:
        if not self._parses_alone and self._parsers.begin(file):
            return self._parsers.batches(file)
        blocks = blocks_of(file.pieces()) if kind is Kind.EVENT_LINES else array_blocks(file)
        return nullcontext(batches_of(blocks, self._wanted, self._manager.batch_encoder))

    def _item_batches(self, file: DataFile) -> AbstractContextManager[Iterator[ItemBatch]]:
        if not self._parses_alone and self._parsers.begin(file):
            return self._parsers.item_batches(file)
        return nullcontext(item_batches(file, self._wanted, self._manager.batch_encoder))

    async def _event_batches(self, file: DataFile, batches: Iterator[Batch], seen: Seen) -> None:
        async with WriteBehind(partial(self._store, file), _TOGETHER) as writes:
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                await self._memory.names.recognise(batch.newest)  # while the batch before is being written
                await writes.put(batch)
                seen.add(batch)
                if seen.hour is None and len(seen.newest) > _MAX_REPOSITORIES_HELD:
                    await self._memory.learn(seen.newest, None)
                    seen.newest.clear()

    async def _store(self, file: DataFile, batches: Sequence[Batch]) -> None:
        names = self._memory.names
        await names.save()
        self._count(await self._manager.import_batches([batch.records for batch in batches], dict(names.keys)))
        for batch in batches:
            if batch.to_compare:
                self._count(await self._compare(names.rename(batch.to_compare)))
            self._tally.read += batch.read
            self._tally.filtered += batch.filtered
            self._tally.note_broken(file.name, batch.broken)
            self._tally.threads += await record_threads(self._manager, names.rename(batch.told))
        await self._tell(file)

    async def _compare(self, events: Iterable[Event]) -> Stored:
        """Store events that no webhook brought before, under another id."""
        new = await not_delivered(self._manager.events, events)
        return await self._manager.import_events(
            new, [CommitRecord(commit=commit) for event in new for commit in parse_push_commits(event)]
        )

    def _count(self, stored: Stored) -> None:
        self._tally.note_new("events", stored.events)
        self._tally.note_new("commits", stored.commits)
        self._tally.from_pushes += stored.commits

    async def _export(self, file: DataFile) -> None:
        with self._item_batches(file) as batches:
            async with WriteBehind(partial(self._store_items, file)) as writes:
                while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                    await writes.put(batch)

    async def _store_items(self, file: DataFile, batches: Sequence[ItemBatch]) -> None:
        for batch in batches:
            await self._store_batch(batch)
            await self._tell(file)

    async def _store_batch(self, batch: ItemBatch) -> None:
        stored = await self._manager.import_batches([batch.events])
        if batch.to_compare:
            left = await without_doubles(self._manager, batch.to_compare)
            compared = await self._manager.import_events(left, ())
            self._tally.note_new("events", compared.events)
            self._note_delivered(batch.to_compare)
        new = await self._manager.write_items(batch.others)
        self._tally.read += batch.read
        self._tally.filtered += batch.filtered
        self._tally.note_new("events", stored.events)
        for table, count in new.items():
            self._tally.note_new(table, count)

    def _note_delivered(self, events: Iterable[Event]) -> None:
        """Compare what later files hold of the repositories of these deliveries, too."""
        told = {event.repo_name for event in events if event.repo_name and is_derived(event.id)}
        if not told <= self._wanted.delivered:
            self._wanted = replace(self._wanted, delivered=self._wanted.delivered | told)
            self._parses_alone = True

    async def _tell(self, file: DataFile) -> None:
        if self._progress:
            sizes = [one.size for one in self._files]
            total = None if None in sizes else sum(size or 0 for size in sizes)
            await self._progress(sum(one.done for one in self._files), total, file.name)

    def _what_was_done(self, error: DataFileError, stored: int, file: DataFile) -> str:
        left = len(self._files) - self._files.index(file) - 1
        after = f", {left:,} more files were not read" if left else ""
        return f"{error.message}; {stored:,} of its items had already been stored{after}"
