"""Standard output that fails: a full disk, a closed pipe, or none at all. Imports nothing that takes time."""

import errno
import os
import sys
from collections.abc import Callable


def replace_missing() -> None:
    """Output goes nowhere where whoever started the program closed it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - as long as the program


def written(work: Callable[[], int]) -> int:
    """Do what the program does, and return its exit code; output that fails or is missing is dealt with."""
    replace_missing()
    try:
        return exit_code_once_written(work())
    except OSError as error:
        return give_up(error, told=False)


def exit_code_once_written(code: int) -> int:
    """The exit code, or 1 where the output cannot be written to its end: here that can still be told."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return give_up(error, told=code != 0)
    return code


def give_up(error: OSError, *, told: bool) -> int:
    """The exit code where output cannot be written; unless an error was `told`, this one is, except for a closed pipe.

    The rest of the output goes nowhere, also when the interpreter tries again at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not told and error.errno != errno.EPIPE:  # whoever reads a pipe has seen enough
        sys.stderr.write(f"error: the output cannot be written: {error.strerror or error}\n")
    return 1
