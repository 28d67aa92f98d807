"""Several calls at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from ...errors import DatabaseError

T = TypeVar("T")

IN_FLIGHT = 8
"""Calls at once; beyond 8 or 16 nothing is gained."""


async def in_parallel(jobs: Iterable[Callable[[], Awaitable[T]]], limit: int = IN_FLIGHT) -> list[T]:
    """Run jobs, at most `limit` at once, and return their results in order.

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
