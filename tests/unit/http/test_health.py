"""/health asks the database seldom, and never for long."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from github_events_monitor.errors import DatabaseError
from github_events_monitor.http import health
from github_events_monitor.http.health import HealthCheck
from github_events_monitor.runtime import Runtime


class Database:
    """A runtime's parts that /health touches."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, tzinfo=UTC)
        self.asked = 0
        self.answers, self.tables_made = asyncio.Event(), asyncio.Event()
        self.answers.set()
        self.tables_made.set()
        self.tables_found = 9
        self.loading = 0.0
        self.initialized = False
        self.refuses_with = ""

    async def prepare(self) -> None:
        await asyncio.sleep(self.loading)

    async def initialize(self) -> None:
        self.initialized = True
        await self.tables_made.wait()
        if self.refuses_with:
            raise DatabaseError(self.refuses_with)
        self.tables_found = 9

    async def health(self) -> dict[str, Any]:
        self.asked += 1
        await self.answers.wait()
        return {"status": "healthy", "provider": "dynamodb", "tables_found": self.tables_found}

    def runtime(self) -> Runtime:
        settings = SimpleNamespace(database_provider="dynamodb")
        parts = SimpleNamespace(clock=lambda: self.now, manager=self, service=self, settings=settings)
        return cast(Runtime, parts)


async def test_many_that_ask_cost_the_database_one_question() -> None:
    database, check = Database(), HealthCheck()
    answers = await asyncio.gather(*(check.respond(database.runtime()) for _ in range(50)))
    assert ({answer.status_code for answer in answers}, database.asked) == ({200}, 1)
    database.now += timedelta(seconds=4)
    await check.respond(database.runtime())
    assert database.asked == 1
    for step in (timedelta(seconds=2), timedelta(days=-1)):  # the clock of a machine may be set back
        database.now += step
        await check.respond(database.runtime())
    assert database.asked == 3


async def test_a_database_that_never_answers_is_unhealthy_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.01)
    database, check = Database(), HealthCheck()
    database.answers.clear()
    answer = await check.respond(database.runtime())
    found = orjson.loads(bytes(answer.body))
    assert (answer.status_code, found["status"], found["database"]["status"]) == (503, "error", "unhealthy")
    assert "did not answer within" in found["database"]["error"]
    database.answers.set()
    assert (await check.respond(database.runtime())).status_code == 503
    database.now += timedelta(seconds=6)
    assert (await check.respond(database.runtime())).status_code == 200


async def test_what_loading_the_driver_takes_is_not_held_against_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.05)
    database, check = Database(), HealthCheck()
    database.loading = 0.2
    assert (await check.respond(database.runtime())).status_code == 200


async def test_tables_are_made_where_they_are_missing_and_said_while_that_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.05)
    database, check = Database(), HealthCheck()
    assert (await check.respond(database.runtime())).status_code == 200
    assert not database.initialized  # nothing to wait for
    database.tables_found = 0
    database.tables_made.clear()
    database.now += timedelta(seconds=6)
    slow = await check.respond(database.runtime())
    found = orjson.loads(bytes(slow.body))["database"]
    assert (slow.status_code, found["tables_found"], found["error"]) == (503, 0, "its tables are still being made")
    database.tables_made.set()
    database.now += timedelta(seconds=6)
    assert (await check.respond(database.runtime())).status_code == 200
    assert database.tables_found == 9


@pytest.mark.parametrize("found", [0, 8])
async def test_tables_that_are_missing_and_may_not_be_made_are_unhealthy(found: int) -> None:
    database, check = Database(), HealthCheck()
    database.tables_found, database.refuses_with = found, "AWS denies dynamodb:CreateTable on x-events"
    answer = await check.respond(database.runtime())
    assert answer.status_code == 503
    assert orjson.loads(bytes(answer.body))["database"] == {
        "status": "unhealthy",
        "provider": "dynamodb",
        "tables_found": found,
        "error": f"{9 - found} of its 9 tables are missing: AWS denies dynamodb:CreateTable on x-events",
    }
