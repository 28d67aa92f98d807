"""What an export may say is known of a repository: only what the export itself holds."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from ...branches import sure_ledger
from ...ledger import common_ledger, known_from, with_archive
from ...records import Ledger, RepositoryState, Span
from .types import TableItem

MEMORY = "repository_health_metrics"
"""The table whose rows carry what is remembered of a repository."""


class Part(NamedTuple):
    """The part of a database that is exported: these tables, of them the records with since <= t."""

    tables: Collection[str]
    since: str = ""

    def restrict(self, state: RepositoryState) -> RepositoryState:
        """Return the state with what is still known where this part alone is.

        Without its events or commits a repository does not count as collected: the next question collects it.
        """
        whole = {"events", "commits"} <= {*self.tables}
        return msgspec.structs.replace(
            state,
            ledger=known_from(state.ledger, self.tables, self.since),
            last_collected_at=state.last_collected_at if whole else None,
        )


def with_hours(row: TableItem, hours: Iterable[Span]) -> TableItem:
    """Return a row of `MEMORY` with the archive's hours that were imported for all repositories."""
    return _changed(row, lambda state: with_archive(state, hours))


def restricted(row: TableItem, part: Part, now: Mapping[str, RepositoryState]) -> TableItem:
    """Return a row of `MEMORY` with what was known of its part both before and after the records were read.

    What was learned meanwhile may have come too late to be read, and what was known before may have been removed.

    Args:
        row: As it was read before the records of the part were.
        part: What is exported.
        now: The states afterwards, by repository.
    """

    def restrict(state: RepositoryState) -> RepositoryState:
        after = now.get(state.repo_name)
        kept = common_ledger(state.ledger, sure_ledger(after) if after else Ledger())
        return part.restrict(msgspec.structs.replace(state, ledger=kept))

    return _changed(row, restrict)


def _changed(row: TableItem, change: Callable[[RepositoryState], RepositoryState]) -> TableItem:
    tracking = row.item.get("tracking")
    if tracking is None:
        return row
    state = change(msgspec.convert(tracking, RepositoryState))
    return TableItem(row.table, {**row.item, "tracking": msgspec.to_builtins(state)})
