"""What an import leaves in the memory of each repository: its spelling, its id, and the whole hours of GH Archive.

A file `YYYY-MM-DD-H.json.gz` holds everything public that happened in that hour, UTC, hour not zero-padded
(https://www.gharchive.org/), and so does the same file unpacked. Since 2025-05-24 an event sits in the file of the hour
in which it was fetched, and many are missing: such files bring events, but do not make an hour known.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import PurePath
from typing import Any
from uuid import uuid4

import msgspec

from ..infrastructure.database_interface import DatabaseManager, Names, Newest, keep_newest
from ..instants import Clock, format_instant
from ..ledger import ARCHIVE, learn
from ..records import Lease, Ledger, RepositoryState, Span, repo_key
from .archive import Batch

SOURCE = "gharchive"
RELIABLE_UNTIL = "2025-05-24T00:00:00Z"

_HOUR_FILE = re.compile(r"(?:gharchive-)?(\d{4})-(\d\d)-(\d\d)-(\d{1,2})\.json(?:\.gz)?")
_AT_A_TIME = 10_000
_LEASE = timedelta(minutes=1)
_LEASE_TRIES = 30


def hour_of(name: str) -> Span | None:
    """Return the hour that a file of this name makes known when it is read whole, None for any other file."""
    match = _HOUR_FILE.fullmatch(PurePath(name).name)
    if match is None:
        return None
    try:
        start = datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    span = Span(format_instant(start), format_instant(start + timedelta(hours=1)))
    return span if span.since >= "2015" and span.until <= RELIABLE_UNTIL else None


class Seen:
    """The repositories of one file, by key, each as its newest event names it."""

    def __init__(self, hour: Span | None) -> None:
        self.hour = hour
        self.newest: dict[str, Newest] = {}
        self.odd: set[str | None] = set()
        self._lines = self._inside = 0

    def add(self, batch: Batch) -> None:
        """Take note of a batch."""
        self._lines += sum(batch.hours.values())
        self._inside += batch.hours.get(self.hour.since[:13], 0) if self.hour else 0
        self.odd |= batch.odd
        for repo, newest in batch.newest.items():
            keep_newest(self.newest, repo, newest)

    @property
    def whole(self) -> Span | None:
        """Return the hour, unless it may miss events of anybody's; None for files that are no hour."""
        return self.hour if self.fits and None not in self.odd else None

    @property
    def fits(self) -> bool:
        """Whether the file is what its name says: most of its events were created in that hour."""
        return 2 * self._inside > self._lines


class Memory:
    """Writes what files taught, merged into what is remembered already; `busy` are repositories that could not be."""

    def __init__(self, manager: DatabaseManager, repos: frozenset[str] | None, clock: Clock) -> None:
        self._manager, self._state = manager, manager.collector_state
        self._repos = repos
        self.names = Names(manager)
        self._clock = clock
        self._owner = f"import {uuid4()}"
        self._waiting: dict[str, list[Span]] = {}
        self.busy: list[str] = []

    async def learn(self, newest: Mapping[str, Newest], hour: Span | None, odd: Set[str | None] = frozenset()) -> None:
        """Remember the repositories of a file; with an hour, that nothing of it is missing.

        The hour counts for the repositories in the file, and for those asked for also where they were silent; when all
        were asked for, see `coverage.with_archive`. A repository of which nothing was ever seen is not remembered for
        its silence. `odd` are repositories some of whose lines could not be used: they do not know the hour.
        """
        await self.names.recognise(newest)
        await self.names.save()
        newest, odd = self.names.under_keys(newest), {self.names.keys.get(name or "", name) for name in odd}
        repos = None if self._repos is None else await self.names.of(self._repos)
        if hour is not None:
            for key in {*(newest if repos is None else repos)} - odd:
                self._waiting.setdefault(key, []).append(hour)
        keys = iter(sorted({*newest, *(repos or ())}))
        while some := list(islice(keys, _AT_A_TIME)):
            await self._learn_some(some, newest)
        if hour is not None and repos is None and not odd:
            await self._state.add_archive_hours(hour)
        await self._join()

    async def _learn_some(self, keys: list[str], newest: Mapping[str, Newest]) -> None:
        known = await self._state.get_states(keys)
        fresh = []
        for key in keys:
            state = known.get(key)
            if state is None and key not in newest:
                continue
            found = newest.get(key)
            if state is not None and found is not None and await self._had_that_name_before(state, found):
                found = None
            after = remember(key, state, found, self._waiting.pop(key, ()))
            if state is not None and (state.last_collected_at or state.last_attempt_at):
                await self._under_lease(key, state, after)
            elif after != state:
                fresh.append(after)
        if fresh:
            await self._state.save_states(fresh)

    async def _had_that_name_before(self, state: RepositoryState, found: Newest) -> bool:
        """Return whether a name is another one than the known one, and later events are stored."""
        if state.full_name is None or repo_key(state.full_name) == repo_key(found[1].full_name):
            return False
        return await self._manager.events.has_events_after(state.repo_name, found[0])

    async def _join(self) -> None:
        """Store under one key what was stored under a name before it was recognised."""
        while self.names.apart:
            name, key = self.names.apart.popitem()
            lease = await self._lease(key) if await self._state.get_state(name) is not None else None
            if lease is None and await self._state.get_state(name) is not None:
                self.busy.append(key)
                continue
            try:
                await self._manager.join_repositories(name, key)
            finally:
                if lease is not None:
                    await self._state.release_lease(lease)

    async def _under_lease(self, key: str, state: RepositoryState, after: RepositoryState) -> None:
        """A repository that is being collected: its state must not change under the collector's hands."""
        if after == state:
            return
        lease = await self._lease(key)
        if lease is None:
            self.busy.append(key)
            return
        try:
            current = await self._state.get_state(key) or state
            spans = after.ledger.spans.get(ARCHIVE, ())
            await self._state.save_states([remember(key, current, None, spans)])
        finally:
            await self._state.release_lease(lease)

    async def _lease(self, key: str) -> Lease | None:
        for _ in range(_LEASE_TRIES):
            now, end = format_instant(self._clock()), format_instant(self._clock() + _LEASE)
            lease = await self._state.acquire_lease(key, self._owner, now, end)
            if lease is not None:
                return lease
            await asyncio.sleep(1)
        return None


def remember(key: str, state: RepositoryState | None, newest: Newest | None, hours: Iterable[Span]) -> RepositoryState:
    """Return a repository's state with what an import adds; nothing that is there is lost.

    Spelling and id are the import's only while the repository is not collected and nothing newer was imported.
    """
    known = state or RepositoryState(repo_name=key)
    hours_before = known.ledger.spans.get(ARCHIVE, ())
    is_newer = known.full_name is None or not hours_before or (newest and newest[0] >= hours_before[-1].until)
    changes: dict[str, Any] = {"sources": tuple(dict.fromkeys((*known.sources, SOURCE)))}
    if newest and is_newer and not known.last_collected_at:
        changes |= {"full_name": newest[1].full_name, "repository_id": newest[1].repository_id or known.repository_id}
    if spans := tuple(hours):
        changes["ledger"] = _first_ledger(spans) if state is None else learn(known.ledger, ARCHIVE, *spans)
    return msgspec.structs.replace(known, **changes)


@lru_cache
def _first_ledger(hours: tuple[Span, ...]) -> Ledger:
    """Return what is known of a repository of which nothing else is: the same for all that a file brings."""
    return learn(Ledger(), ARCHIVE, *hours)
