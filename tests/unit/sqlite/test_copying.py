"""A backup made while others write is a database as it was at one moment, and can be put in the place of the file."""

import asyncio
from pathlib import Path

import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager

PAIRS = 60


def pair(number: int) -> list[dict[str, object]]:
    return [{"id": f"{number}-{half}", "event_type": "PushEvent", "repo_name": "octo/hello"} for half in "ab"]


async def test_a_backup_made_while_another_connection_writes_is_whole_and_restores(tmp_path: Path) -> None:
    path, copy = tmp_path / "events.db", tmp_path / "copy.db"
    async with get_sqlite_manager(str(path)) as writing, get_sqlite_manager(str(path)) as copying:

        async def write() -> None:
            for number in range(PAIRS):
                await writing.events.insert_events(pair(number))

        writer = asyncio.create_task(write())
        sizes = []
        while not writer.done():
            await copying.backup(copy, replace=True)
            async with get_sqlite_manager(str(copy)) as restored:
                sizes.append(len(await restored.events.get_events_by_type("PushEvent")))
                assert (await restored.check())["problems"] == []
        await writer
    assert sizes == sorted(sizes)
    assert all(size % 2 == 0 for size in sizes)  # what one transaction wrote is there as a whole or not at all
    async with get_sqlite_manager(str(path)) as before:
        await before.backup(copy, replace=True)
        await before.events.insert_events(pair(PAIRS))
    for name in ("events.db", "events.db-wal", "events.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    copy.rename(path)
    async with get_sqlite_manager(str(path)) as restored:
        assert len(await restored.events.get_events_by_type("PushEvent")) == 2 * PAIRS
        assert await restored.events.insert_events(pair(PAIRS)) == 2


async def test_the_database_is_never_its_own_backup(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    (tmp_path / "link").symlink_to(path)
    async with get_sqlite_manager(str(path)) as manager:
        for target in (path, tmp_path / "link"):
            with pytest.raises(InvalidInput, match="the database itself"):
                await manager.backup(target, replace=True)
