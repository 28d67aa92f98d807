"""Which events of the feed or of an archive webhooks delivered before: no id says so, a natural key does.

A delivery stands for one event: of two that look alike the nearest in time was delivered.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from itertools import groupby

from ..github.natural_keys import DERIVED, derived_id, is_dated, possible_keys, same_but_for_time
from ..instants import SECOND, seconds_between, shift
from ..records import Activity, Event, Facts
from .database_interface import EventsRepository

AROUND = timedelta(hours=1)
"""How far apart in time a delivery and the feed's record of the same occurrence may be dated."""
_UNDATED = frozenset({"MemberEvent", "WatchEvent"})
"""Events of which some deliveries do not say when it happened: all of `member`, of a star those of `watch`.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#watch"""


def possible_ids(event: Event) -> list[str]:
    """Return the ids that a delivery of the same occurrence may have, the likeliest first."""
    return [derived_id(key) for key in possible_keys(event)]


async def not_delivered(repository: EventsRepository, events: Iterable[Event]) -> list[Event]:
    """Return those of many repositories' events that were not delivered before, or are stored under their own ids."""
    left: list[Event] = []
    in_order = sorted(events, key=lambda event: (event.repo_name or "", event.created_at, event.id))
    known = await repository.get_known_events(in_order)
    for repo, group in groupby(in_order, key=lambda event: event.repo_name or ""):
        new: list[Event] = []
        for event in group:
            (left if event.id in known else new).append(event)
        if new:
            left += await without_delivered(repository, repo, new, await _stored_deliveries(repository, repo, new))
    return left


async def without_delivered(
    repository: EventsRepository, repo: str, events: Sequence[Event], deliveries: Collection[str]
) -> list[Event]:
    """Return a repository's new events without those that were delivered before, of whose ids deliveries may be."""
    undated = await _undated_deliveries(repository, repo, events)
    unpaired, left = set(deliveries), list[Event]()
    for event in events:
        delivery = undated.get(event.id) or next((twin for twin in possible_ids(event) if twin in unpaired), None)
        if delivery is None:
            left.append(event)
        else:
            unpaired.discard(delivery)
    return left


async def _stored_deliveries(repository: EventsRepository, repo: str, events: Sequence[Event]) -> list[str]:
    """Return the ids of what was delivered around the time of events, which are in order; some know the day only."""
    first, last = f"{events[0].created_at[:10]}T00:00:00Z", f"{events[-1].created_at[:10]}T23:59:59Z"
    types = {event.event_type for event in events}
    rows = await repository.get_activity(repo, shift(first, -AROUND), shift(last, AROUND), event_types=types, facts=())
    return [row.id for row in rows if row.id.startswith(DERIVED)]


async def _undated_deliveries(repository: EventsRepository, repo: str, events: Iterable[Event]) -> dict[str, str]:
    """Return the deliveries, each once, that brought events before whose deliveries do not say when it happened.

    Of several within `AROUND` it is the nearest in time: by ids of the events those of the deliveries.
    """
    events = [event for event in events if event.event_type in _UNDATED]
    if not events:
        return {}
    times = [event.created_at for event in events]
    rows = await repository.get_activity(
        repo, shift(min(times), -AROUND), shift(max(times), AROUND + SECOND), event_types=_UNDATED
    )
    delivered = (_of_row(repo, row) for row in rows if row.id.startswith(DERIVED))
    undated = [other for other in delivered if not is_dated(other)]
    pairs = sorted(
        (abs(seconds_between(event.created_at, other.created_at)), event.id, other.id)
        for event in events
        for other in undated
        if same_but_for_time(event, other)
    )
    found: dict[str, str] = {}
    for apart, mine, other_id in pairs:
        if apart <= AROUND.total_seconds() and mine not in found and other_id not in found.values():
            found[mine] = other_id
    return found


def _of_row(repo: str, row: Activity) -> Event:
    """Return an event whose natural key needs no payload."""
    return Event(
        id=row.id,
        event_type=row.event_type,
        created_at=row.created_at,
        repo_name=repo,
        actor_login=row.actor_login,
        facts=Facts(row.action, row.number, row.ref, row.sha, row.subject),
    )
