"""Within this process one at a time compares what it brings of a repository with what is stored, and stores it.

GitHub tells of one occurrence in several ways within a moment, of a star as `star` and as `watch` and in the feed, and
no id says that they are the same: what is compared while another one is about to be stored is not recognised.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from ..infrastructure.database_interface import DatabaseManager

_locks: WeakKeyDictionary[DatabaseManager, WeakValueDictionary[str, asyncio.Lock]] = WeakKeyDictionary()


@asynccontextmanager
async def comparing(manager: DatabaseManager, repo: str, seconds: float | None = None) -> AsyncIterator[None]:
    """Wait until nobody else compares and stores; not longer than `seconds`: better twice than not at all."""
    lock = _locks.setdefault(manager, WeakValueDictionary()).setdefault(repo, asyncio.Lock())
    try:
        async with asyncio.timeout(seconds):
            await lock.acquire()
    except TimeoutError:
        yield
        return
    try:
        yield
    finally:
        lock.release()
