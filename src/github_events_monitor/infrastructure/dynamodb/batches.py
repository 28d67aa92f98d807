"""Many items at once: pages, batches and parallel calls, each until it is really done.

BatchWriteItem takes 25 items, BatchGetItem 100 keys; both may leave some for later, and a page may be empty without
being the last: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Any, Literal, TypeVar

from ...errors import DatabaseError
from ...side_by_side import side_by_side
from .client import DynamoDBClient
from .items import Item

T = TypeVar("T")

Write = tuple[str, dict[str, Any]]
"""A table (by our name) and one PutRequest or DeleteRequest."""

WRITE_BATCH, READ_BATCH = 25, 100
_BATCH_BYTES = 500_000
_NAME = re.compile(r"#(\w+)")


class _Unprocessed(Exception):
    """DynamoDB left a part of a batch for later."""


def put(table: str, item: Item) -> Write:
    """Return the write that stores an item, replacing what is under its key."""
    return table, {"PutRequest": {"Item": item}}


def delete(table: str, key: Item) -> Write:
    """Return the write that removes an item."""
    return table, {"DeleteRequest": {"Key": key}}


def expressions(**parts: str) -> dict[str, Any]:
    """Return expression parameters with every `#name` in them declared, so that no attribute meets a reserved word."""
    names = {f"#{name}": name for part in parts.values() for name in _NAME.findall(part)}
    return {**{kind: part for kind, part in parts.items() if part}, "ExpressionAttributeNames": names}


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield consecutive lists of at most `size`."""
    chunk: list[T] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def pages(
    client: DynamoDBClient, operation: Literal["query", "scan"], params: dict[str, Any] | None
) -> AsyncIterator[list[Item]]:
    """Yield every page of a query or scan, also those behind an empty one; nothing where there is nothing to ask."""
    while params is not None:
        answer = await client.call(operation, **params)
        yield answer["Items"]
        if not (last := answer.get("LastEvaluatedKey")):
            return
        params = {**params, "ExclusiveStartKey": last}


async def all_items(client: DynamoDBClient, query: dict[str, Any] | None) -> list[Item]:
    """Return the items of every page of a query."""
    return [item async for page in pages(client, "query", query) for item in page]


async def get_items(
    client: DynamoDBClient, table: str, keys: Iterable[Item], *, attributes: str = "", consistent: bool = False
) -> list[Item]:
    """Return the items of keys (each once), in no order; missing ones are absent."""
    options = expressions(ProjectionExpression=attributes) if attributes else {}
    options["ConsistentRead"] = consistent
    name = client.table(table)
    jobs = (partial(_get_batch, client, name, chunk, options) for chunk in chunks(keys, READ_BATCH))
    return [item for found in await side_by_side(jobs) for item in found]


def _write_batches(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """Yield batches of at most 25 writes and about half a megabyte: larger bodies would hold up the event loop."""
    batch: list[Write] = []
    size = 0
    for table, write in writes:
        length = _bytes_in(write["PutRequest"]["Item"]) if "PutRequest" in write else 0
        if batch and (len(batch) == WRITE_BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((table, write))
        size += length
    if batch:
        yield batch


def _bytes_in(item: Item) -> int:
    """Return what can make an item large: its binary attributes, for long text is compressed."""
    return sum(len(value["B"]) for value in item.values() if "B" in value)


async def write_items(client: DynamoDBClient, writes: Iterable[Write], total: int | None = None) -> None:
    """Carry out writes, no two of them on the same key.

    A lazy iterable, whose `total` is then to be given, is encoded while earlier batches are on their way.
    Raises `DatabaseError` that says how many were carried out; those that were not can be repeated without harm.
    """
    if total is None:
        writes = list(writes)
        total = len(writes)
    done = [0]
    jobs = (partial(_write_batch, client, chunk, done) for chunk in _write_batches(writes))
    try:
        await side_by_side(jobs)
    except DatabaseError as error:
        raise type(error)(f"{error.message} ({done[0]:,} of {total:,} items were written)") from error


async def _get_batch(client: DynamoDBClient, table: str, keys: list[Item], options: dict[str, Any]) -> list[Item]:
    found: list[Item] = []
    pending: dict[str, Any] = {table: {"Keys": keys, **options}}

    async def attempt() -> None:
        nonlocal pending
        answer = await client.call("batch_get_item", RequestItems=pending)
        found.extend(answer["Responses"].get(table, ()))
        pending = answer.get("UnprocessedKeys") or {}
        if pending:
            raise _Unprocessed

    await _until_processed(client, attempt, f"reading from {table}")
    return found


async def _write_batch(client: DynamoDBClient, writes: list[Write], done: list[int]) -> None:
    pending: dict[str, Any] = {}
    for table, write in writes:
        pending.setdefault(client.table(table), []).append(write)

    async def attempt() -> None:
        nonlocal pending
        answer = await client.call("batch_write_item", RequestItems=pending)
        left = answer.get("UnprocessedItems") or {}
        done[0] += _size(pending) - _size(left)
        pending = left
        if pending:
            raise _Unprocessed

    await _until_processed(client, attempt, f"writing to {', '.join(pending)}")


async def _until_processed(client: DynamoDBClient, attempt: Callable[[], Awaitable[None]], doing: str) -> None:
    try:
        await client.retrying.on(_Unprocessed)(attempt)
    except _Unprocessed:
        raise DatabaseError(
            f"DynamoDB left items unprocessed for {client.retry_seconds:g} seconds, {doing}: wait and try again"
        ) from None


def _size(requests: dict[str, Any]) -> int:
    return sum(len(writes) for writes in requests.values())
