"""The bulk path of SQLite: rows made where records are read, and stored here with as little as possible left to do.

Implementation notes
- Rows arrive in the order of the indexes: what lies together is written together, which halves the time.
- Commits that pushes carry are new nearly always. They are inserted as if all were; the first one that is there already
  undoes that, and then stored ones are read and merged as for any other commits.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from ...records import Commit, CommitRecord, Event, Stored
from ..contract.bulk import BatchEncoder
from ..merging import merge_commits
from .commits import insert_all_new, insert_commits
from .events import event_row, insert_rows
from .payload import packer
from .rows import INSERT_PUSHED, pushed_commit, pushed_row

_REPO = 3
"""Where an event's row has its repository."""
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
        events = sorted(self._events, key=lambda row: (row[3] or "", row[2]))  # repository, time
        commits = sorted(self._commits.values(), key=lambda commit: (commit.repo_name, commit.commit_date, commit.sha))
        return _encode((_chunks(events), _chunks(list(map(pushed_row, commits)))))


class Rows:
    """Rows of a batch, decoded as they are needed, as often as they are."""

    def __init__(self, chunks: Sequence[memoryview]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[list[Any]]:
        return chain.from_iterable(map(_decode_rows, self._chunks))


def rows_of(batch: bytes) -> tuple[Rows, Rows]:
    """Return events and commits that a `RowEncoder` encoded."""
    events, commits = _decode(batch)
    return Rows(events), Rows(commits)


def import_rows(db: sqlite3.Connection, batch: bytes, names: Mapping[str, str] | None = None) -> Stored:
    """Store a batch in the caller's transaction and return what was new; see `DatabaseManager.import_batch`."""
    events, commits = rows_of(batch)
    if not names:
        return Stored(insert_rows(db, events), _insert_commits(db, commits))
    renamed = ((*row[:_REPO], names.get(row[_REPO], row[_REPO]), *row[_REPO + 1 :]) for row in events)
    found = map(pushed_commit, commits)
    moved = (msgspec.structs.replace(one, repo_name=names.get(one.repo_name, one.repo_name)) for one in found)
    return Stored(insert_rows(db, renamed), insert_commits(db, (CommitRecord(commit=commit) for commit in moved)))


def _insert_commits(db: sqlite3.Connection, commits: Rows) -> int:
    if (inserted := insert_all_new(db, commits, INSERT_PUSHED)) is not None:
        return inserted
    return insert_commits(db, (CommitRecord(commit=commit) for commit in map(pushed_commit, commits)))


def _chunks(rows: Sequence[Sequence[Any]]) -> list[bytes]:
    return [_encode(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[memoryview], list[memoryview]]).decode
_decode_rows = msgspec.msgpack.Decoder(list[list[Any]]).decode
