"""How fast one host is asked: requests at once, and points a minute.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits allows 100
requests at once and 900 points a minute; a GET and a GraphQL query count one point each. We stay below both.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ..instants import Clock
from .budget import BudgetSpent

MOST_AT_ONCE = 8
MOST_POINTS = 800
_WINDOW = 60.0
_SLOW_FOR = 600.0

Sleep = Callable[[float], Awaitable[object]]


class Pace:
    """Admits requests in the order in which they ask. One for each host, shared by all that ask it.

    Args:
        clock: Where time comes in. When it is set back, what then lies in the future is forgotten.
        sleep: How to wait.
    """

    def __init__(self, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._started: deque[float] = deque()
        self._running = 0
        self._slowed_at = float("-inf")
        self._queue = asyncio.Lock()
        self._finished = asyncio.Event()

    @asynccontextmanager
    async def turn(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Hold one of the places for the length of the block. Raises `BudgetSpent` if none is free within `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._queue:
                await self._admission()
        except TimeoutError:
            raise BudgetSpent("the time is used up") from None
        try:
            yield
        finally:
            self._running -= 1
            self._finished.set()

    def slow_down(self) -> None:
        """Halve the pace for ten minutes: GitHub said that it is too fast."""
        self._slowed_at = self._seconds()

    async def _admission(self) -> None:
        while self._running >= self._halved(MOST_AT_ONCE):
            self._finished.clear()
            await self._finished.wait()
        while (pause := self._pause()) > 0:
            await self._sleep(pause)
        self._running += 1
        self._started.append(self._seconds())

    def _pause(self) -> float:
        """Return the seconds until another request fits into the minute that then lies behind."""
        now, most = self._seconds(), self._halved(MOST_POINTS)
        while self._started and not now - _WINDOW < self._started[0] <= now:
            self._started.popleft()
        return self._started[-most] + _WINDOW - now if len(self._started) >= most else 0.0

    def _halved(self, number: int) -> int:
        return number // 2 if 0 <= self._seconds() - self._slowed_at < _SLOW_FOR else number

    def _seconds(self) -> float:
        return self._clock().timestamp()
