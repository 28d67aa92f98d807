"""The snippets that users were given run as printed, from a checkout, under the name `src.github_events_monitor`."""

import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.engines import free_port

EVENT = {"id": "test1", "event_type": "WatchEvent", "repo_name": "octo/hello", "actor_login": "ada", "payload": {}}


def module(name: str) -> Any:
    return importlib.import_module(f"src.github_events_monitor.{name}")


async def test_sqlite_operations() -> None:
    manager = module("infrastructure.database_factory").get_sqlite_manager(":memory:")
    await manager.initialize()
    assert await manager.events.insert_events([EVENT]) == 1
    assert await manager.events.insert_events([EVENT]) == 0
    await manager.close()


async def test_dynamodb_operations(dynamodb_endpoint: str) -> None:
    manager = module("infrastructure.database_factory").get_dynamodb_manager(
        endpoint_url=dynamodb_endpoint, aws_access_key_id="dummy", aws_secret_access_key="dummy"
    )
    await manager.initialize()
    try:
        assert await manager.events.insert_events([EVENT]) == 1
    finally:
        await manager.delete_tables()
        await manager.close()


async def test_events_move_between_providers_as_the_migration_snippet_does(dynamodb_endpoint: str) -> None:
    factory = module("infrastructure.database_factory")
    sqlite_manager = factory.get_sqlite_manager(":memory:")
    dynamodb_manager = factory.get_dynamodb_manager(
        region="us-west-2",
        table_prefix="snippet-",
        endpoint_url=dynamodb_endpoint,
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
    )
    await sqlite_manager.events.insert_events([EVENT])
    events = await sqlite_manager.events.get_events_by_type("WatchEvent", limit=1000)
    try:
        assert await dynamodb_manager.events.insert_events(events) == 1
        assert await dynamodb_manager.events.get_events_by_type("WatchEvent") == events
    finally:
        await dynamodb_manager.delete_tables()
        await dynamodb_manager.close()
        await sqlite_manager.close()


def test_collectors_are_created_from_a_configuration_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = module("enhanced_event_collector").create_enhanced_collector
    path = tmp_path / "github_events.db"
    dynamodb = {"provider": "dynamodb", "region": "us-west-2", "table_prefix": "my-github-events-"}
    monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("DATABASE_PATH", str(path))

    async def collect_nothing(config: dict[str, str] | None) -> Any:
        async with create(database_config=config) as collector:
            return await collector.collect()

    create(database_config=dynamodb)
    for config in ({"provider": "sqlite", "db_path": str(path)}, None):
        answer = asyncio.run(collect_nothing(config))
        assert answer.repositories == ()
        assert "TARGET_REPOSITORIES" in answer.note
    assert path.exists()


def test_the_five_interfaces_and_the_service_stand_where_they_are_documented() -> None:
    interface = module("infrastructure.database_interface")
    names = ("DatabaseConnection", "EventsRepository", "CommitsRepository", "MetricsRepository", "DatabaseManager")
    assert all(getattr(getattr(interface, name), "__abstractmethods__", None) for name in names)
    assert module("infrastructure.database_service").DatabaseService
    assert module("infrastructure.database_factory").DatabaseFactory
