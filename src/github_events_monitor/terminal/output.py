"""How the program starts and ends: imports, and standard output that fails.

Output fails where the disk is full, the pipe is closed, or there is none. Imports nothing that takes time itself.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..infrastructure.gc_pause import without_garbage_collection


def replace_missing() -> None:
    """Discard output to streams that were closed when the program was started."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - as long as the program


def written(work: Callable[[], int]) -> int:
    """Do what the program does, and return its exit code; output that fails or is missing is dealt with."""
    replace_missing()
    try:
        return exit_code_once_written(work())
    except OSError as error:
        return give_up(error, reported=False)


def exit_code_once_written(code: int) -> int:
    """Return the exit code, or 1 where the output cannot be written to its end: here that can still be reported."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return give_up(error, reported=code != 0)
    return code


def give_up(error: OSError, *, reported: bool) -> int:
    """Return the exit code where output cannot be written. The error is printed, unless another was `reported` before.

    The rest of the output goes nowhere, also when the interpreter tries again at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not reported and error.errno != errno.EPIPE:  # the reader of a pipe has seen enough
        sys.stderr.write(f"error: the output cannot be written: {error.strerror or error}\n")
    return 1


@contextmanager
def importing() -> Iterator[None]:
    """Import in the block what the MCP server needs, which takes most of its start.

    Ctrl-C ends the program at once, without a traceback: nothing is open yet.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not where it is to be ignored, as under nohup
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with without_garbage_collection():
            yield
    finally:
        signal.signal(signal.SIGINT, before)
