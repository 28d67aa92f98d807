"""Rows in their export form -> records, checked before anything is written: for `DatabaseManager.write_items`."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from ...errors import InvalidInput
from ...records import Commit, CommitFile, CommitSummary, Event, MetricRow, RepositoryState, Thread
from .. import thread_wire, wire
from .types import RESERVED, MetricTable, TableItem

METRIC_KEYS: dict[MetricTable, tuple[str, str]] = {
    "developer_metrics": ("actor_login", "repo_time_period"),
    "security_metrics": ("repo_name", "metric_type_date"),
    "event_patterns": ("repo_name", "event_pattern_detected"),
    "deployment_metrics": ("repo_name", "deployment_id"),
}
"""The key attributes of the tables whose rows are `MetricRow`s: `key`, `sort`."""


class ParsedItems(NamedTuple):
    """Checked records by table, in order; the first of each key, as for any record that is there already."""

    events: dict[str, Event]
    commits: dict[tuple[str, str], Commit]
    files: dict[tuple[str, str, str], CommitFile]
    """By (repository, sha, filename)."""
    summaries: dict[tuple[str, str], CommitSummary]
    health: dict[str, tuple[dict[str, Any], RepositoryState | None, bool | None]]
    """By repository: daily results, state, watched."""
    metrics: dict[MetricTable, dict[tuple[str, str], MetricRow]]
    threads: dict[tuple[str, int], Thread]


def metric_to_dict(table: MetricTable, row: MetricRow) -> dict[str, Any]:
    """Return the export form of a metric row: its two keys by the names they have in the table, and `data`."""
    key, sort = METRIC_KEYS[table]
    return {key: row.key, sort: row.sort, "data": row.data}


def metric_from_dict(table: MetricTable, row: Mapping[str, Any], where: str) -> MetricRow:
    """Return a metric row out of its export form. Raises `InvalidInput` that begins with `where`."""
    key, sort = METRIC_KEYS[table]
    found = MetricRow(
        key=wire.require_text(row, key, where).lower(),
        sort=wire.require_text(row, sort, where),
        data=row.get("data", {}),
    )
    if not isinstance(found.data, dict):
        raise InvalidInput(f"{where}: 'data' must be an object")
    if found.key.startswith(RESERVED) or found.sort.startswith(RESERVED):
        raise InvalidInput(f"{where}: keys that begin with {RESERVED} are not data")
    wire.check_result(found.data, where)
    wire.storable(found.key, where, key)
    wire.storable(found.sort, where, sort)
    return found


def parse_items(items: Sequence[TableItem]) -> ParsedItems:
    """Return all items as records.

    Raises:
        InvalidInput: One is in another form; the message names its table and key.
    """
    parsed = ParsedItems({}, {}, {}, {}, {}, {table: {} for table in get_args(MetricTable)}, {})
    for item in items:
        where = _where(item)
        try:
            _parse(item, where, parsed)
        except InvalidInput as error:
            raise error if error.message.startswith(where) else InvalidInput(f"{where}: {error.message}") from None
    return parsed


def _parse(item: TableItem, where: str, parsed: ParsedItems) -> None:
    row = item.item
    if not isinstance(row, dict):
        raise InvalidInput(f"{where}: an item is an object, not {type(row).__name__}")
    if item.table == "events":
        wire.require_text(row, "created_at", where)
        event = wire.event_from_dict(row, where, "")
        parsed.events.setdefault(event.id, event)
    elif item.table == "commits":
        commit = wire.commit_from_dict(row, where)
        parsed.commits.setdefault((commit.repo_name, commit.sha), commit)
    elif item.table == "commit_files":
        repo, sha, file = wire.file_from_dict(row, where)
        parsed.files.setdefault((repo, sha, file.filename), file)
    elif item.table == "commit_summaries":
        repo, sha, summary = wire.summary_from_dict(row, where)
        parsed.summaries.setdefault((repo, sha), summary)
    elif item.table == "repository_health_metrics":
        repo, daily, state, watched = wire.health_from_dict(row, where)
        parsed.health.setdefault(repo, (daily, state, watched))
    elif item.table == "threads":
        thread = thread_wire.thread_from_dict(row, where)
        parsed.threads.setdefault((thread.repo_name, thread.number), thread)
    else:
        _parse_metric(item, where, parsed)


def _parse_metric(item: TableItem, where: str, parsed: ParsedItems) -> None:
    for table, rows in parsed.metrics.items():
        if table == item.table:
            row = metric_from_dict(table, item.item, where)
            rows.setdefault((row.key, row.sort), row)
            return
    raise InvalidInput(f"{where}: there is no table {item.table!r}")


def _where(item: TableItem) -> str:
    """Return `commits 1f3a…`: the table and what identifies the row there."""
    names = ("id", "sha", "commit_sha", "actor_login", "repo_name")
    row = item.item if isinstance(item.item, dict) else {}
    key = next((row[name] for name in names if isinstance(row.get(name), str)), "without a key")
    return f"{item.table} {key[:80]}"
