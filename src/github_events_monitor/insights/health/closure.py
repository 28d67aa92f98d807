"""Closure: does what people open get finished?

https://chaoss.community/kb/metric-change-request-closure-ratio/
"""

from typing import NamedTuple

from ..results import Component
from .history import Items
from .period import Period, component

FORMULA = "{things} by people {closed} in the window / opened in it; over 1 a backlog shrinks, the score ends at 1"


class _Counts(NamedTuple):
    opened: int
    closed: int
    by_others: int
    unknown: int


def measure_change_requests(period: Period) -> Component:
    """Pull requests by people: closed or merged / opened."""
    counts = _count(period, period.history.pull_requests)
    return _closure(period, "change_request_closure", "pull requests", "closed or merged", counts)


def measure_issues(period: Period) -> Component:
    """Issues by people: closed / opened."""
    return _closure(period, "issue_closure", "issues", "closed", _count(period, period.history.issues))


def _closure(period: Period, name: str, things: str, closed: str, counts: _Counts) -> Component:
    return component(
        name,
        counts.closed / counts.opened if counts.opened else None,
        counts.opened,
        FORMULA.format(things=things, closed=closed),
        f"{counts.opened} opened and {counts.closed} {closed} (and not reopened) in the window.",
        f"{counts.by_others} closed ones by bots or assistants are left out." if counts.by_others else "",
        f"{counts.unknown} closed ones whose author is not known are left out." if counts.unknown else "",
        period.events_gap(),
    )


def _count(period: Period, items: Items) -> _Counts:
    since, until = period.since, period.until
    opened = sum(since <= at < until for at in items.opened.values())
    closed = {row.number for row in period.part(items.closings) if row.number is not None}
    authors = [period.history.authors.get(n) for n in closed if not _is_reopened(items, n, until)]
    by_people, unknown = sum(bool(period.people[author]) for author in authors), authors.count(None)
    return _Counts(opened, by_people, len(authors) - by_people - unknown, unknown)


def _is_reopened(items: Items, number: int, until: str) -> bool:
    """Whether the last of its closings and reopenings opened it again."""
    turns = [turn for turn in items.turns.get(number, ()) if turn < (until,)]
    return bool(turns) and not max(turns)[1]
