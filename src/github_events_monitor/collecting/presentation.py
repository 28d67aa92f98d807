"""How passes went, as `collect_now` shows it."""

from ..answers import Problem
from ..github.client import WaitNotice
from ..infrastructure.database_interface import DatabaseManager
from ..infrastructure.questions.collect_now import CollectedRepository, CollectionStatus
from .collection_pass import Outcome, Progress

_STATUSES: dict[str, CollectionStatus] = {code: code for code in ("not_found", "rate_limited", "forbidden")}


async def present(manager: DatabaseManager, name: str, outcome: Outcome) -> CollectedRepository:
    """Return the row of one repository, which was asked for by `name`."""
    state = await manager.collector_state.get_state(outcome.repo)
    return CollectedRepository(
        repo=(state.full_name if state else None) or name,
        status=_status(outcome),
        new_events=outcome.stored.events,
        new_commits=outcome.stored.commits,
        requests=outcome.requests,
        error=Problem.of(outcome.error) if outcome.error else None,
        note="; ".join(dict.fromkeys(outcome.notes)) or None,
    )


def _status(outcome: Outcome) -> CollectionStatus:
    if outcome.error is not None:
        return _STATUSES.get(outcome.error.code, "unreachable")
    return "collected" if outcome.modified or outcome.stored != (0, 0) else "not_modified"


class SharedProgress:
    """Progress over repositories that are collected concurrently: it never goes back."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._shares: dict[str, float] = {}

    async def say(self, name: str, share: float, message: str) -> None:
        """Say how far one repository is, 1 being its end."""
        self._shares[name] = max(share, self._shares.get(name, 0.0))
        if self._progress is not None:
            await self._progress(sum(self._shares.values()), self._total, message)

    def of(self, name: str) -> Progress:
        """Return progress inside one repository."""

        async def say(share: float, _: float, message: str) -> None:
            await self.say(name, share, f"{name}: {message}")

        return say

    def waiting(self, name: str) -> WaitNotice:
        """Return how to say that a limit of GitHub's is waited out."""

        async def say(seconds: float, message: str) -> None:
            await self.say(name, 0.0, f"{name}: waiting {seconds:.0f} s: {message}")

        return say
