"""From rows to anomalies: count, test, control false alarms, explain.

False alarms, measured on 200 generated series of 30 days each (tests/unit/insights/test_false_alarms.py): with Poisson
counts of 0.05, 0.5 or 2 events an hour no series had an anomaly, with bursty ones (variance 2.7 times the mean) 5 had.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...github.events import FEED_TYPES
from ...records import Activity, Span
from ..results import Anomaly, AnomalyResult
from ..statistics import false_discovery_limit
from .buckets import DAY, HOUR, Size, Timeline, known_timeline, stored_timeline
from .bursts import MINIMUM_BURST, Burst, find_bursts
from .counts import Counts, count_events, evidence_of_actor, evidence_of_type
from .deviations import FALSE_DISCOVERIES, MINIMUM_SPIKE, Deviation, Series
from .wording import FORMULA, describe_burst, describe_deviation, explain_tests

MOST = 50
"""At most so many anomalies are reported, the least probable ones."""

FoundT = TypeVar("FoundT", Deviation, Burst)


@dataclass(frozen=True, kw_only=True)
class PatternInputs:
    """What `find_anomalies` looks at.

    activity: every stored event from `HISTORY` before `since` to `until`; what lies outside does not count.
    events_known: the spans of which all events are known; empty when no such span is on record.
    bot_logins: lower-case.
    """

    since: str
    until: str
    activity: Sequence[Activity]
    events_known: Sequence[Span] = ()
    bot_logins: frozenset[str] = frozenset()


def find_anomalies(inputs: PatternInputs) -> AnomalyResult:
    """Return spikes, drops and bursts of the window, the least probable first; at most `MOST` of them."""
    counts = count_events(inputs.activity, inputs.until)
    ledger = bool(_by_ledger(HOUR, inputs).known)
    hours, days = (_feed_timeline(size, inputs, counts, ledger) for size in (HOUR, DAY))
    deviations, buckets = [], 0
    for timeline in (hours, days):
        series = list(_all_series(timeline, inputs, counts))
        tests = sum(one.timeline.buckets * (2 if one.timeline.drops else 1) for one in series)
        deviations += _discoveries([found for one in series for found in one.deviations()], tests)
        buckets += sum(one.timeline.buckets for one in series)
    candidates, burst_tests = find_bursts(counts, hours, inputs.bot_logins)
    found: list[Deviation | Burst] = [*deviations, *_discoveries(candidates, burst_tests)]
    found.sort(key=_rank)
    return AnomalyResult(
        anomalies=tuple(_describe(one, counts) for one in found[:MOST]),
        tested_buckets=buckets + burst_tests,
        formula=FORMULA,
        explanation=explain_tests(
            hours, days, types=len(counts.by_type), omitted=max(0, len(found) - MOST), ledger=ledger
        ),
    )


def may_be_unusual(activity: Iterable[Activity]) -> bool:
    """Return whether a day has so many events, or an hour of somebody's, that it may be a spike or a burst."""
    rows = list(activity)
    days = Counter((row.event_type, row.created_at[: DAY.digits]) for row in rows)
    hours = Counter((row.actor_login, row.created_at[: HOUR.digits]) for row in rows)
    return max(days.values(), default=0) >= MINIMUM_SPIKE or max(hours.values(), default=0) >= MINIMUM_BURST


def _by_ledger(size: Size, inputs: PatternInputs) -> Timeline:
    return known_timeline(size, inputs.since, inputs.until, inputs.events_known)


def _feed_timeline(size: Size, inputs: PatternInputs, counts: Counts, ledger: bool) -> Timeline:
    """Return what the ledger knows when it knows anything, otherwise from the first stored event to the last."""
    if ledger:
        return _by_ledger(size, inputs)
    stored = {hour for event_type, hours in counts.by_type.items() if event_type in FEED_TYPES for hour in hours}
    return stored_timeline(size, inputs.since, inputs.until, stored)


def _all_series(feed: Timeline, inputs: PatternInputs, counts: Counts) -> Iterable[Series]:
    for event_type, hours in sorted(counts.by_type.items()):
        stored = feed if event_type in FEED_TYPES else stored_timeline(feed.size, inputs.since, inputs.until, hours)
        yield Series(event_type, counts.along(event_type, feed.size), stored)


def _discoveries(candidates: Sequence[FoundT], tests: int) -> list[FoundT]:
    """Return those that stay when false alarms over all tests are controlled."""
    limit = false_discovery_limit([one.log_probability for one in candidates], tests, FALSE_DISCOVERIES)
    return [one for one in candidates if one.log_probability <= limit]


def _rank(found: Deviation | Burst) -> tuple[float, str, int, str]:
    if isinstance(found, Burst):
        return (found.log_probability, "burst", found.bucket, found.actor)
    return (found.log_probability, found.timeline.size.name, found.bucket, found.event_type)


def _describe(found: Deviation | Burst, counts: Counts) -> Anomaly:
    if isinstance(found, Burst):
        return describe_burst(found, evidence_of_actor(counts, found.bucket, found.actor))
    evidence = evidence_of_type(counts, found.timeline.size, found.bucket, found.event_type)
    return describe_deviation(found, evidence)
