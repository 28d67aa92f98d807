"""Locks, full disks, cancelled callers, several processes on one file."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from github_events_monitor.errors import DatabaseError, DatabaseUnreachable, InvalidInput
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.sqlite import connection as connection_module
from github_events_monitor.infrastructure.sqlite import opening
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.records import Commit, CommitRecord, Event, RepositoryState, Stored

START, END = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
A_MINUTE_LATER = "2025-01-01T00:01:00Z"


def events(first: int, count: int, **fields: str) -> list[Event]:
    return [
        Event(
            id=str(number),
            event_type="WatchEvent",
            created_at="2025-03-10T12:00:00Z",
            repo_name=fields.get("repo", "o/r"),
            payload=b'{"text":"' + str(number).encode() * 400 + b'"}',
        )
        for number in range(first, first + count)
    ]


def integrity(path: Path) -> str:
    db = sqlite3.connect(path)
    try:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        db.close()


async def test_another_process_that_holds_the_lock_is_waited_for_then_named(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path), busy_timeout=0.05) as manager:
        await manager.events.insert_events(events(0, 1))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnreachable, match="locked by another process"):
            await manager.events.insert_events(events(1, 1))
        assert await manager.events.count_by_type("o/r", START, END) == {"WatchEvent": 1}
        other.execute("ROLLBACK")
        other.close()
        assert await manager.events.insert_events(events(1, 1)) == 1


async def test_a_lock_that_is_released_in_time_is_not_noticed(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path), busy_timeout=20) as manager:
        await manager.initialize()
        held = threading.Event()
        release = threading.Event()

        def hold() -> None:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            held.set()
            release.wait(10)
            other.execute("ROLLBACK")
            other.close()

        holder = asyncio.create_task(asyncio.to_thread(hold))
        await asyncio.to_thread(held.wait, 10)
        insertion = asyncio.create_task(manager.events.insert_events(events(0, 1)))
        assert await manager.events.get_event("0") is None  # readers are not kept waiting
        release.set()
        assert await insertion == 1
        await holder


async def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        assert await manager.events.insert_events(events(0, 50)) == 50
        pages = await manager.connection.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        await manager.connection.maintain(lambda db: db.execute(f"PRAGMA max_page_count={pages + 2}").fetchone())
        with pytest.raises(DatabaseError, match=r"disk of .* is full"):
            await manager.import_events(events(50, 5000), [])
        assert await manager.events.count_by_type("o/r", START, END) == {"WatchEvent": 50}
        assert (await manager.events.get_trending(START, END, 1))[0].events == 50
        await manager.connection.maintain(lambda db: db.execute("PRAGMA max_page_count=1000000").fetchone())
        assert (await manager.import_events(events(50, 5000), [])).events == 5000
    assert integrity(path) == "ok"


async def test_a_disk_that_is_full_amid_the_commits_of_a_batch_is_told_as_one(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    encoder = SQLiteManager.batch_encoder()
    pushed = [Commit(sha=f"{n:040x}", repo_name="o/r", commit_date=START, message="m" * 900) for n in range(500)]
    encoder.add(events(0, 1)[0], pushed)
    batch = encoder.encode()
    async with get_sqlite_manager(str(path)) as manager:
        await manager.initialize()
        pages = await manager.connection.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        await manager.connection.maintain(lambda db: db.execute(f"PRAGMA max_page_count={pages + 20}").fetchone())
        with pytest.raises(DatabaseError, match=r"disk of .* is full"):
            await manager.import_batches([batch])
        assert await manager.events.get_event("0") is None
        await manager.connection.maintain(lambda db: db.execute("PRAGMA max_page_count=1000000").fetchone())
        assert await manager.import_batches([batch]) == Stored(1, 500)
    assert integrity(path) == "ok"


async def test_a_cancelled_call_leaves_no_transaction_open(tmp_path: Path) -> None:
    async with get_sqlite_manager(str(tmp_path / "events.db")) as manager:
        await manager.initialize()
        for first in range(0, 3000, 300):
            call = asyncio.create_task(manager.events.insert_events(events(first, 300)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert not await manager.connection.maintain(lambda db: db.in_transaction)
        stored = (await manager.events.count_by_type("o/r", START, END)).get("WatchEvent", 0)
        assert stored % 300 == 0
        assert sum(row.events for row in await manager.events.get_trending(START, END, 1)) == stored
        assert await manager.events.insert_events(events(0, 3000)) == 3000 - stored


async def test_a_cancelled_opening_can_be_tried_again(tmp_path: Path) -> None:
    manager = get_sqlite_manager(str(tmp_path / "events.db"))
    opening = asyncio.create_task(manager.initialize())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert await manager.events.insert_events(events(0, 1)) == 1
    await manager.close()


async def test_text_that_no_database_can_hold_is_refused_whole() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        good = Commit(sha="a" * 40, repo_name="o/r", commit_date=START)
        bad = Commit(sha="b" * 40, repo_name="o/r", commit_date=START, message="\ud800")
        huge = Commit(sha="c" * 40, repo_name="o/r", commit_date=START, additions=2**70)
        for wrong in (bad, huge):
            with pytest.raises(InvalidInput):
                await manager.commits.insert_commits([CommitRecord(commit=good), CommitRecord(commit=wrong)])
        assert await manager.commits.get_commit("o/r", "a" * 40) is None


async def test_two_managers_on_one_file_store_each_event_once(tmp_path: Path) -> None:
    path = str(tmp_path / "events.db")
    async with get_sqlite_manager(path, busy_timeout=30) as one, get_sqlite_manager(path, busy_timeout=30) as two:
        counts = await asyncio.gather(
            *(manager.events.insert_events(events(first, 40)) for first in range(0, 400, 20) for manager in (one, two))
        )
        assert sum(counts) == 420
        assert await two.events.count_by_type("o/r", START, END) == {"WatchEvent": 420}
        assert (await one.events.get_trending(START, END, 1))[0].events == 420


async def test_only_one_of_two_managers_gets_the_lease(tmp_path: Path) -> None:
    path = str(tmp_path / "events.db")
    async with get_sqlite_manager(path, busy_timeout=30) as one, get_sqlite_manager(path, busy_timeout=30) as two:
        managers = [one, two] * 5
        leases = await asyncio.gather(
            *(
                manager.collector_state.acquire_lease("o/r", f"owner {n}", START, A_MINUTE_LATER)
                for n, manager in enumerate(managers)
            )
        )
        assert len([lease for lease in leases if lease is not None]) == 1


PROGRAM = """
import asyncio, sys
from {package}.infrastructure.database_factory import get_sqlite_manager

async def main(path, owner):
    manager = get_sqlite_manager(path, busy_timeout=30)
    for first in range(0, 200, 10):
        rows = [{{"id": str(n), "event_type": "WatchEvent", "repo_name": "o/r", "created_at": "2025-03-10T12:00:00Z"}}
                for n in range(first, first + 20)]
        print(await manager.events.insert_events(rows), flush=True)
    await manager.close()

asyncio.run(main(*sys.argv[1:]))
"""


def test_several_processes_start_on_one_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    program = PROGRAM.format(package=get_sqlite_manager.__module__.partition(".infrastructure")[0])
    command = [sys.executable, "-c", program, str(path)]
    running = [
        subprocess.Popen(
            [*command, str(n)], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": ":".join(filter(None, sys.path))}
        )
        for n in range(3)
    ]
    answers = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sum(int(line) for answer in answers for line in answer.split()) == 210
    assert integrity(path) == "ok"


def test_nothing_reported_as_stored_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    program = PROGRAM.format(package=get_sqlite_manager.__module__.partition(".infrastructure")[0])
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path), "x"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(7)]
        process.kill()
        reported += [int(line) for line in process.stdout.read().split()]

    async def count() -> tuple[int, int]:
        async with get_sqlite_manager(str(path)) as manager:
            stored = await manager.events.count_by_type("o/r", START, END)
            return stored["WatchEvent"], (await manager.events.get_trending(START, END, 1))[0].events

    stored, trending = asyncio.run(count())
    assert stored == trending
    assert sum(reported) <= stored <= sum(reported) + 20
    assert integrity(path) == "ok"


async def test_the_log_is_emptied_while_others_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_CHECKPOINT_AT", 200_000)
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        for first in range(0, 4000, 400):
            await manager.events.insert_events(events(first, 400))
            await manager.events.get_activity("o/r", START, END)
        assert (tmp_path / "events.db-wal").stat().st_size < 2_000_000
        assert await manager.events.count_by_type("o/r", START, END) == {"WatchEvent": 4000}


async def test_a_reader_that_stays_does_not_stop_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_CHECKPOINT_AT", 100_000)
    monkeypatch.setattr(opening, "_CHECKPOINT_PATIENCE_MS", 1)
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events(events(0, 10))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (10,)
        for first in range(10, 2010, 500):
            assert await manager.events.insert_events(events(first, 500)) == 500
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (10,)
        reader.close()
        await manager.collector_state.save_states([RepositoryState(repo_name="o/r")])
        assert await manager.events.count_by_type("o/r", START, END) == {"WatchEvent": 2010}
