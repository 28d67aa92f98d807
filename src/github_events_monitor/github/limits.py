"""GitHub's rate limits, without I/O.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: 60 requests an hour without a token,
5,000 with one (the primary limit), and secondary limits on bursts, which say less about themselves.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec

from ..errors import RateLimited
from ..instants import format_instant
from .decoding import any_json

_FIRST_WAIT = 60.0
_LONGEST_WAIT = 3_600.0
_LONGEST_RETRY_AFTER = timedelta(days=7)
_LATEST_RESET = 4_102_444_800  # 2100-01-01: a larger number is not a time


class RateLimit(NamedTuple):
    """Requests per hour: granted, left, used; `reset_at` is when the hour ends. `resource`: core, graphql, …"""

    limit: int
    remaining: int
    used: int
    reset_at: datetime
    resource: str = "core"


class _Limits(msgspec.Struct):
    limit: int
    remaining: int
    reset: int
    used: int = 0


def parse_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the limit as the headers of any answer say; None when they do not (a GHES without limits)."""
    limit, remaining, reset = (_number(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset"))
    if limit is None or remaining is None or reset is None:
        return None
    used = _number(headers.get("x-ratelimit-used"))
    return RateLimit(
        limit=limit,
        remaining=remaining,
        used=max(0, limit - remaining) if used is None else used,
        reset_at=datetime.fromtimestamp(reset, UTC),
        resource=headers.get("x-ratelimit-resource", "core"),
    )


def parse_rate_limit_body(body: bytes) -> RateLimit | None:
    """Return `resources.core` of GET /rate_limit, which itself costs nothing; None when the body does not say.

    https://docs.github.com/en/rest/rate-limit/rate-limit — the top-level `rate` is on its way out and not read.
    """
    value = any_json(body)
    resources = value.get("resources") if isinstance(value, dict) else None
    try:
        core = msgspec.convert(resources["core"], _Limits) if isinstance(resources, dict) else None
    except (KeyError, ValueError):  # msgspec's errors and those of lone surrogates are ValueErrors
        return None
    if core is None or not 0 < core.reset < _LATEST_RESET:
        return None
    return RateLimit(core.limit, core.remaining, core.used, datetime.fromtimestamp(core.reset, UTC))


def is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Return whether a refusal is a limit and not a permission: sometimes only the words of the body show it."""
    if status == 429:
        return True
    if status != 403:
        return False
    words = message.lower()
    return (
        headers.get("x-ratelimit-remaining", "").strip() == "0"
        or "retry-after" in headers
        or "rate limit" in words
        or "abuse detection" in words
    )


def limit_error(
    headers: Mapping[str, str], message: str, now: datetime, *, remedy: str | None, strikes: int = 0
) -> RateLimited:
    """Return the error for a refusal that `is_limit`. The primary limit ends at its reset; a secondary one says when in
    `retry-after` or not at all: then at least a minute, doubled with every further strike.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    spent = headers.get("x-ratelimit-remaining", "").strip() == "0"
    words = message.lower()
    primary = "secondary" not in words and "abuse" not in words and (spent or "api rate limit exceeded" in words)
    wait_until = _retry_after(headers.get("retry-after"), now)
    if wait_until is None and (primary or spent):
        reset = _number(headers.get("x-ratelimit-reset"))
        wait_until = datetime.fromtimestamp(reset, UTC) if reset else None
    return rate_limited(wait_until, now, remedy=remedy, primary=primary, strikes=strikes)


def rate_limited(
    wait_until: datetime | None, now: datetime, *, remedy: str | None, primary: bool = True, strikes: int = 0
) -> RateLimited:
    """Return the error in words: until when, and what helps. Where GitHub does not say when, at least a minute.

    remedy: what gives a token where there is none.
    """
    pause = timedelta(seconds=min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(strikes, 10)))
    exact = (wait_until or now + pause).astimezone(UTC)
    until = exact.replace(microsecond=0)
    until += timedelta(seconds=until < exact)
    advice = f"{remedy} for 5,000 requests an hour" if remedy and primary else "ask again then"
    kind = "rate limited" if primary else "rate limited (secondary limit)"
    return RateLimited(f"{kind} until {format_instant(until)}; {advice}", retry_at=until)


def _retry_after(value: str | None, now: datetime) -> datetime | None:
    """Return the instant that the header names, as seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    seconds, latest = _number(value), now + _LONGEST_RETRY_AFTER
    if seconds is not None:
        return min(now + timedelta(seconds=seconds), latest)
    try:
        moment = _utc(parsedate_to_datetime(value or ""))
    except (ValueError, OverflowError):  # no date, or none that can be
        return None
    return min(moment, latest) if moment > now else None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(value: str | None) -> int | None:
    digits = (value or "").strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
        return None
    return int(digits) if int(digits) < _LATEST_RESET else None
