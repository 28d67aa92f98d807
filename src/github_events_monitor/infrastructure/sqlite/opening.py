"""Opening a file: what must be true of it before it is touched, how it is made, and how a connection is set up.

Everything here runs on a connection's own thread and holds no reference to its owner, so that an owner that
was never closed can be noticed to be gone.
"""

import contextlib
import logging
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import stamina

from ...errors import DatabaseUnreachable, SchemaMismatch, UnusablePath
from ...private_file import make_private, make_private_folders
from . import schema
from .sql import fold
from .worker import in_transaction

logger = logging.getLogger(__name__)

MEMORY = ":memory:"

_WRITER = (
    "foreign_keys=ON",
    "synchronous=FULL",
    "wal_autocheckpoint=0",
    "temp_store=MEMORY",
    "cache_size=-65536",
    "mmap_size=0",
)
_READER = ("query_only=ON", "temp_store=MEMORY", "cache_size=-32768", "mmap_size=0")
_CHECKPOINT_PATIENCE_MS = 250
"""A reader of another process may keep the log in use; then the next transaction tries again."""


class Moved(DatabaseUnreachable):
    """The file that is open has another name by now, or none."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} was removed or replaced while it was in use, and nothing more is stored; put the database back"
            " (github-events-monitor database backup makes copies), or start again without it"
        )


@dataclass(frozen=True)
class Place:
    """Which files are at the paths of a database and of its log; by device and inode, which an open file keeps.

    None: there is to be no such file.
    """

    path: str
    files: tuple[tuple[str, tuple[int, int] | None], ...]
    only_read: bool = False

    @classmethod
    def of(cls, path: str) -> Self:
        """As it is now; the log where there is one."""
        found = ((name, _identity(name)) for name in (path, path + "-wal"))
        return cls(path, tuple((name, which) for name, which in found if which is not None))

    @classmethod
    def to_read(cls, path: str) -> Self:
        """As it is now; where there is no log, none may come: what another program begins to write to changes."""
        return cls(path, tuple((name, _identity(name)) for name in (path, path + "-wal")), only_read=True)

    @property
    def can_be_read_anew(self) -> bool:
        """Whether it is the same database still, which is only read here: what came or went is another's log."""
        name, which = self.files[0]
        return self.only_read and _identity(name) == which

    def check(self) -> None:
        """Raises `Moved` unless they are still the same."""
        if any(_identity(name) != which for name, which in self.files):
            raise Moved(self.path)


def _identity(name: str) -> tuple[int, int] | None:
    try:
        status = os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def is_cut(db: sqlite3.Connection, path: str) -> bool:
    """Return whether the file is shorter than SQLite knows it, which itself may answer from memory.

    While there is something in the log, it may be; that is brought into it soon. The file is not opened for this:
    closing it would end this process's locks on it, and the next program that closes it would take the log away
    (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    """
    if path == MEMORY or _has_log(path):
        return False
    pages, page_size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return bool(os.stat(path).st_size < pages * page_size and not _has_log(path))


def _has_log(path: str) -> bool:
    try:
        return os.stat(path + "-wal").st_size > 0
    except FileNotFoundError:
        return False


def connect(path: str, busy_timeout: float) -> sqlite3.Connection:
    """Return a connection to a file, which is made if need be, or to a database in memory."""
    if path != MEMORY:
        _make_file(Path(path))
    return _connect(path, busy_timeout)


def connect_to_read(path: str, busy_timeout: float) -> sqlite3.Connection:
    """Return a connection that writes nothing, to a file that is there.

    While another program has it open there is a log beside it, which is read, too. Without one nobody writes, and
    SQLite makes no files of its own beside it, which their owner could not write to later:
    https://www.sqlite.org/wal.html#read_only_databases
    """
    in_use = any(os.path.exists(path + suffix) for suffix in ("-wal", "-journal"))
    return _connect(f"{Path(path).absolute().as_uri()}?{'mode=ro' if in_use else 'immutable=1'}", busy_timeout)


def _connect(name: str, busy_timeout: float) -> sqlite3.Connection:
    db = sqlite3.connect(
        name, timeout=busy_timeout, isolation_level=None, cached_statements=256, uri=name.startswith("file:")
    )
    db.create_function("fold", 1, fold, deterministic=True)
    return db


def may_only_be_read(path: str) -> bool:
    """Return whether there is such a file, and it may not be written to."""
    return os.path.isfile(path) and not os.access(path, os.W_OK)


def prepare_writer(db: sqlite3.Connection, path: str, busy_timeout: float) -> frozenset[str]:
    """Set the writer up, bring the tables to the present version, and return which tables were made."""
    version = schema.version_of(db, path)  # before anything that writes: a foreign file stays as it is
    if path != MEMORY:
        _shut_others_out(path)
    if version == 0:
        set_pragmas(db, "page_size=16384", "auto_vacuum=INCREMENTAL")  # only possible while the file is empty
    _use_wal(db, busy_timeout)
    set_pragmas(db, *_WRITER)
    if version == len(schema.MIGRATIONS):
        return frozenset()
    return in_transaction(lambda inner: schema.upgrade(inner, path), "BEGIN IMMEDIATE")(db)


def _shut_others_out(path: str) -> None:
    """Let the owner alone read files of a database that were there before with more rights."""
    for file in (path, f"{path}-wal", f"{path}-shm"):
        with contextlib.suppress(FileNotFoundError):
            if make_private(Path(file)):
                logger.warning("others than its owner could read %s; now they cannot", file)


def prepare_stored(db: sqlite3.Connection, path: str) -> None:
    """Set the only connection to a file up that may not be written to."""
    if schema.version_of(db, path) < len(schema.MIGRATIONS):
        raise SchemaMismatch(
            f"{path} is read-only and was written by an earlier version of github-events-monitor; open it once where "
            "it may be written to"
        )
    prepare_reader(db)


def prepare_reader(db: sqlite3.Connection) -> None:
    """Set a connection up that cannot write."""
    set_pragmas(db, *_READER)


def checkpoint(db: sqlite3.Connection, busy_timeout: float) -> None:
    """Bring the log into the database and empty it, unless it is being read."""
    set_pragmas(db, f"busy_timeout={_CHECKPOINT_PATIENCE_MS}")
    try:
        set_pragmas(db, "wal_checkpoint(TRUNCATE)")
    finally:
        set_pragmas(db, f"busy_timeout={int(busy_timeout * 1000)}")


def set_pragmas(db: sqlite3.Connection, *pragmas: str) -> None:
    """Carry out pragmas: https://www.sqlite.org/pragma.html"""
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}").fetchall()


def _use_wal(db: sqlite3.Connection, busy_timeout: float) -> None:
    """Changing the journal does not wait for other connections by itself."""
    if db.execute("PRAGMA journal_mode").fetchone()[0] in {"wal", "memory"}:
        return
    for attempt in stamina.retry_context(on=_is_locked, timeout=busy_timeout, attempts=None, wait_initial=0.02):
        with attempt:
            set_pragmas(db, "journal_mode=WAL")


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _make_file(path: Path) -> None:
    """The file and its folders, readable by their owner alone (SQLite gives its side files the same permissions)."""
    if path.is_dir():
        raise UnusablePath(f"{path} is a folder; DATABASE_PATH must name a file in it")
    make_private_folders(path.parent)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
