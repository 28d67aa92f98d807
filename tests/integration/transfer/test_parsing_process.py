"""A large file is parsed in a process of its own: the same import, and nothing left behind however it ends."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.errors import DataFileError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.transfer import ImportReport, export_items, import_files, parsing_process
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


async def imported(path: Path, repos: Sequence[str] | None = None) -> tuple[ImportReport, list[TableItem]]:
    async with get_sqlite_manager(":memory:") as manager:
        return await import_files(manager, [path], repos=repos), await stored(manager)


@pytest.mark.parametrize("repos", [None, ["octo/hello"]])
async def test_an_import_of_events_is_the_same(
    tmp_path: Path, elsewhere: list[int], monkeypatch: pytest.MonkeyPatch, repos: list[str] | None
) -> None:
    path = write(tmp_path / HOUR_FILE, *LINES)
    beside = await imported(path, repos)
    assert len(elsewhere) == 1
    assert not is_there(elsewhere[0])
    monkeypatch.setattr(parsing_process, "_processors", lambda: 1)
    assert await imported(path, repos) == beside
    assert len(elsewhere) == 1
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
    beside = await imported(path, repos)
    assert len(elsewhere) == 1
    assert beside[1] == whole if repos is None else 0 < len(beside[1]) < len(whole)
    monkeypatch.setattr(parsing_process, "_processors", lambda: 1)
    assert await imported(path, repos) == beside
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
    assert not is_there(elsewhere[0])


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
    assert not is_there(elsewhere[0])
