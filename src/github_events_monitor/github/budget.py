"""How many requests, and how much time, a piece of work may take."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Self

from ..errors import RateLimited
from ..instants import Clock

WaitNotice = Callable[[float, str], Awaitable[None]]
"""Called before a limit is waited out: with the seconds that takes, and the limit in words."""


class BudgetSpent(Exception):
    """Not an error: the work stops here and goes on another time.

    The next request would exceed the budget. For the collector to catch, never shown to a person.
    """


class RequestBudget:
    """Counts every HTTP request, retries and redirects included. Shared by all work that it is handed to.

    Requests beside one another may share it: accounting never waits, so none of them can overspend it.

    Args:
        max_requests: How many requests may be sent.
        deadline: No request starts after it, and none that started goes on beyond it.
        longest_wait: A rate limit that ends within this many seconds (and before the deadline) is waited out; 0 raises
            `RateLimited` at once.
        on_wait: Called once for every limit that is waited out.
    """

    def __init__(
        self,
        max_requests: int,
        deadline: datetime | None = None,
        *,
        longest_wait: float = 0.0,
        on_wait: WaitNotice | None = None,
        parent: Self | None = None,
    ) -> None:
        self.max_requests = max_requests
        self.deadline = deadline
        self.longest_wait = longest_wait
        self.used = 0
        self._on_wait = on_wait
        self._parent = parent
        self._announced: datetime | None = None

    def share(self, max_requests: int) -> "RequestBudget":
        """Return a part of this budget: what is spent of it is spent of this one, too."""
        return RequestBudget(
            max_requests, self.deadline, longest_wait=self.longest_wait, on_wait=self._notify, parent=self
        )

    @property
    def left(self) -> int:
        """Requests that may still be made."""
        own = max(0, self.max_requests - self.used)
        return own if self._parent is None else min(own, self._parent.left)

    def seconds_left(self, now: datetime) -> float | None:
        """Return time until the deadline; None without one."""
        return None if self.deadline is None else max(0.0, (self.deadline - now).total_seconds())

    def check(self, clock: Clock) -> None:
        """Raise `BudgetSpent` when no further request may be sent."""
        if self.left == 0:
            raise BudgetSpent(f"all {self.max_requests} requests are used")
        if self.seconds_left(clock()) == 0.0:
            raise BudgetSpent("the time is used up")

    def spend(self, clock: Clock) -> None:
        """Account for one request that is about to be sent. Raises `BudgetSpent` instead when it may not be."""
        self.check(clock)
        self._count()

    def wait_for(self, limit: RateLimited, now: datetime) -> float | None:
        """Return how many seconds to wait until a limit ends; None when it is not to be waited out."""
        if limit.retry_at is None or self.left == 0:
            return None
        seconds = max(0.0, (limit.retry_at - now).total_seconds())
        left = self.seconds_left(now)
        allowed = self.longest_wait if left is None else min(self.longest_wait, left)
        return seconds if seconds < allowed else None

    async def announce(self, limit: RateLimited, seconds: float) -> None:
        """Say that a limit is being waited out; once, however many requests wait for its end."""
        if limit.retry_at != self._announced:
            self._announced = limit.retry_at
            await self._notify(seconds, limit.message)

    async def _notify(self, seconds: float, message: str) -> None:
        if self._on_wait is not None:
            await self._on_wait(seconds, message)

    def _count(self) -> None:
        self.used += 1
        if self._parent is not None:
            self._parent._count()
