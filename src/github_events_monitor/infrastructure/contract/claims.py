"""What exported memory of a repository may claim: that only is known which the export holds."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from ...insights.coverage import known_from, with_archive
from ...records import RepositoryState, Span
from .vocabulary import TableItem

MEMORY = "repository_health_metrics"
"""The table whose items carry what is remembered of a repository."""


class Part(NamedTuple):
    """What of a database is read: these tables, records of since <= t, as they were at `until`."""

    tables: Collection[str]
    since: str
    until: str

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out that coverage tells of."""
        return {"events", "commits"} <= set(self.tables)


def claimed(items: Iterable[TableItem], part: Part, hours: Iterable[Span]) -> list[TableItem]:
    """The same items, each `tracking` with the archive's hours, and without what the part does not hold."""
    hours = tuple(hours)
    return [_claimed(item, part, hours) for item in items]


def _claimed(item: TableItem, part: Part, hours: tuple[Span, ...]) -> TableItem:
    tracking = item.item.get("tracking")
    if tracking is None:
        return item
    state = with_archive(msgspec.convert(tracking, RepositoryState), hours)
    known = known_from(state.ledger, part.tables, part.since, part.until)
    # Without its events or commits a repository does not count as collected: whoever asks next collects it.
    collected_at = state.last_collected_at if part.is_whole else None
    kept = msgspec.structs.replace(state, ledger=known, last_collected_at=collected_at)
    return TableItem(item.table, {**item.item, "tracking": msgspec.to_builtins(kept)})
