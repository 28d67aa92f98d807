"""Series of events for the tests of patterns."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from github_events_monitor.insights.patterns import PatternInputs, find_anomalies
from github_events_monitor.insights.results import Anomaly, AnomalyResult
from github_events_monitor.instants import shift
from github_events_monitor.records import Activity, Span

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = "2026-05-04T00:00:00Z"
"""A Monday."""


def events(
    counts: Sequence[int], step: timedelta, *, start: str = START, kind: str = "PushEvent", actor: str | None = "ann"
) -> list[Activity]:
    """So many events at the beginning of each step."""
    return [
        Activity(f"{kind}/{actor}/{start}/{i}/{n}", kind, shift(start, i * step), actor, None, None, None, None, None)
        for i, count in enumerate(counts)
        for n in range(count)
    ]


def many_actors(counts: Sequence[int], step: timedelta, *, start: str = START) -> list[Activity]:
    rows = events(counts, step, start=start)
    return [msgspec.structs.replace(row, actor_login=f"user{i}") for i, row in enumerate(rows)]


def ask(
    rows: Sequence[Activity],
    steps: int,
    step: timedelta,
    *,
    known: Sequence[Span] | None = None,
    start: str = START,
    window: timedelta | None = None,
) -> AnomalyResult:
    until = shift(start, steps * step)
    return find_anomalies(
        PatternInputs(
            since=shift(until, -window) if window else start,
            until=until,
            activity=rows,
            events_known=[Span(start, until)] if known is None else known,
        )
    )


def only(result: AnomalyResult, kind: str, bucket: str = "hour") -> list[Anomaly]:
    return [one for one in result.anomalies if one.type == kind and one.bucket == bucket]
