"""Events in SQLite.

Implementation notes
- What was really new is known without asking first: rows inserted by a transaction are those whose rowid is beyond the
  highest one before it. The rollup is updated from exactly these.
- Most ids are new or repeated, and no stranger was ever kept: rows are inserted first, and only where some were not new
  it is looked up what has their ids.
"""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ...jsontext import dump_json
from ...records import Activity, Event, Facts
from ..contract.types import EventQuery
from ..database_interface import EventsRepository, RepositoryCount
from ..event_ids import EventKey, differing_names, has_instant, ids_to_look_up, ids_to_store_under
from .collector_state import has_reused_ids, note_reused_ids, read_aliases
from .connection import SQLiteConnection
from .payload import packer, unpacker
from .retention import delete_events
from .sql import NUMBER, TEXT, Condition, count_changes, matches, one_of, rows_as, typed, where
from .trending import rank

COLUMNS = "id, event_type, created_at, repo_name, actor_login, payload, action, number, ref, sha, subject"

_TYPES = (str, str, str, TEXT, TEXT, (str, bytes), TEXT, NUMBER, TEXT, TEXT, TEXT)
_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_ROLL_UP = """
    INSERT INTO _daily (repo_name, day, events)
    SELECT repo_name, substr(created_at, 1, 10), count(*) FROM events
    WHERE rowid > ? AND repo_name IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (repo_name, day) DO UPDATE SET events = events + excluded.events"""
_REPEATED = {"event_type", "actor_login", "action", "ref", "subject"}
_STEP = 1_000
_NEWEST_FIRST = "ORDER BY created_at DESC, id DESC LIMIT ?"


class SQLiteEvents(EventsRepository):
    """See the contract in `database_interface`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        super().__init__(connection)
        self._db = connection

    async def _insert(self, events: Sequence[Event]) -> int:
        return await self._db.write(lambda db: insert_events(db, events))

    async def pages_of(self, repo: str) -> AsyncIterator[list[Event]]:
        """See the contract."""
        place = "repo_name = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?"
        sql = f"SELECT {COLUMNS} FROM events INDEXED BY events_window WHERE {place}"
        values = [repo, "", "", _STEP]
        while found := await self._db.read(lambda db: events_of(db.execute(sql, values))):
            yield found
            values[1:3] = found[-1].created_at, found[-1].id

    async def _move(self, stored: Sequence[Event], moved: Sequence[Event]) -> int:
        return await self._db.write(lambda db: _move_events(db, stored, moved))

    async def _by_type(self, event_type: str, repo: str | None, since: str | None, limit: int | None) -> list[Event]:
        conditions: list[Condition] = [("event_type = ? AND created_at >= ?", [event_type, since or ""])]
        if repo is not None:
            conditions.append(("repo_name = ?", [repo]))
        index = "events_type" if repo is None else "events_window"
        return await self._select(conditions, -1 if limit is None else limit, index)

    async def _get(self, event_id: str) -> Event | None:
        return next(iter(await self._select([("id = ?", [event_id])], 1, None)), None)

    async def _page(self, query: EventQuery) -> list[Event]:
        conditions = _window(query)
        if query.after is not None:
            conditions.append(("(created_at, id) < (?, ?)", [*query.after]))
        return await self._select(conditions, query.limit, "events_window")

    async def _count_by_hour(self, query: EventQuery) -> dict[tuple[str, str], int]:
        clause, values = where(_window(query))
        counted = "SELECT substr(created_at, 1, 13), event_type, count(*) FROM events INDEXED BY events_window"
        sql = f"{counted} {clause} GROUP BY 1, 2"
        return await self._db.read(lambda db: {(hour, kind): count for hour, kind, count in db.execute(sql, values)})

    async def _activity(self, query: EventQuery, facts: frozenset[str]) -> list[Activity]:
        clause, values = where(_window(query))
        source = f"FROM events INDEXED BY events_window {clause}"  # the index has the rows in order
        unread = {*Facts._fields} - facts
        return await self._db.read(lambda db: rows_as(Activity, db, source, values, repeated=_REPEATED, unread=unread))

    async def _repositories_of(self, actor: str, since: str, until: str) -> list[str]:
        clause, values = where(
            [
                matches("actor_login", actor),
                ("created_at >= ? AND created_at < ?", [since, until]),
                ("repo_name IS NOT NULL", []),
            ]
        )
        sql = f"SELECT DISTINCT repo_name FROM events {clause} ORDER BY repo_name"
        return await self._db.read(lambda db: [repo for (repo,) in db.execute(sql, values)])

    async def _trending(self, since: str, until: str, limit: int) -> list[RepositoryCount]:
        return await self._db.read(lambda db: rank(db, since, until, limit))

    async def _keys(self, ids: Collection[str]) -> list[EventKey]:
        return await self._db.read(lambda db: read_keys(db, ids))

    async def _has_reused_ids(self) -> bool:
        return await self._db.read(has_reused_ids)

    async def _aliases(self, names: Collection[str]) -> dict[str, str]:
        return await self._db.read(lambda db: read_aliases(db, names))

    async def _delete_before(self, instant: str) -> int:
        return await delete_events(self._db, instant)

    async def _select(self, conditions: Sequence[Condition], limit: int, index: str | None) -> list[Event]:
        clause, values = where(conditions)
        hint = f"INDEXED BY {index}" if index else ""  # there are no statistics for the planner to choose well by
        sql = f"SELECT {COLUMNS} FROM events {hint} {clause} {_NEWEST_FIRST}"
        return await self._db.read(lambda db: events_of(db.execute(sql, (*values, limit))))


def insert_events(db: sqlite3.Connection, events: Iterable[Event]) -> int:
    """Store events in the caller's transaction and return how many were new."""
    pack = packer()
    return insert_rows(db, (event_row(event, pack(event.payload)) for event in events))


def event_row(event: Event, payload: str | bytes) -> tuple[Any, ...]:
    """Return values of `COLUMNS`, with the payload as it is stored."""
    e = event
    return (e.id, e.event_type, e.created_at, e.repo_name, e.actor_login, payload, *e.facts)


def insert_rows(db: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> int:
    """Store rows of `COLUMNS` in the caller's transaction, keep the rollup right, and return how many were new."""
    (newest,) = db.execute("SELECT coalesce(max(rowid), 0) FROM events").fetchone()
    new = sum(_insert_step(db, step) for step in _steps(rows))
    if new:
        db.execute(_ROLL_UP, (newest,))
    return new


def _move_events(db: sqlite3.Connection, stored: Sequence[Event], moved: Sequence[Event]) -> int:
    """See `EventsRepository.move`; in the caller's transaction."""
    days = [(event.repo_name, event.created_at[:10]) for event in stored]
    db.executemany("DELETE FROM events WHERE id = ?", [(event.id,) for event in stored])
    db.executemany("UPDATE _daily SET events = events - 1 WHERE repo_name = ? AND day = ?", days)
    db.executemany("DELETE FROM _daily WHERE repo_name = ? AND day = ? AND events <= 0", set(days))
    return insert_events(db, moved)


def read_keys(db: sqlite3.Connection, ids: Collection[str]) -> list[EventKey]:
    """Return what distinguishes the events that are stored under ids."""
    sql = "SELECT id, event_type, created_at, repo_name FROM events WHERE id IN (SELECT value FROM json_each(?))"
    return [EventKey(*row) for row in db.execute(sql, (dump_json(list(ids)).decode(),))]


def _steps(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    walk = iter(rows)
    while step := list(islice(walk, _STEP)):
        yield step


def _insert_step(db: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> int:
    reused, new = has_reused_ids(db), 0
    if not reused and not any(has_instant(row[0]) for row in rows):
        new = count_changes(db, _INSERT, rows)
        if new == len(rows):
            return new
    keys = [EventKey(*row[:4]) for row in rows]
    stored = read_keys(db, ids_to_look_up(keys, reused=reused))
    names = differing_names(keys, stored)
    chosen = ids_to_store_under(keys, stored, read_aliases(db, names) if names else {})
    if not reused and any(map(has_instant, chosen.values())):
        note_reused_ids(db)
    renamed = ((event_id, *rows[position][1:]) for position, event_id in chosen.items())
    return new + count_changes(db, _INSERT, renamed)


def events_of(rows: Iterable[tuple[Any, ...]]) -> list[Event]:
    """Events out of rows of `COLUMNS`."""
    unpack = unpacker()

    def event(row: tuple[Any, ...]) -> Event:
        id_, event_type, created_at, repo, actor, payload, *facts = typed(row, _TYPES)
        return Event(
            id=id_,
            event_type=event_type,
            created_at=created_at,
            repo_name=repo,
            actor_login=actor,
            payload=unpack(payload),
            facts=Facts(*facts),
        )

    return list(map(event, rows))


def _window(query: EventQuery) -> list[Condition]:
    window = [query.repo, query.since, query.until]
    conditions: list[Condition] = [("repo_name = ? AND created_at >= ? AND created_at < ?", window)]
    if query.event_types is not None:
        conditions.append(one_of("event_type", query.event_types))
    elif query.without:
        known, types = one_of("event_type", query.without)
        conditions.append((f"NOT {known}", types))
    if query.actor is not None:
        conditions.append(matches("actor_login", query.actor))
    return conditions
