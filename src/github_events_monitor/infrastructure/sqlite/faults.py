"""SQLite's and the file system's errors -> one sentence of ours. The only place where they are read.

Result codes: https://www.sqlite.org/rescode.html
"""

import errno
import sqlite3
from json import JSONDecodeError

import msgspec
import zstandard

from ...errors import DatabaseError, DatabaseUnreachable, InvalidInput, MonitorError, SchemaMismatch, UnusablePath

_LOCKED = "{path} is locked by another process; try again when that has finished"
_FULL = "the disk of {path} is full; what was stored before is intact: make room and try again"
DAMAGED = (
    "{path} is damaged: see github-events-monitor database check; restore a backup, or export what can be read and"
    " move the file away"
)
_SENTENCES: tuple[tuple[str, type[DatabaseError], str], ...] = (
    ("SQLITE_BUSY", DatabaseUnreachable, _LOCKED),
    ("SQLITE_LOCKED", DatabaseUnreachable, _LOCKED),
    ("SQLITE_PROTOCOL", DatabaseUnreachable, _LOCKED),
    ("SQLITE_FULL", DatabaseError, _FULL),
    ("SQLITE_IOERR_SHMSIZE", DatabaseError, _FULL),  # no room for the index of the log, which reading needs too
    (
        "SQLITE_READONLY",
        DatabaseError,
        "{path} is read-only; allow writing to the file and its folder, or set DATABASE_PATH",
    ),
    (
        "SQLITE_CANTOPEN",
        DatabaseUnreachable,
        "{path} cannot be opened; check that the folder exists and may be written to",
    ),
    (
        "SQLITE_NOTADB",
        SchemaMismatch,
        "{path} is not an SQLite database; it was left as it is: choose another DATABASE_PATH",
    ),
    ("SQLITE_CORRUPT", DatabaseError, DAMAGED),
    ("SQLITE_IOERR", DatabaseError, "{path} cannot be read or written ({error}); check the disk"),
)

_NO_PLACE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP})
"""Of the file system's errors: nothing can be there, for any program at any time."""

_UNREADABLE = (zstandard.ZstdError, msgspec.MsgspecError, JSONDecodeError, UnicodeDecodeError)
"""What decoding a stored row raises; the messages quote the row and are not passed on."""

TRANSLATED = (sqlite3.Error, *_UNREADABLE, UnicodeEncodeError, OverflowError)
"""What work on a connection may raise besides errors of ours."""


def translate(error: Exception, path: str) -> MonitorError:
    """Return the error to raise for one that SQLite, its Python module or the file system raised."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput("a text to store is not valid Unicode (it holds a lone surrogate)")
    if isinstance(error, OverflowError):
        return InvalidInput("a number to store is beyond 64 bits")
    if isinstance(error, OSError):
        kind = UnusablePath if error.errno in _NO_PLACE else DatabaseError
        return kind(f"{path} cannot be used: {error.strerror or error}; choose another DATABASE_PATH")
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, path)
    return DatabaseError(DAMAGED.format(path=path))


def is_damage(error: Exception) -> bool:
    """Return whether an error says that the file itself is damaged, and not one row in it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _of_sqlite(error: sqlite3.Error, path: str) -> DatabaseError:
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefix, kind, sentence in _SENTENCES:
        if name.startswith(prefix):
            return kind(sentence.format(path=path, error=error))
    if not name:  # raised by the module itself, as for text that is not UTF-8, which it quotes
        return DatabaseError(DAMAGED.format(path=path))
    return DatabaseError(f"{path}: {error}")
