"""Webhook deliveries, stored: once each, however often they are sent, and not again what polling brings.

Polling and webhooks share no id. A delivery is compared by natural key with what the feed brought around its time; the
feed's events, and an archive's, are compared with what deliveries stored when they are collected or imported
(`infrastructure.contract.deliveries`).
"""

import asyncio
import secrets
from typing import NamedTuple

import msgspec

from ..branches import listing_of
from ..github.thread_events import numbers_in, threads_after
from ..github.webhooks import Delivered, parse_webhook, rekey
from ..infrastructure.contract.deliveries import is_known_from_feed
from ..infrastructure.database_interface import DatabaseManager
from ..infrastructure.gc_pause import without_garbage_collection
from ..insights.commits import analyse_commit
from ..instants import Clock, format_instant
from ..observations import RELEASE, Release
from ..records import (
    GONE,
    WEBHOOK,
    CollectedBatch,
    CommitRecord,
    Event,
    Lease,
    MetricRow,
    RepositoryState,
    Rewriting,
    Stored,
    Thread,
    Why,
    name_by_id,
    repo_key,
)
from .comparing import comparing
from .leases import acquire

_WAIT = 2.0
"""Seconds for which a delivery waits for others: GitHub waits ten for everything."""


class Receipt(NamedTuple):
    """What became of a delivery: how many events and commits of it were new; `reason` says why no event was."""

    repo: str | None
    events: int
    commits: int
    reason: str | None = None


async def receive_webhook(manager: DatabaseManager, clock: Clock, kind: str, delivery: str, body: bytes) -> Receipt:
    """Store a delivery whose signature was verified; `repo` of the receipt is the key it is stored under.

    Raises `InvalidInput` for a body that is not a JSON object, `DatabaseError` when it could not be stored.
    """
    received_at = format_instant(clock())
    delivered = await asyncio.to_thread(_parse, kind, delivery, body, received_at)  # it may have 25 MB
    key, known = await _key_of(manager, delivered) if delivered.full_name else (None, None)
    if key is not None and _made_unsure(known, delivered):
        await _note_rewritings(manager, clock, key, delivered, received_at)
    if delivered.event is None:
        if key is not None and delivered.renamed:
            await _rename(manager, clock, key, delivered)
        return Receipt(key or delivered.full_name, 0, 0, delivered.reason)
    if key is None:
        return Receipt(delivered.full_name, 0, 0, "another repository is stored under this name; collect it first")
    batch = await asyncio.to_thread(_batch, delivered, key)
    async with comparing(manager, key, _WAIT):
        if await is_known_from_feed(manager.events, batch.events[0], dated=delivered.dated):
            batch = msgspec.structs.replace(batch, events=())
        if not batch.threads:
            batch = msgspec.structs.replace(batch, threads=await _known_thread(manager, key, delivered.event))
        batch = msgspec.structs.replace(batch, deployments=await _gone_release(manager, key, delivered, received_at))
        stored = await _store(manager, clock, batch, delivered, known)
    return Receipt(key, stored.events, stored.commits, None if stored.events else "this event is stored already")


async def _note_rewritings(
    manager: DatabaseManager, clock: Clock, key: str, delivered: Delivered, received_at: str
) -> None:
    """Note which of the listings that are or were read a delivery makes unsure until they are read again."""
    state = await manager.collector_state.get_state(key)
    whys = _made_unsure(state, delivered)
    unread = whys.keys() - ({"commits", *state.ledger.spans} if state is not None else set())
    if unread and not await _is_being_collected(manager, clock, key):
        whys = {kind: why for kind, why in whys.items() if kind not in unread}
    await manager.collector_state.note_rewritings(
        key, {kind: Rewriting(received_at, why, delivered.delivery) for kind, why in whys.items()}
    )


def _made_unsure(state: RepositoryState | None, delivered: Delivered) -> dict[str, Why]:
    """Return the listings that a delivery makes unsure, read or not, and why."""
    default = (state and state.default_branch) or delivered.default_branch
    whys = {listing_of(branch, default): why for branch, why in delivered.rewritten.items()}
    if state is not None and delivered.default_branch not in {None, default} and "commits" not in state.rewritten:
        whys["commits"] = "default"
    return whys


async def _acquire(manager: DatabaseManager, clock: Clock, key: str) -> Lease | None:
    """Take a repository's lease for this delivery; None where somebody has it."""
    return await acquire(manager, clock, key, f"{WEBHOOK}:{secrets.token_hex(4)}")


async def _is_being_collected(manager: DatabaseManager, clock: Clock, key: str) -> bool:
    """Return whether a pass is under way, of which nothing may be stored yet."""
    lease = await _acquire(manager, clock, key)
    if lease is not None:
        await asyncio.shield(manager.collector_state.release_lease(lease, unused=True))
    return lease is None


def _parse(kind: str, delivery: str, body: bytes, received_at: str) -> Delivered:
    with without_garbage_collection():
        return parse_webhook(kind, delivery, body, received_at)


def _batch(delivered: Delivered, key: str) -> CollectedBatch:
    delivered = rekey(delivered, key)
    return CollectedBatch(
        state=RepositoryState(repo_name=key),
        events=(delivered.event,) if delivered.event else (),
        commits=tuple(
            CommitRecord(commit=commit, summary=analyse_commit(commit, None)) for commit in delivered.commits
        ),
        security=delivered.security,
        threads=(delivered.thread,) if delivered.thread else (),
    )


async def _known_thread(manager: DatabaseManager, key: str, event: Event) -> tuple[Thread, ...]:
    """Return a stored issue as a delivery leaves it that does not show it as one of the repository: it is gone."""
    numbers = numbers_in([event]) if manager.threads.available else ()
    known = await manager.threads.get_threads_by_number(key, numbers) if numbers else {}
    return tuple(threads_after([msgspec.structs.replace(event, repo_name=key)], known).values()) if known else ()


async def _gone_release(
    manager: DatabaseManager, key: str, delivered: Delivered, received_at: str
) -> tuple[MetricRow, ...]:
    """Return the row of a listed release as a delivery leaves it that tells of its end."""
    number, event = delivered.release, delivered.event
    if number is None or event is None or event.facts.action not in GONE:
        return ()
    rows = await manager.metrics.get_metrics("deployment_metrics", key, prefix=f"{RELEASE}{number}")
    found = next((one for one in map(Release.from_row, rows) if one and one.id == str(number)), None)
    return (msgspec.structs.replace(found, deleted_at=received_at).to_row(key),) if found else ()


async def _key_of(manager: DatabaseManager, delivered: Delivered) -> tuple[str | None, RepositoryState | None]:
    """Return the key under which the repository is, or will be, stored, and what is remembered of it.

    The key is None where that is another one's by now. A repository is known by its id: what is stored under a name
    that it had before goes on there.
    """
    key, number = repo_key(delivered.full_name or ""), delivered.repository_id
    collector_state = manager.collector_state
    state = await collector_state.get_state(key)
    if state is None or not _is_of(state, number):
        by_id = await collector_state.get_alias(name_by_id(number)) if number else None
        known = by_id or await collector_state.get_alias(key) or key
        if known != key:
            former, state = state, await collector_state.get_state(known)
            if by_id is None and state is not None and not _is_of(state, number):
                return (
                    key if former is None else None
                ), None  # the one that had the name before is stored under another
            if by_id and (state is None or _is_of(state, number)):
                await collector_state.save_alias(key, known)
        key = known
    return (key, state) if state is None or _is_of(state, number) else (None, None)


def _is_of(state: RepositoryState, repository_id: int | None) -> bool:
    return repository_id is None or state.repository_id in {None, repository_id}


async def _store(
    manager: DatabaseManager, clock: Clock, batch: CollectedBatch, delivered: Delivered, known: RepositoryState | None
) -> Stored:
    """Store records, and once for each repository that they come from webhooks, too.

    That needs the repository's lease. While a collector has it the records are stored alone; a later delivery says it.
    """
    key = batch.state.repo_name
    renamed = known is not None and await _has_a_new_name(manager, known, delivered)
    if not renamed and _says_so(known):
        return await _store_records(manager, batch)
    await manager.collector_state.save_delivered(key)
    lease = await _acquire(manager, clock, key)
    if lease is None:
        return await _store_records(manager, batch)
    try:
        state = await manager.collector_state.get_state(key) or RepositoryState(
            repo_name=key,
            full_name=delivered.full_name,
            repository_id=delivered.repository_id,
            default_branch=delivered.default_branch,
        )
        full_name = delivered.full_name if renamed else state.full_name
        state = msgspec.structs.replace(state, full_name=full_name, sources=tuple(sorted({*state.sources, WEBHOOK})))
        if delivered.repository_id and await _is_unknown(manager, delivered.repository_id):
            await manager.collector_state.save_alias(name_by_id(delivered.repository_id), key)
        return await manager.store(msgspec.structs.replace(batch, state=state), lease)
    finally:
        await asyncio.shield(manager.collector_state.release_lease(lease))


async def _rename(manager: DatabaseManager, clock: Clock, key: str, delivered: Delivered) -> None:
    """Remember a repository's new name. Where a collector has the lease, its pass reads the name itself."""
    state = await manager.collector_state.get_state(key)
    lease = await _acquire(manager, clock, key) if state is not None else None
    if lease is None:
        return
    try:
        state = await manager.collector_state.get_state(key)
        if state is not None:
            await manager.collector_state.save_states([msgspec.structs.replace(state, full_name=delivered.full_name)])
    finally:
        await asyncio.shield(manager.collector_state.release_lease(lease))


async def _has_a_new_name(manager: DatabaseManager, known: RepositoryState, delivered: Delivered) -> bool:
    """Return whether a delivery names a repository otherwise than what is known of it, and is the latest word."""
    name, event = delivered.full_name, delivered.event
    if event is None or not known.full_name or not name or repo_key(known.full_name) == repo_key(name):
        return False
    return not await manager.events.has_events_after(known.repo_name, event.created_at)


async def _is_unknown(manager: DatabaseManager, repository_id: int) -> bool:
    return await manager.collector_state.get_alias(name_by_id(repository_id)) is None


def _says_so(state: RepositoryState | None) -> bool:
    return state is not None and WEBHOOK in state.sources


async def _store_records(manager: DatabaseManager, batch: CollectedBatch) -> Stored:
    stored = await manager.import_events(batch.events, batch.commits, batch.threads)
    await manager.metrics.save_metrics("security_metrics", batch.security)
    await manager.metrics.save_metrics("deployment_metrics", batch.deployments)
    return stored
