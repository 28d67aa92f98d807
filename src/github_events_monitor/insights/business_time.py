"""Business time: the hours of Monday to Friday, UTC; no holidays are known."""

from datetime import UTC, datetime

WEEKEND_HOURS = 48

_DAY = 86_400
_MONDAY = datetime(1, 1, 1, tzinfo=UTC)


def business_hours(earlier: str, later: str) -> float:
    """Return hours of Monday to Friday (UTC) between two stored instants."""
    return (_business_seconds(later) - _business_seconds(earlier)) / 3600


def _business_seconds(instant: str) -> int:
    since = datetime.fromisoformat(instant) - _MONDAY
    weeks, day = divmod(since.days, 7)
    return weeks * 5 * _DAY + min(day * _DAY + since.seconds, 5 * _DAY)
