"""What exported memory of a repository may claim: that only is known which comes with it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec

from ...insights.coverage import common_ledger, known_from, with_archive
from ...records import Ledger, RepositoryState, Span
from .vocabulary import TableItem

MEMORY = "repository_health_metrics"
"""The table whose items carry what is remembered of a repository."""


class Part(NamedTuple):
    """What of a database comes along: these tables, of them records of since <= t."""

    tables: Collection[str]
    since: str = ""

    def claim(self, state: RepositoryState) -> RepositoryState:
        """The state with what is still known to whoever got this part alone.

        Without its events or commits a repository does not count as collected: whoever asks next collects it.
        """
        whole = {"events", "commits"} <= {*self.tables}
        return msgspec.structs.replace(
            state,
            ledger=known_from(state.ledger, self.tables, self.since),
            last_collected_at=state.last_collected_at if whole else None,
        )


def with_hours(item: TableItem, hours: Iterable[Span]) -> TableItem:
    """An item of `MEMORY` with the archive's hours that were imported for all repositories."""
    return _changed(item, lambda state: with_archive(state, hours))


def claimed(item: TableItem, part: Part, now: Mapping[str, RepositoryState]) -> TableItem:
    """An item of `MEMORY`, read before the records of a part were: what it may claim of them.

    now: the states afterwards. What was learned meanwhile may have come too late to be read, and what was known may
    have been removed: only what was known at both times counts.
    """

    def claim(state: RepositoryState) -> RepositoryState:
        after = now.get(state.repo_name)
        kept = common_ledger(state.ledger, after.ledger if after else Ledger())
        return part.claim(msgspec.structs.replace(state, ledger=kept))

    return _changed(item, claim)


def _changed(item: TableItem, change: Callable[[RepositoryState], RepositoryState]) -> TableItem:
    tracking = item.item.get("tracking")
    if tracking is None:
        return item
    state = change(msgspec.convert(tracking, RepositoryState))
    return TableItem(item.table, {**item.item, "tracking": msgspec.to_builtins(state)})
