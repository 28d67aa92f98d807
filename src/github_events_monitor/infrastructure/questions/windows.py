"""The time a question is about."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from ...answers import Window
from ...errors import InvalidInput
from ...instants import format_instant, parse_instant
from ...records import Span

MAX_HOURS = 8760
"""The longest window: a year."""
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
"""Nothing is older than the clocks that date it; earlier ends leave no room for the history before a window."""
PRESENT = 60.0
"""Seconds: a window that ended longer ago is a past one. Less is how long a question may have been under way."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Asked(NamedTuple):
    """A question's window, and whether it reaches to the present (then what is observed now may score)."""

    window: Window
    span: Span
    current: bool


def ask(now: datetime, *, hours: int, since: str | None = None, until: str | None = None) -> Asked:
    """Return the window of `hours`, or from `since` on, before `until` (None: now).

    A bare date is the start of that day for `since` and its end for `until`, which for today is now.
    Raises `InvalidInput`.
    """
    end = now if until is None else _end_of(until, now)
    if end > now + timedelta(seconds=1):
        raise InvalidInput(f"until={until} lies in the future; it is {format_instant(now)} now")
    if end < EARLIEST:
        raise InvalidInput(f"until={until} is too early; the earliest end of a window is {format_instant(EARLIEST)}")
    start = end - timedelta(hours=hours) if since is None else parse_instant(since)
    first, last = format_instant(start), format_instant(end)
    if since is not None:
        hours = _length(first, last)
    return Asked(
        Window(hours=hours, since=first, until=last), Span(first, last), (now - end).total_seconds() <= PRESENT
    )


def previous(span: Span) -> Span:
    """Return the window of equal length before."""
    length = datetime.fromisoformat(span.until) - datetime.fromisoformat(span.since)
    return Span(format_instant(datetime.fromisoformat(span.since) - length), span.since)


@lru_cache
def days_before(instant: str, days: int) -> str:
    """Return the instant a number of days earlier."""
    return format_instant(datetime.fromisoformat(instant) - timedelta(days=days))


def _end_of(until: str, now: datetime) -> datetime:
    moment = parse_instant(until)
    if not _DATE.fullmatch(until.strip()):
        return moment
    try:
        end = moment + timedelta(days=1)
    except OverflowError:
        raise InvalidInput(f"until={until} lies at the end of the calendar; give an earlier day") from None
    return now if moment <= now < end else end


def _length(since: str, until: str) -> int:
    """Return the whole hours that a window takes, rounded up. Raises `InvalidInput` for an empty or too long one."""
    seconds = (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()
    if seconds <= 0:
        raise InvalidInput(f"since={since} must be earlier than the end of the window, {until}")
    hours = -int(-seconds // 3600)
    if hours > MAX_HOURS:
        raise InvalidInput(f"since={since} is more than {MAX_HOURS} hours (a year) before {until}; ask for a part")
    return hours
