"""Windows of time out of an index, in an order that is the same on every provider."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from typing import Any

from ...instants import shift
from .batches import chunks, expressions
from .items import Item, attributes, encode
from .layout import Index

Query = dict[str, Any]

_SECOND = timedelta(seconds=1)


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
    end = min((shift(until, -_SECOND) if until else "9", last or "9"))
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
