"""kill -9 in the middle: run the same again, and the result is as if nothing had happened."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import github_events_monitor
from github_events_monitor.errors import DataFileError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.transfer import import_files
from tests.unit.transfer.records import a_push, an_event, write

# Small batches, so that there are many moments to be killed at. The timer starts once everything is imported.
CHILD = """
import asyncio, os, pathlib, signal, sys, threading
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.transfer import archive, export_file, import_export, migrating
from github_events_monitor.transfer import copy_items, export_items, import_files

delay, step, source, target = sys.argv[1:]
archive._BATCH_LINES = import_export._BATCH_ITEMS = migrating._BATCH_ITEMS = 200
export_file._BATCH_BYTES = 2000

async def main():
    if step == "import":
        async with SQLiteManager(target) as manager:
            await import_files(manager, [source])
    elif step == "export":
        async with SQLiteManager(source) as manager:
            with open(target, "wb") as out:
                await export_items(manager, out)
    else:
        async with SQLiteManager(source) as origin, SQLiteManager(target) as destination:
            await copy_items(origin, destination)

if float(delay):
    killer = threading.Timer(float(delay), os.kill, (os.getpid(), signal.SIGKILL))
    killer.daemon = True
    killer.start()
asyncio.run(main())
"""
DELAYS = (0.02, 0.05, 0.1, 0.17, 0.28)


def run(delay: float, step: str, source: Path, target: Path) -> int:
    package = Path(github_events_monitor.__file__).parents[1]
    command = [sys.executable, "-c", CHILD, str(delay), step, str(source), str(target)]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(package)}, check=False).returncode


def killed_some_times(step: str, source: Path, target: Path) -> None:
    """Killed at several moments, then left to end; every time what is there has to be usable."""
    endings = [run(delay, step, source, target) for delay in DELAYS]
    assert -9 in endings
    assert run(0, step, source, target) == 0


def sound(path: Path) -> bool:
    with sqlite3.connect(path) as db:
        found = db.execute("PRAGMA integrity_check").fetchall()
    db.close()
    return found == [("ok",)]


def export_lines(database: Path, target: Path) -> list[bytes]:
    assert run(0, "export", database, target) == 0
    return sorted(target.read_bytes().splitlines()[1:-1])


@pytest.fixture(scope="module")
def archive_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    events = [an_event(number, repo=f"octo/r{number % 37}") for number in range(3000)]
    pushes = [a_push(3000 + number, f"{number:040x}", repo=f"octo/r{number % 41}") for number in range(1500)]
    return write(tmp_path_factory.mktemp("archive") / "2024-03-05-14.json.gz", *events, *pushes)


@pytest.fixture(scope="module")
def undisturbed(archive_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("undisturbed") / "events.db"
    assert run(0, "import", archive_file, path) == 0
    return path


def test_an_import_that_was_killed_is_run_again(archive_file: Path, undisturbed: Path, tmp_path: Path) -> None:
    killed_some_times("import", archive_file, tmp_path / "killed.db")
    assert sound(tmp_path / "killed.db")
    assert export_lines(tmp_path / "killed.db", tmp_path / "a") == export_lines(undisturbed, tmp_path / "b")


def test_a_migration_that_was_killed_is_run_again(undisturbed: Path, tmp_path: Path) -> None:
    killed_some_times("migrate", undisturbed, tmp_path / "killed.db")
    assert sound(tmp_path / "killed.db")
    assert export_lines(tmp_path / "killed.db", tmp_path / "a") == export_lines(undisturbed, tmp_path / "b")


async def test_an_export_that_was_killed_is_not_taken_for_a_whole_one(undisturbed: Path, tmp_path: Path) -> None:
    target = tmp_path / "export.json"
    target.touch()
    ending = next((ending for delay in DELAYS if (ending := run(delay, "export", undisturbed, target))), None)
    assert ending == -9
    async with get_sqlite_manager(str(tmp_path / "copy.db")) as manager:
        with pytest.raises(DataFileError, match=r"cut|empty"):
            await import_files(manager, [target])
        assert run(0, "export", undisturbed, target) == 0
        await import_files(manager, [target])
    assert export_lines(tmp_path / "copy.db", tmp_path / "a") == export_lines(undisturbed, tmp_path / "b")
