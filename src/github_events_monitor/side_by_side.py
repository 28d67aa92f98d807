"""Several things at once, and how many."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

AT_ONCE = 8
"""As many as there may be requests to GitHub at once. Of calls to DynamoDB, too: beyond 8 or 16 nothing is gained."""


async def side_by_side(jobs: Iterable[Callable[[], Awaitable[T]]], limit: int = AT_ONCE) -> list[T]:
    """Run jobs, at most `limit` at once, begun in order, and return their results in order.

    After a failure no further job is begun, those running end, and the first failure is raised.
    """
    source = enumerate(jobs)
    results: dict[int, T] = {}
    failures: list[Exception] = []

    async def work() -> None:
        for position, job in source:
            try:
                results[position] = await job()
            except Exception as error:  # noqa: BLE001 - it is raised below, without the group around it
                failures.append(error)
            if failures:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(work())
    if failures:
        raise failures[0]
    return [results[position] for position in sorted(results)]


class LoopLock:
    """An `asyncio.Lock` for the running event loop: a lock that was waited for in one loop is of no use in another."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def __call__(self) -> asyncio.Lock:
        """Return the lock of the running loop."""
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
