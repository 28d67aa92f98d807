"""Collector state in SQLite.

Implementation notes
- It lives in `event_patterns`, under keys that begin with `#`: `#state#owner/name` (sort `state`: the state;
  sort `lease`: owner, until, epoch; sort `rewritten`: rewritings of its branches by kind of listing), `#watch` (sort:
  repository; true or false), `#alias` (sort: old name; the key), `#archive` (sort `hours`: the spans imported for
  all repositories), `#strangers` (sort `events`: true once an event was kept beside another of its id), and
  namespaces of notes (sort: a note's name).
- A lease is taken and its epoch checked inside BEGIN IMMEDIATE, so that two processes cannot both succeed.
- Stored repositories are found by walking the first column of the indexes, one look-up each: there is no list to keep.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from ...branches import noted_with, to_store, with_rewritings
from ...errors import LeaseLost
from ...instants import seconds_of
from ...jsontext import dump_json, load_json
from ...ledger import clip_spans, forget_before, merge_spans
from ...records import Lease, RepositoryState, Rewriting, Span
from ..contract.collector_state import readable_state, unreadable_state
from ..database_interface import CollectorState, KnownRepository
from .connection import SQLiteConnection
from .sql import count_changes

STATE, WATCH, ALIAS, ARCHIVE = "#state#", "#watch", "#alias", "#archive"
_REUSED_IDS = "#strangers"
_STATES_AT_A_TIME = 1000

_PUT = "INSERT OR REPLACE INTO event_patterns (repo_name, event_pattern_detected, data) VALUES (?, ?, ?)"
_PUT_NEW = _PUT.replace("REPLACE", "IGNORE")
_GET = "SELECT data FROM event_patterns WHERE repo_name = ? AND event_pattern_detected = ?"
_NOTES = "SELECT event_pattern_detected, data FROM event_patterns WHERE repo_name = ?"
_STATES = """
    SELECT repo_name, event_pattern_detected, data FROM event_patterns
    WHERE repo_name IN (SELECT value FROM json_each(?)) AND event_pattern_detected IN ('state', 'rewritten')
    ORDER BY event_pattern_detected DESC"""
_ALIASES = """
    SELECT event_pattern_detected, data FROM event_patterns
    WHERE repo_name = ? AND event_pattern_detected IN (SELECT value FROM json_each(?))"""
_STATES_AFTER = """
    SELECT repo_name, data FROM event_patterns
    WHERE repo_name > ? AND repo_name < ? AND event_pattern_detected = 'state' ORDER BY repo_name LIMIT ?"""
_REPOSITORIES = """
    WITH RECURSIVE
    by_event(name) AS (
        SELECT min(repo_name) FROM events WHERE repo_name >= :first
        UNION ALL SELECT (SELECT min(repo_name) FROM events WHERE repo_name > name)
        FROM by_event WHERE name < :last LIMIT :limit),
    by_commit(name) AS (
        SELECT min(repo_name) FROM commits WHERE repo_name >= :first
        UNION ALL SELECT (SELECT min(repo_name) FROM commits WHERE repo_name > name)
        FROM by_commit WHERE name < :last LIMIT :limit),
    by_state(name) AS (
        SELECT substr(repo_name, 8) FROM event_patterns WHERE repo_name >= '#state#' || :first
        AND repo_name < '#state#' || :last AND event_pattern_detected = 'state' ORDER BY repo_name LIMIT :limit)
    SELECT name, (SELECT data ->> 'full_name' FROM event_patterns
        WHERE repo_name = '#state#' || name AND event_pattern_detected = 'state')
    FROM (SELECT name FROM by_event UNION SELECT name FROM by_commit UNION SELECT name FROM by_state)
    WHERE name >= :first AND name < :last ORDER BY name LIMIT :limit"""

_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(RepositoryState).decode
_decode_rewritings = msgspec.json.Decoder(dict[str, Rewriting]).decode


class SQLiteCollectorState(CollectorState):
    """See the contract in `database_interface`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        super().__init__(connection)
        self._db = connection

    async def _states(self, repos: Sequence[str]) -> dict[str, RepositoryState]:
        return await self._db.read(lambda db: read_states(db, repos))

    async def _states_and_note(
        self, repos: Sequence[str], namespace: str, name: str
    ) -> tuple[dict[str, RepositoryState], Any]:
        return await self._db.read(lambda db: (read_states(db, repos), _get(db, namespace, name)))

    async def _note_rewritings(self, repo: str, rewritings: Mapping[str, Rewriting]) -> None:
        await self._db.write(lambda db: note_rewritings(db, repo, rewritings))

    async def _save_states(self, states: Sequence[RepositoryState]) -> None:
        await self._db.write(lambda db: save_states(db, states))

    async def _archive_hours(self) -> tuple[Span, ...]:
        return await self._db.read(_read_hours)

    async def _add_archive_hours(self, hours: Sequence[Span]) -> None:
        await self._db.write(lambda db: _put(db, ARCHIVE, "hours", merge_spans((*_read_hours(db), *hours))))

    async def _forget_before(self, instant: str) -> None:
        await self._db.write(lambda db: _put(db, ARCHIVE, "hours", clip_spans(_read_hours(db), instant, "9999")))
        after: str | None = STATE
        while after is not None:
            after = await self._db.write(lambda db, key=after: _forget_some(db, key, instant))  # type: ignore[misc]

    async def _acquire(self, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None:
        return await self._db.write(lambda db: _acquire(db, repo, owner, now, expires_at, latest), missed=False)

    async def _release(self, lease: Lease, *, unused: bool) -> None:
        await self._db.write(lambda db: _release(db, lease, unused), missed=False)

    async def _mark(self, repos: Sequence[str], watched: bool) -> None:
        await self._db.write(lambda db: mark(db, repos, watched))

    async def _watch_list(self) -> dict[str, bool]:
        return await self._db.read(read_watch_list)

    async def _save_aliases(self, aliases: Mapping[str, str]) -> None:
        await self._db.write(lambda db: db.executemany(_PUT, _alias_rows(aliases)) and None)

    async def _claim_aliases(self, aliases: Mapping[str, str]) -> dict[str, str]:
        return await self._db.write(lambda db: _claim_aliases(db, aliases))

    async def _aliases(self, names: Sequence[str]) -> dict[str, str]:
        return await self._db.read(lambda db: read_aliases(db, names))

    async def _notes(self, namespace: str, names: Sequence[str] | None = None) -> dict[str, Any]:
        chosen = "" if names is None else " AND event_pattern_detected IN (SELECT value FROM json_each(?))"
        values = (namespace,) if names is None else (namespace, dump_json(list(names)).decode())
        rows = await self._db.read(lambda db: db.execute(_NOTES + chosen, values).fetchall())
        return {name: load_json(data) for name, data in rows}

    async def _put_notes(self, namespace: str, notes: Mapping[str, Any]) -> None:
        def put(db: sqlite3.Connection) -> None:
            for name, value in notes.items():
                _put(db, namespace, name, value)

        await self._db.write(put)

    async def _repositories(self, prefix: str, limit: int) -> list[KnownRepository]:
        values = {"first": prefix, "last": prefix + "\U0010ffff", "limit": limit}
        rows = await self._db.read(lambda db: db.execute(_REPOSITORIES, values).fetchall())
        return [KnownRepository(name, full_name or name) for name, full_name in rows]


def read_states(db: sqlite3.Connection, repos: Iterable[str]) -> dict[str, RepositoryState]:
    """States by repository."""
    keys, states = dump_json([STATE + repo for repo in repos]).decode(), dict[str, RepositoryState]()
    for key, sort, data in db.execute(_STATES, (keys,)):  # states come before what is noted beside them
        repo = key.removeprefix(STATE)
        if sort == "state":
            states[repo] = _state_of(repo, data)
        elif repo in states:
            states[repo] = _with_rewritings(states[repo], data)
    return states


def _state_of(repo: str, data: str) -> RepositoryState:
    try:
        return readable_state(repo, _decode_state(data))
    except msgspec.MsgspecError:
        return unreadable_state(repo)


def _with_rewritings(state: RepositoryState, data: str) -> RepositoryState:
    try:
        return with_rewritings(state, _decode_rewritings(data))
    except msgspec.MsgspecError:
        return unreadable_state(state.repo_name)


def note_rewritings(db: sqlite3.Connection, repo: str, rewritings: Mapping[str, Rewriting]) -> None:
    """Note rewritings beside a state, in the caller's transaction."""
    row = db.execute(_GET, (STATE + repo, "rewritten")).fetchone()
    before: dict[str, Rewriting] = {}
    with suppress(msgspec.MsgspecError):  # what cannot be read is replaced
        before = _decode_rewritings(row[0]) if row else {}
    _put(db, STATE + repo, "rewritten", noted_with(before, rewritings))


def save_states(db: sqlite3.Connection, states: Iterable[RepositoryState]) -> None:
    """Store states in the caller's transaction."""
    rows = ((STATE + state.repo_name, "state", _encode_state(to_store(state)).decode()) for state in states)
    db.executemany(_PUT, rows)


def _alias_rows(aliases: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [(ALIAS, alias, dump_json(repo).decode()) for alias, repo in sorted(aliases.items())]


def _claim_aliases(db: sqlite3.Connection, aliases: Mapping[str, str]) -> dict[str, str]:
    if count_changes(db, _PUT_NEW, _alias_rows(aliases)) == len(aliases):
        return {}
    return {name: key for name, key in read_aliases(db, aliases).items() if key != aliases[name]}


def read_aliases(db: sqlite3.Connection, names: Collection[str]) -> dict[str, str]:
    """Return the keys that names stand for; those that stand for none are absent."""
    rows = db.execute(_ALIASES, (ALIAS, dump_json(list(names)).decode()))
    return {name: load_json(data) for name, data in rows}


def has_reused_ids(db: sqlite3.Connection) -> bool:
    """Return whether an event was ever kept beside another of its id."""
    return _get(db, _REUSED_IDS, "events") is not None


def note_reused_ids(db: sqlite3.Connection) -> None:
    """Remember that there is such an event, in the caller's transaction."""
    _put(db, _REUSED_IDS, "events", True)


def _read_hours(db: sqlite3.Connection) -> tuple[Span, ...]:
    return tuple(Span(*hours) for hours in _get(db, ARCHIVE, "hours") or ())


def _forget_some(db: sqlite3.Connection, after: str, instant: str) -> str | None:
    """Forget it in the states of the next keys; return the last of these keys, None at the end."""
    rows = db.execute(_STATES_AFTER, (after, STATE + "\U0010ffff", _STATES_AT_A_TIME)).fetchall()
    found = [_state_of(key.removeprefix(STATE), data) for key, data in rows]
    states = [(state, forget_before(state.ledger, instant)) for state in found]
    save_states(db, [msgspec.structs.replace(state, ledger=left) for state, left in states if left != state.ledger])
    return rows[-1][0] if len(rows) == _STATES_AT_A_TIME else None


def read_watch_list(db: sqlite3.Connection) -> dict[str, bool]:
    """Every repository ever put on or taken off the watch list, in order."""
    sql = "SELECT event_pattern_detected, data FROM event_patterns WHERE repo_name = ? ORDER BY event_pattern_detected"
    return {repo: data == "true" for repo, data in db.execute(sql, (WATCH,))}


def mark(db: sqlite3.Connection, repos: Iterable[str], watched: bool) -> None:
    """Put repositories on the watch list, or take them off it."""
    for repo in repos:
        _put(db, WATCH, repo, watched)


def check_lease(db: sqlite3.Connection, lease: Lease) -> None:
    """Raises `LeaseLost` when another collector took the repository over."""
    held = _get(db, STATE + lease.repo_name, "lease")
    if held is None or held["epoch"] != lease.epoch:
        raise LeaseLost(f"another collector took {lease.repo_name} over; nothing of this step was stored")


def _acquire(db: sqlite3.Connection, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None:
    held = _get(db, STATE + repo, "lease") or {"owner": "", "until": "", "epoch": seconds_of(now)}
    if held["owner"] != owner and now < held["until"] <= latest:
        return None
    lease = Lease(repo, owner, held["epoch"] + 1, expires_at)
    _put(db, STATE + repo, "lease", {"owner": owner, "until": expires_at, "epoch": lease.epoch})
    return lease


def _release(db: sqlite3.Connection, lease: Lease, unused: bool) -> None:
    held = _get(db, STATE + lease.repo_name, "lease")
    if held is None or held["epoch"] != lease.epoch:
        return
    if unused and _get(db, STATE + lease.repo_name, "state") is None:
        gone = (STATE + lease.repo_name, "lease")
        db.execute("DELETE FROM event_patterns WHERE repo_name = ? AND event_pattern_detected = ?", gone)
    else:
        _put(db, STATE + lease.repo_name, "lease", held | {"owner": "", "until": ""})


def _put(db: sqlite3.Connection, key: str, sort: str, data: Any) -> None:
    db.execute(_PUT, (key, sort, dump_json(data).decode()))


def _get(db: sqlite3.Connection, key: str, sort: str) -> Any:
    row = db.execute(_GET, (key, sort)).fetchone()
    return None if row is None else load_json(row[0])
