"""Events counted once, by hour: everything else is worked out from these counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...records import Activity
from .buckets import DAY, HOUR, Size, index_of

FEED_TYPES = frozenset(
    {
        "CommitCommentEvent",
        "CreateEvent",
        "DeleteEvent",
        "DiscussionEvent",
        "ForkEvent",
        "GollumEvent",
        "IssueCommentEvent",
    }
    | {"IssuesEvent", "MemberEvent", "PublicEvent", "PullRequestEvent", "PullRequestReviewCommentEvent"}
    | {"PullRequestReviewEvent", "PushEvent", "ReleaseEvent", "WatchEvent"}
)
"""What GitHub's feed of events can hold, and so what the ledger of known events speaks of. Other types come by webhook
alone, of which it is never known whether all arrived.
https://docs.github.com/en/rest/using-the-rest-api/github-event-types"""

_ACTIVE_TYPES = FEED_TYPES - {"WatchEvent", "ForkEvent"}
"""What one login can do much of."""

EVIDENCE = 5


class Counts(NamedTuple):
    """Events by what they have in common, each event once.

    by_type: by type, then hour. by_actor: by login and hour as text, without stars, forks and reports of machines.
    hours: the number of each hour's text.
    """

    rows: Sequence[Activity]
    by_type: Mapping[str, Mapping[int, int]]
    by_actor: Mapping[tuple[str | None, str], int]
    hours: Mapping[str, int]

    def along(self, event_type: str, size: Size) -> Mapping[int, int]:
        """The counts of a type by hour, or by day."""
        hours = self.by_type[event_type]
        if size is HOUR:
            return hours
        days: Counter[int] = Counter()
        for hour, count in hours.items():
            days[hour // 24] += count
        return days


class BucketKey(NamedTuple):
    """A bucket of one event type, or of one login."""

    size: Size
    bucket: int
    event_type: str | None
    actor: str | None


class Evidence(NamedTuple):
    """The first events of a bucket, and how many each login and each type has in it."""

    events: tuple[str, ...]
    actors: Mapping[str, int]
    types: Mapping[str, int]


def count_events(activity: Iterable[Activity], until: str) -> Counts:
    """Count the events before `until`; repeated ids count once."""
    rows = [row for row in {row.id: row for row in activity}.values() if row.created_at < until]
    texts = [row.created_at[: HOUR.digits] for row in rows]
    named = set(texts)
    midnights = {text: index_of(text, DAY) * 24 for text in {text[: DAY.digits] for text in named}}
    hours = {text: midnights[text[: DAY.digits]] + int(text[-2:]) for text in named}
    by_type: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for (event_type, text), count in Counter(zip([row.event_type for row in rows], texts, strict=True)).items():
        by_type[event_type][hours[text]] = count
    acted = [(row.actor_login, text) for row, text in zip(rows, texts, strict=True) if row.event_type in _ACTIVE_TYPES]
    return Counts(rows, by_type, Counter(acted), hours)


def evidence_of(counts: Counts, keys: Sequence[BucketKey]) -> dict[BucketKey, Evidence]:
    """What lies in the buckets, in one pass over the rows."""
    if not keys:
        return {}
    wanted = {key: list[Activity]() for key in keys}
    hours = {key.bucket for key in keys if key.size is HOUR}
    days = {key.bucket for key in keys if key.size is DAY}
    for row in counts.rows:
        hour = counts.hours[row.created_at[: HOUR.digits]]
        if hour not in hours and hour // 24 not in days:
            continue
        actor = row.actor_login if row.event_type in _ACTIVE_TYPES else None
        for key in (
            BucketKey(HOUR, hour, row.event_type, None),
            BucketKey(DAY, hour // 24, row.event_type, None),
            BucketKey(HOUR, hour, None, actor),
        ):
            if key in wanted:
                wanted[key].append(row)
    return {key: _evidence(found) for key, found in wanted.items()}


def _evidence(rows: list[Activity]) -> Evidence:
    first = sorted(rows, key=lambda row: (row.created_at, row.id))[:EVIDENCE]
    return Evidence(
        tuple(f"event:{row.id}" for row in first),
        Counter(row.actor_login for row in rows if row.actor_login),
        Counter(row.event_type for row in rows),
    )
