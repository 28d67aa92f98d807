"""Business time: the hours of Monday to Friday, UTC; no holidays are known."""

from datetime import datetime

_DAY = 86_400
_MONDAY = 4 * _DAY  # 1970-01-05, the first Monday of Unix time


def business_hours(earlier: str, later: str) -> float:
    """Hours of Monday to Friday (UTC) between two stored instants."""
    return (_business_seconds(later) - _business_seconds(earlier)) / 3600


def _business_seconds(instant: str) -> float:
    weeks, rest = divmod(datetime.fromisoformat(instant).timestamp() - _MONDAY, 7 * _DAY)
    return weeks * 5 * _DAY + min(rest, 5 * _DAY)
