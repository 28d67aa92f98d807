"""Two names of one repository in SQLite: what is left of a name goes."""

import sqlite3

from .collector_state import STATE, WATCH

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


def forget_repository(db: sqlite3.Connection, repo: str) -> None:
    """Remove what is stored under a key besides events, in the caller's transaction."""
    for table in _LEFT:
        db.execute(f"DELETE FROM {table} WHERE repo_name = ?", (repo,))
    bounds = (repo + "#", repo + "$")
    db.execute("DELETE FROM developer_metrics WHERE repo_time_period >= ? AND repo_time_period < ?", bounds)
    state = "event_pattern_detected IN ('state', 'rewritten')"
    db.execute(f"DELETE FROM event_patterns WHERE repo_name = ? AND {state}", (STATE + repo,))
    db.execute("DELETE FROM event_patterns WHERE repo_name = ? AND event_pattern_detected = ?", (WATCH, repo))
