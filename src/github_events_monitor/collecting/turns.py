"""Passes over one repository within this process: one after another, and not twice for the same question."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from .collection_pass import Outcome

Run = Callable[[], Awaitable[Outcome]]


class _Turn:
    """Where the passes over one repository stand; gone when none is under way."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.passes = 0
        self.outcome: Outcome | None = None

    async def run(self, run: Run) -> Outcome:
        """Make a pass and return its outcome; the lock is held."""
        self.outcome = await run()
        self.passes += 1
        return self.outcome


class Turns:
    """Who collects which repository when."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many repositories are being collected."""
        return len(self._turns)

    async def own(self, key: str, run: Run) -> Outcome:
        """Make a pass once those before it have ended, and return its outcome."""
        turn = self._turns.setdefault(key, _Turn())
        async with turn.lock:
            return await turn.run(run)

    async def shared(self, key: str, run: Run, seconds: float | None, serves: Callable[[Outcome], bool]) -> Outcome:
        """Make a pass, or return the outcome of one that ended while this one waited and that `serves` as well.

        Args:
            seconds: How long to wait; None is for ever.

        Raises:
            TimeoutError: The pass before took longer.
        """
        turn = self._turns.setdefault(key, _Turn())
        ticket = turn.passes
        async with asyncio.timeout(seconds):
            await turn.lock.acquire()
        try:
            if turn.passes > ticket and turn.outcome is not None and serves(turn.outcome):
                return turn.outcome
            return await turn.run(run)
        finally:
            turn.lock.release()
