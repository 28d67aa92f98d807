"""How long a call to the database that is refused for the moment is repeated.

Somebody waits for the answer to a question, and is better served by an error than by a minute of silence. Collecting,
importing and the like rather wait than begin again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_patient = ContextVar("patient", default=False)


def is_patient() -> bool:
    """Whether the work under way would rather wait."""
    return _patient.get()


@contextmanager
def patiently() -> Iterator[None]:
    """Rather wait, for the length of the block and in the tasks that it begins."""
    token = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(token)
