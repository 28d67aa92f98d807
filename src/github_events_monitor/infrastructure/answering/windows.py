"""The time a question is about."""

from datetime import datetime, timedelta
from typing import NamedTuple

from ...answers.shared import Window
from ...errors import InvalidInput
from ...instants import format_instant, parse_instant
from ...records import Span

MAX_HOURS = 8760
PRESENT = 60.0
"""Seconds: a window that ended longer ago is a past one. Less is how long a question may have been under way."""


class Asked(NamedTuple):
    """A question's window, and whether it reaches to the present (then what is observed now may score)."""

    window: Window
    span: Span
    current: bool


def ask(hours: int, until: str | None, now: datetime) -> Asked:
    """The window of `hours` before `until` (null: now). Raises `InvalidInput`."""
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= MAX_HOURS:
        raise InvalidInput(f"hours must be a whole number from 1 to {MAX_HOURS}, not {hours!r}")
    end = now if until is None else parse_instant(until)
    if end > now + timedelta(seconds=1):
        raise InvalidInput(f"until={until} lies in the future; it is {format_instant(now)} now")
    try:
        since, last = format_instant(end - timedelta(hours=hours)), format_instant(end)
    except OverflowError:
        raise InvalidInput(f"until={until} is too early for a window of {hours} hours") from None
    current = (now - end).total_seconds() <= PRESENT
    return Asked(Window(hours=hours, since=since, until=last), Span(since, last), current)


def previous(span: Span) -> Span:
    """The window of equal length before."""
    length = datetime.fromisoformat(span.until) - datetime.fromisoformat(span.since)
    return Span(format_instant(datetime.fromisoformat(span.since) - length), span.since)


def days_before(instant: str, days: int) -> str:
    """The instant so many days earlier."""
    return format_instant(datetime.fromisoformat(instant) - timedelta(days=days))
