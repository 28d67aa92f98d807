"""How many requests, and how much time, a piece of work may take."""

from datetime import datetime

from ..instants import Clock


class BudgetSpent(Exception):
    """Not an error: the work stops here and goes on another time.

    The next request would exceed the budget. For the collector to catch, never shown to a person.
    """


class RequestBudget:
    """Counts every HTTP request, retries and redirects included. Shared by all work that it is handed to.

    deadline: no request starts after it, and none that started goes on beyond it.
    """

    def __init__(self, max_requests: int, deadline: datetime | None = None) -> None:
        self.max_requests = max_requests
        self.deadline = deadline
        self.used = 0

    @property
    def left(self) -> int:
        """Requests that may still be made."""
        return max(0, self.max_requests - self.used)

    def seconds_left(self, now: datetime) -> float | None:
        """Time until the deadline; None without one."""
        return None if self.deadline is None else max(0.0, (self.deadline - now).total_seconds())

    def spend(self, clock: Clock) -> None:
        """Account for one request that is about to be sent. Raises `BudgetSpent` instead when it may not be."""
        if self.left == 0:
            raise BudgetSpent(f"all {self.max_requests} requests are used")
        if self.seconds_left(clock()) == 0.0:
            raise BudgetSpent("the time is used up")
        self.used += 1
