"""The time a question is about."""

from datetime import UTC, datetime

import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.answering.windows import ask, previous
from github_events_monitor.records import Span

NOW = datetime(2026, 11, 20, 12, 0, 30, 999_999, tzinfo=UTC)


def test_a_window_ends_now_unless_told_otherwise() -> None:
    asked = ask(24, None, NOW)
    assert asked.span == Span("2026-11-19T12:00:30Z", "2026-11-20T12:00:30Z")
    assert asked.current


def test_until_without_an_offset_is_utc_and_with_one_is_converted() -> None:
    assert ask(1, "2026-11-20T10:00:00", NOW).span.until == "2026-11-20T10:00:00Z"
    assert ask(1, "2026-11-20T10:00:00+02:00", NOW).span.until == "2026-11-20T08:00:00Z"
    assert [ask(1, f"2026-11-20T{end}Z", NOW).current for end in ("11:59:31", "11:59:30", "10:00:00")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("hours", [0, -1, 8761, True, 2.5, "24"])
def test_hours_outside_one_to_8760_are_refused(hours: int) -> None:
    with pytest.raises(InvalidInput, match="hours"):
        ask(hours, None, NOW)


@pytest.mark.parametrize("until", ["2026-11-20T12:01:00Z", "tomorrow", "", "0001-01-01T00:00:00Z"])
def test_a_future_or_unreadable_until_is_refused(until: str) -> None:
    with pytest.raises(InvalidInput):
        ask(24, until, NOW)


def test_the_previous_window_has_the_same_length_and_ends_where_this_one_begins() -> None:
    assert previous(Span("2026-11-19T12:00:00Z", "2026-11-20T12:00:00Z")) == Span(
        "2026-11-18T12:00:00Z", "2026-11-19T12:00:00Z"
    )
