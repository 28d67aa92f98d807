"""Filters that storage does not know: a window's records are read page by page and looked at one by one."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from pydantic import Field

from ...errors import InvalidInput
from ..database_interface import Position

MAX_READ = 20_000
"""Records of one window that a filter looks at."""
_PAGE = 1_000

Words = Annotated[str | None, Field(description="words, all of them, in any letter case", max_length=200)]

RecordT = TypeVar("RecordT")


def has_words(text: str | None, query: str | None) -> bool:
    """Return whether a text holds every word of a query, in any letter case."""
    folded = (text or "").casefold()
    return all(word in folded for word in (query or "").casefold().split())


async def matching(
    read: Callable[[int, Position | None], Awaitable[list[RecordT]]],
    matches: Callable[[RecordT], bool],
    position: Callable[[RecordT], Position],
    after: Position | None = None,
) -> list[RecordT]:
    """Return all records behind a position that match, in the order of storage.

    Args:
        read: Return at most so many records behind a position.
        matches: Whether a record is wanted.
        position: Where a record stands.
        after: Where to begin; None is the beginning.

    Raises:
        InvalidInput: the window holds more than `MAX_READ` records.
    """
    found: list[RecordT] = []
    for _ in range(MAX_READ // _PAGE):
        records = await read(_PAGE, after)
        found.extend(record for record in records if matches(record))
        if len(records) < _PAGE:
            return found
        after = position(records[-1])
    raise InvalidInput(f"more than {MAX_READ} records lie in this window: ask for fewer hours, or without this filter")
