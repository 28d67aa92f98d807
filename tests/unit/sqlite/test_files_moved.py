"""A plain copy holds what was stored before it was idle; a file that goes away under its owner is missed at once."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from github_events_monitor.errors import DatabaseError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.sqlite.faults import DAMAGED
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager

from ...integration.contract.builders import REPO, batch

FROM, TO = "2026-11-20T12:00:00Z", "2026-11-20T12:10:00Z"
EVENT = {"id": "1", "event_type": "PushEvent", "repo_name": "octo/hello"}


async def until_idle(manager: SQLiteManager) -> None:
    """The timer, where there is one, went off, and the writer has done what it was given."""
    if (due := manager.connection._due) is not None:
        went_off = asyncio.Event()
        asyncio.get_running_loop().call_at(due.when(), went_off.set)  # timers of one moment go off in their order
        async with asyncio.timeout(30):
            await went_off.wait()
    await manager.connection._workers[0].run(lambda db: None)


async def copied(manager: SQLiteManager, copy: Path) -> set[str]:
    """Ids of the events in a plain copy, made when the writer has done what it was given."""
    await manager.connection._workers[0].run(lambda db: None)
    shutil.copy(manager.connection.path, copy)
    async with get_sqlite_manager(str(copy)) as opened:
        return {event["id"] for event in await opened.events.get_events_by_type("PushEvent")}


async def test_a_plain_copy_holds_what_was_stored_after_a_pause(tmp_path: Path) -> None:
    manager = SQLiteManager(str(tmp_path / "events.db"))
    manager.connection._idle = 3_600
    async with manager:
        assert await manager.collector_state.acquire_lease("octo/hello", "us", FROM, TO)  # nothing that is missed
        await manager.events.insert_events([EVENT])
        assert await copied(manager, tmp_path / "copy.db") == {"1"}


async def test_a_plain_copy_of_an_idle_database_holds_what_was_stored(tmp_path: Path) -> None:
    manager = SQLiteManager(str(tmp_path / "events.db"))
    async with manager:
        await manager.events.insert_events([EVENT])
        await manager.events.insert_events([EVENT | {"id": "2"}])
        await until_idle(manager)
        assert await copied(manager, tmp_path / "copy.db") == {"1", "2"}


async def test_a_plain_copy_under_steady_writing_lacks_moments_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("github_events_monitor.infrastructure.sqlite.connection.LATEST", 0.05)
    manager = SQLiteManager(str(tmp_path / "events.db"))
    manager.connection._idle = 3_600
    async with manager:
        for number in range(3):
            await manager.events.insert_events([EVENT | {"id": str(number)}])
        await until_idle(manager)
        assert await copied(manager, tmp_path / "copy.db") == {"0", "1", "2"}


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


@pytest.mark.parametrize("left", [0, 50, 4_096, 8_192, 20_000])
async def test_a_file_cut_while_in_use_is_said_by_health_without_any_question(left: int, tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    manager = SQLiteManager(str(path))
    manager.connection._idle = 0
    async with manager:
        await manager.events.insert_events([EVENT])
        assert (await manager.health_check())[
            "status"
        ] == "healthy"  # while the file is shorter than what is in its log
        await until_idle(manager)
        assert (await manager.health_check())["status"] == "healthy"
        os.truncate(path, left)
        found = await manager.health_check()
    assert (found["status"], found["error"]) == ("unhealthy", DAMAGED.format(path=path))


async def test_damage_that_a_question_met_is_said_by_health_until_the_file_is_opened_anew(tmp_path: Path) -> None:
    path, copy = tmp_path / "events.db", tmp_path / "copy.db"
    async with SQLiteManager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
        await manager.backup(copy)
        root = "SELECT rootpage FROM sqlite_schema WHERE name = 'events_type'"
        page = await manager.connection.read(lambda db: int(db.execute(root).fetchone()[0]))
    data = bytearray(path.read_bytes())
    data[8_192 * (page - 1) : 8_192 * page] = bytes(8_192)
    path.write_bytes(data)
    async with SQLiteManager(str(path)) as manager:
        with pytest.raises(DatabaseError, match="is damaged"):
            await read(manager)
        assert (await manager.health_check())["error"] == DAMAGED.format(path=path)
        await manager.close()
        shutil.copy(copy, path)
        assert (await manager.health_check())["status"] == "healthy"


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE events SET created_at = x'99'",
        "UPDATE events SET actor_login = x'00'",
        "UPDATE commits SET message = x'00'",
        "UPDATE commits SET additions = 'many'",
        "UPDATE events SET number = 'x'",
    ],
)
async def test_a_row_of_another_shape_is_damage(harm: str, tmp_path: Path) -> None:
    """Pages may come to stand in another one's place."""
    async with SQLiteManager(str(tmp_path / "events.db")) as manager:
        await manager.import_events(batch().events, batch().commits)
        await manager.connection.write(lambda db: db.execute(harm) and None)

        async def read_all() -> None:
            await manager.events.get_events_by_type("WatchEvent")
            await manager.commits.get_commits(REPO, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", limit=50)

        with pytest.raises(DatabaseError, match="is damaged"):
            await read_all()
