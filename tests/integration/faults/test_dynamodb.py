"""DynamoDB throttled, half-processed, gone, while collecting and answering: nothing lost, nothing twice, no silence."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import stamina

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.errors import DatabaseError
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.dynamodb import client
from github_events_monitor.infrastructure.questions.commit_details import COMMIT_DETAILS
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.event_anomalies import EVENT_ANOMALIES
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import EVENT_COUNTS, REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.infrastructure.questions.trending_repositories import TRENDING_REPOSITORIES
from github_events_monitor.infrastructure.questions.watch_repositories import WATCH_REPOSITORIES
from github_events_monitor.transfer import export_items
from tests.fake_github import FakeGitHub, sha
from tests.integration.collecting.conftest import World, build, hello
from tests.integration.dynamodb.conftest import Make
from tests.integration.dynamodb.faulty import Fault, FaultyDynamoDB

SHAS = [sha(number) for number in (5, 4, 3, 2, 1)]


def standing_on(world: World, manager: DatabaseManager) -> World:
    """The same GitHub and clock, and a new process's collector over another manager."""
    collector = Collector(manager, world.collector.client, clock=world.clock, with_token=True)
    context = QuestionContext(
        manager=manager, clock=world.clock, refresh=collector.refresh, fetch_details=collector.fetch_details
    )
    return World(world.github, manager, collector, DatabaseService(context), world.now)


@pytest.fixture(autouse=True)
def _waiting_as_long_as_it_takes(_no_waiting: None) -> None:
    stamina.set_testing(True, attempts=8)


async def everything_once(world: World) -> None:
    commits = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    activity = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=72)
    assert [item.sha for item in commits.commits] == SHAS
    assert [item.additions for item in commits.commits] == [5, 4, 3, 2, 1]
    assert sorted(item.id for item in activity.events) == ["1", "3", "4", "5", "9"]
    assert (commits.coverage.complete, activity.coverage.complete) == (True, True)


@pytest.mark.parametrize("fault", ["half", "throttle", "error after", "drop after"])
async def test_a_pass_through_trouble_stores_everything_once_and_says_what_was_new(
    make: Make, dynamodb_endpoint: str, fault: Fault
) -> None:
    def plan(operation: str, number: int) -> Fault | None:
        if fault == "half" and not operation.startswith("Batch"):
            return None
        return fault if number % 3 == 1 else None

    origin = build(FakeGitHub(hello()))
    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        world = standing_on(origin, make(endpoint_url=proxy.endpoint_url, clock=origin.clock))
        row = (await world.collector.collect(["octo/hello"])).repositories[0]
        assert (row.status, row.new_events, row.new_commits) == ("collected", 5, 5)
        await everything_once(world)
        assert proxy.faults[fault] > 0
    await origin.collector.close()


async def test_a_database_that_goes_away_at_any_moment_of_a_pass_costs_nothing_but_that_pass(
    make: Make, dynamodb_endpoint: str
) -> None:
    left = [0]

    def plan(operation: str, number: int) -> Fault | None:
        left[0] -= 1
        return "drop" if left[0] < 0 else None

    origin = build(FakeGitHub(hello()))
    prefix = (first := make(clock=origin.clock)).connection.client.table_prefix
    await first.initialize()
    survived = []
    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        stamina.set_testing(True, attempts=1)
        for calls in (1, 4, 14, 17, 20, 25, 30, 40):
            left[0] = calls
            origin.pass_time(minutes=1)
            manager = make(endpoint_url=proxy.endpoint_url, clock=origin.clock, table_prefix=prefix)
            try:
                await standing_on(origin, manager).collector.collect(["octo/hello"])
            except DatabaseError as error:
                survived.append(error.message)
            await manager.close()
    assert len(survived) > 2
    origin.pass_time(minutes=10)
    world = standing_on(origin, make(table_prefix=prefix, clock=origin.clock))
    await world.collector.collect(["octo/hello"])
    await everything_once(world)
    await origin.collector.close()


Question = Callable[[DatabaseService], Awaitable[Any]]
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})

QUESTIONS: dict[str, Question] = {
    "recent_commits": lambda service: service.ask(RECENT_COMMITS, repo="octo/hello"),
    "commit_details": lambda service: service.ask(COMMIT_DETAILS, repo="octo/hello", sha=SHAS[0]),
    "repository_activity": lambda service: service.ask(REPOSITORY_ACTIVITY, repo="octo/hello"),
    "event_counts": lambda service: service.ask(EVENT_COUNTS, repo="octo/hello"),
    "trending_repositories": lambda service: service.ask(TRENDING_REPOSITORIES),
    "repository_health": lambda service: service.ask(REPOSITORY_HEALTH, repo="octo/hello"),
    "developer_activity": lambda service: service.ask(DEVELOPER_ACTIVITY, repo="octo/hello"),
    "a developer across repositories": lambda service: service.ask(DEVELOPER_ACTIVITY, actor="ada"),
    "security_report": lambda service: service.ask(SECURITY_REPORT, repo="octo/hello"),
    "event_anomalies": lambda service: service.ask(EVENT_ANOMALIES, repo="octo/hello"),
    "deployment_metrics": lambda service: service.ask(DEPLOYMENT_METRICS, repo="octo/hello"),
    "monitor_commits": lambda service: service.ask(MONITOR_COMMITS, repos=["octo/hello"]),
    "watch_repositories": lambda service: service.ask(WATCH_REPOSITORIES),
    "repositories": lambda service: service.complete_repositories(""),
}


@pytest.mark.parametrize("fault", ["drop", "throttle", "denied", "credentials"])
async def test_no_question_takes_a_database_that_is_gone_for_an_empty_one(
    make: Make, dynamodb_endpoint: str, fault: Fault
) -> None:
    gone = [False]
    origin = build(FakeGitHub(hello()))
    async with FaultyDynamoDB(dynamodb_endpoint, lambda *_: fault if gone[0] else None) as proxy:
        world = standing_on(origin, make(endpoint_url=proxy.endpoint_url, clock=origin.clock))
        await world.collector.collect(["octo/hello"])
        stamina.set_testing(True, attempts=2)
        gone[0] = True
        quiet = []
        for name, ask in QUESTIONS.items():
            try:
                await ask(world.service)
                quiet.append(name)
            except DatabaseError:
                continue
        assert quiet == []
        assert (await world.service.health())["status"] != "healthy"
        gone[0] = False
        await everything_once(world)
    await origin.collector.close()


@pytest.mark.parametrize("fault", ["throttle", "denied"])
async def test_every_question_is_answered_where_nothing_may_be_written(
    make: Make, dynamodb_endpoint: str, fault: Fault
) -> None:
    may_only_read = [False]

    def plan(operation: str, number: int) -> Fault | None:
        return fault if may_only_read[0] and operation in _WRITES else None

    origin = build(FakeGitHub(hello()))
    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        world = standing_on(origin, make(endpoint_url=proxy.endpoint_url, clock=origin.clock))
        await world.collector.collect(["octo/hello"])
        stamina.set_testing(True, attempts=2)
        may_only_read[0] = True
        origin.pass_time(minutes=30)
        world.service.context.may_watch = False  # as with READ_ONLY
        for ask in QUESTIONS.values():
            await ask(world.service)
        newest = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=100)
        assert (len(newest.commits), newest.coverage.complete) == (5, False)
        assert "Answered from what is stored" in (newest.coverage.note or "")
        assert (await world.service.health())["status"] == "healthy"
    await origin.collector.close()


async def test_who_asks_is_told_of_throttling_soon_and_collecting_and_moving_data_wait_for_its_end(
    make: Make, dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamina.set_testing(False)
    monkeypatch.setattr(client, "QUICKLY", 0.2)
    refused = [0]

    def plan(operation: str, number: int) -> Fault | None:
        refused[0] -= 1
        return "throttle" if refused[0] >= 0 else None

    origin = build(FakeGitHub(hello()))
    prefix = (first := make(clock=origin.clock)).connection.client.table_prefix
    await first.initialize()
    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        manager = make(endpoint_url=proxy.endpoint_url, clock=origin.clock, table_prefix=prefix)
        world = standing_on(origin, manager)
        await manager.initialize()
        refused[0] = 6
        await world.collector.collect(["octo/hello"])
        refused[0] = 6
        await export_items(manager, io.BytesIO())
        origin.pass_time(hours=1)
        refused[0] = 1_000
        with pytest.raises(DatabaseError, match="kept throttling"):
            await world.service.ask(RECENT_COMMITS, repo="octo/hello")
        assert refused[0] > 990
        refused[0] = 0
        await everything_once(world)
        await manager.close()
    await origin.collector.close()


async def test_several_servers_on_one_set_of_tables_store_and_count_each_record_once(
    make: Make, dynamodb_endpoint: str
) -> None:
    origin = build(FakeGitHub(hello()))
    prefix = (first := make(clock=origin.clock)).connection.client.table_prefix
    await first.initialize()
    worlds = [standing_on(origin, make(table_prefix=prefix, clock=origin.clock)) for _ in range(3)]
    rows = []
    for world in worlds:
        rows.append((await world.collector.collect(["octo/hello"])).repositories[0])
    assert [(row.new_events, row.new_commits) for row in rows] == [(5, 5), (0, 0), (0, 0)]
    await everything_once(worlds[1])
    await origin.collector.close()
