"""Importing what the MCP server needs, which takes most of its start. Imports nothing that takes time itself."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from ..infrastructure.gc_pause import without_garbage_collection


@contextmanager
def importing() -> Iterator[None]:
    """Import in the block. Ctrl-C ends the program at once, without a traceback: nothing is open yet."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not where whoever started the program wants it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with without_garbage_collection():
            yield
    finally:
        signal.signal(signal.SIGINT, before)
