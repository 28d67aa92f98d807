"""Standard input that can be ended from within.

The SDK reads it in a thread, which nothing can interrupt: a signal would kill the program before it closed its database
and gave back its leases, or wait for the client's next word. So the client's words pass through a pipe, and a signal
ends that pipe: to the server it looks as if the client had left.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK = 65_536


@contextmanager
def stdin_ending_on_signal() -> Iterator[None]:
    """Within the block standard input ends with the client's, or on SIGTERM or SIGINT."""
    client = os.dup(0)
    read_end, write_end = os.pipe()
    os.dup2(read_end, 0)
    os.close(read_end)
    threading.Thread(target=_pass_on, args=(client, write_end), name="stdin", daemon=True).start()
    before = {number: signal.signal(number, lambda *_: _end(write_end)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass_on(client: int, write_end: int) -> None:
    while chunk := os.read(client, _CHUNK):
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(write_end, rest) :]
    _end(write_end)


def _end(write_end: int) -> None:
    """Put the null device in the pipe's place: closing the number could hand it to a file that is opened next."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, write_end)
    os.close(null)
