"""One slow repository: who waits for it, for how long, and what a cancelled wait leaves behind."""

import asyncio
import gc

import httpx
import pytest

from github_events_monitor.collecting import collector, leases
from github_events_monitor.collecting.collector import Collector
from github_events_monitor.errors import DatabaseUnreachable, NotFound
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.records import Lease
from tests.fake_github import FakeGitHub
from tests.integration.collecting.conftest import World, build, hello


class Gate(httpx.AsyncBaseTransport):
    """A GitHub that answers when it is opened."""

    def __init__(self, github: FakeGitHub) -> None:
        self._honest = github.transport()
        self.open, self.asked = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.set()
        await self.open.wait()
        return await self._honest.handle_async_request(request)


def behind(gate: Gate, world: World) -> World:
    client = GitHubClient(world.github.base, None, world.clock, transport=gate)
    collector = Collector(world.manager, client, clock=world.clock)
    context = QuestionContext(
        manager=world.manager, clock=world.clock, refresh=collector.refresh, fetch_details=collector.fetch_details
    )
    return World(world.github, world.manager, collector, DatabaseService(context), world.now)


async def test_a_question_waits_for_a_long_collection_no_longer_than_its_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    origin = build(FakeGitHub(hello()))
    world = behind(gate := Gate(origin.github), origin)
    await world.collector.collect(["octo/hello"])
    origin.pass_time(minutes=10)
    gate.open.clear()
    gate.asked.clear()
    long = asyncio.create_task(world.collector.collect(["octo/hello"]))
    await gate.asked.wait()
    monkeypatch.setattr(collector, "READ_SECONDS", 0.2)

    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)

    assert answer.total_commits == 5
    assert "is being collected right now" in (answer.coverage.note or "")
    gate.open.set()
    assert (await long).repositories[0].status == "not_modified"
    await world.collector.close()


async def test_questions_about_one_repository_share_one_collection() -> None:
    origin = build(FakeGitHub(hello()))
    world = behind(gate := Gate(origin.github), origin)
    gate.open.clear()
    asking = [asyncio.create_task(world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)) for _ in range(5)]
    await gate.asked.wait()
    gate.open.set()
    assert [(await answer).total_commits for answer in asking] == [5] * 5
    assert world.asked("/events") == 1
    await world.collector.close()


async def test_of_repositories_that_were_asked_about_once_nothing_is_kept_in_memory(world: World) -> None:
    for number in range(3):
        await world.collector.collect([f"octo/missing{number}"])
    with pytest.raises(NotFound):
        await world.service.ask(RECENT_COMMITS, repo="octo/missing9")
    gc.collect()
    assert len(world.collector._turns) == 0


async def test_what_was_cancelled_asks_no_more_and_holds_nothing() -> None:
    origin = build(FakeGitHub(hello()))
    world, other = behind(gate := Gate(origin.github), origin), origin
    gate.open.clear()
    cancelled = asyncio.create_task(world.collector.collect(["octo/hello"]))
    await gate.asked.wait()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gate.open.set()
    row = (await other.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, row.new_commits, row.requests) == ("collected", 5, len(world.github.requests))
    await world.collector.close()


async def test_a_pass_whose_lease_cannot_be_given_back_or_renewed_has_stored_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0)
    collector_state, taken = world.manager.collector_state, list[tuple[str, ...]]()

    async def once(*wanted: str) -> Lease | None:
        if taken:
            raise DatabaseUnreachable("gone")
        taken.append(wanted)
        return await type(collector_state).acquire_lease(collector_state, *wanted)

    async def never(lease: Lease, *, unused: bool) -> None:
        raise DatabaseUnreachable("gone")

    monkeypatch.setattr(collector_state, "acquire_lease", once)
    monkeypatch.setattr(collector_state, "release_lease", never)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, row.new_events, row.new_commits) == ("collected", 5, 5)
