import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from github_events_monitor.errors import Forbidden, InvalidInput, MonitorError, NotFound, RateLimited, Unreachable
from github_events_monitor.github import protocol
from github_events_monitor.github.limits import parse_rate_limit, parse_rate_limit_body
from github_events_monitor.github.protocol import (
    Outcome,
    classify,
    poll_interval,
    request_headers,
)
from github_events_monitor.github.refusals import Request, Transient

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RESET = NOW + timedelta(minutes=20)
WITH_TOKEN = Request("commits of octo/hello", "api.github.com", True)
WITHOUT = WITH_TOKEN._replace(authenticated=False)
JSON = {"content-type": "application/json; charset=utf-8"}
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(RESET.timestamp()))}


def judge(
    status: int, body: bytes = b"{}", headers: dict[str, str] | None = None, request: Request = WITH_TOKEN, **more: Any
) -> Outcome:
    return classify(status, httpx.Headers({**JSON, **(headers or {})}), body, request, now=NOW, **more)


def test_what_every_request_says() -> None:
    headers = request_headers("Bearer secret", 'W/"1"')
    assert headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert headers["Accept"] == "application/vnd.github+json"
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["User-Agent"].startswith("github-events-monitor/")
    assert (headers["Authorization"], headers["If-None-Match"]) == ("Bearer secret", 'W/"1"')
    assert {"Authorization", "If-None-Match"}.isdisjoint(request_headers())


@pytest.mark.parametrize(("value", "seconds"), [("60", 60), (" 120 ", 120), ("soon", None), ("-1", None), ("", None)])
def test_poll_interval(value: str, seconds: int | None) -> None:
    assert poll_interval(httpx.Headers({"X-Poll-Interval": value})) == seconds


def test_outcomes_that_are_no_errors() -> None:
    assert judge(200, b"[]") == Outcome("ok")
    assert judge(200, b'{"lone": "\\ud800"}') == Outcome("ok")
    assert judge(304, b"", {"content-type": ""}) == Outcome("not_modified")
    assert judge(409, b'{"message": "Git Repository is empty."}') == Outcome("empty_repository")
    for status in (301, 302, 307, 308):
        assert judge(status, headers={"location": "/repositories/1"}) == Outcome("redirect", "/repositories/1")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>maintenance</html>", {"content-type": "text/html"}),
        (b'[{"id": 1}', {}),
        (b"", {}),
        (b'{"a": 1} trailing', {}),
        (gzip.compress(b"{}", mtime=0), {}),
    ],
)
def test_a_200_that_is_not_whole_json_is_worth_another_try(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Transient):
        judge(200, body, headers)


def test_more_values_than_github_sends_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_VALUES", 100)
    assert judge(200, b"[" + b"0," * 99 + b"0]") == Outcome("ok")
    assert judge(200, b'["' + b"," * 200 + b'"]') == Outcome("ok")
    with pytest.raises(Unreachable, match=r"^api.github.com sent more than 100 values for commits of octo/hello;"):
        judge(200, b"[" + b"0," * 101 + b"0]")


@pytest.mark.parametrize(
    ("status", "message", "error", "says"),
    [
        (401, "Bad credentials", Forbidden, "GITHUB_TOKEN"),
        (403, "Resource not accessible by personal access token", Forbidden, "what the token may read"),
        (404, "Not Found", NotFound, "not found or not visible with this token: commits of octo/hello;"),
        (404, "No commit found for SHA: abc", NotFound, "No commit found for SHA: abc"),
        (422, "No commit found for SHA: abc", NotFound, "No commit found for SHA: abc"),
        (422, "pagination is limited for this resource", InvalidInput, "pagination is limited"),
        (400, "Problems parsing", InvalidInput, "Problems parsing"),
        (410, "", Unreachable, "2022-11-28"),
        (410, "This issue was deleted", NotFound, "This issue was deleted"),
        (410, "Issues are disabled for this repo", NotFound, "deleted or switched off: "),
        (451, "Repository access blocked", Forbidden, "legal"),
        (300, "", Unreachable, "GITHUB_API_URL"),
        (204, "", Unreachable, "204"),
    ],
)
def test_refusals(status: int, message: str, error: type[MonitorError], says: str) -> None:
    with pytest.raises(error) as raised:
        judge(status, b'{"message": "%s"}' % message.encode())
    assert says in raised.value.message
    assert not isinstance(raised.value, Transient)
    assert raised.value.retry_at is None


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 409])
def test_failures_of_the_server_are_worth_another_try(status: int) -> None:
    with pytest.raises(Transient, match=str(status)):
        judge(status, b"<html><h1>Unicorn!</h1></html>", {"content-type": "text/html"})


def test_without_a_token_the_advice_is_to_set_one() -> None:
    for status in (401, 404):
        with pytest.raises(MonitorError, match="set GITHUB_TOKEN"):
            judge(status, request=WITHOUT)


def test_github_cannot_put_lines_or_surrogates_into_a_message() -> None:
    with pytest.raises(Forbidden) as raised:
        judge(403, b'{"message": "one\\ntwo \\ud800 ' + b"x" * 5_000 + b'"}')
    assert "one two \ufffd" in raised.value.message
    assert len(raised.value.message) < 400


@pytest.mark.parametrize(
    ("status", "message", "headers", "until"),
    [
        (403, "API rate limit exceeded for 192.0.2.1.", SPENT, RESET),
        (429, "", SPENT, RESET),
        (403, "", SPENT, RESET),
        (403, "API rate limit exceeded for user ID 1.", {"x-ratelimit-reset": SPENT["x-ratelimit-reset"]}, RESET),
        (403, "API rate limit exceeded", {}, NOW + timedelta(seconds=60)),
        (403, "You have exceeded a secondary rate limit.", {"retry-after": "30"}, NOW + timedelta(seconds=30)),
        (429, "", {"retry-after": "Sun, 22 Nov 2026 10:05:00 GMT"}, NOW + timedelta(minutes=5)),
        (403, "You have exceeded a secondary rate limit.", {}, NOW + timedelta(seconds=60)),
        (403, "You have exceeded a secondary rate limit.", SPENT, RESET),
        (403, "You have triggered an abuse detection mechanism.", {}, NOW + timedelta(seconds=60)),
        (403, "", {"retry-after": "90"}, NOW + timedelta(seconds=90)),
        (429, "", {"retry-after": "soon"}, NOW + timedelta(seconds=60)),
        (429, "", {"retry-after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, NOW + timedelta(seconds=60)),
        (429, "", {"retry-after": "Mon, 01 Jan 0001 00:00:00 +1400"}, NOW + timedelta(seconds=60)),
        (429, "", {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, NOW + timedelta(days=7)),
        (429, "", {"retry-after": "999999999"}, NOW + timedelta(days=7)),
    ],
)
def test_limits_say_until_when(status: int, message: str, headers: dict[str, str], until: datetime) -> None:
    with pytest.raises(RateLimited) as raised:
        judge(status, b'{"message": "%s"}' % message.encode(), headers)
    assert raised.value.retry_at == until
    assert until.strftime("until %Y-%m-%dT%H:%M:%SZ") in raised.value.message


def test_a_secondary_limit_that_does_not_say_how_long_is_waited_out_longer_each_time() -> None:
    waits = []
    for strikes in (0, 1, 2, 50):
        with pytest.raises(RateLimited) as raised:
            judge(429, strikes=strikes)
        assert raised.value.retry_at is not None
        waits.append((raised.value.retry_at - NOW).total_seconds())
    assert waits == [60, 120, 240, 3600]


def test_only_the_primary_limit_is_helped_by_a_token() -> None:
    with pytest.raises(RateLimited, match="set GITHUB_TOKEN for 5,000"):
        judge(403, b"{}", SPENT, WITHOUT)
    with pytest.raises(RateLimited, match="ask again then"):
        judge(403, b"{}", SPENT)
    with pytest.raises(RateLimited, match="secondary limit"):
        judge(429, request=WITHOUT)


def test_the_limit_in_headers() -> None:
    stated = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990", "x-ratelimit-reset": "1800000000"}
    limit = parse_rate_limit(httpx.Headers({**stated, "x-ratelimit-resource": "graphql"}))
    assert limit is not None
    assert (limit.limit, limit.remaining, limit.used, limit.resource) == (5000, 4990, 10, "graphql")
    assert limit.reset_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert parse_rate_limit(httpx.Headers({**stated, "x-ratelimit-reset": "9" * 30})) is None
    assert parse_rate_limit(httpx.Headers({})) is None


def test_the_limit_in_the_answer_that_is_about_it() -> None:
    limit = parse_rate_limit_body(
        b'{"resources": {"core": {"limit": 60, "remaining": 3, "used": 57, "reset": 1800000000}}}'
    )
    assert limit is not None
    assert (limit.limit, limit.remaining, limit.used, limit.resource) == (60, 3, 57, "core")
    for odd in (b"", b"[]", b"{}", b'{"resources": {"core": {"limit": "x"}}}', b'{"rate": {"limit": 60}}'):
        assert parse_rate_limit_body(odd) is None
    for odd in (b'{"resources": {"core": "\\ud800"}}', b'{"resources": []}'):
        assert parse_rate_limit_body(odd) is None
