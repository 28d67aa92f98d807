"""One lock for each event loop."""

import asyncio
from weakref import WeakKeyDictionary


class LoopLock:
    """An `asyncio.Lock` for the running event loop: a lock that was waited for in one loop is of no use in another."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def __call__(self) -> asyncio.Lock:
        """Return the lock of the running loop."""
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
