"""Rows in order of time, and parts of them by bisection."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter

from ..records import Activity

_IN_ORDER = attrgetter("created_at", "id")
_WHEN = attrgetter("created_at")


def by_time(rows: Iterable[Activity]) -> list[Activity]:
    """Return rows, oldest first; within a second in any order."""
    return sorted(rows, key=_WHEN)


def by_type(rows: Iterable[Activity]) -> defaultdict[str, list[Activity]]:
    """Return rows by the type of event, in their order."""
    found: defaultdict[str, list[Activity]] = defaultdict(list)
    for row in rows:
        found[row.event_type].append(row)
    return found


def by_action(rows: Iterable[Activity]) -> defaultdict[str | None, list[Activity]]:
    """Return rows by their action, in their order."""
    found: defaultdict[str | None, list[Activity]] = defaultdict(list)
    for row in rows:
        found[row.action].append(row)
    return found


def in_order(rows: Iterable[Activity]) -> list[Activity]:
    """Return each event once, oldest first, by id within a second."""
    return sorted({row.id: row for row in rows}.values(), key=_IN_ORDER)


def within(rows: Sequence[Activity], since: str, until: str) -> Sequence[Activity]:
    """Return those of the rows, oldest first, with since <= t < until."""
    return rows[bisect_left(rows, since, key=_WHEN) : bisect_left(rows, until, key=_WHEN)]


def evidence_of(row: Activity) -> str:
    """Return what a reader can open: a stored event."""
    return f"event:{row.id}"
