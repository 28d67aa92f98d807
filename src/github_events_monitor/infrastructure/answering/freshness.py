"""When a question collects first, and what becomes of the answer when that fails."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ...answers.shared import Coverage
from ...errors import MonitorError, NotFound
from ...instants import format_instant, seconds_between
from ...records import RepositoryState, Span


class Refresh(Protocol):
    """How a question collects first. The runtime hands it to the service; nothing below knows the collector."""

    async def __call__(
        self, keys: Sequence[str], span: Span, branch: str | None = None, kinds: Sequence[str] = ...
    ) -> Mapping[str, MonitorError | None]:
        """Collect repositories within a read tool's small budget: a window, a branch (null: the default one), of what.

        Answers by key how it went: null is well.
        """


FetchDetails = Callable[[str, str], Awaitable[None]]
"""Fetches one commit of a repository (key, sha or prefix) with its files and stores it. Raises as GitHub answers."""


def is_stale(
    state: RepositoryState | None, branch: str | None, now: datetime, tolerance: float, kinds: Sequence[str]
) -> bool:
    """Whether a repository was never collected, or last longer ago than the poll interval.

    Where a question about many had no room for the rest, of these kinds only.
    """
    if state is None:
        return True

    def is_old(instant: str | None) -> bool:
        return instant is None or seconds_between(instant, format_instant(now)) > tolerance

    def known_until(kind: str) -> str | None:
        spans = state.ledger.spans.get(kind, ())
        return spans[-1].until if spans else None

    if is_old(state.last_collected_at) and (not kinds or any(is_old(known_until(kind)) for kind in kinds)):
        return True
    return branch not in {None, state.default_branch} and is_old(known_until(f"commits:{branch}"))


def outage_note(problem: MonitorError | None) -> str | None:
    """What an answer from stored records says about a failed collection."""
    return f"Answered from what is stored, because collecting failed: {problem.message}." if problem else None


def refuse_emptiness(repo: str, coverage: Coverage, problem: MonitorError | None) -> None:
    """An empty answer is allowed only where something is known of the window. Raises why nothing is.

    A repository that is gone, or was made private, has no empty list either.
    """
    if problem is not None and (coverage.from_ is None or isinstance(problem, NotFound)):
        raise problem
    if coverage.from_ is None and coverage.last_collected_at is None and not coverage.sources:
        raise NotFound(f"nothing is stored about {repo}; collect it first (collect_now)")
