"""GitHub's REST rules, without I/O: what to send, and what an answer means.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from .. import __version__
from ..errors import Unreachable
from ..jsontext import has_more_values
from .decoding import any_json, storable
from .limits import is_limit, limit_error
from .refusals import API_VERSION, Request, Transient, refusal

USER_AGENT = f"github-events-monitor/{__version__}"
"""Required: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent"""

MAX_VALUES = 300_000
"""Values in an answer: a page of a hundred events in their longest form has a quarter of it. Many millions, of which
32 MB can consist, would keep everything else waiting while they are read."""


class Outcome(NamedTuple):
    """What an answer means. `location` only with "redirect". An empty repository is no error: it has no commits yet."""

    status: Literal["ok", "not_modified", "empty_repository", "redirect"]
    location: str | None = None


def request_headers(authorization: str | None = None, etag: str | None = None) -> dict[str, str]:
    """Return the headers of every request. A matching `If-None-Match` is answered 304, free of charge with a token.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
    """
    headers = {
        "Accept": "application/vnd.github+json",
        "Accept-Encoding": "gzip",
        "User-Agent": USER_AGENT,
        "X-GitHub-Api-Version": API_VERSION,
    }
    if authorization:
        headers["Authorization"] = authorization
    if etag:
        headers["If-None-Match"] = etag
    return headers


def poll_interval(headers: Mapping[str, str]) -> int | None:
    """Return `X-Poll-Interval`: seconds before this feed may be asked again; sent with 200 and 304 alike.

    https://docs.github.com/en/rest/activity/events#about-github-events
    """
    value = headers.get("x-poll-interval", "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 8 else None


def classify(
    status: int, headers: Mapping[str, str], body: bytes, request: Request, *, now: datetime, strikes: int = 0
) -> Outcome:
    """Return what an answer means; raises the error it stands for (`Transient` where another try is worthwhile).

    headers: case-insensitive, as httpx gives them. strikes: secondary limits met in a row before this answer.
    """
    if status == 200:
        check_json(headers, body, request)
        return Outcome("ok")
    if status == 304:
        return Outcome("not_modified")
    # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
    if status in {301, 302, 303, 307, 308} and headers.get("location"):
        return Outcome("redirect", headers["location"])
    message = error_message(body)
    if is_limit(status, headers, message):
        raise limit_error(headers, message, now, remedy=request.remedy, strikes=strikes)
    # https://docs.github.com/en/rest/commits/commits#list-commits answers 409 for a repository without commits
    if status == 409 and "empty" in message.lower():
        return Outcome("empty_repository")
    raise refusal(status, message, request)


def check_json(headers: Mapping[str, str], body: bytes, request: Request) -> None:
    """Raises `Transient` for a 200 whose body is another type than JSON, cut, or altered."""
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if not kind.endswith("json"):
        raise Transient(
            f"{request.host} answered with {storable(kind[:60]) or 'something'} instead of JSON for {request.what}; "
            "check GITHUB_API_URL and any proxy in between"
        )
    if has_more_values(body, MAX_VALUES):
        raise Unreachable(f"{request.host} sent more than {MAX_VALUES:,} values for {request.what}; they were not read")
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (ValueError, RecursionError):
        if any_json(body) is None:
            raise Transient(f"{request.host} sent a cut or damaged body for {request.what}; try again later") from None


def error_message(body: bytes) -> str:
    """Return GitHub's own words in an error's body, one line of at most 200 characters; empty when there are none."""
    value = any_json(body) if len(body) < 100_000 else None
    message = value.get("message") if isinstance(value, dict) else None
    return " ".join(storable(message).split())[:200] if isinstance(message, str) else ""
