"""Events on DynamoDB.

Implementation notes
- Only base items hold payloads. Questions read `repo-created-index`, where 30 to 50 rows fit into one read unit.
- An index sorts by time alone, so rows of one second come in any order: they are held back until the second is
  complete, then sorted by id (`instants`). A page that begins inside such a second reads it again.
- Counts and narrow rows of a window that one page does not hold are read in slices of time side by side: pages of one
  query have to wait for one another.
- New ids are found by a consistent BatchGetItem, then stored by BatchWriteItem: two processes that store the same new
  id at the same moment both count it, and the later one's record stays.
- Trending reads one index partition per event type; nothing here scans. A partition takes about 1,000 writes a second:
  all of GitHub makes some 70 events a second, half of them pushes; an import that is faster is throttled and waits.
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec

from ...instants import LAST, shift
from ...records import Activity, Event
from ...side_by_side import side_by_side
from ..contract.types import EventQuery, is_named
from ..database_interface import EventsRepository, Position, RepositoryCount
from ..event_ids import EventKey, differing_names, has_instant, ids_to_look_up, ids_to_store_under, key_of
from . import state_items
from .batches import all_items, chunks, delete, expressions, get_items, pages, put, write_items
from .connection import DynamoDBConnection
from .items import Item, attributes, must, text
from .layout import REPO_EVENTS, TYPE_EVENTS
from .registry import Registry, absences
from .rows import activity_from_item, event_from_item, event_to_item
from .windows import Query, instants, one_of, slices, window

_LARGE = 1 << 20
"""Bytes of a payload from which it is packed beside the event loop."""

_MOVED = 250
"""Events that move to another name at once."""


class DynamoDBEvents(EventsRepository):
    """See the module and `EventsRepository`."""

    def __init__(self, connection: DynamoDBConnection, registry: Registry) -> None:
        super().__init__(connection)
        self._client = connection.client
        self._registry = registry
        self._expiry = connection.expiry
        self._reused_ids = False

    async def _insert(self, events: Sequence[Event]) -> int:
        return len(await self.insert_new(events))

    async def insert_new(self, events: Sequence[Event]) -> list[Event]:
        """Store events and return those that were new, as they are stored."""
        ready: dict[int, Item] = {}
        encoding = asyncio.create_task(self._encode(events, ready))
        try:
            new = await self._new(events)
        finally:
            encoding.cancel()
        await self._write(new, ready)
        return new

    async def _encode(self, events: Sequence[Event], ready: dict[int, Item]) -> None:
        """Make items, by the identity of their events, while the processor waits for what is known of the events."""
        for event in events:
            await asyncio.sleep(0)
            if len(event.payload) <= _LARGE:
                ready[id(event)] = self._item(event)

    def _item(self, event: Event) -> Item:
        return event_to_item(event, self._expiry(event.created_at))

    async def _write(self, events: Sequence[Event], ready: Mapping[int, Item] = MappingProxyType({})) -> None:
        days = {event.created_at[:10] for event in events}
        await self._registry.note_events(events, {day: self._expiry(f"{day}T23:59:59Z") for day in days})
        items: Iterable[Item] = (ready.get(id(event)) or self._item(event) for event in events)
        if any(len(event.payload) > _LARGE for event in events):
            items = await asyncio.to_thread(list, items)  # packing takes a second for the longest
        await write_items(self._client, (put("events", item) for item in items), total=len(events))

    async def _new(self, events: Sequence[Event]) -> list[Event]:
        """Return those that are not stored, each with the id under which it is to be."""
        keys = [key_of(event) for event in events]
        stored = await self._stored(keys)
        names = differing_names(keys, stored)
        chosen = ids_to_store_under(keys, stored, await self._aliases(names) if names else {})
        if not self._reused_ids and any(map(has_instant, chosen.values())):
            await state_items.note_reused_ids(self._client)
        return [
            events[at] if events[at].id == name else msgspec.structs.replace(events[at], id=name)
            for at, name in chosen.items()
        ]

    async def pages_of(self, repo: str) -> AsyncIterator[list[Event]]:
        """See the contract."""
        async for page in self._pages(window(REPO_EVENTS, repo, None, show="#id")):
            for some in chunks(page, _MOVED):
                items = await get_items(self._client, "events", ({"id": row["id"]} for row in some), consistent=True)
                yield [event for event in map(event_from_item, items) if event.repo_name == repo]

    async def _move(self, stored: Sequence[Event], moved: Sequence[Event]) -> int:
        keys, own = [key_of(event) for event in moved], {event.id for event in stored}
        others = [key for key in await self._stored(keys) if key.event_id not in own]
        kept = [moved[at] for at in ids_to_store_under(keys, others)]
        await self._write(kept)
        gone = own - {event.id for event in kept}
        await write_items(self._client, [delete("events", {"id": {"S": event_id}}) for event_id in gone])
        await write_items(self._client, absences(stored))
        return len(kept)

    async def _by_type(self, event_type: str, repo: str | None, since: str | None, limit: int | None) -> list[Event]:
        if repo is not None:
            where, values = one_of("event_type", [event_type])
            query = window(REPO_EVENTS, repo, since, where=where, values=values, newest_first=True)
        else:
            query = window(TYPE_EVENTS, event_type, since, newest_first=True)
        return await self._with_payloads(self._ordered(query), limit)

    async def _get(self, event_id: str) -> Event | None:
        answer = await self._client.call(
            "get_item", TableName=self._client.table("events"), Key={"id": {"S": event_id}}, ConsistentRead=True
        )
        return event_from_item(answer["Item"]) if "Item" in answer else None

    async def _page(self, query: EventQuery) -> list[Event]:
        last = query.after[0] if query.after else None
        asked = _window(query, last=last, newest_first=True)
        if asked and query.event_types is None and query.actor is None:
            asked["Limit"] = query.limit + 20
        return await self._with_payloads(self._ordered(asked, query.after, query.actor), query.limit)

    async def _count_by_hour(self, query: EventQuery) -> dict[tuple[str, str], int]:
        actor, counts = query.actor, Counter[tuple[str, str]]()

        def count(page: list[Item]) -> None:
            counts.update(
                (must(item, "created_at")[:13], must(item, "event_type"))
                for item in page
                if actor is None or _is_by(actor, item)
            )

        await self._read(_window(query, show="#event_type, #created_at, #actor_login"), count)
        return dict(counts)

    async def _activity(self, query: EventQuery, facts: frozenset[str]) -> list[Activity]:
        names = ["id", "event_type", "created_at", "actor_login", *sorted(facts)]
        found: list[Activity] = []
        await self._read(
            _window(query, show=", ".join(f"#{name}" for name in names)),
            lambda page: found.extend(map(activity_from_item, page)),
        )
        return sorted(found, key=lambda activity: (activity.created_at, activity.id))

    async def _repositories_of(self, actor: str, since: str, until: str) -> list[str]:
        query = expressions(
            KeyConditionExpression="#actor_login = :key AND begins_with(#repo_time_period, :seen)",
            ProjectionExpression="#repo_time_period",
        )
        query["TableName"], query["ConsistentRead"] = self._client.table("developer_metrics"), True
        query["ExpressionAttributeValues"] = attributes({":key": actor, ":seen": "#seen#"})
        seen = [must(item, "repo_time_period")[6:].rsplit("#", 1) for item in await all_items(self._client, query)]
        days = [(repo, f"{day}T00:00:00Z", shift(f"{day}T00:00:00Z", timedelta(days=1))) for repo, day in seen]
        surely = {repo for repo, begin, end in days if since <= begin and end <= until and end < LAST}
        perhaps = sorted({repo for repo, begin, end in days if begin < until and since < end} - surely)
        # A day at the edge of the window: only the events themselves tell.
        found = await side_by_side(partial(self._was_active, actor, repo, since, until) for repo in perhaps)
        return sorted(surely | {repo for repo, there in zip(perhaps, found, strict=True) if there})

    async def _trending(self, since: str, until: str, limit: int) -> list[RepositoryCount]:
        counts: Counter[str] = Counter()

        async def count(event_type: str) -> None:
            query = window(TYPE_EVENTS, event_type, since, until, show="#repo_name")
            async for page in self._pages(query):
                counts.update(must(item, "repo_name") for item in page if "repo_name" in item)

        await side_by_side(partial(count, event_type) for event_type in await self._registry.types())
        ranked = sorted(counts.items(), key=lambda found: (-found[1], found[0]))
        return [RepositoryCount(repo, number) for repo, number in ranked[:limit]]

    async def _stored(self, keys: Sequence[EventKey]) -> list[EventKey]:
        # Both reads at once; where ids are known to be used again only now, the rest is looked up after them.
        known = self._reused_ids
        stored, reused = await asyncio.gather(self._keys(ids_to_look_up(keys, reused=known)), self._has_reused_ids())
        return stored if known == reused else await self._keys(ids_to_look_up(keys, reused=True))

    async def _keys(self, ids: Collection[str]) -> list[EventKey]:
        keys = ({"id": {"S": event_id}} for event_id in ids)
        shown = "#id, #event_type, #created_at, #repo_name"
        found = await get_items(self._client, "events", keys, attributes=shown, consistent=True)
        return [
            EventKey(must(item, "id"), must(item, "event_type"), must(item, "created_at"), text(item, "repo_name"))
            for item in found
        ]

    async def _has_reused_ids(self) -> bool:
        self._reused_ids = self._reused_ids or await state_items.has_reused_ids(self._client)
        return self._reused_ids

    async def _aliases(self, names: Collection[str]) -> dict[str, str]:
        return await state_items.aliases_of(self._client, names)

    async def _delete_before(self, instant: str) -> int:  # noqa: ARG002 - `expires_at` does it
        return 0

    async def _was_active(self, actor: str, repo: str, since: str, until: str) -> bool:
        query = window(REPO_EVENTS, repo, since, until, show="#actor_login")
        async for page in self._pages(query):
            if any(_is_by(actor, item) for item in page):
                return True
        return False

    async def _with_payloads(self, rows: AsyncIterator[Item], limit: int | None) -> list[Event]:
        """Return the events of index rows, as many as asked for; rows whose item expired meanwhile are passed over."""
        chosen: list[Event] = []
        ids: list[str] = []
        async for row in rows:
            ids.append(must(row, "id"))
            if limit is not None and len(chosen) + len(ids) >= limit:
                chosen += await self._load(ids)
                ids = []
                if len(chosen) >= limit:
                    return chosen
        return chosen + await self._load(ids)

    async def _load(self, ids: Sequence[str]) -> list[Event]:
        items = await get_items(self._client, "events", ({"id": {"S": event_id}} for event_id in ids))
        by_id = {must(item, "id"): item for item in items}
        return [event_from_item(by_id[event_id]) for event_id in ids if event_id in by_id]

    async def _ordered(
        self, query: Query | None, after: Position | None = None, actor: str | None = None
    ) -> AsyncIterator[Item]:
        async for together in instants(self._pages(query), lambda row: must(row, "created_at")):
            for item in sorted(together, key=lambda row: must(row, "id"), reverse=True):
                beyond = after is None or (must(item, "created_at"), must(item, "id")) < after
                if beyond and (actor is None or _is_by(actor, item)):
                    yield item

    async def _read(self, query: Query | None, take: Callable[[list[Item]], None]) -> None:
        """Hand over every page of a window, in no order: what the first does not hold is read side by side."""
        if query is None:
            return

        async def read(part: Query) -> None:
            async for page in self._pages(part):
                take(page)

        answer = await self._client.call("query", TableName=self._client.table("events"), **query)
        take(answer["Items"])
        if last := answer.get("LastEvaluatedKey"):
            await side_by_side(partial(read, part) for part in slices(query, last, "created_at"))

    def _pages(self, query: Query | None) -> AsyncIterator[list[Item]]:
        return pages(self._client, "query", query and {"TableName": self._client.table("events"), **query})


def _window(query: EventQuery, **options: Any) -> Query | None:
    """Return the parameters of the query for a window and its types; None where there is nothing to ask."""
    span = query.repo, query.since, query.until
    if query.event_types is None and not query.without:
        return window(REPO_EVENTS, *span, **options)
    if query.event_types is None:
        where, values = one_of("event_type", query.without)
        return window(REPO_EVENTS, *span, where=f"NOT ({where})", values=values, **options)
    where, values = one_of("event_type", query.event_types)
    return window(REPO_EVENTS, *span, where=where, values=values, **options) if where else None


def _is_by(actor: str, item: Item) -> bool:
    login = text(item, "actor_login")
    return login is not None and is_named(login, actor)
