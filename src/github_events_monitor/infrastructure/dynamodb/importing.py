"""Storing exported rows: what is there stays, but commits known from a push alone are completed, and states grow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...instants import format_instant
from ...records import Commit, CommitRecord, RepositoryState
from ..contract.export_rows import METRIC_KEYS, ParsedItems
from ..merging import is_missing, merge_states
from .batches import get_items, put, write_items
from .items import Item, must
from .metrics import metric_to_item
from .repositories import Repositories
from .rows import commit_from_item, commit_key, file_to_item, summary_to_item

Health = Mapping[str, tuple[dict[str, Any], RepositoryState | None, bool | None]]


async def import_items(database: Repositories, parsed: ParsedItems) -> dict[str, int]:
    """Store checked rows and return by table how many were new."""
    due = _due(database, parsed.commits)
    files = [file_to_item(commit_key(repo, sha), file, due(repo, sha)) for (repo, sha, _), file in parsed.files.items()]
    summaries = [
        summary_to_item(repo, sha, summary, due(repo, sha)) for (repo, sha), summary in parsed.summaries.items()
    ]
    new = {
        "events": await database.events.insert_events(parsed.events.values()),
        "commit_files": await _fill(database, "commit_files", files, ("commit_sha", "filename")),
        "commit_summaries": await _fill(database, "commit_summaries", summaries, ("commit_sha",)),
        "commits": await _fill_commits(database, parsed),
        "threads": await database.threads.fill_threads(parsed.threads.values()),
        "repository_health_metrics": await _fill_health(database, parsed.health),
    }
    for table, rows in parsed.metrics.items():
        items = [metric_to_item(table, row) for row in rows.values()]
        new[table] = await _fill(database, table, items, METRIC_KEYS[table])
    return new


def _due(database: Repositories, commits: Mapping[tuple[str, str], Commit]) -> Callable[[str, str], int | None]:
    """Return when the files and the summary of a commit expire; one that did not come along counts from now."""
    now = format_instant(database.connection.clock())

    def due(repo: str, sha: str) -> int | None:
        commit = commits.get((repo, sha))
        return database.connection.expiry(commit.commit_date if commit else now)

    return due


async def _fill(database: Repositories, table: str, items: Sequence[Item], key_names: Sequence[str]) -> int:
    client = database.connection.client
    wanted = {tuple(item[name]["S"] for name in key_names): item for item in items}
    keys = ({name: item[name] for name in key_names} for item in wanted.values())
    projection = ", ".join(f"#{name}" for name in key_names)
    found = await get_items(client, table, keys, attributes=projection, consistent=True)
    known = {tuple(must(item, name) for name in key_names) for item in found}
    new = [put(table, item) for key, item in wanted.items() if key not in known]
    await write_items(client, new)
    return len(new)


async def _fill_commits(database: Repositories, parsed: ParsedItems) -> int:
    """Store new ones, and those known from a push alone, which then get their summaries, too; return how many."""
    keys = [{"sha": {"S": commit_key(repo, sha)}} for repo, sha in parsed.commits]
    found = await get_items(database.connection.client, "commits", keys, consistent=True)
    stored = {must(item, "sha"): CommitRecord(commit=commit_from_item(item)) for item in found}
    arriving = {
        commit_key(*key): CommitRecord(commit=commit, summary=parsed.summaries.get(key))
        for key, commit in parsed.commits.items()
    }
    return await database.commits.insert_commits(
        record for name, record in arriving.items() if is_missing(record, stored.get(name))
    )


async def _fill_health(database: Repositories, health: Health) -> int:
    """Store each part of a repository that is not there yet; return of how many repositories anything was added."""
    metrics, collector_state = database.metrics, database.collector_state
    states, marks = await collector_state.get_states(health), await collector_state.get_watch_list()
    added: set[str] = set()
    for repo, (daily, state, watched) in health.items():
        stored = await metrics.get_health(repo, "", "9") if daily else {}
        for day in daily.keys() - stored.keys():
            await metrics.save_health(repo, day, daily[day])
            added.add(repo)
        known = states.get(repo)
        after = merge_states(known, state)
        if after is not None and after != known:
            await collector_state.save_states([after])
            added.add(repo)
        if watched is not None and repo not in marks:
            await (collector_state.watch if watched else collector_state.unwatch)([repo])
            added.add(repo)
    return len(added)
