"""A plain copy holds what was stored before it was idle; a file that goes away under its owner is missed at once."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from github_events_monitor.errors import DatabaseError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager

EVENT = {"id": "1", "event_type": "PushEvent", "repo_name": "octo/hello"}


async def until_idle(manager: SQLiteManager) -> None:
    """The timer went off and the writer has done what it was given."""
    due = manager.connection._due
    assert due is not None
    went_off = asyncio.Event()
    asyncio.get_running_loop().call_at(due.when(), went_off.set)  # timers of one moment go off in their order
    await went_off.wait()
    await manager.connection._workers[0].run(lambda db: None)


async def test_a_plain_copy_of_an_idle_database_holds_what_was_stored(tmp_path: Path) -> None:
    path, copy = tmp_path / "events.db", tmp_path / "copy.db"
    manager = SQLiteManager(str(path))
    manager.connection._idle = 0
    async with manager:
        await manager.events.insert_events([EVENT])
        await until_idle(manager)
        shutil.copy(path, copy)
    async with get_sqlite_manager(str(copy)) as copied:
        assert len(await copied.events.get_events_by_type("PushEvent")) == 1


async def read(manager: SQLiteManager) -> object:
    return await manager.events.get_events_by_type("PushEvent")


async def write(manager: SQLiteManager) -> object:
    return await manager.events.insert_events([EVENT])


@pytest.mark.parametrize("work", [read, write])
@pytest.mark.parametrize("names", [("", "-wal", "-shm"), ("",), ("-wal",)])
async def test_a_file_removed_while_in_use_is_said_and_what_is_put_there_is_served(
    work: Callable[[SQLiteManager], Awaitable[object]], names: tuple[str, ...], tmp_path: Path
) -> None:
    path, copy = tmp_path / "events.db", tmp_path / "copy.db"
    async with SQLiteManager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
        await manager.backup(copy)
        for name in names:
            os.unlink(f"{path}{name}")
        with pytest.raises(DatabaseError, match="was removed or replaced while it was in use") as caught:
            await work(manager)
        assert caught.value.message.count("\n") == 0
        if "" in names:
            assert (await manager.health_check())["status"] == "unhealthy"
            with pytest.raises(DatabaseError, match="was removed"):
                await work(manager)
            assert not path.exists()  # an empty one would look healthy
            copy.rename(path)
        assert len(await manager.events.get_events_by_type("PushEvent")) == 1
        assert (await manager.health_check())["status"] == "healthy"


@pytest.mark.parametrize("stored", ["CAST(x'22736563726574ff22' AS TEXT)", "'{\"secret\": '", "x'28b52ffd00'", "'[1]'"])
async def test_a_row_that_cannot_be_read_is_one_sentence_without_it(stored: str, tmp_path: Path) -> None:
    async with SQLiteManager(str(tmp_path / "events.db")) as manager:
        await manager.events.insert_events([{**EVENT, "payload": {"a": 1}}])
        await manager.connection.write(lambda db: db.execute(f"UPDATE events SET payload = {stored}") and None)
        if stored == "'[1]'":  # sound JSON of another shape is what a payload may be
            assert await read(manager)
            return
        with pytest.raises(DatabaseError, match=r"damaged: .*see github-events-monitor database check") as caught:
            await read(manager)
        assert "secret" not in caught.value.message
