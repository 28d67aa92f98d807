"""The databases of the integration tests: every engine, or the one that DATABASE_PROVIDER names."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from github_events_monitor.infrastructure.database_factory import get_dynamodb_manager, get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.dynamodb import batches
from github_events_monitor.infrastructure.dynamodb.layout import TABLES
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from tests.engines import dynamodb_engine

ENGINES = ("sqlite-memory", "sqlite-file", "dynamodb")
NOW = datetime(2025, 3, 31, 12, 0, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class DynamoDBPlace(NamedTuple):
    """An endpoint and a prefix of our own there."""

    endpoint_url: str
    prefix: str

    def manager(self) -> DatabaseManager:
        return get_dynamodb_manager(
            region="us-east-1",
            table_prefix=self.prefix,
            endpoint_url=self.endpoint_url,
            aws_access_key_id="dummy",
            aws_secret_access_key="dummy",
            clock=clock,
        )


def _chosen() -> list[str]:
    provider = os.environ.get("DATABASE_PROVIDER", "")
    return [engine for engine in ENGINES if engine.startswith(provider)]


@pytest.fixture(scope="session")
def dynamodb_endpoint(pytestconfig: pytest.Config) -> Iterator[str]:
    """Where DynamoDB is: DYNAMODB_ENDPOINT_URL, or an engine that lives as long as the tests."""
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")

    def say(line: str) -> None:
        """On the terminal: otherwise what a fixture prints is shown only where a test fails."""
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            sys.stderr.write(f"\n{line}\n")
            sys.stderr.flush()

    with dynamodb_engine(say) as engine:
        yield engine.endpoint_url


@pytest.fixture(scope="session")
def dynamodb_place(dynamodb_endpoint: str) -> Iterator[DynamoDBPlace]:
    """Tables that the tests share one after the other: to make nine for each test takes longer than the tests."""
    place = DynamoDBPlace(dynamodb_endpoint, f"contract-{os.getpid()}-")
    yield place
    asyncio.run(_remove(place.manager()))


@pytest.fixture(params=_chosen())
async def manager(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DatabaseManager]:
    """An empty database whose clock stands still at NOW."""
    if request.param == "dynamodb":
        place: DynamoDBPlace = request.getfixturevalue("dynamodb_place")
        chosen = place.manager()
        await _empty(chosen)
    else:
        chosen = get_sqlite_manager(
            ":memory:" if request.param == "sqlite-memory" else str(tmp_path / "events.db"), clock=clock
        )
    yield chosen
    await chosen.close()


async def _empty(manager: DatabaseManager) -> None:
    """Remove every item of the tables, the collector's memory too, which no method of the contract does."""
    assert isinstance(manager, DynamoDBManager)
    await manager.initialize()
    client = manager.connection.client
    for table in TABLES:
        async for page in batches.pages(client, "scan", {"TableName": client.table(table.name)}):
            keys = [{name: item[name] for name in (table.key, table.sort) if name} for item in page]
            await batches.write_items(client, [batches.delete(table.name, key) for key in keys])


async def _remove(manager: DatabaseManager) -> None:
    await manager.delete_tables()
    await manager.close()
