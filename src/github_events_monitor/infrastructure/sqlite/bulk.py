"""The bulk path of SQLite: rows made where records are read, and stored here with as little as possible left to do.

Implementation notes
- Rows arrive in the order of the indexes: what lies together is written together, which halves the time.
- Commits that pushes carry are new nearly always. They are inserted as if all were; the first one that is there already
  undoes that, and then stored ones are read and merged as for any other commits.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from ...records import Commit, CommitRecord, Event, Stored
from ..contract.bulk import BatchEncoder
from ..merging import merge_commits
from .commits import insert_all_new, insert_commits
from .events import event_row, insert_rows
from .payload import packer
from .rows import COMMIT_WIDTH, commit_of, commit_row

Row = list[Any]

_LARGE_CACHE = "PRAGMA cache_size=-131072"
"""For as long as the connection is open: pages that do not fit are written twice, a tenth of an import's time."""


class RowEncoder(BatchEncoder):
    """Rows of `events`, with their payloads as they are stored, and of `commits`."""

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
        return _encode((events, list(map(commit_row, commits))))


def decode_rows(batch: bytes) -> tuple[list[Row], list[Row]]:
    """Rows of events and of commits out of what a `RowEncoder` made."""
    return _decode(batch)


def import_rows(db: sqlite3.Connection, events: Sequence[Row], commits: Sequence[Row]) -> Stored:
    """Store them in the caller's transaction; answers what was new."""
    db.execute(_LARGE_CACHE)
    return Stored(insert_rows(db, events), _insert_commits(db, commits))


def _insert_commits(db: sqlite3.Connection, commits: Sequence[Row]) -> int:
    if insert_all_new(db, commits):
        return len(commits)
    return insert_commits(db, (CommitRecord(commit=commit_of(row[:COMMIT_WIDTH])) for row in commits))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[list[Any]], list[list[Any]]]).decode
