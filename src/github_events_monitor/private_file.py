"""Files that their owner alone may read; a new one is whole before it gets its name, and made through no link."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DataFileError, InvalidInput

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folders(folder: Path) -> None:
    """Make a folder and those above it, as far as they are missing, for their owner alone. Raises `OSError`."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def make_private(file: Path | int) -> bool:
    """Take the rights of others from a file of ours, a path or a descriptor; return whether they had any."""
    status = os.stat(file)
    if not status.st_mode & _OTHERS or not hasattr(os, "geteuid") or status.st_uid != os.geteuid():
        return False
    with contextlib.suppress(PermissionError):  # file systems without rights
        os.chmod(file, stat.S_IMODE(status.st_mode) & ~_OTHERS)
    return not os.stat(file).st_mode & _OTHERS


@contextmanager
def new_private_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """Yield an empty file of a random name beside `path`; afterwards it takes that name, unless the work failed.

    A symbolic link at `path` is replaced, never followed, and nothing else of that name is written to.

    Args:
        path: The name that the file is to have.
        replace: Whether a file of that name may be there already; it stays as it was until the new one is whole.

    Raises:
        InvalidInput: The folder cannot be written to, or the name is taken.
        DataFileError: The disk failed, or is full.
    """
    if not replace and os.path.lexists(path):
        raise _taken(path)
    try:
        # O_EXCL and O_NOFOLLOW, for the owner alone: https://docs.python.org/3/library/tempfile.html#tempfile.mkstemp
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written ({error.strerror}); name a file in a writable folder") from None
    partial = Path(name)
    try:
        yield partial
        os.fsync(descriptor)
        _give_name(partial, path, replace=replace)
    except OSError as error:  # some disks are found to be full only at the end
        raise DataFileError(f"{path} cannot be written ({error.strerror}); make room, or name another file") from None
    finally:
        os.close(descriptor)
        partial.unlink(missing_ok=True)


def _give_name(partial: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        with contextlib.suppress(PermissionError, NotImplementedError):  # file systems without hard links
            try:
                path.hardlink_to(partial)  # unlike a renaming, it fails where the name was taken meanwhile
            except FileExistsError:
                raise _taken(path) from None
            return
    partial.replace(path)


def _taken(path: Path) -> InvalidInput:
    return InvalidInput(f"{path} is there already; name another file, or add --force to replace it")
