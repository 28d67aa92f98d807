"""What is completely known is saved only once the indexes show what was stored: they lag."""

import io
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from github_events_monitor.answers import Answer
from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_service import DatabaseService
from github_events_monitor.infrastructure.dynamodb import settling, state_items
from github_events_monitor.infrastructure.dynamodb.batches import get_items
from github_events_monitor.infrastructure.dynamodb.client import DynamoDBClient
from github_events_monitor.infrastructure.dynamodb.items import Item
from github_events_monitor.infrastructure.dynamodb.layout import TABLES
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.records import CommitRecord, Thread
from github_events_monitor.transfer import export_items, import_files
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, event, iso, sha

from ..collecting.conftest import World, build
from ..collecting.test_whats_new import issue
from ..contract import builders
from ..contract.builders import REPO, at, batch, record
from .conftest import Make


class Lag:
    """Indexes that show nothing new for so many looks; time passes by waiting alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
        self.waited: list[float] = []
        self.known_then: list[bool] = []
        self.looks_left, self._call = looks, DynamoDBClient.call
        monkeypatch.setattr(DynamoDBClient, "call", self._delayed())
        monkeypatch.setattr(settling, "settle", partial(settling.settle, sleep=self.sleep))

    def _delayed(self) -> Any:
        async def call(client: DynamoDBClient, operation: str, **arguments: Any) -> Any:
            if operation == "query" and arguments.get("Select") == "COUNT" and self.looks_left > 0:
                return {"Count": 0, "Items": []}
            return await self._call(client, operation, **arguments)

        return call

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.known_then.append(await self.manager.collector_state.get_state(REPO) is not None)
        self.looks_left -= 1

    manager: DynamoDBManager


async def store(manager: DynamoDBManager, lag: Lag) -> None:
    lag.manager = manager
    lease = await manager.collector_state.acquire_lease(REPO, "a", at(0), at(5))
    assert lease is not None
    await manager.store(batch(), lease)


async def test_nothing_counts_as_known_before_the_indexes_show_it(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = Lag(monkeypatch, 3)
    await store(manager, lag)
    assert len(lag.waited) == 3
    assert lag.known_then == [False, False, False]
    assert await manager.collector_state.get_state(REPO) is not None


async def test_an_index_that_shows_nothing_for_long_is_not_waited_for_for_ever(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lag = Lag(monkeypatch, 1000)
    await store(manager, lag)
    assert 5 < sum(lag.waited) < 6
    assert "does not show yet" in caplog.text
    assert await manager.collector_state.get_state(REPO) is not None


async def test_what_an_index_shows_already_is_not_waited_for(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = Lag(monkeypatch, 0)
    await store(manager, lag)
    await store(manager, lag)
    assert lag.waited == []


async def test_an_interrupted_pass_is_waited_for_by_the_next_one(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = Lag(monkeypatch, 0)
    await manager.import_events(batch().events, batch().commits)  # as a pass does that is killed then
    lag.looks_left = 3
    await store(manager, lag)
    assert lag.known_then == [False, False, False]


class LaggingIndexes:
    """Indexes that show an item only some seconds after it was written, by the clock of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.now, self._lag = NOW, timedelta(seconds=seconds)
        self._written: dict[tuple[str, ...], datetime] = {}
        self._call = DynamoDBClient.call
        monkeypatch.setattr(DynamoDBClient, "call", self._delayed())
        monkeypatch.setattr(settling, "settle", partial(settling.settle, sleep=self.sleep))

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _delayed(self) -> Any:
        async def call(client: DynamoDBClient, operation: str, **arguments: Any) -> Any:
            if operation == "query" and "IndexName" in arguments:
                return await self._query(client, arguments)
            if operation == "put_item":
                self._note(arguments["TableName"], arguments["Item"])
            for table, requests in arguments.get("RequestItems", {}).items() if operation == "batch_write_item" else ():
                for request in requests:
                    if "PutRequest" in request:
                        self._note(table, request["PutRequest"]["Item"])
            return await self._call(client, operation, **arguments)

        return call

    def _note(self, table: str, item: Item) -> None:
        self._written[_name(table, item)] = self.now

    async def _query(self, client: DynamoDBClient, arguments: dict[str, Any]) -> Any:
        """Have whole rows, which say what item they are of, and leave out those that were written too late."""
        counted = arguments.pop("Select", None)
        arguments.pop("ProjectionExpression", None)
        used = " ".join(arguments.get(name, "") for name in ("KeyConditionExpression", "FilterExpression"))
        names = arguments["ExpressionAttributeNames"]
        arguments["ExpressionAttributeNames"] = {
            alias: name for alias, name in names.items() if re.search(rf"{alias}\b", used)
        }
        answer = await self._call(client, "query", **arguments)
        seen = [item for item in answer["Items"] if self._shows(arguments["TableName"], item)]
        return {**answer, "Count": len(seen), "Items": [] if counted else seen}

    def _shows(self, table: str, item: Item) -> bool:
        return self._written.get(_name(table, item), self.now - self._lag) <= self.now - self._lag


def _name(table: str, item: Item) -> tuple[str, ...]:
    (layout,) = (one for one in TABLES if table.endswith(f"-{one.name}"))
    return (table, *(str(item[name]) for name in (layout.key, layout.sort) if name))


def _spoon(now: datetime) -> FakeRepository:
    repository = FakeRepository("Octo/Hello")
    repository.events = [
        event(2, "PushEvent", "ada", now - timedelta(hours=1), {"ref": "refs/heads/main", "head": "a" * 40}),
        event(1, "WatchEvent", "eve", now - timedelta(hours=2), {"action": "started"}),
    ]
    repository.branches["main"] = [commit(2, now - timedelta(hours=1)), commit(1, now - timedelta(hours=2))]
    pull = {"url": "https://api.github.test/repos/octo/hello/pulls/3", "merged_at": None}
    repository.issues = [
        issue(4, iso(now - timedelta(hours=1))),
        issue(3, iso(now - timedelta(hours=2)), pull_request=pull),
    ]
    return repository


async def is_complete(world: World, question: str) -> bool:
    """Whether an answer says that it is all there is; news do so by saying nothing else."""
    if question == "whats_new":
        since = iso(NOW - timedelta(hours=3))
        news = (await ask(world.service, "whats_new", repos=["octo/hello"], since=since)).to_wire()
        return not news.get("note") and not any(part.get("note") for part in news["repositories"])
    named = {"monitor_commits": {"repos": ["octo/hello"]}, "trending_repositories": {}}
    wire = (await ask(world.service, question, **named.get(question, {"repo": "octo/hello"}), hours=24)).to_wire()
    parts = wire["repositories"] if question == "monitor_commits" else [wire]
    (known,) = {part["coverage"]["complete"] for part in parts}
    return bool(known)


async def ask(service: DatabaseService, question: str, **given: Any) -> Answer:
    return await service.ask_by_name(question, given)


AFFECTED = ("recent_commits", "repository_activity", "issues", "whats_new")
QUESTIONS = pytest.mark.parametrize(
    "question",
    [
        "recent_commits",
        "monitor_commits",
        "repository_activity",
        "event_counts",
        "repository_health",
        "developer_activity",
        "security_report",
        "deployment_metrics",
        "event_anomalies",
        "issues",
        "pull_requests",
        "whats_new",
        "trending_repositories",
    ],
)


@QUESTIONS
async def test_no_answer_is_complete_over_rows_that_an_index_does_not_show(
    question: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = LaggingIndexes(monkeypatch, 60)
    world = build(FakeGitHub(_spoon(NOW)), manager=make(clock=lag.clock))
    world_now = property(lambda _: lag.now, lambda _, now: setattr(lag, "now", now))
    monkeypatch.setattr(type(world), "now", world_now, raising=False)

    async def complete() -> bool:
        return await is_complete(world, question)

    try:
        assert not await complete()
        lag.now += timedelta(seconds=5)
        await world.collector.collect(["octo/hello"])  # which brings nothing new, and claims nothing more
        assert not await complete()
        lag.now += timedelta(seconds=60)
        assert await complete()
        await world.collector.collect(["octo/hello"])
        assert await complete()
    finally:
        await world.collector.close()


async def test_trending_is_not_complete_without_a_repository_that_the_index_does_not_show(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = LaggingIndexes(monkeypatch, 60)
    starred = event(9, "WatchEvent", "eve", NOW - timedelta(hours=1), {"action": "started"}, "octo/other")
    other = FakeRepository("octo/other", id=8, events=[starred])
    world = build(FakeGitHub(_spoon(NOW), other), manager=make(clock=lag.clock))
    world_now = property(lambda _: lag.now, lambda _, now: setattr(lag, "now", now))
    monkeypatch.setattr(type(world), "now", world_now, raising=False)

    async def trending() -> tuple[list[str], bool]:
        wire = (await ask(world.service, "trending_repositories", hours=24)).to_wire()
        return [row["repo"] for row in wire["repositories"]], wire["coverage"]["complete"]

    try:
        await world.collector.collect(["octo/hello"])
        lag.now += timedelta(seconds=60)
        assert await trending() == (["Octo/Hello"], True)
        await world.collector.collect(["octo/other"])
        assert await trending() == (["Octo/Hello"], False)
        lag.now += timedelta(seconds=60)
        assert await trending() == (["Octo/Hello", "octo/other"], True)
    finally:
        await world.collector.close()


async def _state_item(manager: DynamoDBManager) -> Item:
    client = manager.connection.client
    keys = state_items.key("#state#octo/hello", "state")
    (item,) = await get_items(client, state_items.TABLE, [keys], consistent=True)
    return item


WHEN = iso(NOW - timedelta(minutes=30))


async def by_webhook(world: World) -> None:
    repository = {"full_name": "Octo/Hello", "id": 7, "pushed_at": int(NOW.timestamp()) - 1800}
    pushed = {"id": sha(9), "message": "new", "timestamp": WHEN, "distinct": True}
    push = {"ref": "refs/heads/main", "before": sha(2), "after": sha(9), "commits": [pushed]}
    opened = {"action": "opened", "issue": issue(9, WHEN)}
    for kind, payload in (("push", push), ("issues", opened)):
        body = json.dumps({**payload, "repository": repository, "sender": {"login": "ada"}}).encode()
        await receive_webhook(world.manager, world.clock, kind, f"d-{kind}", body)


async def by_import(world: World) -> None:
    thread = Thread(
        repo_name="octo/hello", number=9, kind="issue", state="open", created_at=WHEN, updated_at=WHEN, title="new"
    )
    stored = record(9, WHEN, repo_name="octo/hello", branches=("main",))
    await world.manager.import_events([builders.event("9", WHEN, repo_name="octo/hello")], [stored], [thread])


async def by_export(world: World) -> None:
    async with get_sqlite_manager(":memory:") as other:
        await by_import(build(FakeGitHub(), manager=other))
        out = io.BytesIO()
        await export_items(other, out)
    out.seek(0)
    await import_files(world.manager, ["-"], stdin=out)


async def by_a_branch_more(world: World) -> None:
    """Of what is known already an index may show an earlier form."""
    (known,) = await world.manager.commits.get_commits("octo/hello", iso(NOW - timedelta(hours=3)), iso(NOW), limit=1)
    grown = msgspec.structs.replace(known.commit, branches=("dev",))
    await world.manager.import_events([], [CommitRecord(commit=grown)])


@pytest.mark.parametrize(
    ("store_more", "question"),
    [
        *((by_webhook, question) for question in AFFECTED),
        (by_import, "issues"),
        (by_import, "repository_activity"),
        (by_export, "recent_commits"),
        (by_a_branch_more, "recent_commits"),
    ],
)
async def test_what_is_stored_beside_what_is_known_makes_no_answer_complete_without_it(
    store_more: Callable[[World], Awaitable[None]], question: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = LaggingIndexes(monkeypatch, 60)
    manager = make(clock=lag.clock)
    world = build(FakeGitHub(_spoon(NOW)), manager=manager)
    world_now = property(lambda _: lag.now, lambda _, now: setattr(lag, "now", now))
    monkeypatch.setattr(type(world), "now", world_now, raising=False)
    try:
        for _ in range(2):
            await world.collector.collect(["octo/hello"])
            lag.now += timedelta(seconds=61)
        assert await is_complete(world, question)
        await store_more(world)
        assert not await is_complete(world, question)
        lag.now += timedelta(seconds=61)
        assert await is_complete(world, question)
        await world.collector.collect(["octo/hello"])
        names = await _state_item(manager)
        assert not [
            name for name in names if name.startswith("latest")
        ]  # it has been seen to, and costs answers nothing any more
    finally:
        await world.collector.close()
