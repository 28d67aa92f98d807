"""Answers stay small: as many items as fit, the rest behind a cursor."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import orjson

from ...answers.activity import CollectNow, WatchList
from ...answers.shared import AnswerModel, Problem

AnswerT = TypeVar("AnswerT", bound=AnswerModel)

MAX_BYTES = 36_000
"""What an answer's structure may take, so that with its one-line text it stays under 40,000 bytes."""

PAGE_BYTES = 18_500
"""The same for a page of at most thirty items, which stays under 20,000 bytes."""


def wire_size(value: Any) -> int:
    """Bytes of a wire form as compact JSON."""
    return len(orjson.dumps(value))


def how_many_fit(items: Sequence[Any], budget: int, *, least: int = 1) -> int:
    """How many of the first items (answers, or plain JSON values) fit into so many bytes; at least `least`."""
    used = 0
    for count, item in enumerate(items):
        used += wire_size(item.to_wire() if isinstance(item, AnswerModel) else item) + 1
        if used > budget:
            return max(count, least)
    return len(items)


def shorten(answer: AnswerT, *lists: str) -> tuple[AnswerT, str | None]:
    """An answer whose lists keep as many of their first items as fit, and a sentence on what was left out.

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


def fit_collection(answer: CollectNow) -> CollectNow:
    """What of a pass over many repositories an answer can hold, and a note on the rest."""
    shown, cut = shorten(answer, "repositories")
    return shown.model_copy(update={"note": cut}) if cut else answer


def watch_list(watching: Sequence[str], errors: Mapping[str, Problem]) -> WatchList:
    """The watch list and what was not put on it, as far as both fit, and a note on the rest."""
    problems = list(errors.items())
    told = dict(problems[: how_many_fit([[name, it.to_wire()] for name, it in problems], MAX_BYTES // 2)])
    listed = watching[: how_many_fit(watching, MAX_BYTES // 2)]
    cut = [
        f"{len(shown)} of {len(all_)} {what}"
        for what, shown, all_ in (("watched repositories", listed, watching), ("errors", told, problems))
        if len(shown) < len(all_)
    ]
    note = f"The answer was too long; it shows the first {', '.join(cut)}." if cut else None
    return WatchList(watching=tuple(listed), errors=told, note=note)
