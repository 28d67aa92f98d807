"""Two names of one repository in DynamoDB: what is left of a name goes."""

from collections.abc import Sequence

from ..contract.export_rows import METRIC_KEYS
from ..database_interface import MetricTable
from .batches import Write, all_items, delete, expressions, get_items, pages, write_items
from .client import DynamoDBClient
from .items import Item, attributes, must
from .layout import REPO_COMMITS
from .metrics import HEALTH, month_key
from .reading import file_query
from .registry import Registry, shard_of
from .repositories import Repositories
from .state_items import TABLE, key, partition
from .threads import TABLE as THREADS
from .windows import window

_PAGE = 100
_METRICS: tuple[MetricTable, ...] = ("security_metrics", "deployment_metrics", "event_patterns")


async def forget_repository(database: Repositories, registry: Registry, repo: str) -> None:
    """Remove what is stored under a key besides events, what leads to records last."""
    client = database.connection.client
    commits = window(REPO_COMMITS, repo, None, show="#sha")
    asked = commits and {"TableName": client.table("commits"), "Limit": _PAGE, **commits}
    async for page in pages(client, "query", asked):
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
