"""Reading and replacing a client's file: whole or not at all, with what it was beside it."""

import contextlib
import os
import stat
import tempfile
from datetime import datetime
from pathlib import Path

from ...errors import DataFileError

_BYTE_ORDER_MARK = "\ufeff"


def read(path: Path) -> bytes:
    """Return what the file holds, nothing where there is none. Raises `DataFileError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise DataFileError(f"{path} cannot be read: {error.strerror or error}") from None


def decode(path: Path, data: bytes) -> tuple[str, str]:
    """Return the byte order mark, which Windows programs like to write, and the text. Raises `DataFileError`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataFileError(f"{path} is not text in UTF-8: line {line}; nothing was changed") from None
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    return mark, text.removeprefix(mark)


def back_up(path: Path, data: bytes, now: datetime) -> Path:
    """Write what the file holds into another beside it, which only its owner can read; return that one's path."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    for attempt in range(1, 1_000):
        backup = path.with_name(f"{path.name}.{stamp}{f'-{attempt}' if attempt > 1 else ''}.bak")
        with contextlib.suppress(FileExistsError):
            with os.fdopen(os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            return backup
    raise DataFileError(f"{path} has a thousand backups of this second beside it; remove some")


def replace(path: Path, before: bytes, after: bytes, *, private: bool) -> None:
    """Replace the whole file at once; a link to it stays one. What others may do with it stays, too, unless `private`.

    Raises:
        DataFileError: The file holds something else than `before` by now.
    """
    real = path.resolve()
    mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o600
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode & 0o700 if private else mode)
        _refuse_change(path, before)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _refuse_change(path: Path, before: bytes) -> None:
    if read(path) != before:
        raise DataFileError(f"{path} was changed by another program just now; run this again")
