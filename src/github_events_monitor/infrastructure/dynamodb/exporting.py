"""Every stored row in its export form. The one place that scans.

Implementation notes
- Nothing is gathered in memory but one page of a scan or query, with what belongs to it.
- `repository_health_metrics` carries the portable part of the memory, so its items come from the registry, the watch
  list and the table itself.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, get_args

from ...side_by_side import side_by_side
from .. import thread_wire, wire
from ..contract.export_rows import METRIC_KEYS, metric_to_dict
from ..database_interface import RESERVED, MetricTable, TableItem
from .batches import expressions, get_items, pages
from .client import DynamoDBClient
from .connection import DynamoDBConnection
from .items import Item, attributes, must
from .layout import REPO_COMMITS, REPO_EVENTS, Index
from .metrics import HEALTH, metric_from_item, read_daily
from .reading import file_query
from .registry import SHARDS, shard_of
from .rows import commit_from_item, event_from_item, file_from_item, repo_of, sha_of, summary_from_item
from .state_items import TABLE, key, load_states, partition, watch_list
from .thread_items import thread_from_item
from .threads import TABLE as THREADS
from .windows import window

_PAGE = 100
Rows = AsyncIterator[list[dict[str, Any]]]


async def export_pages(
    connection: DynamoDBConnection, table: str, since: str | None, repo: str | None
) -> AsyncIterator[list[TableItem]]:
    """See `DatabaseManager.read_pages`."""
    if table == THREADS and not connection.has_threads:
        return
    async for rows in _rows(connection.client, table, since, repo):
        yield [TableItem(table, row) for row in rows]


def _rows(client: DynamoDBClient, table: str, since: str | None, repo: str | None) -> Rows:
    if table == "events":
        found = _by_time(client, table, REPO_EVENTS, since, repo)
        return _formed(found, lambda item: wire.event_to_dict(event_from_item(item)))
    if table == "commits":
        return _formed(
            _by_time(client, table, REPO_COMMITS, since, repo), lambda item: wire.commit_to_dict(commit_from_item(item))
        )
    if table == "commit_files":
        return _formed(_of_commits(client, table, since, repo), _file_form)
    if table == "commit_summaries":
        return _formed(_of_commits(client, table, since, repo), _summary_form)
    if table in {THREADS, HEALTH}:
        return _threads(client, since, repo) if table == THREADS else _health(client, repo)
    metric_table = next(name for name in get_args(MetricTable) if name == table)
    return _metrics(client, metric_table, repo)


async def _by_time(
    client: DynamoDBClient, table: str, index: Index, since: str | None, repo: str | None
) -> AsyncIterator[list[Item]]:
    """Yield items of a table with an index by repository and time, page by page."""
    if repo is None:
        async for page in pages(
            client, "scan", _scan(client, table, f"#{index.sort} >= :since" if since else "", since=since)
        ):
            yield page
        return
    hash_name = "id" if table == "events" else "sha"
    query = window(index, repo, since, show=f"#{hash_name}")
    async for page in pages(client, "query", query and {"TableName": client.table(table), "Limit": _PAGE, **query}):
        yield await get_items(client, table, ({hash_name: item[hash_name]} for item in page))


async def _of_commits(
    client: DynamoDBClient, table: str, since: str | None, repo: str | None
) -> AsyncIterator[list[Item]]:
    """Yield files or summaries: all of them, or those of the commits in question."""
    if since is None and repo is None:
        async for page in pages(client, "scan", _scan(client, table)):
            yield page
        return
    async for commits in _by_time(client, "commits", REPO_COMMITS, since, repo):
        names = [must(item, "sha") for item in commits]
        if table == "commit_summaries":
            yield await get_items(client, table, ({"commit_sha": {"S": name}} for name in names))
            continue
        for name in names:
            async for page in pages(client, "query", file_query(client, name)):
                yield page


async def _threads(client: DynamoDBClient, since: str | None, repo: str | None) -> Rows:
    reading = pages(client, "scan", _scan(client, THREADS)) if repo is None else _threads_of(client, repo)
    async for page in reading:
        found = [thread_from_item(item) for item in page]
        yield [
            thread_wire.thread_to_dict(thread)
            for thread in found
            if since is None or thread.state == "open" or thread.updated_at >= since
        ]


def _threads_of(client: DynamoDBClient, repo: str) -> AsyncIterator[list[Item]]:
    query = expressions(KeyConditionExpression="#repo_name = :repo")
    query |= {"TableName": client.table(THREADS), "ExpressionAttributeValues": attributes({":repo": repo})}
    return pages(client, "query", query | {"ConsistentRead": True})


async def _metrics(client: DynamoDBClient, table: MetricTable, repo: str | None) -> Rows:
    hash_name, sort_name = METRIC_KEYS[table]
    condition = f"NOT begins_with(#{hash_name}, :reserved) AND NOT begins_with(#{sort_name}, :reserved)"
    if repo is None:
        scan = _scan(client, table, condition, reserved=RESERVED)
    elif table == "developer_metrics":
        scan = _scan(client, table, f"begins_with(#{sort_name}, :repo)", repo=f"{repo}#")
    else:
        scan = _scan(client, table, f"#{hash_name} = :repo", repo=repo)
    async for page in pages(client, "scan", scan):
        yield [metric_to_dict(table, metric_from_item(table, item)) for item in page]


async def _health(client: DynamoDBClient, repo: str | None) -> Rows:
    watched = await watch_list(client)
    async for repos in _repositories(client, watched, repo):
        states = await load_states(client, repos)
        daily = await side_by_side(partial(read_daily, client, name) for name in repos)
        known = [
            found for found in zip(repos, daily, strict=True) if found[1] or found[0] in states or found[0] in watched
        ]
        yield [wire.health_to_dict(name, days, states.get(name), watched.get(name)) for name, days in known]


async def _repositories(client: DynamoDBClient, watched: dict[str, bool], repo: str | None) -> AsyncIterator[list[str]]:
    """Yield the registered repositories, the watched ones among the others, and those with results alone."""
    if repo is not None:
        yield [repo]
        return
    for shard in SHARDS:
        query = partition(client, f"#repos#{shard}") | {"Limit": _PAGE}
        async for page in pages(client, "query", query):
            sorts = [must(item, "event_pattern_detected") for item in page]
            yield [sort for sort in sorts if not sort.endswith("#")]
    yield await _unregistered(client, list(watched))
    scan = _scan(client, HEALTH, "NOT begins_with(#repo_name, :reserved)", reserved=RESERVED) | {"Limit": _PAGE}
    async for page in pages(client, "scan", scan):
        names = await _unregistered(client, [must(item, "repo_name") for item in page])
        yield [name for name in names if name not in watched]


async def _unregistered(client: DynamoDBClient, repos: Sequence[str]) -> list[str]:
    found = await get_items(client, TABLE, [key(shard_of(repo), repo) for repo in repos], consistent=True)
    registered = {must(item, "event_pattern_detected") for item in found}
    return [repo for repo in repos if repo not in registered]


async def _formed(found: AsyncIterator[list[Item]], form: Callable[[Item], dict[str, Any]]) -> Rows:
    async for page in found:
        yield [form(item) for item in page]


def _file_form(item: Item) -> dict[str, Any]:
    name = must(item, "commit_sha")
    return wire.file_to_dict(repo_of(name), sha_of(name), file_from_item(item))


def _summary_form(item: Item) -> dict[str, Any]:
    name = must(item, "commit_sha")
    return wire.summary_to_dict(repo_of(name), sha_of(name), summary_from_item(item))


def _scan(client: DynamoDBClient, table: str, condition: str = "", **values: str | None) -> dict[str, Any]:
    scan: dict[str, Any] = {"TableName": client.table(table), "ConsistentRead": True}
    if condition:
        scan |= expressions(FilterExpression=condition)
        scan["ExpressionAttributeValues"] = attributes({f":{name}": value for name, value in values.items()})
    return scan
