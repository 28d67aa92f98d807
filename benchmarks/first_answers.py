"""How long a person waits for what was never collected: the first answer, the first report, forty first collections.

    python -m benchmarks.first_answers
    python -m benchmarks.first_answers --latency 50 --rounds 1

GitHub is one of the tests, in this process, which answers each request after so many milliseconds. The peer is httpx
alone: it sends the very requests that the program sent, eight at once, in no order and without reading what comes. It
knows beforehand what a program has to learn from one answer to ask for the next, so that nothing does the same faster.
`in a row`: the longest row of requests of which each began after the one before had ended.
`processor`: seconds of it, GitHub's part included.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx
from pydantic import SecretStr
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, commit, event, iso

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.instants import system_clock

from .measuring import say

AT_ONCE = 8
BUSY = "octo/busy"
SMALL = [f"fleet/repo-{number:02d}" for number in range(1, 41)]


class Asked(NamedTuple):
    """A request that was sent, and from when until when it was under way."""

    request: httpx.Request
    began: float
    ended: float


class Far(httpx.AsyncBaseTransport):
    """A GitHub some way off, which remembers what it was asked."""

    def __init__(self, github: FakeGitHub, seconds: float) -> None:
        self._near, self._seconds = github.transport(), seconds
        self.asked: list[Asked] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after a while, requests beside one another."""
        began = time.perf_counter()
        await asyncio.sleep(self._seconds)
        answer = await self._near.handle_async_request(request)
        self.asked.append(Asked(request, began, time.perf_counter()))
        return answer

    def in_a_row(self) -> int:
        """Return the length of the longest row of requests of which each began after the one before had ended."""
        rows: list[tuple[float, int]] = []
        for one in sorted(self.asked, key=lambda asked: asked.began):
            before = max((length for ended, length in rows if ended <= one.began), default=0)
            rows.append((one.ended, before + 1))
        return max(length for _, length in rows)


class BusyGitHub(FakeGitHub):
    """The GitHub of the tests, whose GraphQL has pages of issues, pull requests and deployments, too."""

    pages: Mapping[str, tuple[str, list[dict[str, Any]]]] = {}
    """By the beginning of the question: under which name the page is asked for, and its rows."""

    def answer(self, method: str, url: str, headers: dict[str, str]) -> Reply:
        """Answer a request."""
        for beginning, (name, nodes) in self.pages.items():
            if method == "POST" and beginning.encode() in self.asked_body:
                asked = json.loads(self.asked_body)["variables"]
                start = int(asked["after"] or 0)
                end = start + asked.get("first", 60)
                info = {"hasNextPage": end < len(nodes), "endCursor": str(end)}
                page = {name: {"pageInfo": info, "nodes": nodes[start:end]}}
                return self._json({"data": {"repository": page}}, headers, free=True)
        return super().answer(method, url, headers)


class World:
    """The program over an empty database, and its GitHub."""

    def __init__(self, seconds: float) -> None:
        now = datetime.now(NOW.tzinfo).replace(microsecond=0)
        github = BusyGitHub(busy(now), *(small(name, n, now) for n, name in enumerate(SMALL, 100)), limit=10**6)
        github.with_looks = github.with_history = github.with_presence = True
        github.pages = {
            "query PullRequests": ("threads", nodes(now, 300, "PR")),
            "query Issues": ("threads", nodes(now, 170, "I")),
            "query Deployments": ("deployments", []),
        }
        self.far = Far(github, seconds)
        token = StaticToken(SecretStr("token"), "benchmark")
        client = GitHubClient(github.base, token, system_clock, transport=self.far)
        manager = get_sqlite_manager(":memory:")
        self.collector = Collector(manager, client, with_token=True)
        context = QuestionContext(
            manager=manager,
            clock=system_clock,
            refresh=self.collector.refresh,
            fetch_details=self.collector.fetch_details,
        )
        self.service = DatabaseService(context)


def busy(now: datetime) -> FakeRepository:
    """Return 600 commits, as many pushes, a whole feed, issues and pull requests, within thirty days."""
    repository = FakeRepository(BUSY)
    times = [now - timedelta(minutes=60 * number) for number in range(600)]
    repository.branches["main"] = [
        commit(1_000 - number, at, parents=(999 - number,)) for number, at in enumerate(times)
    ]
    repository.events = [event(10**6 - n, "WatchEvent", f"fan{n}", at, {}, BUSY) for n, at in enumerate(times[:300])]
    about = {"activity_type": "push", "ref": "refs/heads/main", "actor": {"login": "ada"}, "before": "0" * 40}
    repository.activity = [
        {**about, "id": n, "after": repository.commits[n]["sha"], "timestamp": iso(at)} for n, at in enumerate(times)
    ]
    repository.issues = [
        {"number": 1, "updated_at": iso(now), "pull_request": {}},
        {"number": 2, "updated_at": iso(now)},
    ]
    repository.releases = [{"id": 1, "tag_name": "v1", "published_at": iso(now - timedelta(days=9))}]
    return repository


def small(name: str, number: int, now: datetime) -> FakeRepository:
    """Return a repository with five commits and their pushes in as many days."""
    times = [now - timedelta(days=day, hours=3) for day in range(5)]
    repository = FakeRepository(name, id=number)
    repository.branches["main"] = [commit(number * 10 + 5 - n, at) for n, at in enumerate(times)]
    repository.events = [event(number * 10 + n, "PushEvent", "ada", at, {}, name) for n, at in enumerate(times)]
    return repository


def nodes(now: datetime, count: int, kind: str) -> list[dict[str, Any]]:
    """Return issues ("I") or pull requests ("PR") as GraphQL has them, last updated first."""
    author = {"__typename": "User", "login": "ada"}
    return [
        {
            "id": f"{kind}_{number}",
            "number": 2 * number + (kind == "PR"),
            "title": f"Change {number}",
            "state": "OPEN",
            "createdAt": iso(now - timedelta(hours=2 * number + 1)),
            "updatedAt": iso(now - timedelta(hours=2 * number)),
            "author": author,
            "labels": {"nodes": []},
            "comments": {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False}},
            "reviews": {"nodes": [], "pageInfo": {"hasNextPage": False}},
        }
        for number in range(1, count + 1)
    ]


async def bare(asked: list[Asked], seconds: float) -> float:
    """Return how long httpx takes for the same requests, eight at once."""
    world = World(seconds)
    waiting = iter([one.request for one in asked])

    async def work(http: httpx.AsyncClient) -> None:
        for request in waiting:
            again = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
            await http.send(again)

    began = time.perf_counter()
    async with httpx.AsyncClient(transport=world.far) as http, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work(http))
    return time.perf_counter() - began


Work = Callable[[World], Awaitable[object]]


async def measure(name: str, work: Work, seconds: float, rounds: int) -> None:
    """Do something in new worlds, and the peer after each; print the medians."""
    took: list[tuple[float, float, float]] = []
    for _ in range(rounds):
        world = World(seconds)
        await world.collector.initialize()
        began, processor = time.perf_counter(), time.process_time()
        await work(world)
        spent = time.perf_counter() - began, time.process_time() - processor
        took.append((*spent, await bare(world.far.asked, seconds)))
        await world.collector.close()
    wall, used, peer = (statistics.median(column) for column in zip(*took, strict=True))
    ratio = statistics.median(one / other for one, _, other in took)
    asked = f"{len(world.far.asked):5}{world.far.in_a_row():10}"
    say(f"{name:44}{wall:7.2f} s{used:9.2f} s{asked}{peer:11.2f} s{ratio:8.2f}")


def asking(tool: str, **arguments: object) -> Work:
    """Return the asking of a question."""
    return lambda world: world.service.ask_by_name(tool, arguments)


WORKS: Mapping[str, Work] = {
    "recent_commits, a day": asking("recent_commits", repo=BUSY, hours=24),
    "recent_commits, a week": asking("recent_commits", repo=BUSY, hours=168),
    "recent_commits, thirty days": asking("recent_commits", repo=BUSY, hours=720),
    "pull_requests": asking("pull_requests", repo=BUSY),
    "repository_health, a small one": asking("repository_health", repo=SMALL[0]),
    "report: the first pass over a busy one": lambda world: world.collector.collect([BUSY]),
    "the first pass over a small one": lambda world: world.collector.collect(SMALL[:1]),
    "the first passes over forty small ones": lambda world: world.collector.collect(SMALL),
}


async def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--latency", type=float, default=150, help="milliseconds")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", default="", help="what has this in its name")
    chosen = arguments.parse_args()
    say(f"{'':44}{'seconds':>9}{'processor':>11}{'sent':>5}{'in a row':>10}{'bare httpx':>13}{'ratio':>8}")
    for name, work in WORKS.items():
        if chosen.only in name:
            await measure(name, work, chosen.latency / 1000, chosen.rounds)


if __name__ == "__main__":
    asyncio.run(main())
