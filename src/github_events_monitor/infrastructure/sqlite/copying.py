"""A copy of the file while others use it, and a check of it; neither makes or changes the file.

Implementation notes
- The copy is one step of SQLite's backup on a connection of its own: a snapshot, beside which WAL lets others write
  (https://www.sqlite.org/backup.html).
- What SQLite says about damage names tables, indexes and pages, never what rows hold.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import DatabaseError, InvalidInput, MonitorError
from ...private_file import new_private_file
from ..database_interface import TABLES
from . import schema
from .faults import TRANSLATED, translate
from .opening import MEMORY

_PROBLEMS_SHOWN = 20


def back_up(path: str, target: Path, *, replace: bool) -> int:
    """See `DatabaseManager.backup`."""
    with _opened(path) as source:
        schema.version_of(source, path)
        if Path(path).resolve() == target.resolve():
            raise InvalidInput(f"{target} is the database itself; name another file")
        with new_private_file(target, replace=replace) as partial:
            _copy(source, partial, target)
            return partial.stat().st_size


def _copy(source: sqlite3.Connection, partial: Path, target: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()  # one file, with none beside it
            sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.Error as error:
        raise translate(error, str(target)) from error
    if not sound:
        raise DatabaseError(
            f"{target} was not written, because the database is damaged: see github-events-monitor database check"
        )


def check(path: str) -> dict[str, Any]:
    """See `DatabaseManager.check`."""
    found: dict[str, Any] = {"provider": "sqlite", "database_path": path, "schema_version": None, "tables": {}}
    try:
        with _opened(path) as db:
            found["schema_version"] = schema.version_of(db, path)
            missing = [table for table in TABLES if table not in schema.present(db)]
            problems = [f"table {table} is missing; run github-events-monitor database create" for table in missing]
            for table in TABLES:
                found["tables"][table] = _counted(db, table, missing=table in missing)
            said = [str(text) for (text,) in db.execute(f"PRAGMA integrity_check({_PROBLEMS_SHOWN})")]
    except MonitorError as error:
        return found | {"problems": [error.message]}
    return found | {"problems": problems + [_in_short(text) for text in said if text != "ok"]}


def _counted(db: sqlite3.Connection, table: str, *, missing: bool) -> dict[str, Any]:
    if missing:
        return {"status": "missing", "items": None}
    try:
        return {"status": "active", "items": db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]}
    except sqlite3.DatabaseError:  # `integrity_check` says what is wrong
        return {"status": "damaged", "items": None}


def _in_short(text: str) -> str:
    return " ".join(text.split())[:200]


@contextlib.contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that reads alone. Raises what `translate` makes of SQLite's errors."""
    if path == MEMORY:
        raise InvalidInput("a database in memory is no file; set DATABASE_PATH")
    try:
        uri = f"{Path(path).resolve().as_uri()}?mode=rw"  # a log that a crash left behind is read by who may write
        with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
            db.execute("PRAGMA query_only=ON").fetchall()
            yield db
    except TRANSLATED as error:
        raise translate(error, path) from error
