"""Single lines on stderr. Apart from `screen`, since a server that starts needs no more than these."""

import sys

from ..logs import Redactor
from ..text import clean

_MAX_ERROR = 1_000


def print_error(message: str, redact: Redactor | None = None) -> None:
    """Write an error in one line on stderr, however long or odd the message is."""
    line = clean((redact or Redactor())(message), _MAX_ERROR, one_line=True)
    sys.stderr.write(f"error: {line}\n")


def print_note(message: str) -> None:
    """Write one line on stderr, beside the result on stdout."""
    sys.stderr.write(f"{clean(message, _MAX_ERROR, one_line=True)}\n")
