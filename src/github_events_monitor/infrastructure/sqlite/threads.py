"""The record of issues and pull requests in SQLite.

Implementation notes
- The whole record is JSON in `data`, compressed like payloads; the columns beside it are what rows are found by.
- `open_since` is there for open threads alone, so that its partial index holds nothing else.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from ...github.threads_merge import merge_threads
from ...jsontext import dump_json
from ...records import Thread
from ..contract.threads import Merge, merged_changes
from ..database_interface import ThreadsRepository
from .connection import SQLiteConnection
from .payload import packer, unpacker
from .retention import delete_threads

_decode = msgspec.json.Decoder(Thread).decode
_encode = msgspec.json.Encoder().encode

_PUT = "INSERT OR REPLACE INTO threads (repo_name, number, updated_at, open_since, data) VALUES (?, ?, ?, ?, ?)"
_BY_NUMBER = """
    SELECT data FROM threads WHERE repo_name = ? AND number IN (SELECT value FROM json_each(?))"""
_CURRENT = """
    SELECT data FROM threads WHERE repo_name = :repo AND updated_at >= :since
    UNION ALL
    SELECT data FROM threads WHERE repo_name = :repo AND open_since IS NOT NULL AND updated_at < :since"""


class SQLiteThreads(ThreadsRepository):
    """See the contract in `database_interface`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        super().__init__(connection)
        self._db = connection

    async def _save(self, threads: Sequence[Thread], merge: Merge) -> int:
        return await self._db.write(lambda db: save_threads(db, threads, merge))

    async def _get(self, repo: str, numbers: Sequence[int]) -> dict[int, Thread]:
        return {thread.number: thread for thread in await self._db.read(lambda db: _by_number(db, repo, numbers))}

    async def _current(self, repo: str, since: str | None) -> list[Thread]:
        values = {"repo": repo, "since": since or ""}
        return await self._db.read(lambda db: _threads(db.execute(_CURRENT, values)))

    async def _delete_before(self, instant: str) -> int:
        return await delete_threads(self._db, instant)


def save_threads(db: sqlite3.Connection, threads: Iterable[Thread], merge: Merge = merge_threads) -> int:
    """Merge threads into what is stored, in the caller's transaction, and return how many were new or changed."""
    arriving = list(threads)
    numbers: dict[str, list[int]] = {}
    for thread in arriving:
        numbers.setdefault(thread.repo_name, []).append(thread.number)
    stored = {
        (thread.repo_name, thread.number): thread
        for repo, of_repo in numbers.items()
        for thread in _by_number(db, repo, of_repo)
    }
    changed = merged_changes(stored, arriving, merge)
    pack = packer()
    db.executemany(
        _PUT,
        (
            (
                thread.repo_name,
                thread.number,
                thread.updated_at,
                thread.created_at if thread.state == "open" else None,
                pack(_encode(thread)),
            )
            for thread in changed
        ),
    )
    return len(changed)


def _by_number(db: sqlite3.Connection, repo: str, numbers: Sequence[int]) -> list[Thread]:
    return _threads(db.execute(_BY_NUMBER, (repo, dump_json(list(numbers)).decode())))


def _threads(rows: Iterable[tuple[str | bytes]]) -> list[Thread]:
    unpack = unpacker()
    return [_decode(unpack(data)) for (data,) in rows]
