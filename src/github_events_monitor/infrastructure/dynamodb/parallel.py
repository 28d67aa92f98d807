"""Several calls at once, and one lock for each event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from ...errors import DatabaseError

T = TypeVar("T")

IN_FLIGHT = 8
"""Calls at once; beyond 8 or 16 nothing is gained."""


async def in_parallel(jobs: Iterable[Callable[[], Awaitable[T]]], limit: int = IN_FLIGHT) -> list[T]:
    """Run jobs, at most `limit` at once; answers in their order.

    After a failure no further job is begun, those running end, and the first failure is raised.
    """
    source = enumerate(jobs)
    results: dict[int, T] = {}
    failures: list[DatabaseError] = []

    async def work() -> None:
        for position, job in source:
            try:
                results[position] = await job()
            except DatabaseError as error:
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    def __call__(self) -> asyncio.Lock:
        """The lock of the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock
