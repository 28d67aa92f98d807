"""How passes went, as `collect_now` shows it."""

from ..answers import Problem
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


def within(progress: Progress | None, number: int, total: int, name: str) -> Progress | None:
    """Return progress inside the repository at position `number` of `total`."""
    if progress is None:
        return None

    async def tell(share: float, _: float, message: str) -> None:
        await progress(number + share, total, f"{name}: {message}")

    return tell
