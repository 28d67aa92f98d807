"""For how long a call to the database that is refused for the moment is repeated.

Where a question waits for its answer, an error is better than a minute of silence. Collecting, importing and the like
rather wait than begin again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_patient = ContextVar("patient", default=False)


def is_patient() -> bool:
    """Return whether the work under way would rather wait than fail."""
    return _patient.get()


@contextmanager
def patiently() -> Iterator[None]:
    """Have calls be repeated for longer, inside the block and in the tasks that it begins."""
    token = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(token)
