"""The time a question is about."""

from datetime import UTC, datetime

import pytest

from github_events_monitor.answers import Window
from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.questions.windows import ask, previous
from github_events_monitor.records import Span

NOW = datetime(2026, 11, 20, 12, 0, 30, 999_999, tzinfo=UTC)


def test_a_window_ends_now_unless_told_otherwise() -> None:
    asked = ask(NOW, hours=24)
    assert asked.span == Span("2026-11-19T12:00:30Z", "2026-11-20T12:00:30Z")
    assert asked.current


def test_until_without_an_offset_is_utc_and_with_one_is_converted() -> None:
    assert ask(NOW, hours=1, until="2026-11-20T10:00:00").span.until == "2026-11-20T10:00:00Z"
    assert ask(NOW, hours=1, until="2026-11-20T10:00:00+02:00").span.until == "2026-11-20T08:00:00Z"
    ends = ("11:59:31", "11:59:30", "10:00:00")
    assert [ask(NOW, hours=1, until=f"2026-11-20T{end}Z").current for end in ends] == [True, False, False]


@pytest.mark.parametrize(
    ("until", "end"), [("2026-11-19", "2026-11-20T00:00:00Z"), ("2026-11-20", "2026-11-20T12:00:30Z")]
)
def test_a_date_as_until_is_the_end_of_that_day_and_today_ends_now(until: str, end: str) -> None:
    assert ask(NOW, hours=24, until=until).span.until == end


@pytest.mark.parametrize(
    ("since", "until", "window"),
    [
        ("2026-11-18", "2026-11-19", Window(hours=48, since="2026-11-18T00:00:00Z", until="2026-11-20T00:00:00Z")),
        ("2026-11-20T10:30:00Z", None, Window(hours=2, since="2026-11-20T10:30:00Z", until="2026-11-20T12:00:30Z")),
        ("2025-11-20T12:00:30Z", None, Window(hours=8760, since="2025-11-20T12:00:30Z", until="2026-11-20T12:00:30Z")),
    ],
)
def test_since_begins_a_window_in_place_of_hours(since: str, until: str | None, window: Window) -> None:
    assert ask(NOW, hours=24, since=since, until=until).window == window


@pytest.mark.parametrize("since", ["2026-11-21", "2026-11-20T12:00:30Z", "2025-11-20T12:00:29Z", "yesterday"])
def test_a_window_that_is_empty_or_longer_than_a_year_is_refused(since: str) -> None:
    with pytest.raises(InvalidInput):
        ask(NOW, hours=24, since=since)


@pytest.mark.parametrize("until", ["2026-11-20T12:01:00Z", "2026-11-21", "tomorrow", "", "0001-01-01", "9999-12-31"])
def test_a_future_or_unreadable_until_is_refused(until: str) -> None:
    with pytest.raises(InvalidInput):
        ask(NOW, hours=24, until=until)


def test_the_previous_window_has_the_same_length_and_ends_where_this_one_begins() -> None:
    assert previous(Span("2026-11-19T12:00:00Z", "2026-11-20T12:00:00Z")) == Span(
        "2026-11-18T12:00:00Z", "2026-11-19T12:00:00Z"
    )
