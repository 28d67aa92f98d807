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
        ("2026-06-01T10:30:45Z", "2026-06-01T12:00:00Z", ("hour", "2026-06-01T10:00:00Z", 2)),
        ("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", ("day", "2026-06-01T00:00:00Z", 30)),
        ("2026-06-02T10:30:45Z", "2026-09-03T10:30:45Z", ("day", "2026-06-02T00:00:00Z", 94)),
        ("2026-06-02T10:30:45Z", "2026-09-03T10:30:46Z", ("week", "2026-06-01T00:00:00Z", 14)),
        ("0001-01-03T00:00:00Z", "2026-01-01T00:00:00Z", ("week", "0001-01-01T00:00:00Z", 105_660)),
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
    def names(size: int) -> list[str]:
        counts = {("2026-06-01T10", f"Kind{number}"): 20 - number for number in range(size)}
        return list(activity_series(Span(june(1), june(4)), counts).counts)

    kinds = [f"Kind{number}" for number in range(8)]
    assert [names(size) for size in (6, 7, 8)] == [kinds[:6], kinds[:7], kinds]
    assert names(9) == names(10) == [*kinds[:7], "other"]
    counts = {("2026-06-01T10", f"Kind{number}"): 20 - number for number in range(10)}
    assert activity_series(Span(june(1), june(4)), counts).counts["other"] == (13 + 12 + 11, 0, 0)


def test_types_that_are_as_frequent_are_in_the_order_of_the_alphabet() -> None:
    counts = {("2026-06-01T10", name): 2 for name in ("b", "c", "a")}
    assert list(activity_series(Span(june(1), june(4)), counts).counts) == ["a", "b", "c"]


def test_weekdays_begin_on_monday() -> None:
    counts = {("2026-06-01T10", "PushEvent"): 2, ("2026-06-01T10", "ForkEvent"): 3, ("2026-06-07T23", "ForkEvent"): 1}
    week = Span(june(1), june(8))
    found = weekday_hours(counts, week, [week])
    assert (found[0][10], found[6][23], sum(sum(filter(None, hours)) for hours in found)) == (5, 1, 6)
    assert [len(hours) for hours in found] == [24] * 7


def test_hours_of_which_nothing_is_known_are_not_zero() -> None:
    since, until = "2026-06-01T10:20:00Z", "2026-06-17T10:20:00Z"
    known = [Span("2026-05-01T00:00:00Z", "2026-06-01T12:30:00Z"), Span("2026-06-16T22:00:00Z", until)]
    monday, tuesday, wednesday, *rest = weekday_hours({("2026-06-13T07", "ForkEvent"): 1}, Span(since, until), known)
    assert monday == (*[None] * 10, 0, 0, *[None] * 12)
    assert tuesday == (*[None] * 22, 0, 0)
    assert wednesday == (*[0] * 11, *[None] * 13)
    assert [hours for day in rest for hours in day if hours is not None] == [1]
    year = Span("2025-06-01T10:20:00Z", "2026-06-01T10:20:00Z")
    assert all(day == (0,) * 24 for day in weekday_hours({}, year, [year]))


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


def test_threads_at_both_ends_of_the_window() -> None:
    since, until, last = june(1), june(4), "2026-06-03T23:59:59Z"
    threads = [
        thread(1, until),
        thread(2, since, closed_at=since), thread(3, since, merged_at=last, closed_at=last),
        thread(4, since, closed_at=until), thread(5, "2026-05-31T23:59:59Z", closed_at=since),
        thread(6, "2026-05-31T23:59:58Z", closed_at="2026-05-31T23:59:59Z"),
        thread(7, since, closed_at=since), thread(8, last, merged_at=last, closed_at=last),
    ]  # fmt: skip
    series = thread_series(threads, Span(since, until))
    assert (series.opened, series.merged, series.closed) == ((4, 0, 1), (0, 0, 2), (3, 0, 0))
    assert series.open == (2, 2, 1)  # 3 and 4, then 4


def test_durations_at_the_bounds_and_at_both_ends_of_the_window() -> None:
    since, until = june(1), june(4)
    merged = [
        thread(number, "2026-05-31T20:00:00Z", merged_at=at, closed_at=at)
        for number, at in enumerate((since, since, "2026-05-31T23:59:59Z", "2026-06-03T23:59:59Z", until))
    ]
    opened = [
        thread(10, since, reply(june(1, 1), "ci"), reply(june(1, 4))), thread(11, since, reply(june(1, 5))),
        thread(12, since, reply(june(1, 3, 59))), thread(13, until, reply(june(3))),
    ]  # fmt: skip
    found = thread_durations([*merged, *opened], Span(since, until), frozenset({"ci"}))
    assert found.merge == (0, 0, 2, 0, 1, 0)  # 4 hours twice, and 76
    assert found.first_response == (0, 1, 2, 0, 0, 0)


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
