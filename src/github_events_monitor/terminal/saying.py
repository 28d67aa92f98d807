"""Single lines on stderr. Apart from `screen`, since a server that starts needs no more than these."""

import sys

from ..logs import Redactor
from ..text import clean

_MAX_ERROR = 1_000


def complain(message: str, redact: Redactor | None = None) -> None:
    """One line on stderr, however long or odd the message is."""
    line = clean((redact or Redactor())(message), _MAX_ERROR, one_line=True)
    sys.stderr.write(f"error: {line}\n")


def note(message: str) -> None:
    """One line beside the result."""
    sys.stderr.write(f"{clean(message, _MAX_ERROR, one_line=True)}\n")
