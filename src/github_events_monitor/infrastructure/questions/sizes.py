"""Answers stay small: as many items as fit, the rest behind a cursor or named in a sentence."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from ...answers import AnswerModel

AnswerT = TypeVar("AnswerT", bound=AnswerModel)
ItemT = TypeVar("ItemT")

MAX_BYTES = 19_000
"""What an answer's structure may take, so that with its summary it stays under 20,000 bytes."""

PAGE_BYTES = 15_000
"""The same for a page of at most thirty items, which stays under 16,000 bytes."""


def wire_size(value: Any) -> int:
    """Return the bytes of a wire form as compact JSON."""
    return len(orjson.dumps(value))


def how_many_fit(items: Sequence[Any], budget: int, *, least: int = 1) -> int:
    """Return how many of the first items (answers, or plain JSON values) fit into `budget` bytes; at least `least`."""
    used = 0
    for count, item in enumerate(items):
        used += (len(item.model_dump_json().encode()) if isinstance(item, AnswerModel) else wire_size(item)) + 1
        if used > budget:
            return max(count, least)
    return len(items)


def fit_texts(
    items: list[ItemT], shorter: Callable[[ItemT, int], ItemT], lengths: Sequence[int], budget: int
) -> list[ItemT]:
    """Return all items with their texts cut to the first of the lengths at which they fit, else those that fit."""
    for length in lengths:
        if how_many_fit(items, budget) == len(items):
            return items
        items = [shorter(item, length) for item in items]
    return items[: how_many_fit(items, budget)]


def shorten(answer: AnswerT, *lists: str) -> tuple[AnswerT, str | None]:
    """Return an answer whose lists keep as many of their first items as fit, and a sentence on what was left out.

    The longest list gives way first, so that short ones stay whole.
    """
    wire = answer.to_wire()
    sizes = {name: [wire_size(item) + 1 for item in wire[name]] for name in lists}
    excess = wire_size(wire) - MAX_BYTES
    kept = {name: len(items) for name, items in sizes.items()}
    taken = {name: sum(items) for name, items in sizes.items()}
    while excess > 0 and any(kept.values()):
        longest = max(taken, key=lambda name: taken[name])
        kept[longest] -= 1
        last = sizes[longest][kept[longest]]
        taken[longest] -= last
        excess -= last
    cut = [f"{kept[name]} of {len(sizes[name])} {name}" for name in lists if kept[name] < len(sizes[name])]
    if not cut:
        return answer, None
    shown = {name: getattr(answer, name)[: kept[name]] for name in lists}
    return answer.model_copy(update=shown), f"The answer was too long; it shows the first {', '.join(cut)}."
