"""Windows cut into hours, days and weeks, and what is counted in them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.insights.series import (
    BOUNDS,
    activity_series,
    thread_durations,
    thread_series,
    timeline,
    weekday_hours,
)
from github_events_monitor.instants import format_instant, parse_instant, shift
from github_events_monitor.records import Span

from .builders import june
from .test_threads import reply, thread


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-06-01T10:30:00Z", "2026-06-02T10:30:00Z", ("hour", "2026-06-01T10:00:00Z", 25)),
        ("2026-06-01T10:00:00Z", "2026-06-03T10:00:00Z", ("hour", "2026-06-01T10:00:00Z", 48)),
        ("2026-06-01T10:30:00Z", "2026-06-03T11:00:00Z", ("day", "2026-06-01T00:00:00Z", 3)),
        ("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", ("day", "2026-06-01T00:00:00Z", 30)),
        ("2026-06-03T10:00:00Z", "2027-06-03T10:00:00Z", ("week", "2026-06-01T00:00:00Z", 53)),
        ("2026-06-01T10:00:00Z", "2026-06-01T10:00:00Z", ("hour", "2026-06-01T10:00:00Z", 1)),
    ],
)
def test_a_window_is_cut_by_its_length(since: str, until: str, expected: tuple[str, str, int]) -> None:
    line = timeline(Span(since, until))
    assert (line.unit, line.start, line.size) == expected


@given(st.integers(0, 200 * 24), st.integers(1, 8760), st.integers(0, 3599), st.floats(0, 1, exclude_max=True))
def test_every_instant_of_a_window_has_its_bucket(first: int, hours: int, second: int, place: float) -> None:
    since = format_instant(parse_instant("2026-01-01").replace(second=0)).replace("00:00Z", f"{second // 60:02}:00Z")
    since = shift(since, timedelta(hours=first))
    span = Span(since, shift(since, timedelta(hours=hours)))
    at = shift(since, timedelta(seconds=int(place * hours * 3600)))
    line = timeline(span)
    assert 0 <= line.bucket_of(at) < line.size <= 95
    assert line.bucket_of(span.since) == 0


def test_activity_by_type_most_frequent_first() -> None:
    counts = {("2026-06-01T10", "PushEvent"): 2, ("2026-06-03T09", "PushEvent"): 1, ("2026-06-02T00", "ForkEvent"): 1}
    series = activity_series(Span(june(1), june(4)), counts)
    assert (series.unit, series.start) == ("day", june(1))
    assert list(series.counts.items()) == [("PushEvent", (2, 0, 1)), ("ForkEvent", (0, 1, 0))]


def test_many_types_share_the_rest() -> None:
    counts = {("2026-06-01T10", f"Kind{number}"): 20 - number for number in range(10)}
    series = activity_series(Span(june(1), june(4)), counts)
    assert list(series.counts) == [*(f"Kind{number}" for number in range(7)), "other"]
    assert series.counts["other"] == (13 + 12 + 11, 0, 0)


def test_weekdays_begin_on_monday() -> None:
    found = weekday_hours({("2026-06-01T10", "PushEvent"): 2, ("2026-06-07T23", "ForkEvent"): 1})
    assert (found[0][10], found[6][23], sum(map(sum, found))) == (2, 1, 3)


def test_threads_opened_merged_closed_and_left_open() -> None:
    threads = [
        thread(1, "2026-05-20T00:00:00Z"),
        thread(2, "2026-05-20T00:00:00Z", state="closed", merged_at=june(2), closed_at=june(2)),
        thread(3, june(1, 5), state="closed", closed_at=june(3)),
        thread(4, june(3, 5)),
        thread(5, "2026-05-01T00:00:00Z", state="closed", closed_at="2026-05-02T00:00:00Z"),
    ]
    series = thread_series(threads, Span(june(1), june(4)))
    assert series.opened == (1, 0, 1)
    assert series.merged == (0, 1, 0)
    assert series.closed == (0, 0, 1)
    assert series.open == (3, 2, 2)


def test_durations_in_buckets() -> None:
    threads = [
        thread(1, june(1), reply(june(1, 0, 30))),
        thread(2, june(1), reply(june(1, 1)), state="closed", merged_at=june(20), closed_at=june(20)),
        thread(3, june(1)),
    ]
    found = thread_durations(threads, Span(june(1), june(30)))
    assert found.up_to_hours == BOUNDS
    assert found.first_response == (1, 1, 0, 0, 0, 0)
    assert found.merge == (0, 0, 0, 0, 0, 1)
