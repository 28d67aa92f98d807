"""Which events of the feed or of an archive webhooks delivered before, and the reverse.

No id says so, a natural key does. A delivery stands for one event: of two that look alike the nearest in time was
delivered.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from ...github.natural_keys import derived_id, is_dated, is_derived, possible_keys, same_but_for_time, under_name
from ...instants import SECOND, seconds_between, shift
from ...records import Activity, Event, Facts
from .events import EventsRepository

if TYPE_CHECKING:
    from .manager import DatabaseManager

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


def may_be_double(event: Event, delivered: Collection[str]) -> bool:
    """Return whether an event of another database may be stored here under another id.

    delivered: the repositories of which webhooks, or others that know none of GitHub's ids, told here.
    """
    return is_derived(event.id) or event.repo_name in delivered


async def without_doubles(manager: "DatabaseManager", events: Iterable[Event]) -> list[Event]:
    """Return those of an export's events that are not stored already under another id, or are under their own.

    It may hold what webhooks delivered, whose repositories are noted, and what the feed brought of the same.
    """
    derived, others = list[Event](), list[Event]()
    for event in events:
        (derived if is_derived(event.id) else others).append(event)
    left = await not_delivered(manager.events, others)
    left += await _not_from_feed(manager.events, derived)
    for repo in sorted({event.repo_name for event in derived if event.repo_name}):
        await manager.collector_state.save_delivered(repo)
    return left


async def without_joined(repository: EventsRepository, repo: str, events: Sequence[Event]) -> list[Event]:
    """Return stored events of a repository's other name as those of its key, without those that the key has already.

    It may have them in another form, or as what was delivered to another database under another name.
    """
    derived, others = list[Event](), list[Event]()
    for event in sorted(events, key=lambda event: (event.created_at, event.id)):
        (derived if is_derived(event.id) else others).append(under_name(event, repo))
    if others:
        others = await without_delivered(repository, repo, others, await _stored_deliveries(repository, repo, others))
    own = {event.id for event in events}
    known = await repository.get_known_ids(event.id for event in derived if event.id not in own)
    left = [event for event in derived if event.id not in known]
    return others + await _without_twins(repository, repo, left, joined=True)


async def _not_from_feed(repository: EventsRepository, events: Sequence[Event]) -> list[Event]:
    """Return those of many repositories' deliveries that the feed did not bring before, or that are stored already."""
    known = await repository.get_known_ids(event.id for event in events)
    left = [event for event in events if event.id in known or event.repo_name is None]
    new = [event for event in events if event.id not in known and event.repo_name is not None]
    new.sort(key=lambda event: (event.repo_name or "", event.created_at, event.id))
    for repo, group in groupby(new, key=lambda event: event.repo_name or ""):
        left += await _without_twins(repository, repo, list(group))
    return left


async def _without_twins(
    repository: EventsRepository, repo: str, events: Sequence[Event], *, joined: bool = False
) -> list[Event]:
    """Return those of a repository's deliveries, which are in order, that the feed did not bring before."""
    left, rows = list[Event](), await _rows_near(repository, repo, events) if events else []
    for event in events:
        dated = event.event_type not in _UNDATED or is_dated(event)
        twin = await _twin_in(repository, rows, event, dated=dated, joined=joined)
        if twin is None:
            left.append(event)
        else:
            rows.remove(twin)  # it stands for one delivery
    return left


async def is_known_from_feed(repository: EventsRepository, event: Event, *, dated: bool) -> bool:
    """Return whether polling brought the same occurrence before as a delivery did."""
    if event.repo_name is None or not is_derived(event.id):
        return False
    rows = await _rows_near(repository, event.repo_name, [event])
    return await _twin_in(repository, rows, event, dated=dated) is not None


async def _rows_near(repository: EventsRepository, repo: str, events: Sequence[Event]) -> list[Activity]:
    """Return what is stored around the time of events, which are in order, of their types."""
    first, last = shift(events[0].created_at, -AROUND), shift(events[-1].created_at, AROUND + SECOND)
    return await repository.get_activity(repo, first, last, event_types={event.event_type for event in events})


async def _twin_in(
    repository: EventsRepository, rows: Iterable[Activity], event: Event, *, dated: bool, joined: bool = False
) -> Activity | None:
    """Return the row of the same occurrence as a delivery. Payloads are read only of rows that look alike."""
    for row in rows:
        if not _looks_like(row, event) or (other := await repository.get_event(row.id)) is None:
            continue
        if await asyncio.to_thread(_is_same, event, other, dated=dated, joined=joined):
            return row
    return None


def _is_same(event: Event, other: Event, *, dated: bool, joined: bool) -> bool:
    if is_derived(other.id) and b'"activity_type"' not in other.payload:
        # Another delivery, whose own id tells it apart; but GitHub tells of a star twice, as `star` and as `watch`,
        # which does not say when. Under another name the same delivery has another id.
        says_when = [b'"starred_at"' in one.payload for one in (event, other)]
        told_twice = event.event_type == "WatchEvent" and says_when[0] != says_when[1]
        return told_twice or (joined and not dated and same_but_for_time(event, other))
    return event.id in possible_ids(other) or (not dated and same_but_for_time(event, other))


def _looks_like(row: Activity, event: Event) -> bool:
    """Return whether a row of the feed may be the same occurrence: payloads since 2025-10 leave facts unknown."""
    mine = (event.facts.number, event.facts.ref, event.facts.subject)
    theirs = (row.number, row.ref, row.subject)
    return (
        row.event_type == event.event_type
        and (row.actor_login or "").lower() == (event.actor_login or "").lower()
        and (row.event_type != "PushEvent" or row.sha == event.facts.sha)
        and abs(seconds_between(row.created_at, event.created_at)) <= AROUND.total_seconds()
        and all(one is None or other is None or one == other for one, other in zip(mine, theirs, strict=True))
    )


async def _stored_deliveries(repository: EventsRepository, repo: str, events: Sequence[Event]) -> list[str]:
    """Return the ids of what was delivered around the time of events, which are in order; some know the day only."""
    first, last = f"{events[0].created_at[:10]}T00:00:00Z", f"{events[-1].created_at[:10]}T23:59:59Z"
    types = {event.event_type for event in events}
    rows = await repository.get_activity(repo, shift(first, -AROUND), shift(last, AROUND), event_types=types, facts=())
    return [row.id for row in rows if is_derived(row.id)]


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
    delivered = (_of_row(repo, row) for row in rows if is_derived(row.id))
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
