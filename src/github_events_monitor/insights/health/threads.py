"""What becomes of issues and pull requests: are people answered, are things finished, are changes reviewed?

https://chaoss.community/kb/metric-time-to-first-response/,
https://chaoss.community/kb/metric-change-request-closure-ratio/. All of it is worked out from events and from the
record of issues and pull requests, whichever knows of an occurrence; it counts once where both do.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from statistics import median
from typing import NamedTuple

from ...instants import WEEKEND_HOURS, business_hours, seconds_between
from ...records import Thread
from ...text import count_of
from ..results import Component
from ..threads import answers_known, replies_known
from .history import Items
from .period import Period, component
from .rules import BUSINESS_HOURS_TO_ANSWER, UNKNOWN_SHARE


def measure_responsiveness(period: Period) -> Component:
    """Return the share answered in time among those answered or due, and the median hours to the first answer."""
    history, since, until = period.history, period.since, period.until
    in_time, waits, young, overdue = 0, list[float](), 0, list[int]()
    for number, opened_at in chain(history.issues.opened.items(), history.pull_requests.opened.items()):
        if not since <= opened_at < until:
            continue
        answer = min(history.answered.get(number, until), until)
        hours = seconds_between(opened_at, answer) / 3600
        # at most a weekend lies between: with fewer hours than these, or with more, theirs say the same
        near = BUSINESS_HOURS_TO_ANSWER <= hours <= BUSINESS_HOURS_TO_ANSWER + WEEKEND_HOURS
        business = business_hours(opened_at, answer) if near else hours
        if answer < until:
            waits.append(max(0.0, hours))
            in_time += business <= BUSINESS_HOURS_TO_ANSWER
        elif business >= BUSINESS_HOURS_TO_ANSWER:
            overdue.append(number)
        else:
            young += 1
    unknown = _unknown(period, overdue, answers_known)
    unanswered = len(overdue) - unknown
    counted = len(waits) + unanswered
    enough = _enough(unknown, counted)
    return component(
        "responsiveness",
        in_time / counted if counted and enough else None,
        counted,
        f"{in_time} of {counted} were answered in time, {unanswered} not at all."
        if counted
        else "Nothing opened by people in the window was answered or due.",
        f"Median time to the first answer: {median(waits):.1f} hours." if waits else "",
        f"Left out: {count_of(young, 'younger one')} without an answer." if young else "",
        f"Left out: {unknown} whose answers are not all known." if unknown else "",
        "" if enough else "Those are too many to tell the share.",
        period.threads_gap(),
        left_out=unknown,
    )


class _Counts(NamedTuple):
    opened: int
    closed: int
    by_others: int
    unknown: int


def measure_change_requests(period: Period) -> Component:
    """Return pull requests by people: closed or merged / opened."""
    counts = _count(period, period.history.pull_requests)
    return _closure(period, "change_request_closure", "closed or merged", counts)


def measure_issues(period: Period) -> Component:
    """Return issues by people: closed / opened."""
    return _closure(period, "issue_closure", "closed", _count(period, period.history.issues))


def _closure(period: Period, name: str, closed: str, counts: _Counts) -> Component:
    return component(
        name,
        counts.closed / counts.opened if counts.opened else None,
        counts.opened,
        f"{counts.opened} opened and {counts.closed} {closed} (and not reopened) in the window.",
        f"Left out: {count_of(counts.by_others, 'closed one')} by bots or assistants." if counts.by_others else "",
        f"Left out: {count_of(counts.unknown, 'closed one')} whose author is not known." if counts.unknown else "",
        period.threads_gap(),
    )


def _count(period: Period, items: Items) -> _Counts:
    since, until = period.since, period.until
    opened = sum(since <= at < until for at in items.opened.values())
    closed = {row.number for row in period.part(items.closings)} - {None, *_reopened(items, until)}
    authors = [period.history.authors.get(number) for number in closed]
    by_people, unknown = sum(map(bool, authors)), authors.count(None)
    return _Counts(opened, by_people, len(authors) - by_people - unknown, unknown)


def _reopened(items: Items, until: str) -> Iterator[int | None]:
    """Yield the numbers of those that the last of their closings and reopenings opened again."""
    for number, every in items.turns.items():
        turns = [turn for turn in every if turn[0] < until]
        if turns and not max(turns)[1]:
            yield number


def measure_review(period: Period) -> Component:
    """Return the share of merged pull requests with a review by another person."""
    history, since, until = period.history, period.since, period.until
    merged = [number for number, at in history.merged.items() if since <= at < until]
    by_people = [number for number in merged if history.authors.get(number)]
    without = [number for number in by_people if history.reviewed.get(number, until) >= until]
    unread = _unknown(period, without, replies_known)
    counted, reviewed = len(by_people) - unread, len(by_people) - len(without)
    unknown = sum(number not in history.authors for number in merged)
    others = len(merged) - len(by_people) - unknown
    enough = _enough(unread, counted)
    return component(
        "review",
        reviewed / counted if counted and enough else None,
        counted,
        f"{reviewed} of {counted} merged pull requests had a review.",
        f"Left out: {others} by bots or assistants." if others else "",
        f"Left out: {unknown} whose author is not known." if unknown else "",
        f"Left out: {unread} whose reviews are not all known." if unread else "",
        "" if enough else "Those are too many to tell the share.",
        period.threads_gap(),
        left_out=unread,
    )


def _unknown(period: Period, numbers: Iterable[int], is_known: Callable[[Thread], bool]) -> int:
    """Return for how many, without any known answer or review, there may be one all the same."""
    if not period.events_gap():
        return 0
    records = (period.records.get(number) for number in numbers)
    return sum(record is not None and not is_known(record) for record in records)


def _enough(unknown: int, counted: int) -> bool:
    return unknown <= UNKNOWN_SHARE * (unknown + counted)
