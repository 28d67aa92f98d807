"""Listings by last update, read newest first side by side: wherever they stop, a stretch of time is known.

Each listing says down to when it is complete; what all of them are complete for is what is proven. A listing can go on
in a later pass from the page at which that stretch ended. Rows move only towards the head, when they are updated, so
that nothing is skipped in between; that the page overlaps what is known proves it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import MonitorError
from ..github.client import BudgetSpent, RequestBudget
from ..instants import SECOND, shift

FIRST = ""
"""Where the first page of every listing is."""


class Page(NamedTuple):
    """What a page says about its listing.

    newest, oldest: the update times of its first and last row, None on an empty page. following: where the next page
    is; None on the last. whole: whether every row of it was read.
    """

    newest: str | None
    oldest: str | None
    following: str | None
    whole: bool = True


@dataclass
class Listing:
    """One listing, read from `start` down to `since`.

    edge: down to when it was read before; `start` is the page that continues it.
    """

    name: str
    fetch: Callable[[str], Awaitable[Page]]
    since: str
    edge: str
    start: str = FIRST
    reached: str = field(init=False)
    began: bool = False
    _next: str | None = field(init=False)
    _pages: list[tuple[str, Page]] = field(default_factory=list)
    _whole: bool = True

    def __post_init__(self) -> None:
        self.reached, self._next = self.edge, self.start

    @property
    def done(self) -> bool:
        """Whether there is nothing more to read."""
        return (
            self._next is None
            or self.reached <= self.since
            or bool(self._pages and (self._pages[-1][1].oldest or "") < self.since)
        )

    async def read(self) -> None:
        """Read the next page. Raises what GitHub answers, and `BudgetSpent`."""
        at = self._next or FIRST
        page = await self.fetch(at)
        self.began = True
        if at == self.start != FIRST and not self._pages and (page.newest or "") < self.edge:
            self.start = self._next = FIRST  # rows are gone, and the page does not continue what is known
            return
        self._pages.append((at, page))
        self._next = page.following
        self._whole = self._whole and page.whole
        if self._whole:
            end = page.oldest is None or page.following is None
            self.reached = self.since if end else max(self.since, min(self.reached, shift(page.oldest or "", SECOND)))

    def resume_at(self, instant: str) -> str:
        """Return where the last page is that has a row of an instant or later: it goes on from there, overlapping."""
        overlapping = (at for at, page in reversed(self._pages) if (page.newest or "") >= instant)
        return next(overlapping, self.start)


async def read_listings(listings: Sequence[Listing], budget: RequestBudget) -> MonitorError | None:
    """Read as far as the budget and GitHub allow. Raises when nothing could be read; later problems are returned.

    They are read side by side; when few requests are left, only the one that is behind the others.
    """
    while waiting := [listing for listing in listings if not listing.done]:
        if budget.left < 2 * len(waiting):
            waiting = [max(waiting, key=lambda listing: listing.reached)]
        results = await asyncio.gather(*(listing.read() for listing in waiting), return_exceptions=True)
        problems = [result for result in results if result is not None]
        if problems:
            return _judged(problems, any(listing.began for listing in listings))
    return None


def proven_from(listings: Sequence[Listing]) -> str:
    """Return down to when all listings are complete."""
    return max(listing.reached for listing in listings)


def _judged(problems: Sequence[BaseException], began: bool) -> MonitorError | None:
    """Return the problem, None for a spent budget. Raises it where nothing was read before."""
    worst = next((problem for problem in problems if not isinstance(problem, BudgetSpent)), problems[0])
    if not began or not isinstance(worst, BudgetSpent | MonitorError):
        raise worst
    return None if isinstance(worst, BudgetSpent) else worst
