"""Windows of time out of an index, in an order that is the same on every provider."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from ...instants import SECOND, seconds_between, shift
from .batches import chunks, expressions
from .items import Item, attributes, encode
from .layout import Index

Query = dict[str, Any]

MAX_SLICES = 64

_ENDLESS = ":"
"""Behind every year of four digits."""


def window(
    index: Index,
    key: str,
    since: str | None,
    until: str | None = None,
    *,
    last: str | None = None,
    show: str = "",
    where: str = "",
    values: Item | None = None,
    newest_first: bool = False,
) -> Query | None:
    """Return the parameters of a query over since <= t < until, and t <= last; None where nothing can lie in it.

    show: a projection expression. where: a filter, with its `values`.
    """
    end = min((shift(until, -SECOND) if until else _ENDLESS, last or _ENDLESS))
    begin = since or "0"
    if begin > end:
        return None
    query = expressions(
        KeyConditionExpression=f"#{index.key} = :key AND #{index.sort} BETWEEN :begin AND :end",
        ProjectionExpression=show,
        FilterExpression=where,
    )
    query["IndexName"] = index.name
    query["ExpressionAttributeValues"] = attributes({":key": key, ":begin": begin, ":end": end}) | (values or {})
    query["ScanIndexForward"] = not newest_first
    return query


def one_of(name: str, values: Iterable[str]) -> tuple[str, Item]:
    """Return a filter for an attribute that has one of some values, and the filter's values; `IN` takes 100 at once.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
    """
    encoded = {f":one{number}": encode(value) for number, value in enumerate(sorted(values))}
    return " OR ".join(f"#{name} IN ({', '.join(part)})" for part in chunks(encoded, 100)), encoded


def slices(query: Query, last: Item, sort: str) -> list[Query]:
    """Return queries for what lies behind the first page of a window: slices of time of about a page each.

    Pages have to be read one after the other, slices need not: https://docs.aws.amazon.com/amazondynamodb/latest/
    developerguide/Query.Pagination.html. last: the key at which the page ended.
    """
    values = query["ExpressionAttributeValues"]
    begin, at, end = values[":begin"]["S"], last[sort]["S"], values[":end"]["S"]
    onward = {**query, "ExclusiveStartKey": last}
    if not len(begin) == len(at) == len(end):  # a window without an end
        return [onward]
    read, left = seconds_between(begin, at), seconds_between(at, end)
    count = min(MAX_SLICES, 1 + int(left / max(1.0, read)))
    cuts = [shift(at, timedelta(seconds=left * number // count)) for number in range(1, count + 1)]
    parts = [{**onward, "ExpressionAttributeValues": values | attributes({":end": cuts[0]})}]
    for since, until in pairwise(cuts):
        between = attributes({":begin": shift(since, SECOND), ":end": until})
        if since < until:
            parts.append({**query, "ExpressionAttributeValues": values | between})
    return parts


async def instants(pages: AsyncIterator[list[Item]], when: Callable[[Item], str]) -> AsyncIterator[list[Item]]:
    """Yield the rows of each instant together, in the order of the query.

    An index sorts by time alone: what shares a second has no order, and a page may end in the midst of it.
    """
    held: list[Item] = []
    async for page in pages:
        for item in page:
            if held and when(item) != when(held[0]):
                yield held
                held = []
            held.append(item)
    if held:
        yield held
