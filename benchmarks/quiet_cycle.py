"""How long a round of polling takes over repositories in which nothing happened, and what it costs.

    python -m benchmarks.quiet_cycle
    python -m benchmarks.quiet_cycle --repositories 200 --sqlite

A look at all of them, beside visiting each, as without a token and where GraphQL is refused. GitHub is one of
the tests, in this process, which answers each request after so many milliseconds. Only the round is timed; the first
visits, which bring everything, are answered at once, and time moves on by the clock that the program is given. Needs
DYNAMODB_ENDPOINT_URL, or Java and npm, with which DynamoDB Local is fetched, but for `--sqlite`.
"""

import argparse
import asyncio
import time
from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr
from tests.engines import dynamodb_engine
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, event

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.collecting.poller import Poller
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.github.pace import Pace
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.settings import Settings

from .dynamodb_tables import tables

INTERVAL = timedelta(minutes=5, seconds=1)
ROUNDS = 3


class Far(httpx.AsyncBaseTransport):
    """A GitHub some way off."""

    def __init__(self, github: FakeGitHub) -> None:
        self._near = github.transport()
        self.seconds = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after a while, requests beside one another."""
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return await self._near.handle_async_request(request)


class StartResult:
    """A fleet of quiet repositories, its database, and the poller that keeps it fresh."""

    def __init__(self, manager: DatabaseManager, count: int) -> None:
        self.manager, self.now = manager, NOW
        self.names = [f"fleet/repo-{number:04d}" for number in range(1, count + 1)]
        self.github = FakeGitHub(*(small(name, number) for number, name in enumerate(self.names, 1)), limit=10**9)
        self.github.clock = self.clock
        self.github.with_looks = True
        self.far = Far(self.github)
        ahead = timedelta()

        async def at_once(seconds: float) -> None:
            nonlocal ahead  # the minute of the pace passes at once, that the time of requests alone is measured
            ahead += timedelta(seconds=seconds)

        pace = Pace(lambda: self.now + ahead, at_once)
        token = StaticToken(SecretStr("token"), "benchmark")
        client = GitHubClient(self.github.base, token, self.clock, transport=self.far, pace=pace)
        self.collector = Collector(manager, client, clock=self.clock, with_token=True)
        self.poller = Poller(self.collector, Settings.load(), self.clock)

    def clock(self) -> datetime:
        """The time of the program."""
        return self.now

    async def prepare(self, latency: float) -> None:
        """Watch the fleet and visit each once."""
        await self.manager.collector_state.watch(self.names)
        await self.poller.tick()
        await self.round("the first visits")
        self.far.seconds = latency

    async def round(self, name: str) -> None:
        """One round, five minutes later; prints what it took."""
        self.now += INTERVAL
        self.github.requests.clear()
        capacity = self.manager.connection.capacity if isinstance(self.manager, DynamoDBManager) else None
        if capacity:
            capacity.reset()
        began = time.perf_counter()
        visited = await self.poller.tick()
        took, asked = time.perf_counter() - began, len(self.github.requests)
        units = f"{capacity.write_units:8,.0f} write {capacity.read_units:8,.0f} read units" if capacity else ""
        print(f"{name:28} {took:8.2f} s {asked:8,} requests {len(visited):6,} visits {units}", flush=True)


def small(name: str, number: int) -> FakeRepository:
    """A repository in which nothing happened today."""
    at = NOW - timedelta(hours=30)
    repository = FakeRepository(name, id=number, events=[event(number, "WatchEvent", "fan", at, {}, name)])
    repository.branches["main"] = [commit(number, at)]
    return repository


async def measure(manager: DatabaseManager, count: int, latency: float) -> None:
    """Quiet rounds with looks, then one without."""
    trial = StartResult(manager, count)
    await trial.prepare(latency)
    for _ in range(ROUNDS):
        await trial.round("a look at all")
    trial.github.with_looks = False
    await trial.round("visiting each")
    await trial.collector.close()


async def on_dynamodb(endpoint: str, count: int, latency: float) -> None:
    """The same, with units."""
    async with tables(endpoint, NOW) as manager:
        await measure(manager, count, latency)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repositories", type=int, default=1000)
    arguments.add_argument("--latency", type=float, default=150, help="milliseconds")
    arguments.add_argument("--sqlite", action="store_true", help="on SQLite alone")
    chosen = arguments.parse_args()
    print("SQLite")
    asyncio.run(measure(get_sqlite_manager(":memory:"), chosen.repositories, chosen.latency / 1000))
    if not chosen.sqlite:
        print("DynamoDB")
        with dynamodb_engine() as engine:
            asyncio.run(on_dynamodb(engine.endpoint_url, chosen.repositories, chosen.latency / 1000))


if __name__ == "__main__":
    main()
