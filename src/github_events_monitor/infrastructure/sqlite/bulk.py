"""The bulk path of SQLite: rows made where records are read, and stored here with as little as possible left to do.

Implementation notes
- Rows arrive in the order of the indexes: what lies together is written together, which halves the time.
- Commits that pushes carry are new nearly always. They are inserted as if all were; only where some were not stored
  ones are read and merged, as for any other commits.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from typing import Any

import msgspec

from ...records import Commit, CommitRecord, Event, Stored
from ..contract.bulk import BatchEncoder
from ..merging import merge_commits
from .commits import insert_commits, insert_new
from .events import event_row, insert_rows
from .payload import packer
from .rows import INSERT_PUSHED, pushed_commit, pushed_row

_CREATED, _REPO = 2, 3
"""Where an event's row has its instant and its repository."""
_CHUNK = 1_000
"""Rows that are decoded at a time: they take several times the memory of their encoded form."""


class RowEncoder(BatchEncoder):
    """Rows of `events`, with their payloads as they are stored, and of commits that pushes carry."""

    def __init__(self) -> None:
        self._events: list[tuple[Any, ...]] = []
        self._commits: dict[tuple[str, str], Commit] = {}
        self._pack = packer()

    def add(self, event: Event, commits: Sequence[Commit] = ()) -> None:
        """See `BatchEncoder`."""
        self._events.append(event_row(event, self._pack(event.payload)))
        for commit in commits:
            key = (commit.repo_name, commit.sha)
            earlier = self._commits.get(key)
            self._commits[key] = merge_commits(earlier, commit) if earlier else commit

    def encode(self) -> bytes:
        """See `BatchEncoder`."""
        # One text is compared in half the time of several; no name has a blank.
        events = sorted(self._events, key=lambda row: f"{row[_REPO]} {row[_CREATED]}")
        commits = sorted(self._commits.values(), key=lambda one: f"{one.repo_name} {one.commit_date} {one.sha}")
        return _encode((_chunks(events), _chunks(list(map(pushed_row, commits)))))


class Rows:
    """Rows of a batch, decoded as they are needed, as often as they are."""

    def __init__(self, chunks: Sequence[memoryview]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[list[Any]]:
        return chain.from_iterable(self.chunks())

    def chunks(self) -> Iterator[list[list[Any]]]:
        """Yield the same some at a time."""
        return map(_decode_rows, self._chunks)


def rows_of(batch: bytes) -> tuple[Rows, Rows]:
    """Return events and commits that a `RowEncoder` encoded."""
    events, commits = _decode(batch)
    return Rows(events), Rows(commits)


def import_rows(db: sqlite3.Connection, batches: Sequence[bytes], names: Mapping[str, str]) -> Stored:
    """Store batches in the caller's transaction and return what was new; see `DatabaseManager.import_batches`."""
    return reduce(Stored.plus, (_import_batch(db, batch, names) for batch in batches), Stored())


def _import_batch(db: sqlite3.Connection, batch: bytes, names: Mapping[str, str]) -> Stored:
    events, commits = rows_of(batch)
    if not names:
        return Stored(insert_rows(db, events), _insert_commits(db, commits))
    renamed = ((*row[:_REPO], names.get(row[_REPO], row[_REPO]), *row[_REPO + 1 :]) for row in events)
    found = map(pushed_commit, commits)
    moved = (msgspec.structs.replace(one, repo_name=names.get(one.repo_name, one.repo_name)) for one in found)
    return Stored(insert_rows(db, renamed), insert_commits(db, (CommitRecord(commit=commit) for commit in moved)))


def _insert_commits(db: sqlite3.Connection, commits: Rows) -> int:
    new = 0
    for rows in commits.chunks():
        inserted = insert_new(db, rows, INSERT_PUSHED)
        if inserted < len(rows):
            insert_commits(db, (CommitRecord(commit=commit) for commit in map(pushed_commit, rows)))
        new += inserted
    return new


def _chunks(rows: Sequence[Sequence[Any]]) -> list[bytes]:
    return [_encode(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[memoryview], list[memoryview]]).decode
_decode_rows = msgspec.msgpack.Decoder(list[list[Any]]).decode
