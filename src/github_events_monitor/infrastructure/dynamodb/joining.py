"""Two names of one repository in DynamoDB: events move page by page, and what is left of a name goes."""

from collections.abc import Sequence
from typing import Any

from ...records import Event
from ..contract.export_rows import METRIC_KEYS
from ..database_interface import MetricTable
from .batches import Write, all_items, delete, expressions, get_items, pages, write_items
from .client import DynamoDBClient
from .items import Item, attributes, must
from .layout import REPO_COMMITS, REPO_EVENTS, Index
from .metrics import HEALTH, month_key
from .reading import file_query
from .registry import Registry, shard_of
from .repositories import Repositories
from .rows import event_from_item
from .state_items import TABLE, key, partition
from .threads import TABLE as THREADS
from .windows import window

_PAGE = 100
_METRICS: tuple[MetricTable, ...] = ("security_metrics", "deployment_metrics", "event_patterns")


async def move_events(database: Repositories, repo: str, into: str) -> None:
    """Store the events of a name under the other one; one that is stored there already is not stored twice."""
    client = database.connection.client
    async for page in pages(client, "query", _of(client, "events", REPO_EVENTS, repo, "#id")):
        items = await get_items(client, "events", ({"id": item["id"]} for item in page), consistent=True)
        found = [event_from_item(item) for item in items]
        await database.events.move(found, into)
        await write_items(client, _presences(found, repo))


async def forget_repository(database: Repositories, registry: Registry, repo: str) -> None:
    """Remove what is stored under a key besides events, what leads to records last."""
    client = database.connection.client
    async for page in pages(client, "query", _of(client, "commits", REPO_COMMITS, repo, "#sha")):
        await write_items(client, await _commit_deletes(client, [must(item, "sha") for item in page]))
    gone = [write for table in _METRICS for write in await _rows_of(client, table, repo)]
    for first in (f"#shas#{repo}", f"#bare#{repo}"):
        gone += [_delete(TABLE, item) for item in await all_items(client, partition(client, first))]
    if database.connection.has_threads:
        gone += await _rows_of(client, THREADS, repo)
    gone += await _health(client, repo)
    gone += [delete(TABLE, key(f"#state#{repo}", "state")), delete(TABLE, key("#watch", repo))]
    gone += [delete(TABLE, key(shard_of(repo), name)) for name in (repo, f"{repo}#")]
    await write_items(client, gone)
    registry.forget()


def _of(client: DynamoDBClient, table: str, index: Index, repo: str, show: str) -> dict[str, Any] | None:
    query = window(index, repo, None, show=show)
    return query and {"TableName": client.table(table), "Limit": _PAGE, **query}


def _presences(events: Sequence[Event], repo: str) -> list[Write]:
    """Return deletions of the rows that say on which days people were active under that name."""
    seen = {(event.actor_login.lower(), event.created_at[:10]) for event in events if event.actor_login}
    return [
        delete("developer_metrics", attributes({"actor_login": login, "repo_time_period": f"#seen#{repo}#{day}"}))
        for login, day in seen
    ]


async def _commit_deletes(client: DynamoDBClient, names: Sequence[str]) -> list[Write]:
    """A commit's own item last: what it leads to would not be found again."""
    gone = [
        _delete("commit_files", item) for name in names for item in await all_items(client, file_query(client, name))
    ]
    gone += [delete("commit_summaries", {"commit_sha": {"S": name}}) for name in names]
    return gone + [delete("commits", {"sha": {"S": name}}) for name in names]


async def _rows_of(client: DynamoDBClient, table: str, repo: str) -> list[Write]:
    query = expressions(KeyConditionExpression="#repo_name = :repo")
    query |= {"TableName": client.table(table), "ExpressionAttributeValues": attributes({":repo": repo})}
    return [_delete(table, item) for item in await all_items(client, query | {"ConsistentRead": True})]


async def _health(client: DynamoDBClient, repo: str) -> list[Write]:
    found = await get_items(client, HEALTH, [{"repo_name": {"S": repo}}], consistent=True)
    months = found[0].get("months", {}).get("SS", ()) if found else ()
    return [delete(HEALTH, place) for place in ({"repo_name": {"S": repo}}, *(month_key(repo, one) for one in months))]


_KEYS: dict[str, tuple[str, ...]] = {
    **{table: METRIC_KEYS[table] for table in _METRICS},
    THREADS: ("repo_name", "number"),
    "commit_files": ("commit_sha", "filename"),
}


def _delete(table: str, item: Item) -> Write:
    return delete(table, {name: item[name] for name in _KEYS[table]})
