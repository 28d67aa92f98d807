"""Events counted once, by hour: everything else is worked out from these counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...github.events import FEED_TYPES
from ...records import Activity
from .buckets import HOUR, Size, index_of

_ACTIVE_TYPES = FEED_TYPES - {"WatchEvent", "ForkEvent"}
"""What one login can do much of."""

EVIDENCE = 5


class Counts(NamedTuple):
    """Events by the hour in which they happened, each event once.

    rows: by hour. by_type: how many, by type, then hour. by_actor: how many, by hour, then login, without stars, forks
    and reports of machines.
    """

    rows: Mapping[int, Sequence[Activity]]
    by_type: Mapping[str, Mapping[int, int]]
    by_actor: Mapping[int, Mapping[str, int]]

    def along(self, event_type: str, size: Size) -> Mapping[int, int]:
        """Return the counts of a type by hour, or by day."""
        buckets: Counter[int] = Counter()
        for hour, count in self.by_type[event_type].items():
            buckets[hour // size.hours] += count
        return buckets


class Evidence(NamedTuple):
    """The first events of a bucket, and how many each login and each type has in it."""

    events: tuple[str, ...]
    actors: Mapping[str, int]
    types: Mapping[str, int]


def count_events(activity: Iterable[Activity], until: str) -> Counts:
    """Return counts of the events before `until`; repeated ids count once."""
    named: defaultdict[str, list[Activity]] = defaultdict(list)
    for row in {row.id: row for row in activity}.values():
        if row.created_at < until:
            named[row.created_at[: HOUR.digits]].append(row)
    rows = {index_of(text, HOUR): found for text, found in named.items()}
    by_type: defaultdict[str, dict[int, int]] = defaultdict(dict)
    by_actor = {}
    for hour, found in rows.items():
        for event_type, count in Counter([row.event_type for row in found]).items():
            by_type[event_type][hour] = count
        acted = [row.actor_login for row in found if row.event_type in _ACTIVE_TYPES]
        by_actor[hour] = Counter(filter(None, acted))
    return Counts(rows, by_type, by_actor)


def evidence_of_type(counts: Counts, size: Size, bucket: int, event_type: str) -> Evidence:
    """Return what lies in a bucket of one event type."""
    hours = range(bucket * size.hours, (bucket + 1) * size.hours)
    return _evidence([row for hour in hours for row in counts.rows.get(hour, ()) if row.event_type == event_type])


def evidence_of_actor(counts: Counts, hour: int, actor: str) -> Evidence:
    """Return what one login did in an hour."""
    return _evidence([row for row in counts.rows[hour] if row.actor_login == actor and row.event_type in _ACTIVE_TYPES])


def _evidence(rows: list[Activity]) -> Evidence:
    first = sorted(rows, key=lambda row: (row.created_at, row.id))[:EVIDENCE]
    return Evidence(
        tuple(f"event:{row.id}" for row in first),
        Counter(row.actor_login for row in rows if row.actor_login),
        Counter(row.event_type for row in rows),
    )
