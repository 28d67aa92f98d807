"""Every stored row in its export form (`wire`, `contract.export_rows`).

Implementation notes
- Reading goes page by page along a key (keyset), each page a question of its own: no long transaction keeps the
  write-ahead log from being emptied, and memory holds two pages, of which one is read while the other is used.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, get_args

from ...jsontext import load_json
from ...records import MetricRow
from .. import wire
from ..contract.export_rows import METRIC_KEYS, metric_to_dict
from ..database_interface import MetricTable, TableItem
from . import collector_state, metrics, rows
from .connection import SQLiteConnection
from .payload import unpacker
from .sql import Condition, where

_PAGE = 256
"""Rows. The largest payload seen is 246 KB."""


Position = tuple[Any, ...]
"""The key of the last row of a page."""

Page = tuple[list[TableItem], Position | None]
"""Items, and the position of the last of them; None when there are no more."""


class _Source(NamedTuple):
    """How one table is walked: `key` are the columns of the walk, selected first; `form` makes the item of the rest."""

    key: tuple[str, ...]
    columns: str
    table: str
    form: Callable[[list[tuple[Any, ...]]], list[dict[str, Any]]]


async def export_pages(
    connection: SQLiteConnection, table: str, since: str | None, repo: str | None
) -> AsyncIterator[list[TableItem]]:
    """See `DatabaseManager.read_pages`."""

    def page(position: Position | None) -> asyncio.Task[Page]:
        return asyncio.create_task(connection.read(lambda db: _page(db, table, position, since, repo)))

    reading: asyncio.Task[Page] | None = page(None)
    try:
        while reading is not None:
            items, position = await reading
            reading = page(position) if position is not None else None
            yield items
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def _page(db: sqlite3.Connection, table: str, position: Position | None, since: str | None, repo: str | None) -> Page:
    """Return the items beyond a position."""
    if table == "repository_health_metrics":
        return _health_page(db, position, repo)
    source = _SOURCES[table]
    conditions = _filters(table, since, repo)
    if position is not None:
        conditions.append((f"({', '.join(source.key)}) > ({', '.join('?' * len(position))})", [*position]))
    clause, values = where(conditions)
    keys = ", ".join(source.key)
    found = db.execute(
        f"SELECT {keys}, {source.columns} FROM {source.table} {clause} ORDER BY {keys} LIMIT ?", (*values, _PAGE)
    ).fetchall()
    width = len(source.key)
    items = [TableItem(table, item) for item in source.form([row[width:] for row in found])]
    return items, found[-1][:width] if len(found) == _PAGE else None


def _filters(table: str, since: str | None, repo: str | None) -> list[Condition]:
    found: list[Condition] = []
    if table == "event_patterns":
        found.append(("substr(repo_name, 1, 1) <> '#'", []))
    if repo is not None and table == "developer_metrics":
        found.append(("repo_time_period >= ? AND repo_time_period < ?", [repo + "#", repo + "$"]))
    elif repo is not None:
        found.append(("repo_name = ?", [repo]))
    if since is not None and table in {"events", "commits"}:
        found.append((f"{'created_at' if table == 'events' else 'commit_date'} >= ?", [since]))
    elif since is not None and table == "threads":
        found.append(("(updated_at >= ? OR open_since IS NOT NULL)", [since]))
    elif since is not None and table in {"commit_files", "commit_summaries"}:
        of_commit = "c.repo_name = t.repo_name AND c.sha = t.commit_sha AND c.commit_date >= ?"
        found.append((f"EXISTS (SELECT 1 FROM commits c WHERE {of_commit})", [since]))
    return found


def _health_page(db: sqlite3.Connection, position: Position | None, repo: str | None) -> Page:
    """Return one item for each repository with daily results, a state, or a place on the watch list."""
    # Each part has its own bounds and limit: a page costs what it holds, however many repositories there are.
    sql = """SELECT * FROM (SELECT repo_name AS repo FROM repository_health_metrics
            WHERE repo_name > :after AND repo_name BETWEEN :first AND :last ORDER BY 1 LIMIT :page)
        UNION SELECT * FROM (SELECT substr(repo_name, 8) FROM event_patterns
            WHERE repo_name > '#state#' || :after AND repo_name BETWEEN '#state#' || :first AND '#state#' || :last
            AND event_pattern_detected = 'state' ORDER BY repo_name LIMIT :page)
        UNION SELECT * FROM (SELECT event_pattern_detected FROM event_patterns
            WHERE repo_name = '#watch' AND event_pattern_detected > :after
            AND event_pattern_detected BETWEEN :first AND :last ORDER BY 1 LIMIT :page)
        ORDER BY 1 LIMIT :page"""
    bounds = {
        "first": repo or "",
        "last": repo or "\U0010ffff",
        "after": position[0] if position else "",
        "page": _PAGE,
    }
    repos = [name for (name,) in db.execute(sql, bounds)]
    states, watched = collector_state.read_states(db, repos), collector_state.read_watch_list(db)
    rows = [
        wire.health_to_dict(name, metrics.read_daily(db, name), states.get(name), watched.get(name)) for name in repos
    ]
    items = [TableItem("repository_health_metrics", row) for row in rows]
    return items, (repos[-1],) if len(repos) == _PAGE else None


def _event_items(found: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    unpack = unpacker()
    return [
        wire.event_row_to_dict(event_id, event_type, created_at, repo, actor, unpack(payload))
        for event_id, event_type, created_at, repo, actor, payload in found
    ]


def _thread_items(found: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    unpack = unpacker()
    return [load_json(unpack(data)) for (data,) in found]


def _metric_source(table: MetricTable) -> _Source:
    first, second = METRIC_KEYS[table]

    def form(found: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        return [metric_to_dict(table, MetricRow(key=key, sort=sort, data=load_json(data))) for key, sort, data in found]

    return _Source((first, second), f"{first}, {second}, data", table, form)


_SOURCES: dict[str, _Source] = {
    "events": _Source(
        ("rowid",),
        "id, event_type, created_at, repo_name, actor_login, payload",
        "events NOT INDEXED",  # one walk in the order of storing, whatever part is asked for
        _event_items,
    ),
    "commits": _Source(
        ("repo_name", "commit_date", "sha"),
        rows.COMMIT_COLUMNS,
        "commits",
        lambda found: [wire.commit_to_dict(rows.commit_of(row)) for row in found],
    ),
    "commit_files": _Source(
        ("repo_name", "commit_sha", "filename"),
        f"repo_name, commit_sha, {rows.FILE_COLUMNS}",
        "commit_files t",
        lambda found: [wire.file_to_dict(row[0], row[1], rows.file_of(row[2:])) for row in found],
    ),
    "commit_summaries": _Source(
        ("repo_name", "commit_sha"),
        f"repo_name, commit_sha, {rows.SUMMARY_COLUMNS}",
        "commit_summaries t",
        lambda found: [wire.summary_to_dict(row[0], row[1], rows.summary_of(row[2:])) for row in found],
    ),
    "threads": _Source(("repo_name", "number"), "data", "threads", _thread_items),
    **{table: _metric_source(table) for table in get_args(MetricTable)},
}
