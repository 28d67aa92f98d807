"""Storing exported rows: what is there stays, but commits known from a push alone are completed, and states grow."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from ...records import CommitRecord, RepositoryState
from ..contract.export_rows import ParsedItems
from ..contract.threads import keep_stored
from ..merging import merge_states
from . import collector_state, commits, events, metrics, rows, threads
from .sql import count_changes


def import_items(db: sqlite3.Connection, parsed: ParsedItems) -> dict[str, int]:
    """Store what is not there yet, in the caller's transaction, and return by table how many rows were new."""
    new = {
        "events": events.insert_events(db, parsed.events.values()),
        "commits": commits.fill_commits(
            db, [CommitRecord(commit=one, summary=parsed.summaries.get(key)) for key, one in parsed.commits.items()]
        ),
        "commit_files": _fill(
            db,
            rows.INSERT_FILE,
            ((repo, sha, *rows.file_row(file)) for (repo, sha, _), file in parsed.files.items()),
        ),
        "commit_summaries": _fill(
            db,
            rows.INSERT_SUMMARY,
            ((*key, *rows.summary_row(summary)) for key, summary in parsed.summaries.items()),
        ),
        "threads": threads.save_threads(db, parsed.threads.values(), keep_stored),
        "repository_health_metrics": sum(_fill_health(db, repo, *row) for repo, row in parsed.health.items()),
    }
    for table, found in parsed.metrics.items():
        new[table] = metrics.save_rows(db, table, found.values(), replace=False)
    return new


def _fill(db: sqlite3.Connection, insert: str, values: Iterable[tuple[Any, ...]]) -> int:
    return count_changes(db, f"INSERT OR IGNORE {insert}", values)


def _fill_health(
    db: sqlite3.Connection, repo: str, daily: dict[str, Any], state: RepositoryState | None, watched: bool | None
) -> bool:
    """Store each part that is not there yet; return whether anything was added."""
    stored = metrics.read_daily(db, repo)
    add_daily = bool(daily.keys() - stored.keys())
    if add_daily:
        metrics.save_daily(db, repo, daily | stored)
    known = collector_state.read_states(db, [repo]).get(repo)
    after = merge_states(known, state)
    add_state = after is not None and after != known
    if add_state and after is not None:
        collector_state.save_states(db, [after])
    add_mark = watched is not None and repo not in collector_state.read_watch_list(db)
    if add_mark:
        collector_state.mark(db, [repo], bool(watched))
    return add_daily or add_state or add_mark
