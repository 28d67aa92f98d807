"""What an export holds as a delivery and the database from the feed, or the reverse, is counted once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.transfer import copy_items, export_items, import_files, parsing_process
from tests.fake_github import NOW, FakeGitHub, event, iso
from tests.integration.collecting.conftest import build, hello
from tests.integration.transfer.test_delivered_before import ALWAYS, EVENTS, ONCE, deliver, deliver_all
from tests.unit.transfer.records import a_push, an_event, write

Fill = Callable[[DatabaseManager, Path], Awaitable[object]]


async def from_feed(manager: DatabaseManager, folder: Path) -> None:
    await import_files(manager, [write(folder / "events.json", *EVENTS)])


async def from_webhooks(manager: DatabaseManager, _folder: Path) -> None:
    await deliver_all(manager)


async def exported(fill: Fill, folder: Path) -> Path:
    async with get_sqlite_manager(":memory:") as origin:
        await fill(origin, folder)
        file = folder / f"{fill.__name__}.jsonl"
        with file.open("wb") as out:
            await export_items(origin, out)
    return file


async def counted(manager: DatabaseManager) -> dict[str, int]:
    return await manager.events.count_by_type("octo/hello", *ALWAYS)


ORDERS: list[tuple[Fill, Fill]] = [(from_feed, from_webhooks), (from_webhooks, from_feed)]


@pytest.mark.parametrize(("here", "there"), ORDERS)
async def test_an_export_brings_nothing_again_under_another_id(
    here: Fill, there: Fill, manager: DatabaseManager, tmp_path: Path
) -> None:
    await here(manager, tmp_path)
    file = await exported(there, tmp_path)
    for _ in range(2):
        report = await import_files(manager, [file])
        assert report.by_table.get("events", 0) == 0
        assert await counted(manager) == ONCE


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("alone", [True, False])
async def test_both_in_one_import_and_on_to_another_provider(
    order: tuple[Fill, Fill],
    manager: DatabaseManager,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    alone: bool,
) -> None:
    if alone:
        monkeypatch.setattr(parsing_process, "_LARGE", 1)
        monkeypatch.setattr(parsing_process, "_processors", lambda: 2)
    await import_files(manager, [await exported(fill, tmp_path) for fill in order])
    assert await counted(manager) == ONCE
    async with get_sqlite_manager(":memory:") as other:
        await copy_items(manager, other)
        assert await counted(other) == ONCE
        await import_files(other, [await exported(fill, tmp_path) for fill in order])
        assert await counted(other) == ONCE


@pytest.mark.parametrize(("here", "there"), ORDERS)
async def test_a_migration_brings_nothing_again_either(
    here: Fill, there: Fill, manager: DatabaseManager, tmp_path: Path
) -> None:
    await here(manager, tmp_path)
    async with get_sqlite_manager(":memory:") as origin:
        await there(origin, tmp_path)
        for _ in range(2):
            await copy_items(origin, manager)
            assert await counted(manager) == ONCE


async def test_what_only_looks_alike_comes_with_the_export(manager: DatabaseManager, tmp_path: Path) -> None:
    await import_files(
        manager, [write(tmp_path / "e.json", a_push(700, "2" * 40), an_event(3, created_at="2024-03-05T13:30:00Z"))]
    )
    await import_files(manager, [await exported(from_webhooks, tmp_path)])
    assert await counted(manager) == ONCE | {"PushEvent": 2, "WatchEvent": 2}


async def test_deliveries_that_an_export_brought_are_known_to_an_archive(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    await import_files(manager, [await exported(from_webhooks, tmp_path)])
    await import_files(manager, [write(tmp_path / "events.json", *EVENTS)])
    assert await counted(manager) == ONCE
    await deliver(manager, "watch", action="started")
    assert await counted(manager) == ONCE


async def test_a_push_that_activity_told_of_is_not_imported_again(manager: DatabaseManager, tmp_path: Path) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    world.hello.events = [event(n, "WatchEvent", f"fan{n}", NOW, {"action": "started"}) for n in range(1000, 1300)]
    at, head = iso(NOW - timedelta(days=3)), "b" * 40
    pushed = {"id": 1, "ref": "refs/heads/dev", "before": "a" * 40, "after": head, "timestamp": at}
    world.hello.activity = [{**pushed, "activity_type": "push", "actor": {"login": "ada"}}]
    await world.collector.collect(["octo/hello"])
    window = (iso(NOW - timedelta(days=9)), iso(NOW))
    assert (await manager.events.count_by_type("octo/hello", *window))["PushEvent"] == 1
    payload = {"ref": "refs/heads/dev", "head": head, "before": "a" * 40}
    same = an_event(1, "PushEvent", payload=payload, created_at=at, actor={"id": 1, "login": "ada"})
    same["repo"]["id"] = 7
    await import_files(manager, [write(tmp_path / "events.json", same)])
    assert (await manager.events.count_by_type("octo/hello", *window))["PushEvent"] == 1
