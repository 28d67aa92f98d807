"""The program as a process of its own, which faults can be made to happen to, and the database that it leaves."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from github_events_monitor.infrastructure.database_interface import TABLES
from github_events_monitor.settings import Settings

PROGRAM = [sys.executable, "-m", "github_events_monitor"]

# A lease outlives who held it: here for one second, so that the next one after a kill need not wait for twenty.
HASTY = [
    sys.executable,
    "-c",
    "from datetime import timedelta\n"
    "from github_events_monitor.collecting import leases\n"
    "leases.LIFETIME, leases.HEARTBEAT = timedelta(seconds=1), 0.3\n"
    "from github_events_monitor.cli import main\n"
    "raise SystemExit(main())",
]

Process = subprocess.Popen[bytes]


class Ended(NamedTuple):
    code: int
    out: bytes
    err: bytes


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """This process's, without any setting of a developer, with the database in a folder and nothing beyond loopback."""
    ours = {*(name.upper() for name in Settings.model_fields), "AWS_DEFAULT_REGION"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    named = {"DATABASE_PATH": str(folder / "events.db"), "GITHUB_API_URL": "http://127.0.0.1:9", "POLL_INTERVAL": "0"}
    return kept | named | variables


def start(command: list[str], *arguments: str, env: Mapping[str, str], cwd: Path, stdin: Any = None) -> Process:
    """Begin; the caller ends or waits for it."""
    return subprocess.Popen(
        [*command, *arguments],
        env=dict(env),
        cwd=cwd,
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(*arguments: str, env: Mapping[str, str], cwd: Path, command: list[str] = PROGRAM, within: float = 60) -> Ended:
    """Run it to its end."""
    return finish(start(command, *arguments, env=env, cwd=cwd), within)


def finish(process: Process, within: float = 60) -> Ended:
    """Wait for its end; one that does not come in time is a failure, and is brought about."""
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


def kill_after(process: Process, seconds: float) -> bool:
    """Kill -9 after so long; return whether it was still at work."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


Contents = dict[str, frozenset[tuple[Any, ...]]]


def contents(path: Path) -> Contents:
    """Every row of the data tables, none without a file. Fails where the file is damaged or contradicts itself."""
    if not path.exists():
        return dict.fromkeys(TABLES, frozenset())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'events'").fetchone():
            return dict.fromkeys(TABLES, frozenset())
        rows = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
        rolled_up = db.execute("SELECT coalesce(sum(events), 0) FROM _daily").fetchone()[0]
    counted = len([row for row in rows["events"] if row[2] is not None])
    assert rolled_up == counted
    shas = [(row[1], row[0]) for row in rows["commits"]]
    assert len(shas) == len(set(shas))
    return {table: frozenset(found) for table, found in rows.items()}


def keys(found: Contents, table: str, width: int = 1) -> set[tuple[Any, ...]]:
    """The first columns of a table's rows."""
    return {row[:width] for row in found[table]}
