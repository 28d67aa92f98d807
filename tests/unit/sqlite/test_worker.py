"""A connection on its own thread: a program that forgot to close it still ends."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

from github_events_monitor.infrastructure.sqlite.worker import Worker

FORGETS = """
import asyncio, sqlite3, sys
from github_events_monitor.infrastructure.sqlite.worker import Worker

async def main() -> Worker:
    worker = Worker(lambda: sqlite3.connect(sys.argv[1]))
    await worker
    await worker.run(lambda db: db.execute("CREATE TABLE kept (id)"))
    return worker

left_open = asyncio.run(main())
"""


async def test_a_program_that_leaves_a_connection_open_ends(tmp_path: Path) -> None:
    program = [sys.executable, "-W", "ignore", "-c", FORGETS, str(tmp_path / "monitor.db")]
    ended = await asyncio.to_thread(subprocess.run, program, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


async def test_closing_waits_for_what_is_queued() -> None:
    worker = Worker(lambda: sqlite3.connect(":memory:"))
    await worker
    under_way = asyncio.create_task(worker.run(lambda db: db.execute("SELECT 1").fetchone()))
    await asyncio.sleep(0)
    await worker.close()
    assert await under_way == (1,)
