"""Two names of one repository in SQLite: events move in small transactions, and what is left of a name goes."""

import sqlite3
from collections import Counter

from .collector_state import STATE, WATCH
from .events import COLUMNS, insert_rows

_STEP = 1_000
_LEFT = (
    "commits",
    "commit_files",
    "commit_summaries",
    "threads",
    "security_metrics",
    "deployment_metrics",
    "repository_health_metrics",
    "event_patterns",
)


def move_events(db: sqlite3.Connection, repo: str, into: str) -> int:
    """Store the next events of a name under the other one, in the caller's transaction, and return how many they were.

    One that is stored there already, under its id or that of its era, is not stored twice.
    """
    found = db.execute(f"SELECT rowid, {COLUMNS} FROM events WHERE repo_name = ? LIMIT ?", (repo, _STEP)).fetchall()
    days = Counter(row[3][:10] for row in found)
    db.executemany("DELETE FROM events WHERE rowid = ?", [row[:1] for row in found])
    db.executemany(
        "UPDATE _daily SET events = events - ? WHERE repo_name = ? AND day = ?",
        [(count, repo, day) for day, count in days.items()],
    )
    db.execute("DELETE FROM _daily WHERE repo_name = ? AND events <= 0", (repo,))
    insert_rows(db, [(*row[1:4], into, *row[5:]) for row in found])
    return len(found)


def forget_repository(db: sqlite3.Connection, repo: str) -> None:
    """Remove what is stored under a key besides events, in the caller's transaction."""
    for table in _LEFT:
        db.execute(f"DELETE FROM {table} WHERE repo_name = ?", (repo,))
    bounds = (repo + "#", repo + "$")
    db.execute("DELETE FROM developer_metrics WHERE repo_time_period >= ? AND repo_time_period < ?", bounds)
    state = "event_pattern_detected IN ('state', 'rewritten')"
    db.execute(f"DELETE FROM event_patterns WHERE repo_name = ? AND {state}", (STATE + repo,))
    db.execute("DELETE FROM event_patterns WHERE repo_name = ? AND event_pattern_detected = ?", (WATCH, repo))
