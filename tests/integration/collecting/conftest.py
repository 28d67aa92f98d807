"""A collector over a database in memory, a GitHub in process, and a clock that moves when told."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import stamina
from pydantic import SecretStr

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import GitHubApp, StaticToken
from github_events_monitor.github.pace import Pace
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.instants import Clock
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, event


@dataclass
class World:
    """Everything a test about collecting touches."""

    github: FakeGitHub
    manager: DatabaseManager
    collector: Collector
    service: DatabaseService
    now: datetime = NOW

    @property
    def hello(self) -> FakeRepository:
        return self.github.repositories["octo/hello"]

    def clock(self) -> datetime:
        return self.now

    def store_in(self, manager: DatabaseManager) -> None:
        """Collect into another database from now on."""
        self.collector = Collector(manager, self.collector.client, clock=self.clock, with_token=True)

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def asked(self, word: str) -> int:
        """How many requests so far had a word in their path."""
        return sum(word in path for path in self.github.requests)


def busy_feed() -> list[Json]:
    """A whole feed, which reaches back five hours."""
    times = [NOW - timedelta(minutes=minute) for minute in range(300)]
    return [event(9_000 - n, "WatchEvent", f"fan{n}", at, {"action": "started"}) for n, at in enumerate(times)]


class Elsewhere:
    """A clock for the pace alone, whose waits pass at once: the clock of a test moves only between passes."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._waited = clock, timedelta()

    def __call__(self) -> datetime:
        return self._clock() + self._waited

    async def sleep(self, seconds: float) -> None:
        self._waited += timedelta(seconds=seconds)


def build(
    github: FakeGitHub,
    *,
    token: str | None = "token",
    app: Callable[[Clock], GitHubApp] | None = None,
    manager: DatabaseManager | None = None,
) -> World:
    """A world over a database; None is a new one in memory. An `app` asks in place of the token."""
    moment = [NOW]
    world: World

    def clock() -> datetime:
        return world.now if moment else NOW

    manager = manager or get_sqlite_manager(":memory:", clock=clock)
    credentials = app(clock) if app else StaticToken(SecretStr(token), "test") if token else None
    waits = Elsewhere(clock)
    pace = Pace(waits, waits.sleep)

    async def sleep(seconds: float) -> None:
        world.pass_time(seconds=seconds)

    client = GitHubClient(github.base, credentials, clock, transport=github.transport(), pace=pace, sleep=sleep)
    collector = Collector(manager, client, clock=clock, with_token=token is not None)
    context = QuestionContext(
        manager=manager, clock=clock, refresh=collector.refresh, fetch_details=collector.fetch_details
    )
    world = World(github, manager, collector, DatabaseService(context))
    github.clock = clock
    return world


def hello() -> FakeRepository:
    """A small repository: five events and five commits within two days."""
    repository = FakeRepository("Octo/Hello")
    repository.events = [
        event(5, "PushEvent", "ada", NOW - timedelta(hours=1), {"ref": "refs/heads/main", "head": "a" * 40}),
        event(4, "IssueCommentEvent", "bob", NOW - timedelta(hours=3), {"action": "created", "issue": {"number": 1}}),
        event(3, "IssuesEvent", "ada", NOW - timedelta(hours=5), {"action": "opened", "issue": {"number": 1}}),
        event(9, "WatchEvent", "eve", NOW - timedelta(days=1), {"action": "started"}),
        event(1, "CreateEvent", "ada", NOW - timedelta(days=2), {"ref": "main", "ref_type": "branch"}),
    ]
    repository.branches["main"] = [
        commit(number, NOW - timedelta(hours=12 * (5 - number) + 1), parents=(number - 1,))
        for number in range(5, 0, -1)
    ]
    return repository


@pytest.fixture
async def world() -> AsyncIterator[World]:
    built = build(FakeGitHub(hello()))
    yield built
    await built.collector.close()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield
