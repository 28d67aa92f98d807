"""What is completely known is saved only once the indexes show what was stored: they lag."""

from functools import partial
from typing import Any

import pytest

from github_events_monitor.infrastructure.dynamodb import settling
from github_events_monitor.infrastructure.dynamodb.client import DynamoDBClient
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager

from ..contract.builders import REPO, at, batch


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


async def test_a_batch_without_news_waits_for_nothing(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    lag = Lag(monkeypatch, 0)
    await store(manager, lag)
    lag.looks_left = 3
    await store(manager, lag)
    assert lag.waited == []
