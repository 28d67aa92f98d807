import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from github_events_monitor.errors import (
    Forbidden,
    GitHubError,
    InvalidInput,
    NotFound,
    RateLimited,
    Unreachable,
)
from github_events_monitor.github import transport as shell
from github_events_monitor.github.client import BudgetSpent, GitHubClient, RequestBudget
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.github.graphql.threads import MoreReplies

API = "https://api.github.com"
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
TOKEN = StaticToken(SecretStr("s3cret"), "test")

Script = list[httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]]


class Watch:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Server:
    """Answers from a script, in order, and remembers what it was asked; the last answer repeats."""

    def __init__(self, *script: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> None:
        self.script: Script = list(script)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, httpx.Response) else step(request)

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.asked]


def ok(value: Any = None, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda request: httpx.Response(200, json=[] if value is None else value, headers=named)


def status(code: int, message: str = "", **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda request: httpx.Response(code, json={"message": message}, headers=named)


def client(
    server: Server, *, token: StaticToken | None = None, clock: Watch | None = None, api: str = API
) -> GitHubClient:
    return GitHubClient(api, token, clock or Watch(), transport=httpx.MockTransport(server))


def budget(requests: int = 20, deadline: datetime | None = None) -> RequestBudget:
    return RequestBudget(requests, deadline)


async def test_an_answer_carries_what_the_next_request_needs() -> None:
    following = f"{API}/repositories/1/commits?page=2"
    server = Server(ok([1], ETag='W/"e"', X_Poll_Interval="90", Link=f'<{following}>; rel="next"'))
    async with client(server, token=TOKEN) as github:
        answer = await github.fetch_commits(
            "Octo/Hello", since="2026-11-01T00:00:00Z", branch="feat/x&y", etag='W/"d"', budget=budget()
        )
        await github.fetch_commits("octo/hello", url=answer.next_url, budget=budget())
    assert (answer.status, answer.body, answer.etag, answer.next_url) == ("ok", b"[1]", 'W/"e"', following)
    assert (answer.poll_interval, answer.requests) == (90, 1)
    first = server.asked[0]
    assert first.url.path == "/repos/octo/hello/commits"
    assert dict(first.url.params) == {"sha": "feat/x&y", "since": "2026-11-01T00:00:00Z", "per_page": "100"}
    assert first.headers["If-None-Match"] == 'W/"d"'
    assert first.headers["Authorization"] == "Bearer s3cret"
    assert server.urls[1] == following


async def test_the_same_question_is_always_the_same_url() -> None:
    server = Server(ok())
    async with client(server) as github:
        for repo in ("Octo/Hello", "octo/hello"):
            await github.fetch_events(repo, 2, budget=budget())
    assert server.urls == [f"{API}/repos/octo/hello/events?per_page=100&page=2"] * 2
    assert "Authorization" not in server.asked[0].headers


async def test_every_endpoint_by_its_path() -> None:
    server = Server(ok())
    async with client(server, api="https://ghe.example.com/api/v3/") as github:
        spend = budget()
        await github.fetch_repository("o/n", budget=spend)
        await github.fetch_repository(42, budget=spend)
        await github.fetch_activity("o/n", time_period="week", budget=spend)
        await github.fetch_branches("o/n", budget=spend)
        await github.fetch_releases("o/n", budget=spend)
        await github.fetch_deployments("o/n", budget=spend)
        await github.fetch_deployment_statuses("o/n", 7, budget=spend)
        await github.fetch_workflow_runs("o/n", branch="main", created=">=2026-01-01", budget=spend)
        await github.fetch_community_profile("o/n", budget=spend)
        await github.fetch_advisories("o/n", budget=spend)
        await github.fetch_issues("o/n", per_page=1, budget=spend)
        await github.fetch_issue_comments("o/n", page=2, budget=spend)
        await github.fetch_review_comments("o/n", budget=spend, page=1)
        await github.fetch_pulls("o/n", budget=spend, page=1)
    base = "https://ghe.example.com/api/v3"
    assert server.urls == [
        f"{base}/repos/o/n",
        f"{base}/repositories/42",
        f"{base}/repos/o/n/activity?time_period=week&per_page=100",
        f"{base}/repos/o/n/branches?per_page=100",
        f"{base}/repos/o/n/releases?per_page=100",
        f"{base}/repos/o/n/deployments?per_page=100",
        f"{base}/repos/o/n/deployments/7/statuses?per_page=100",
        f"{base}/repos/o/n/actions/runs?branch=main&created=%3E%3D2026-01-01&per_page=100",
        f"{base}/repos/o/n/community/profile",
        f"{base}/repos/o/n/security-advisories?per_page=100",
        f"{base}/repos/o/n/issues?per_page=1&state=all&sort=updated&direction=desc",
        f"{base}/repos/o/n/issues/comments?per_page=100&sort=updated&direction=desc&page=2",
        f"{base}/repos/o/n/pulls/comments?per_page=100&sort=updated&direction=desc",
        f"{base}/repos/o/n/pulls?per_page=100&state=all&sort=updated&direction=desc",
    ]


async def test_nothing_but_a_repository_gets_into_a_url() -> None:
    server = Server(ok())
    async with client(server) as github:
        for repo in ("../user", "octo/hello/../..", "octo", "octo/he llo"):
            with pytest.raises(InvalidInput):
                await github.fetch_events(repo, 1, budget=budget())
        await github.fetch_commit("o/n", "a/../../b?c", budget=budget())
    assert [request.url.raw_path for request in server.asked] == [b"/repos/o/n/commits/a%2F..%2F..%2Fb%3Fc"]


async def test_not_modified_and_empty_are_answers() -> None:
    server = Server(status(304, ETag='"x"'), status(409, "Git Repository is empty."))
    async with client(server) as github:
        same = await github.fetch_events("o/n", 1, etag='"x"', budget=budget())
        empty = await github.fetch_commits("o/n", budget=budget())
    assert (same.status, same.body, same.etag) == ("not_modified", b"", '"x"')
    assert (empty.status, empty.body) == ("empty_repository", b"")


async def test_a_rename_is_followed_and_shows_in_the_url() -> None:
    server = Server(status(301, "Moved", location=f"{API}/repositories/7/events?per_page=100&page=1"), ok())
    async with client(server, token=TOKEN) as github:
        answer = await github.fetch_events("o/old", 1, budget=budget())
    assert answer.url == f"{API}/repositories/7/events?per_page=100&page=1"
    assert answer.requests == 2
    assert server.asked[1].headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/x", "http://api.github.com/x", "https://api.github.com:8443/x", "//evil.example/x"],
)
async def test_a_redirect_to_another_host_is_refused_and_both_are_named(elsewhere: str) -> None:
    server = Server(status(302, location=elsewhere), ok())
    async with client(server, token=TOKEN) as github:
        with pytest.raises(
            Unreachable, match=r"api\.github\.com redirects .* to another host \(.+\), which is refused"
        ):
            await github.fetch_repository("o/n", budget=budget())
    assert len(server.asked) == 1


async def test_a_page_on_another_host_is_not_asked_for_whoever_names_it() -> None:
    server = Server(ok())
    async with client(server, token=TOKEN) as github:
        with pytest.raises(Unreachable, match="refused"):
            await github.fetch_commits("o/n", url="https://evil.example/?page=2", budget=budget())
    assert server.asked == []


async def test_the_default_port_is_the_same_host() -> None:
    server = Server(status(302, location="https://api.github.com:443/x"), ok())
    async with client(server, token=TOKEN) as github:
        await github.fetch_repository("o/n", budget=budget())
    assert "Authorization" in server.asked[1].headers


async def test_redirects_that_lead_nowhere_end() -> None:
    loop = Server(status(301, location="/b"), status(301, location="/repos/o/n"))
    async with client(loop) as github:
        with pytest.raises(Unreachable, match="endlessly"):
            await github.fetch_repository("o/n", budget=budget())
    assert len(loop.asked) == 2
    count = iter(range(100))
    endless = Server(lambda request: httpx.Response(301, headers={"location": f"/{next(count)}"}))
    async with client(endless) as github:
        with pytest.raises(Unreachable, match="endlessly"):
            await github.fetch_repository("o/n", budget=budget())
    assert len(endless.asked) == 6


async def test_a_next_page_on_another_host_is_not_asked() -> None:
    server = Server(ok([], Link='<https://evil.example/?page=2>; rel="next"'))
    async with client(server) as github:
        with pytest.raises(Unreachable, match=r"names a next page on another host \(evil.example\)"):
            await github.fetch_commits("o/n", budget=budget())


@pytest.mark.parametrize(
    "failure",
    [
        status(502, "Server Error"),
        status(503),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("peer closed connection"),
        lambda request: httpx.Response(200, content=b'[{"id": 1', headers={"content-type": "application/json"}),
        lambda request: httpx.Response(200, html="<html></html>"),
    ],
    ids=["502", "503", "refused", "slow", "dropped", "truncated", "html"],
)
async def test_passing_failures_are_retried_and_counted(failure: Any) -> None:
    server, spend = Server(failure, failure, ok()), budget()
    async with client(server) as github:
        answer = await github.fetch_repository("o/n", budget=spend)
    assert (answer.status, answer.requests, spend.used) == ("ok", 3, 3)


async def test_a_lasting_failure_ends_after_three_attempts_and_names_the_host() -> None:
    server, spend = Server(httpx.ConnectError("refused")), budget()
    async with client(server) as github:
        with pytest.raises(Unreachable, match=r"cannot connect to api\.github\.com \(refused\); check the network"):
            await github.fetch_repository("o/n", budget=spend)
    assert spend.used == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(404, "Not Found"), NotFound),
        (status(403, "Must have push access"), Forbidden),
        (status(401, "Bad credentials"), Forbidden),
        (status(429), RateLimited),
        (status(403, "You have exceeded a secondary rate limit."), RateLimited),
    ],
)
async def test_refusals_are_not_retried(answer: Any, error: type[Exception]) -> None:
    server = Server(answer)
    async with client(server) as github:
        with pytest.raises(error):
            await github.fetch_repository("o/n", budget=budget())
    assert len(server.asked) == 1


async def test_no_request_is_sent_beyond_the_budget() -> None:
    server, spend = Server(ok()), budget(2)
    async with client(server) as github:
        await github.fetch_repository("o/n", budget=spend)
        await github.fetch_repository("o/n", budget=spend)
        with pytest.raises(BudgetSpent):
            await github.fetch_repository("o/n", budget=spend)
    assert (len(server.asked), spend.used, spend.left) == (2, 2, 0)


async def test_a_redirect_counts_against_the_budget() -> None:
    server = Server(status(301, location="/repositories/1"), ok())
    async with client(server) as github:
        with pytest.raises(BudgetSpent):
            await github.fetch_repository("o/n", budget=budget(1))
    assert len(server.asked) == 1


async def test_when_no_retry_is_left_the_failure_is_told() -> None:
    server = Server(status(502))
    async with client(server) as github:
        with pytest.raises(Unreachable, match="502"):
            await github.fetch_repository("o/n", budget=budget(2))
    assert len(server.asked) == 2


async def test_no_request_starts_after_the_deadline() -> None:
    clock, server = Watch(), Server(ok())
    spend = budget(9, START + timedelta(seconds=10))
    async with client(server, clock=clock) as github:
        await github.fetch_repository("o/n", budget=spend)
        clock.now += timedelta(seconds=10)
        with pytest.raises(BudgetSpent):
            await github.fetch_repository("o/n", budget=spend)
    assert len(server.asked) == 1


async def test_the_last_known_limit_is_remembered_and_obeyed() -> None:
    clock = Watch()
    reset = START + timedelta(minutes=5)
    spent = {"X_RateLimit_Limit": "60", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(reset.timestamp()))}
    server = Server(ok(**spent), ok())
    async with client(server, clock=clock) as github:
        assert github.rate_limit is None
        await github.fetch_repository("o/n", budget=budget())
        assert github.rate_limit is not None
        assert github.rate_limit.remaining == 0
        with pytest.raises(RateLimited, match="set GITHUB_TOKEN") as raised:
            await github.fetch_repository("o/n", budget=budget())
        assert raised.value.retry_at == reset
        assert len(server.asked) == 1
        clock.now = reset
        await github.fetch_repository("o/n", budget=budget())
    assert len(server.asked) == 2


async def test_a_secondary_limit_is_obeyed_and_grows_when_it_comes_back() -> None:
    clock, server = Watch(), Server(status(429), status(429), ok(), status(429))
    waits = []
    async with client(server, clock=clock) as github:
        for _ in range(2):
            with pytest.raises(RateLimited) as raised:
                await github.fetch_repository("o/n", budget=budget())
            with pytest.raises(RateLimited):
                await github.fetch_repository("o/n", budget=budget())
            assert raised.value.retry_at is not None
            waits.append(raised.value.retry_at - clock.now)
            clock.now = raised.value.retry_at
        await github.fetch_repository("o/n", budget=budget())
        with pytest.raises(RateLimited) as raised:
            await github.fetch_repository("o/n", budget=budget())
        assert raised.value.retry_at is not None
        waits.append(raised.value.retry_at - clock.now)
    assert waits == [timedelta(seconds=60), timedelta(seconds=120), timedelta(seconds=60)]
    assert len(server.asked) == 4


async def test_the_limit_may_be_asked_for_even_when_it_is_spent() -> None:
    reset = str(int((START + timedelta(minutes=5)).timestamp()))
    core = {"limit": 60, "remaining": 0, "used": 60, "reset": int(reset)}
    server = Server(
        status(403, "API rate limit exceeded", x_ratelimit_remaining="0"), ok({"resources": {"core": core}})
    )
    async with client(server) as github:
        with pytest.raises(RateLimited):
            await github.fetch_repository("o/n", budget=budget())
        limit = await github.fetch_rate_limit(budget=budget())
        assert limit is not None
        assert limit.used == 60
        assert github.rate_limit == limit


async def test_a_server_without_limits_has_none() -> None:
    async with client(Server(status(404, "Rate limiting is not enabled."))) as github:
        assert await github.fetch_rate_limit(budget=budget()) is None


async def test_all_pages_of_a_commits_files_are_fetched() -> None:
    pages = [ok({"page": n}, Link=f'<{API}/repositories/1/commits/a?page={n + 1}>; rel="next"') for n in range(1, 3)]
    server = Server(*pages, ok({"page": 3}))
    async with client(server) as github:
        answers = await github.fetch_commit("o/n", "a" * 40, budget=budget())
    assert [json.loads(answer.body)["page"] for answer in answers] == [1, 2, 3]
    assert answers[-1].next_url is None


async def test_a_commit_too_large_for_the_budget_comes_in_part() -> None:
    page = ok({}, Link=f'<{API}/repositories/1/commits/a?page=2>; rel="next"')
    async with client(Server(page)) as github:
        answers = await github.fetch_commit("o/n", "a" * 40, budget=budget(2))
        assert len(answers) == 2
        assert answers[-1].next_url is not None
        with pytest.raises(BudgetSpent):
            await github.fetch_commit("o/n", "a" * 40, budget=budget(0))


async def test_a_commit_never_takes_more_than_ten_pages() -> None:
    server = Server(ok({}, Link=f'<{API}/repositories/1/commits/a?page=2>; rel="next"'))
    async with client(server) as github:
        await github.fetch_commit("o/n", "a" * 40, budget=budget(100))
    assert len(server.asked) == 10


NODE = {"oid": "a" * 40, "committedDate": "2026-11-20T00:00:00Z"}


async def test_statistics_by_graphql() -> None:
    history = {"pageInfo": {"hasNextPage": False}, "nodes": [NODE | {"additions": 1, "deletions": 2}]}
    server = Server(ok({"data": {"repository": {"object": {"history": history}}}}))
    async with client(server, token=TOKEN) as github:
        page = await github.fetch_history("O/N", since="2026-11-01T00:00:00Z", budget=budget())
    assert [(one.sha, one.additions, one.deletions, one.files_changed) for one in page.commits] == [
        ("a" * 40, 1, 2, None)
    ]
    (request,) = server.asked
    assert (request.method, str(request.url)) == ("POST", f"{API}/graphql")
    assert json.loads(request.content)["variables"]["owner"] == "o"


async def test_what_graphql_is_asked_about() -> None:
    server = Server(ok({"data": {"repository": {"threads": None}}}))
    async with client(server, token=TOKEN) as github:
        await github.fetch_history("O/N", branch="feat/x", budget=budget())
        await github.fetch_history("o/n", after="c", budget=budget())
        with pytest.raises(Unreachable):
            await github.fetch_threads("o/n", "issue", first=50, since="2026-11-01T00:00:00Z", budget=budget())
        with pytest.raises(Unreachable):
            await github.fetch_threads("o/n", "pull_request", first=25, after="c", budget=budget())
        await github.fetch_replies("o/n", MoreReplies("PR_1", None, "r"), budget=budget())
        assert await github.fetch_looks(["o/n"], budget=budget()) == {}
        with pytest.raises(Unreachable):
            await github.fetch_deployments_with_status("o/n", after="d", budget=budget())
    asked = [json.loads(request.content)["variables"] for request in server.asked]
    assert [(one.get("ref"), one.get("after")) for one in asked[:2]] == [("refs/heads/feat/x", None), ("HEAD", "c")]
    assert (asked[2]["first"], asked[2]["since"]) == (50, "2026-11-01T00:00:00Z")
    assert "since" not in asked[3]
    assert (asked[4]["id"], asked[4]["withComments"], asked[4]["withReviews"]) == ("PR_1", False, True)
    assert asked[5] == {"o0": "o", "n0": "n"}
    assert asked[6] == {"owner": "o", "name": "n", "after": "d"}


async def test_graphql_without_a_token_is_not_even_asked() -> None:
    server = Server(ok())
    async with client(server) as github:
        with pytest.raises(Forbidden, match="set GITHUB_TOKEN"):
            await github.fetch_history("o/n", budget=budget())
    assert server.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(403, "GraphQL is not available"), Forbidden),
        (status(404, "Not Found"), Forbidden),
        (status(502, "Something went wrong"), Unreachable),
        (ok({"errors": [{"type": "FORBIDDEN", "message": "no"}]}), Forbidden),
    ],
)
async def test_graphql_that_fails_is_tried_once(answer: Any, error: type[Exception]) -> None:
    server, spend = Server(answer), budget()
    async with client(server, token=TOKEN) as github:
        with pytest.raises(error):
            await github.fetch_history("o/n", budget=spend)
    assert spend.used == 1


async def test_a_spent_graphql_limit_leaves_rest_alone() -> None:
    headers = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(START.timestamp()) + 600)}
    server = Server(status(403, "API rate limit exceeded", x_ratelimit_resource="graphql", **headers), ok())
    async with client(server, token=TOKEN) as github:
        for _ in range(2):
            with pytest.raises(RateLimited):
                await github.fetch_history("o/n", budget=budget())
        await github.fetch_repository("o/n", budget=budget())
    assert len(server.asked) == 2


async def test_eight_requests_are_under_way_at_once_and_no_more() -> None:
    running, most = 0, 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(20):
            await asyncio.sleep(0)
        running -= 1
        return httpx.Response(200, json=[])

    spend = budget(30)
    async with GitHubClient(API, None, Watch(), transport=httpx.MockTransport(answer)) as github:
        answers = await asyncio.gather(*(github.fetch_events("o/n", page, budget=spend) for page in range(1, 31)))
    assert most == 8
    assert spend.used == 30
    assert {answer.requests for answer in answers} == {1}


async def test_requests_beside_one_another_never_overspend_their_budget() -> None:
    server, spend = Server(ok()), budget(5)
    async with client(server) as github:
        asked = [github.fetch_events("o/n", page, budget=spend) for page in range(1, 21)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(result, BudgetSpent) for result in results) == 15
    assert len(server.asked) == spend.used == 5


async def test_what_a_share_spends_the_whole_spends() -> None:
    server, whole = Server(ok()), budget(3)
    async with client(server) as github:
        one, other = whole.share(2), whole.share(2)
        for share in (one, one, other):
            await github.fetch_repository("o/n", budget=share)
        with pytest.raises(BudgetSpent):
            await github.fetch_repository("o/n", budget=other)
    assert (whole.used, one.used, other.used) == (3, 2, 1)


class Waits:
    """Sleeps by moving the clock, and remembers what was said."""

    def __init__(self, clock: Watch) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.said: list[str] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.now = max(self.clock.now, self.clock.now + timedelta(seconds=seconds))

    async def say(self, seconds: float, message: str) -> None:
        self.said.append(f"{seconds:g}: {message}")


def waiting(server: Server, waits: Waits) -> GitHubClient:
    return GitHubClient(API, TOKEN, waits.clock, transport=httpx.MockTransport(server), sleep=waits.sleep)


async def test_a_limit_that_ends_soon_is_waited_out_and_said() -> None:
    waits = Waits(Watch())
    server = Server(status(429, Retry_After="7"), ok())
    spend = RequestBudget(9, longest_wait=90, on_wait=waits.say)
    async with waiting(server, waits) as github:
        answer = await github.fetch_repository("o/n", budget=spend)
    assert (answer.status, answer.requests, spend.used) == ("ok", 2, 2)
    assert waits.slept == [7]
    assert waits.said == [
        "7: rate limited (secondary limit) until 2026-11-22T10:00:07Z; ask again then",
    ]


async def test_a_graphql_limit_of_status_200_is_waited_out_too() -> None:
    waits = Waits(Watch())
    limited = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    reset = {"x_ratelimit_limit": "5000", "x_ratelimit_remaining": "0", "x_ratelimit_resource": "graphql"}
    until = str(int((START + timedelta(seconds=30)).timestamp()))
    server = Server(ok(limited, **reset, x_ratelimit_reset=until), ok({"data": {"repository": {"object": None}}}))
    async with waiting(server, waits) as github:
        page = await github.fetch_history("o/n", budget=RequestBudget(9, longest_wait=90))
    assert page.commits == ()
    assert waits.slept == [30]


@pytest.mark.parametrize(
    ("pause", "budgeted"),
    [
        ("91", lambda: RequestBudget(9, longest_wait=90)),
        ("11", lambda: RequestBudget(9, START + timedelta(seconds=10), longest_wait=90)),
        ("1", lambda: RequestBudget(1, longest_wait=90)),
        ("1", lambda: RequestBudget(9)),
    ],
    ids=["too long", "beyond the deadline", "no request left", "not to wait"],
)
async def test_a_limit_that_cannot_be_waited_out_is_an_error_at_once(
    pause: str, budgeted: Callable[[], RequestBudget]
) -> None:
    waits = Waits(Watch())
    async with waiting(Server(status(429, Retry_After=pause), ok()), waits) as github:
        with pytest.raises(RateLimited):
            await github.fetch_repository("o/n", budget=budgeted())
    assert waits.slept == []


async def test_a_limit_that_never_ends_is_given_up() -> None:
    waits, spend = Waits(Watch()), RequestBudget(99, longest_wait=90)
    async with waiting(Server(status(429, Retry_After="1")), waits) as github:
        with pytest.raises(RateLimited):
            await github.fetch_repository("o/n", budget=spend)
    assert spend.used == 6


async def test_requests_refused_beside_one_another_wait_once_and_count_as_one_refusal() -> None:
    waits, all_asked, count = Waits(Watch()), asyncio.Event(), 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        if count > 8:
            return httpx.Response(200, json=[])
        all_asked.set() if count == 8 else await all_asked.wait()
        return httpx.Response(429, json={})

    async def sleep(seconds: float) -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        waits.clock.now = START + timedelta(seconds=60)

    spend = RequestBudget(99, longest_wait=90, on_wait=waits.say)
    transport = httpx.MockTransport(answer)
    async with GitHubClient(API, TOKEN, waits.clock, transport=transport, sleep=sleep) as github:
        asked = [github.fetch_events("o/n", page, budget=spend) for page in range(1, 9)]
        answers = await asyncio.gather(*asked)
    assert {answer.status for answer in answers} == {"ok"}
    assert len(waits.said) == 1
    assert "10:01:00Z" in waits.said[0]


class Installations:
    """An App's tokens, each named after its owner."""

    def __init__(self, form: str) -> None:
        self._form, self.rejected = form, list[str]()

    async def header(self, owner: str | None) -> str | None:
        return self._form.format(owner) or None if owner else None

    def allowance(self, owner: str) -> int | None:
        return hash(owner)

    def reject(self, authorization: str) -> None:
        self.rejected.append(authorization)

    def advice(self) -> str:
        return "look at the installations"

    def access(self, owner: str | None) -> str | None:
        return None


async def test_credentials_are_told_which_header_was_rejected() -> None:
    credentials = Installations("token of {}")
    server = Server(ok(), status(403), status(401), status(401), status(403, "This installation has been suspended"))
    async with GitHubClient(API, credentials, Watch(), transport=httpx.MockTransport(server)) as github:
        await github.fetch_repository("octo/n", budget=budget())
        for name in ("ada/n", "octo/n", 7, "eve/n"):
            with pytest.raises(Forbidden):
                await github.fetch_repository(name, budget=budget())
    assert credentials.rejected == ["token of octo", "token of eve"]


class Renewing(Installations):
    """An App whose tokens are numbered: another one after each that was rejected."""

    async def header(self, owner: str | None) -> str | None:
        return f"token {len({*self.rejected}) + 1} of {owner}"


@pytest.mark.parametrize(("code", "words"), [(401, "Bad credentials"), (403, "This installation is suspended")])
async def test_a_question_whose_token_is_rejected_is_repeated_with_another_one(code: int, words: str) -> None:
    """A token that was revoked, or ended early, fails no question: neither REST's nor GraphQL's, nor one on its way."""
    rejection, moved = status(code, words), status(301, Location=f"{API}/repositories/7")
    pulls = {"data": {"repository": {"threads": {"nodes": [], "pageInfo": {"hasNextPage": False}}}}}
    server = Server(rejection, ok(), moved, rejection, ok(), rejection, ok(pulls))
    spend = budget()
    async with GitHubClient(API, Renewing(""), Watch(), transport=httpx.MockTransport(server)) as github:
        assert (await github.fetch_repository("octo/n", budget=spend)).requests == 2
        assert (await github.fetch_repository("octo/n", budget=spend)).url == f"{API}/repositories/7"
        assert (await github.fetch_threads("octo/n", "pull_request", first=5, budget=spend)).threads == ()
    used = [request.headers["Authorization"] for request in server.asked]
    assert used == [f"token {number} of octo" for number in (1, 2, 2, 2, 3, 3, 4)]
    assert spend.used == 7


async def test_questions_beside_one_another_replace_a_rejected_token_once() -> None:
    def judge(request: httpx.Request) -> httpx.Response:
        return (status(401) if request.headers["Authorization"] == "token 1 of octo" else ok())(request)

    server = Server(judge)
    async with GitHubClient(API, Renewing(""), Watch(), transport=httpx.MockTransport(server)) as github:
        asked = [github.fetch_events("octo/n", page, budget=budget()) for page in (1, 2, 3)]
        assert {answer.status for answer in await asyncio.gather(*asked)} == {"ok"}
    assert {request.headers["Authorization"] for request in server.asked} == {"token 1 of octo", "token 2 of octo"}


async def test_a_question_fails_where_the_other_token_is_rejected_too() -> None:
    server = Server(status(401))
    async with GitHubClient(API, Renewing(""), Watch(), transport=httpx.MockTransport(server)) as github:
        with pytest.raises(Forbidden, match="rejected the token; look at the installations"):
            await github.fetch_repository("octo/n", budget=budget())
        assert len(server.asked) == 2
    server = Server(status(401))
    async with GitHubClient(API, TOKEN, Watch(), transport=httpx.MockTransport(server)) as github:
        with pytest.raises(Forbidden, match="rejected the token; set test to a valid one"):
            await github.fetch_repository("octo/n", budget=budget())
    assert len(server.asked) == 1  # there is no other one


@pytest.mark.parametrize(
    ("form", "code", "told"),
    [
        ("token of {}", 401, "rejected the token; look at the installations"),
        ("", 401, "wants a token for repository octo/n; look at the installations"),
        ("", 404, "check the name, or look at the installations"),
    ],
)
async def test_what_helps_is_what_the_credentials_say(form: str, code: int, told: str) -> None:
    server = Server(status(code))
    async with GitHubClient(API, Installations(form), Watch(), transport=httpx.MockTransport(server)) as github:
        with pytest.raises(GitHubError) as refused:
            await github.fetch_repository("octo/n", budget=budget())
    assert told in refused.value.message
    assert "GITHUB_TOKEN" not in refused.value.message


async def test_the_header_of_every_question_is_the_credentials_own() -> None:
    credentials = Installations("token {}-s3cret")
    server = Server(status(403, "no, octo-s3cret"), ok())
    async with GitHubClient(API, credentials, Watch(), transport=httpx.MockTransport(server)) as github:
        assert github.authenticated
        with pytest.raises(Forbidden) as refused:
            await github.fetch_repository("octo/n", budget=budget())
        await github.fetch_repository(7, budget=budget())
    assert "octo-s3cret" not in refused.value.message
    assert [request.headers.get("Authorization") for request in server.asked] == ["token octo-s3cret", None]


async def test_a_limit_is_of_one_token_alone() -> None:
    until = str(int((START + timedelta(minutes=5)).timestamp()))
    spent = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": until}
    left = spent | {"X-RateLimit-Remaining": "4000"}
    server = Server(ok(**spent), ok(**left))
    transport = httpx.MockTransport(server)
    async with GitHubClient(API, Installations("token of {}"), Watch(), transport=transport) as github:
        await github.fetch_repository("octo/n", budget=budget())
        await github.fetch_repository("ada/n", budget=budget())
        with pytest.raises(RateLimited):
            await github.fetch_repository("octo/n", budget=budget())
        assert github.rate_limit is not None
        assert github.rate_limit.remaining == 0
    assert [request.headers["Authorization"] for request in server.asked] == ["token of octo", "token of ada"]


async def test_closing_twice_is_harmless_and_so_is_asking_again() -> None:
    github = client(Server(ok()))
    await github.aclose()
    await github.fetch_repository("o/n", budget=budget())
    await github.aclose()
    await github.aclose()


# A real socket: what a server does to a connection, not what it says.


@asynccontextmanager
async def server_that(act: Callable[[asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await act(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield f"http://127.0.0.1:{port}"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def test_a_connection_dropped_without_an_answer() -> None:
    async def drop(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with server_that(drop) as api, GitHubClient(api, None, Watch()) as github:
        with pytest.raises(Unreachable, match=r"the connection to 127\.0\.0\.1:\d+ broke"):
            await github.fetch_repository("o/n", budget=budget())


async def test_a_body_cut_in_the_middle() -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b'Content-Length: 500\r\n\r\n[{"id": 1')
        await writer.drain()

    async with server_that(cut) as api, GitHubClient(api, None, Watch()) as github:
        with pytest.raises(Unreachable, match="broke"):
            await github.fetch_repository("o/n", budget=budget())


async def test_a_body_that_never_ends_is_given_up() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with server_that(drip) as api, GitHubClient(api, None, Watch(), timeout=0.1) as github:
        with pytest.raises(Unreachable, match="did not answer completely"):
            await github.fetch_repository("o/n", budget=budget(1))


async def test_a_body_beyond_all_measure_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "MAX_BODY", 1024 * 1024)
    server = Server(lambda request: httpx.Response(200, content=b" " * (1024 * 1024 + 1)))
    async with client(server) as github:
        with pytest.raises(Unreachable, match="more than 1 MiB"):
            await github.fetch_repository("o/n", budget=budget())
    assert len(server.asked) == 1


def packed(times: int = 1, coding: str = "gzip", size: int = 64) -> httpx.MockTransport:
    """Answer with `size` MiB of spaces, packed."""
    body = b" " * (size << 20)
    for _ in range(times):
        body = gzip.compress(body, 1)

    class Raw(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for start in range(0, len(body), 65536):
                yield body[start : start + 65536]

    return httpx.MockTransport(lambda request: httpx.Response(200, headers={"content-encoding": coding}, stream=Raw()))


async def test_a_small_body_that_grows_beyond_all_measure_is_not_unpacked() -> None:
    async with GitHubClient(API, None, Watch(), transport=packed()) as github:
        tracemalloc.start()
        try:
            with pytest.raises(Unreachable, match="more than 32 MiB"):
                await github.fetch_repository("o/n", budget=budget())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 80 << 20


@pytest.mark.parametrize("coding", ["zstd", "br", "deflate", "gzip, gzip", "gzip;x"])
async def test_codings_that_were_not_asked_for_are_refused(coding: str) -> None:
    spend = budget()
    async with GitHubClient(API, None, Watch(), transport=packed(2, coding, 1)) as github:
        with pytest.raises(Unreachable, match="not asked for"):
            await github.fetch_repository("o/n", budget=spend)
    assert spend.used == 1


async def test_a_packed_body_is_unpacked_whole_or_not_at_all() -> None:
    whole = gzip.compress(json.dumps({"padding": "x" * 1_000_000, "id": 1}).encode())

    def over(body: bytes) -> Callable[[asyncio.StreamWriter], Any]:
        async def act(writer: asyncio.StreamWriter) -> None:
            length = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(HEAD + length.encode() + body)
            await writer.drain()

        return act

    async with server_that(over(whole)) as api, GitHubClient(api, None, Watch()) as github:
        answer = await github.fetch_repository("o/n", budget=budget())
        assert json.loads(answer.body)["id"] == 1
    for damaged in (whole[:-9], b"no gzip at all"):
        async with server_that(over(damaged)) as api, GitHubClient(api, None, Watch()) as github:
            with pytest.raises(Unreachable, match="cut or damaged"):
                await github.fetch_repository("o/n", budget=budget())
