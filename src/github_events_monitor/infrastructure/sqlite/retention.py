"""Removing what is older than an instant: in small transactions that hold no one up, then the space goes back.

Implementation notes
- Old events are found type by type and old commits and threads repository by repository, each by an index that
  begins so.
- The file shrinks because it was made with `auto_vacuum=INCREMENTAL`: https://www.sqlite.org/pragma.html#pragma_auto_vacuum
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from .connection import SQLiteConnection

_STEP = 1000
_PAGES = 1000

Delete = Callable[[str, str, sqlite3.Connection], int]
"""Removes the next that are older than an instant, under a type or repository, and returns how many those were."""

_DISTINCT = """
    WITH RECURSIVE found(name) AS (
        SELECT min({column}) FROM {table}
        UNION ALL SELECT (SELECT min({column}) FROM {table} WHERE {column} > name) FROM found WHERE name IS NOT NULL
    ) SELECT name FROM found WHERE name IS NOT NULL"""
_OLD_EVENTS = (
    "SELECT rowid, repo_name, substr(created_at, 1, 10) FROM events WHERE event_type = ? AND created_at < ? LIMIT ?"
)
_OLD_COMMITS = "SELECT commit_date, sha FROM commits WHERE repo_name = ? AND commit_date < ? LIMIT ?"


_OLD_THREADS = """
    SELECT repo_name, number FROM threads INDEXED BY threads_updated
    WHERE repo_name = ? AND updated_at < ? AND open_since IS NULL LIMIT ?"""


async def delete_events(connection: SQLiteConnection, instant: str) -> int:
    """Remove events older than the instant and return how many."""
    return await _delete_in_steps(connection, "events", "event_type", _delete_events, instant)


async def delete_commits(connection: SQLiteConnection, instant: str) -> int:
    """Remove commits older than the instant, with files and summaries, and return how many."""
    return await _delete_in_steps(connection, "commits", "repo_name", _delete_commits, instant)


async def delete_threads(connection: SQLiteConnection, instant: str) -> int:
    """Remove threads that are not open and were last updated before the instant, and return how many."""
    return await _delete_in_steps(connection, "threads", "repo_name", _delete_threads, instant)


async def _delete_in_steps(connection: SQLiteConnection, table: str, column: str, delete: Delete, instant: str) -> int:
    """Remove what is old by the values of a column, in small transactions; then give room back."""
    removed = 0
    for name in await connection.read(lambda db: _distinct(db, table, column)):
        while step := await connection.write(partial(delete, name, instant)):
            removed += step
    return await _shrink(connection, removed)


def _delete_events(event_type: str, instant: str, db: sqlite3.Connection) -> int:
    old = db.execute(_OLD_EVENTS, (event_type, instant, _STEP)).fetchall()
    days = [(repo, day) for _, repo, day in old if repo is not None]
    db.executemany("DELETE FROM events WHERE rowid = ?", [(rowid,) for rowid, _, _ in old])
    db.executemany("UPDATE _daily SET events = events - 1 WHERE repo_name = ? AND day = ?", days)
    db.executemany("DELETE FROM _daily WHERE repo_name = ? AND day = ? AND events <= 0", set(days))
    return len(old)


def _delete_commits(repo: str, instant: str, db: sqlite3.Connection) -> int:
    old = db.execute(_OLD_COMMITS, (repo, instant, _STEP)).fetchall()
    shas = [(repo, sha) for _, sha in old]
    db.executemany(
        "DELETE FROM commits WHERE repo_name = ? AND commit_date = ? AND sha = ?", [(repo, *row) for row in old]
    )
    db.executemany("DELETE FROM commit_files WHERE repo_name = ? AND commit_sha = ?", shas)
    db.executemany("DELETE FROM commit_summaries WHERE repo_name = ? AND commit_sha = ?", shas)
    return len(old)


def _delete_threads(repo: str, instant: str, db: sqlite3.Connection) -> int:
    old = db.execute(_OLD_THREADS, (repo, instant, _STEP)).fetchall()
    db.executemany("DELETE FROM threads WHERE repo_name = ? AND number = ?", old)
    return len(old)


async def _shrink(connection: SQLiteConnection, removed: int) -> int:
    while removed and await connection.maintain(_free_pages):
        pass
    return removed


def _free_pages(db: sqlite3.Connection) -> int:
    """Give some pages back and return how many are still unused."""
    before = _pragma(db, "freelist_count")
    db.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    after = _pragma(db, "freelist_count")
    return after if after < before else 0


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _distinct(db: sqlite3.Connection, table: str, column: str) -> list[Any]:
    """Return the values with which an index begins, one short look-up each."""
    return [name for (name,) in db.execute(_DISTINCT.format(table=table, column=column))]
