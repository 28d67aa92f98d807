"""What can be asked of events."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any

from ...instants import LAST, SECOND, format_instant, normalise_instant, shift
from ...records import Activity, Event, Facts, repo_key
from .. import wire
from ..event_ids import EventKey, differing_names, ids_to_look_up, ids_to_store_under, key_of
from .connection import DatabaseConnection
from .types import EventQuery, Position, RepositoryCount, fold_login, type_filter


class EventsRepository(ABC):
    """Events, by id. A repeated event keeps the record stored first, whatever the later one says.

    Two are the same when id, type, second and repository agree; see `event_ids` for different events under one id.
    """

    def __init__(self, connection: DatabaseConnection) -> None:
        self._connection = connection

    async def insert_events(self, events: Iterable[Mapping[str, Any] | Event]) -> int:
        """Store events and return how many were really new.

        A dict has `id` and `event_type` (required), `repo_name`, `actor_login`, `created_at` (default: now), `payload`.
        Repeats inside one call count once and the first of them wins; one without `created_at` repeats whatever has its
        id. Raises `InvalidInput` naming the record and the field before anything is written.
        """
        records, undated = wire.events_from(events, format_instant(self._connection.clock()))
        if not records:
            return 0
        await self._connection.open()
        known = await self._known(list(undated)) if undated else set()
        return await self._insert([event for event in records if event.id not in known])

    async def get_events_by_type(
        self, event_type: str, repo: str | None = None, since: str | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Events of one type as dicts, newest first (`created_at` descending, then `id` descending).

        since: inclusive instant. limit: most events, counted after all filters; None is all of them.
        """
        wire.check_limit(limit)
        await self._connection.open()
        found = await self._by_type(
            event_type,
            repo_key(repo) if repo is not None else None,
            normalise_instant(since) if since is not None else None,
            limit,
        )
        return [wire.event_to_dict(event) for event in found]

    async def get_event(self, event_id: str) -> Event | None:
        """Return one event, or None."""
        await self._connection.open()
        return await self._get(event_id)

    async def get_events(
        self,
        repo: str,
        since: str,
        until: str,
        *,
        event_types: Sequence[str] | None = None,
        actor: str | None = None,
        limit: int = 100,
        after: Position | None = None,
    ) -> list[Event]:
        """Return a page of a repository's events with payloads, newest first, those beyond `after` only.

        actor: login in any letter case. event_types: None is every type, an empty sequence is none.
        """
        wire.check_limit(limit)
        await self._connection.open()
        types, login = type_filter(event_types), fold_login(actor)
        return await self._page(EventQuery(repo_key(repo), since, until, types, login, limit, after))

    async def count_by_type(
        self, repo: str, since: str, until: str, *, event_types: Sequence[str] | None = None, actor: str | None = None
    ) -> dict[str, int]:
        """Return how many events of each type; types without any are absent. No payload is read for it."""
        found = Counter[str]()
        counted = await self.count_by_hour(repo, since, until, event_types=event_types, actor=actor)
        for (_, event_type), count in counted.items():
            found[event_type] += count
        return dict(found)

    async def count_by_hour(
        self, repo: str, since: str, until: str, *, event_types: Sequence[str] | None = None, actor: str | None = None
    ) -> dict[tuple[str, str], int]:
        """Return how many events of each hour and type; those without any are absent. No payload is read for it.

        An hour is the first thirteen characters of its instants: `2026-11-22T16`.
        """
        await self._connection.open()
        types, login = type_filter(event_types), fold_login(actor)
        return await self._count_by_hour(EventQuery(repo_key(repo), since, until, types, login))

    async def get_activity(
        self,
        repo: str,
        since: str,
        until: str,
        *,
        event_types: Collection[str] | None = None,
        without: Collection[str] = (),
        facts: Collection[str] = Facts._fields,
    ) -> list[Activity]:
        """Return the narrow rows of a window, oldest first (`created_at`, then `id`). No payload is read for it.

        event_types: None is every type but those in `without`, an empty collection is none. facts: those that are
        read; the others are None.
        """
        await self._connection.open()
        types = type_filter(event_types)
        query = EventQuery(repo_key(repo), since, until, types, without=frozenset(without))
        return await self._activity(query, frozenset(facts))

    async def get_repositories_of(self, actor: str, since: str, until: str) -> list[str]:
        """Keys of the repositories in which a login (any letter case) has events in the window, in order."""
        await self._connection.open()
        return await self._repositories_of(actor.lower(), since, until)

    async def get_trending(self, since: str, until: str, limit: int) -> list[RepositoryCount]:
        """Repositories by number of events descending, then name."""
        wire.check_limit(limit)
        await self._connection.open()
        return await self._trending(since, until, limit)

    async def get_known_ids(self, ids: Iterable[str]) -> set[str]:
        """Return those of the ids that are stored, read consistently."""
        await self._connection.open()
        return await self._known(list(dict.fromkeys(ids)))

    async def get_known_events(self, events: Iterable[Event]) -> set[str]:
        """Ids, as these events have them, of those that are stored, read consistently."""
        await self._connection.open()
        keys = [key_of(event) for event in events]
        stored = await self._stored(keys)
        names = differing_names(keys, stored)
        aliases = await self._aliases(names) if names else {}
        return {key.event_id for key in keys if not ids_to_store_under([key], stored, aliases)}

    async def has_events_after(self, repo: str, instant: str) -> bool:
        """Return whether a repository has events later than an instant."""
        return bool(await self.get_events(repo, shift(instant, SECOND), LAST, limit=1))

    async def delete_before(self, instant: str) -> int:
        """Remove events older than an instant, in small steps, and return how many went.

        DynamoDB returns 0 and removes nothing: there the `expires_at` attribute does it.
        """
        await self._connection.open()
        return await self._delete_before(instant)

    async def move(self, stored: Sequence[Event], moved: Sequence[Event]) -> int:
        """Store a repository's events under its other name in place of what they were: as `moved`, all or some.

        One of them that is stored there already, under its id or that of its era, is not stored twice. Return how many
        are stored.
        """
        await self._connection.open()
        return await self._move(stored, moved)

    @abstractmethod
    def pages_of(self, repo: str) -> AsyncIterator[list[Event]]:
        """Yield the events of a key some hundreds at a time; those that were yielded may be moved meanwhile."""

    async def _stored(self, keys: Sequence[EventKey]) -> list[EventKey]:
        """Return what is stored under the ids that events may have."""
        return await self._keys(ids_to_look_up(keys, reused=await self._has_reused_ids()))

    @abstractmethod
    async def _insert(self, events: Sequence[Event]) -> int: ...
    @abstractmethod
    async def _move(self, stored: Sequence[Event], moved: Sequence[Event]) -> int: ...
    @abstractmethod
    async def _by_type(
        self, event_type: str, repo: str | None, since: str | None, limit: int | None
    ) -> list[Event]: ...
    @abstractmethod
    async def _get(self, event_id: str) -> Event | None: ...
    @abstractmethod
    async def _page(self, query: EventQuery) -> list[Event]: ...
    @abstractmethod
    async def _count_by_hour(self, query: EventQuery) -> dict[tuple[str, str], int]: ...
    @abstractmethod
    async def _activity(self, query: EventQuery, facts: frozenset[str]) -> list[Activity]: ...
    @abstractmethod
    async def _repositories_of(self, actor: str, since: str, until: str) -> list[str]: ...
    @abstractmethod
    async def _trending(self, since: str, until: str, limit: int) -> list[RepositoryCount]: ...
    @abstractmethod
    async def _keys(self, ids: Collection[str]) -> list[EventKey]: ...
    @abstractmethod
    async def _has_reused_ids(self) -> bool: ...
    @abstractmethod
    async def _aliases(self, names: Collection[str]) -> dict[str, str]: ...

    async def _known(self, ids: Sequence[str]) -> set[str]:
        return {key.event_id for key in await self._keys(ids)}

    @abstractmethod
    async def _delete_before(self, instant: str) -> int: ...
