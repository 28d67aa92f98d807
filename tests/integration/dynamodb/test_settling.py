"""What is completely known is saved only once the indexes show what was stored: they lag."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from github_events_monitor.infrastructure.dynamodb import settling
from github_events_monitor.infrastructure.dynamodb.client import DynamoDBClient
from github_events_monitor.infrastructure.dynamodb.items import Item
from github_events_monitor.infrastructure.dynamodb.layout import TABLES
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, event, iso

from ..collecting.conftest import build
from ..collecting.test_whats_new import issue
from ..contract.builders import REPO, at, batch
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


@pytest.mark.parametrize(
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
    ],
)
async def test_no_answer_is_complete_over_rows_that_an_index_does_not_show(
    question: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = LaggingIndexes(monkeypatch, 60)
    world = build(FakeGitHub(_spoon(NOW)), manager=make(clock=lag.clock))
    world_now = property(lambda _: lag.now, lambda _, now: setattr(lag, "now", now))
    monkeypatch.setattr(type(world), "now", world_now, raising=False)

    async def complete() -> bool:
        named = {"repos": ["octo/hello"]} if question == "monitor_commits" else {"repo": "octo/hello"}
        answer = await world.service.ask_by_name(question, {**named, "hours": 24})
        wire = answer.to_wire()
        (known,) = {part["coverage"]["complete"] for part in wire.get("repositories", [wire])}
        return bool(known)

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
