"""What is stored under two names of one repository -> under one."""

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from ...records import RepositoryState
from ..merging import merge_states
from .deliveries import without_joined
from .types import MetricTable, TableItem

if TYPE_CHECKING:
    from .manager import DatabaseManager

_TABLES = ("commits", "commit_files", "commit_summaries", "threads")
_OBSERVATIONS: tuple[MetricTable, ...] = ("security_metrics", "deployment_metrics")


async def join_repositories(manager: "DatabaseManager", repo: str, into: str) -> Counter[str]:
    """Join records, observations, what is remembered and the place on the watch list; `into` has the last word.

    Return by table how many rows were there already.
    """
    known = Counter[str]()
    for table in _TABLES:
        async for page in manager.read_pages([table], repo=repo):
            new = await manager.write_items([TableItem(table, {**item.item, "repo_name": into}) for item in page])
            known[table] += len(page) - new[table]
    for metric_table in _OBSERVATIONS:
        there = {row.sort for row in await manager.metrics.get_metrics(metric_table, into)}
        rows = await manager.metrics.get_metrics(metric_table, repo)
        moved = [msgspec.structs.replace(row, key=into) for row in rows if row.sort not in there]
        await manager.metrics.save_metrics(metric_table, moved)
        known[metric_table] += len(rows) - len(moved)
    known["repository_health_metrics"] += not await _join_state(manager, repo, into)
    async for found in manager.events.pages_of(repo):
        moved_events = await without_joined(manager.events, into, found)
        known["events"] += len(found) - await manager.events.move(found, moved_events)
    return known


async def _join_state(manager: "DatabaseManager", repo: str, into: str) -> bool:
    """Return whether anything was remembered, or a place on the watch list, that `into` had not."""
    collector_state = manager.collector_state
    states = await collector_state.get_states([repo, into])
    joined = joined_states(states.get(into), states.get(repo), into)
    if (other := states.get(repo)) is not None:
        await collector_state.note_rewritings(into, other.rewritten)
    learned = joined is not None and joined != states.get(into)
    if joined is not None and learned:
        await collector_state.save_states([joined])
    marks = await collector_state.get_watch_list()
    if is_marked := repo in marks and into not in marks:
        await (collector_state.watch if marks[repo] else collector_state.unwatch)([into])
    await collector_state.save_alias(repo, into)
    if repo in await collector_state.get_delivered():
        await collector_state.save_delivered(into)
    return learned or is_marked


def joined_states(state: RepositoryState | None, other: RepositoryState | None, key: str) -> RepositoryState | None:
    """Return what is remembered of both; what one of them has no answer to, the other one says."""
    joined = merge_states(state, other)
    return joined and msgspec.structs.replace(joined, repo_name=key)
