"""Instants: the one clock, and the one text form (ISO 8601, UTC, whole seconds, `Z`) that is stored and compared.

Because the form has a fixed width, instants compare as text; `datetime` is used only where arithmetic is needed.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from .errors import InvalidInput

Clock = Callable[[], datetime]
"""Where time comes in. Returns an aware datetime; tests hand in their own."""

FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
"""The ends of the calendar."""

SECOND = timedelta(seconds=1)
"""The resolution of stored instants."""

_USUAL_LENGTH = 40
"""Characters: padding is ignored, and longer texts are not held in memory."""

_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def system_clock() -> datetime:
    """Return the present, UTC."""
    return datetime.now(UTC)


def format_instant(moment: datetime) -> str:
    """Return `2026-11-22T16:50:05Z`; a fraction of a second is cut off, a naive moment is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def parse_instant(text: str) -> datetime:
    """Return an ISO 8601 instant; without an offset it is UTC. Raises `InvalidInput`."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{text[:60]!r} is not an ISO 8601 instant; write it like 2026-11-22T16:50:05Z") from None


def normalise_instant(value: str | datetime) -> str:
    """Return any accepted instant in the stored form. Raises `InvalidInput`."""
    if isinstance(value, datetime):
        try:
            return format_instant(value)
        except OverflowError:
            raise InvalidInput("an instant must lie between the years 1 and 9999, in UTC") from None
    if not isinstance(value, str):
        raise InvalidInput(f"an instant must be ISO 8601 text, not {type(value).__name__}")
    return _normalised(value) if len(value) <= _USUAL_LENGTH else format_instant(parse_instant(value))


@lru_cache(4096)  # an archive hour has hundreds of events of each second
def _normalised(text: str) -> str:
    moment = parse_instant(text)
    return text if _STORED.fullmatch(text) else format_instant(moment)


@lru_cache
def shift(instant: str, delta: timedelta) -> str:
    """Return a stored instant moved by `delta`; at the ends of the calendar it stays there."""
    try:
        return format_instant(datetime.fromisoformat(instant) + delta)
    except OverflowError:
        return FIRST if delta < timedelta(0) else LAST


def seconds_of(instant: str) -> int:
    """Return the seconds from 1970 to an instant."""
    return int(parse_instant(instant).timestamp())


def seconds_between(earlier: str, later: str) -> float:
    """Return seconds from one stored instant to another; negative when they are the other way round."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


WEEKEND_HOURS = 48

_DAY = 86_400
_MONDAY = datetime(1, 1, 1, tzinfo=UTC)


def business_hours(earlier: str, later: str) -> float:
    """Return hours of Monday to Friday (UTC) between two stored instants; no holidays are known."""
    return (_business_seconds(later) - _business_seconds(earlier)) / 3600


def _business_seconds(instant: str) -> int:
    since = datetime.fromisoformat(instant) - _MONDAY
    weeks, day = divmod(since.days, 7)
    return weeks * 5 * _DAY + min(day * _DAY + since.seconds, 5 * _DAY)
