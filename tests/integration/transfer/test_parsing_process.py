"""A large file is parsed in processes of its own: the same import, and nothing left behind however it ends."""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from github_events_monitor.errors import DataFileError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.infrastructure.sqlite.bulk import RowEncoder
from github_events_monitor.transfer import ImportReport, export_items, import_files, parsing_process
from github_events_monitor.transfer.archive import Wanted
from github_events_monitor.transfer.files import DataFile
from github_events_monitor.transfer.kinds import Kind
from tests.unit.transfer.records import a_push, an_event, write

LINES = [
    *(a_push(number, f"{number:040x}") if number % 3 else an_event(number % 1500) for number in range(700)),
    b'{"broken":',
    *(an_event(number % 1500, repo="other/thing") for number in range(701, 2_500)),
]
HOUR_FILE = "2024-03-05-14.json.gz"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every file counts as large; the processes that were started."""
    started: list[int] = []
    popen = subprocess.Popen

    def start(*args: Any, **options: Any) -> Any:
        process = popen(*args, **options)
        assert sum(map(is_there, started)) < parsing_process._processors(), "no more processes than processors"
        started.append(process.pid)
        return process

    monkeypatch.setattr(parsing_process, "_LARGE", 0)
    monkeypatch.setattr(parsing_process, "_processors", lambda: 2)
    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def stored(manager: DatabaseManager) -> list[TableItem]:
    return [item async for item in manager.read_items()]


async def imported(*paths: Path, repos: Sequence[str] | None = None) -> tuple[ImportReport, list[TableItem]]:
    async with get_sqlite_manager(":memory:") as manager:
        return await import_files(manager, paths, repos=repos), await stored(manager)


def hours(folder: Path) -> list[Path]:
    """Four hours about the same repositories and one small file among them."""
    lines = [
        [an_event(1500 * hour + number, repo=f"octo/{'hello' if number % 3 else 'bye'}") for number in range(1_500)]
        for hour in range(5)
    ]
    names = [f"2024-03-05-{14 + hour}.json" for hour in range(5)]
    return [write(folder / name, *some) for name, some in zip(names, lines, strict=True)]


def listeners() -> list[threading.Thread]:
    """Threads that wait for what a process says."""
    return [one for one in threading.enumerate() if "_listen" in one.name]


def nothing_is_left(started: Sequence[int]) -> bool:
    return not any(is_there(pid) for pid in started) and not listeners()


@pytest.mark.parametrize("repos", [None, ["octo/hello"]])
async def test_an_import_of_events_is_the_same(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch, repos: list[str] | None
) -> None:
    path = write(tmp_path / HOUR_FILE, *LINES)
    beside = await imported(path, repos=repos)
    assert len(elsewhere) == 2
    assert nothing_is_left(elsewhere)
    monkeypatch.setattr(parsing_process, "_processors", lambda: 1)
    assert await imported(path, repos=repos) == beside
    assert len(elsewhere) == 2
    assert (beside[0].broken, beside[0].broken_lines[0].line) == (1, 701)


@pytest.mark.parametrize("repos", [None, ["octo/hello"]])
async def test_an_import_of_an_export_is_the_same(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch, repos: list[str] | None
) -> None:
    archive, path = write(tmp_path / HOUR_FILE, *LINES), tmp_path / "export.json"
    async with get_sqlite_manager(":memory:") as manager:
        await import_files(manager, [archive])
        with path.open("wb") as out:
            await export_items(manager, out)
        whole = await stored(manager)
    elsewhere.clear()
    beside = await imported(path, repos=repos)
    assert len(elsewhere) == 1
    assert beside[1] == whole if repos is None else 0 < len(beside[1]) < len(whole)
    monkeypatch.setattr(parsing_process, "_processors", lambda: 1)
    assert await imported(path, repos=repos) == beside
    assert len(elsewhere) == 1


async def test_an_export_that_was_altered_is_refused(tmp_path: Path, elsewhere: list[int]) -> None:
    path = tmp_path / "export.json"
    async with get_sqlite_manager(":memory:") as manager:
        await import_files(manager, [write(tmp_path / HOUR_FILE, *LINES)])
        with path.open("wb") as out:
            await export_items(manager, out)
    path.write_bytes(path.read_bytes().replace(b"octo/hello", b"octo/jello", 1))
    async with get_sqlite_manager(":memory:") as manager:
        with pytest.raises(
            DataFileError, match=r"was altered: its items do not fit .*; [\d,]+ of its items had already"
        ):
            await import_files(manager, [path])


async def test_progress_reaches_the_end_of_the_file(tmp_path: Path, elsewhere: list[int]) -> None:
    path, told = write(tmp_path / HOUR_FILE, *LINES), []

    async def progress(done: int, total: int | None, message: str) -> None:
        told.append((done, total, message))

    async with get_sqlite_manager(":memory:") as manager:
        await import_files(manager, [path], progress=progress)
    size = path.stat().st_size
    assert told[-1] == (size, size, str(path))


async def test_what_comes_before_the_damage_is_stored(tmp_path: Path, elsewhere: list[int]) -> None:
    path = write(tmp_path / HOUR_FILE, *LINES)
    path.write_bytes(path.read_bytes()[:-5])
    async with get_sqlite_manager(":memory:") as manager:
        with pytest.raises(DataFileError, match=r"is cut: .*; [\d,]+ of its items had already been stored"):
            await import_files(manager, [path])
        assert len(await stored(manager)) > 1_000
    assert nothing_is_left(elsewhere)


async def test_a_process_that_dies_is_an_error_and_the_import_can_be_run_again(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / HOUR_FILE, *LINES)
    receive = parsing_process._Child._receive

    def receive_from_the_dead(process: parsing_process._Child) -> object:
        os.kill(elsewhere[-1], signal.SIGKILL)
        return receive(process)

    monkeypatch.setattr(parsing_process._Child, "_receive", receive_from_the_dead)
    async with get_sqlite_manager(":memory:") as manager:
        with pytest.raises(DataFileError, match=r"was not read to its end: .*\(-9\)"):
            await import_files(manager, [path])
        monkeypatch.undo()
        await import_files(manager, [path])
        assert await stored(manager) == (await imported(path))[1]


async def test_a_cancelled_import_ends_the_process(tmp_path: Path, elsewhere: list[int]) -> None:
    path = write(tmp_path / "events.json", *LINES)
    async with get_sqlite_manager(":memory:") as manager:
        task = asyncio.create_task(import_files(manager, [path]))
        while not elsewhere:  # noqa: ASYNC110 - the process starts inside the call
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)
        assert await stored(manager) == []
    assert nothing_is_left(elsewhere)


async def test_several_files_bring_what_they_bring_one_by_one(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = hours(tmp_path)
    paths.insert(2, write(tmp_path / "empty.json"))
    told: list[tuple[int, str]] = []

    async def progress(done: int, total: int | None, message: str) -> None:
        told.append((done, message))

    async with get_sqlite_manager(":memory:") as manager:
        beside = await import_files(manager, paths, progress=progress), await stored(manager)
    assert (len(elsewhere), beside[0].read, beside[0].empty) == (10, 7_500, (str(paths[2]),))
    assert nothing_is_left(elsewhere)
    assert told == sorted(told)
    assert told[0][0] == paths[0].stat().st_size
    monkeypatch.setattr(parsing_process, "_processors", lambda: 1)
    assert await imported(*paths) == beside
    assert len(elsewhere) == 10


async def test_a_damaged_file_counts_when_its_turn_comes(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = hours(tmp_path)
    paths[1] = write(tmp_path / HOUR_FILE, *LINES)
    paths[1].write_bytes(paths[1].read_bytes()[:-5])
    outcomes = []
    for processors in (2, 1):
        monkeypatch.setattr(parsing_process, "_processors", lambda n=processors: n)
        async with get_sqlite_manager(":memory:") as manager:
            with pytest.raises(DataFileError, match=r"is cut: .*, 3 more files were not read") as refusal:
                await import_files(manager, paths)
            outcomes.append((str(refusal.value), await stored(manager)))
    assert outcomes[0] == outcomes[1]
    assert nothing_is_left(elsewhere)


async def test_a_cancelled_import_ends_the_processes_of_later_files(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = hours(tmp_path)

    async def progress(done: int, total: int | None, message: str) -> None:
        task.cancel()

    monkeypatch.setattr(parsing_process, "_processors", lambda: 4)
    async with get_sqlite_manager(":memory:") as manager:
        task = asyncio.create_task(import_files(manager, paths, progress=progress))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)
    assert len(elsewhere) == 4
    assert nothing_is_left(elsewhere)


async def test_when_no_second_process_is_to_be_had_the_files_follow_one_another(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, popen = hours(tmp_path), subprocess.Popen

    def start(*args: Any, **options: Any) -> Any:
        if any(is_there(pid) for pid in elsewhere):
            raise BlockingIOError("Resource temporarily unavailable")
        return popen(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    report, _ = await imported(*paths)
    assert (report.stored, len(elsewhere)) == (7_500, 5)


@pytest.mark.parametrize("which", [1, 3])
async def test_where_no_process_can_be_started_files_are_parsed_here(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    paths, popen, asked = [*hours(tmp_path), write(tmp_path / HOUR_FILE, *LINES)], subprocess.Popen, []
    monkeypatch.setattr(parsing_process, "_processors", lambda: 1)
    whole = await imported(*paths)

    def start(*args: Any, **options: Any) -> Any:
        asked.append(1)
        if len(asked) % which == 0:
            raise BlockingIOError("Resource temporarily unavailable")
        return popen(*args, **options)

    monkeypatch.setattr(parsing_process, "_processors", lambda: 2)
    monkeypatch.setattr(subprocess, "Popen", start)
    assert await imported(*paths) == whole
    assert len(asked) >= len(paths)
    assert nothing_is_left(elsewhere)


def test_what_is_held_of_a_file_has_a_bound(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, frames, full = parsing_process._read, [], threading.Semaphore(0)

    def count(pipe: IO[bytes]) -> bytes | None:
        frames.append(read(pipe))
        return frames[-1]

    class Room(threading.Semaphore):
        def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
            has_room = super().acquire(blocking=False)
            if not has_room:
                full.release()
            return has_room or super().acquire(blocking, timeout)

    monkeypatch.setattr(parsing_process, "_read", count)
    monkeypatch.setattr(parsing_process, "Semaphore", Room)
    path = write(tmp_path / "events.json", *(an_event(number) for number in range(60_000)))
    file = DataFile(path.name, path)
    parsers = parsing_process.Parsers({file: Kind.EVENT_LINES}, Wanted(), RowEncoder)
    with parsers:
        assert parsers.begin(file)
        with parsers.batches(file) as batches:
            assert all(full.acquire(timeout=60) for _ in elsewhere)
            assert len(frames) == len(elsewhere) * parsing_process._AHEAD
            assert sum(batch.read for batch in batches) == 60_000
    assert len(frames) > len(elsewhere) * parsing_process._AHEAD
    assert nothing_is_left(elsewhere)


async def test_where_no_thread_can_be_started_the_one_that_writes_parses(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    path = write(tmp_path / HOUR_FILE, *LINES)
    whole = await imported(path)
    monkeypatch.setattr(parsing_process, "Thread", NoThread)
    assert await imported(path) == whole
    assert nothing_is_left(elsewhere)
