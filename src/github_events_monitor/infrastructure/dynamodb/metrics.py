"""Results and observations on DynamoDB.

Implementation notes
- A result is JSON in `data`: what is read equals what was written, fractions too.
- Daily health results are kept by month, because 400 of them may outgrow one item: `repository_health_metrics` holds
  `owner/name` with the set of its months, and `#owner/name#YYYY-MM` with one attribute a day. Each day is
  its own update, so that writers do not undo one another.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ...records import MetricRow
from ..contract.export_rows import METRIC_KEYS
from ..database_interface import RESERVED, MetricsRepository, MetricTable
from .batches import all_items, delete, expressions, get_items, put, write_items
from .client import DynamoDBClient
from .connection import DynamoDBConnection
from .items import Item, attributes, encode, must, pack_json, plain, reads, unpack_json

KEPT_DAYS = 400
HEALTH = "repository_health_metrics"
_MONTHS_KEPT = 15
"""400 days never lie in more; beyond it, months are looked through for what can go."""


class DynamoDBMetrics(MetricsRepository):
    """See the module and `MetricsRepository`."""

    def __init__(self, connection: DynamoDBConnection) -> None:
        super().__init__(connection)
        self._client = connection.client

    async def _save(self, table: MetricTable, rows: Sequence[MetricRow]) -> int:
        await write_items(self._client, [put(table, metric_to_item(table, row)) for row in rows])
        return len(rows)

    async def _rows(self, table: MetricTable, key: str, prefix: str) -> list[MetricRow]:
        if key.startswith(RESERVED) or prefix.startswith(RESERVED):
            return []
        hash_name, sort_name = METRIC_KEYS[table]
        # Without a prefix: all that sorts behind the reserved rows, whose second key may begin with # too.
        condition = f"begins_with(#{sort_name}, :from)" if prefix else f"#{sort_name} >= :from"
        query = expressions(KeyConditionExpression=f"#{hash_name} = :key AND {condition}")
        query["TableName"] = self._client.table(table)
        query["ExpressionAttributeValues"] = attributes({":key": key, ":from": prefix or chr(ord(RESERVED) + 1)})
        return [metric_from_item(table, item) for item in await all_items(self._client, query)]

    async def _save_health(self, repo: str, day: str, result: dict[str, Any]) -> None:
        month = day[:7]
        answer = await self._client.call(
            "update_item",
            TableName=self._client.table(HEALTH),
            Key={"repo_name": {"S": repo}},
            ExpressionAttributeValues={":month": {"SS": [month]}},
            ReturnValues="ALL_OLD",
            **expressions(UpdateExpression="ADD #months :month"),
        )
        await self._client.call(
            "update_item",
            TableName=self._client.table(HEALTH),
            Key=month_key(repo, month),
            UpdateExpression="SET #day = :result",
            ExpressionAttributeNames={"#day": day},
            ExpressionAttributeValues={":result": encode(pack_json(result))},
        )
        months = answer.get("Attributes", {}).get("months", {}).get("SS", [])
        if month not in months and len(months) >= _MONTHS_KEPT:
            await self._drop_old_months(repo, months)

    async def _health(self, repo: str) -> dict[str, dict[str, Any]]:
        return await read_daily(self._client, repo)

    async def _drop_old_months(self, repo: str, months: Sequence[str]) -> None:
        oldest = min(await _days(self._client, repo, months))
        gone = [month for month in months if month < oldest[:7]]
        await write_items(self._client, [delete(HEALTH, month_key(repo, month)) for month in gone])
        if gone:
            await self._client.call(
                "update_item",
                TableName=self._client.table(HEALTH),
                Key={"repo_name": {"S": repo}},
                ExpressionAttributeValues={":gone": {"SS": gone}},
                **expressions(UpdateExpression="DELETE #months :gone"),
            )


async def read_daily(client: DynamoDBClient, repo: str) -> dict[str, dict[str, Any]]:
    """Return a repository's health results by day, the last 400."""
    found = await get_items(client, HEALTH, [{"repo_name": {"S": repo}}], consistent=True)
    return await _days(client, repo, found[0].get("months", {}).get("SS", ())) if found else {}


async def _days(client: DynamoDBClient, repo: str, months: Sequence[str]) -> dict[str, dict[str, Any]]:
    days: dict[str, dict[str, Any]] = {}
    for item in await get_items(client, HEALTH, [month_key(repo, month) for month in months], consistent=True):
        days |= _days_in(item)
    return {day: days[day] for day in sorted(days)[-KEPT_DAYS:]}


@reads
def _days_in(item: Item) -> dict[str, dict[str, Any]]:
    found = {day: unpack_json(value) for day, value in plain(item).items() if day != "repo_name"}
    return msgspec.convert(found, dict[str, dict[str, Any]])


def metric_to_item(table: MetricTable, row: MetricRow) -> Item:
    """Return the item of a metric row."""
    key, sort = METRIC_KEYS[table]
    return attributes({key: row.key, sort: row.sort, "data": pack_json(row.data)})


def metric_from_item(table: MetricTable, item: Item) -> MetricRow:
    """Return the metric row of an item."""
    key, sort = METRIC_KEYS[table]
    return MetricRow(key=must(item, key), sort=must(item, sort), data=_data_of(item))


@reads
def _data_of(item: Item) -> dict[str, Any]:
    return msgspec.convert(unpack_json(plain(item)["data"]), dict[str, Any])


def month_key(repo: str, month: str) -> Item:
    """Return the key of a month of a repository's health results."""
    return {"repo_name": {"S": f"#{repo}#{month}"}}
