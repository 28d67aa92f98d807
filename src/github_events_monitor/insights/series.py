"""Series for charts: counts by time, for a window cut into hours, days or weeks, and hours sorted into buckets.

Buckets of time are whole ones of the calendar in UTC, weeks beginning on Monday: the first and the last may reach
beyond the window, which counts only what lies in it.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ..instants import SECOND, format_instant, seconds_between, shift
from ..ledger import missing_spans
from ..records import Span, Thread
from .results import ActivitySeries, DurationBuckets, ThreadSeries, Unit
from .threads import first_response_hours

MAX_HOURLY, MAX_DAILY = 48, 93 * 24
"""Hours of a window up to which it is cut into hours, and into days; a year has 53 weeks."""
MAX_TYPES = 7
"""Types with a series of their own; the rest is counted together as `other`."""
BOUNDS = (1, 4, 24, 72, 168)
"""Hours: up to one hour, four hours, a day, three days, a week; the last bucket has no end."""

HOURS_OF_A_WEEK = 168
STEPS: Mapping[Unit, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class Timeline(NamedTuple):
    """A window cut into buckets. first: where the first begins. size: how many there are."""

    unit: Unit
    first: datetime
    size: int

    @property
    def start(self) -> str:
        """Return where the first bucket begins."""
        return format_instant(self.first)

    def bucket_of(self, instant: str) -> int:
        """Return the bucket of an instant, which may be a prefix that names its hour."""
        moment = datetime.fromisoformat(f"{instant[:13]}:00:00+00:00")
        return (moment - self.first) // STEPS[self.unit]


def timeline(span: Span) -> Timeline:
    """Return the buckets of a window: hours for two days, days for three months, weeks for what is longer."""
    since, until = datetime.fromisoformat(span.since), datetime.fromisoformat(span.until)
    hours = (until - since) / timedelta(hours=1)
    unit: Unit = "hour" if hours <= MAX_HOURLY else "day" if hours <= MAX_DAILY else "week"
    first = since.replace(minute=0, second=0) if unit == "hour" else since.replace(hour=0, minute=0, second=0)
    if unit == "week":
        first -= timedelta(days=first.weekday())
    return Timeline(unit, first, max(1, -((first - until) // STEPS[unit])))


def activity_series(span: Span, counts: Mapping[tuple[str, str], int]) -> ActivitySeries:
    """Return counts by (hour, type) as series, the most frequent types first.

    Args:
        span: the window.
        counts: by hour (the first thirteen characters of its instants) and type.
    """
    line, totals = timeline(span), Counter[str]()
    for (_, event_type), count in counts.items():
        totals[event_type] += count
    ranked = [name for name, _ in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))]
    shown = ranked if len(ranked) <= MAX_TYPES + 1 else [*ranked[:MAX_TYPES], "other"]
    series = {name: [0] * line.size for name in shown}
    buckets = {hour: line.bucket_of(hour) for hour in {hour for hour, _ in counts}}
    for (hour, event_type), count in counts.items():
        series[event_type if event_type in series else "other"][buckets[hour]] += count
    return ActivitySeries(
        unit=line.unit, start=line.start, counts={name: tuple(values) for name, values in series.items()}
    )


def weekday_hours(
    counts: Mapping[tuple[str, str], int], window: Span, known: Iterable[Span]
) -> tuple[tuple[int | None, ...], ...]:
    """Return how many events fell into each hour of each weekday (UTC), Monday first.

    None where none was counted, and no such hour of the window is completely known: unknown is not zero.
    """
    found: list[list[int | None]] = [[None] * 24 for _ in range(7)]
    step, gaps = STEPS["hour"], missing_spans(known, *window)
    for stretch in missing_spans(gaps, f"{window.since[:13]}:00:00Z", _whole_hour(window.until)):
        first, last = map(datetime.fromisoformat, (_whole_hour(stretch.since), stretch.until))
        for index in range(min((last - first) // step, HOURS_OF_A_WEEK)):
            at = first + step * index
            found[at.weekday()][at.hour] = 0
    for (hour, _), count in counts.items():
        day, number = date.fromisoformat(hour[:10]).weekday(), int(hour[11:])
        found[day][number] = (found[day][number] or 0) + count
    return tuple(map(tuple, found))


def _whole_hour(instant: str) -> str:
    """Return an instant, or the next whole hour after it."""
    return f"{shift(instant, STEPS['hour'] - SECOND)[:13]}:00:00Z"


def thread_series(threads: Iterable[Thread], span: Span) -> ThreadSeries:
    """Return how many threads were opened, merged and closed in each bucket, and open at its end.

    threads: those of one kind as of the end of the window, all that were open at any moment of it.
    """
    line = timeline(span)
    opened, merged, closed, change = ([0] * line.size for _ in range(4))
    before = 0
    for thread in threads:
        if thread.created_at >= span.until:
            continue
        ended = thread.merged_at or thread.closed_at
        if thread.created_at >= span.since:
            opened[line.bucket_of(thread.created_at)] += 1
            change[line.bucket_of(thread.created_at)] += 1
        elif ended is None or ended >= span.since:
            before += 1
        if ended is not None and span.since <= ended < span.until:
            (merged if thread.merged_at else closed)[line.bucket_of(ended)] += 1
            change[line.bucket_of(ended)] -= 1
    left = [before := before + step for step in change]
    return ThreadSeries(
        unit=line.unit,
        start=line.start,
        opened=tuple(opened),
        merged=tuple(merged),
        closed=tuple(closed),
        open=tuple(left),
    )


def thread_durations(
    threads: Iterable[Thread], span: Span, bot_logins: frozenset[str] = frozenset()
) -> DurationBuckets:
    """Return how long threads of the window took: from opening to first response, and to merge (see `BOUNDS`)."""
    responses, merges = ([0] * (len(BOUNDS) + 1) for _ in range(2))
    for thread in threads:
        if span.since <= thread.created_at < span.until:
            hours = first_response_hours(thread, span.until, bot_logins)
            if hours is not None:
                responses[bisect_right(BOUNDS, hours)] += 1
        if thread.merged_at and span.since <= thread.merged_at < span.until:
            merges[bisect_right(BOUNDS, seconds_between(thread.created_at, thread.merged_at) / 3600)] += 1
    return DurationBuckets(up_to_hours=BOUNDS, first_response=tuple(responses), merge=tuple(merges))
