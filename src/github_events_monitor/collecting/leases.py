"""Leases: one collector at a time works on a repository, and none waits for one that died."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio

from ..errors import DatabaseError, Unreachable
from ..infrastructure.database_interface import DatabaseManager
from ..instants import Clock, format_instant
from ..records import CollectedBatch, Lease, Stored

LIFETIME = timedelta(seconds=20)
"""A lease that is not renewed is free after this: what a crash costs the next collector."""
HEARTBEAT = 6.0
_RETRY = 0.5
_PARTING = 3.0
"""Seconds that giving a lease back may take; after that it is left to expire."""

logger = logging.getLogger(__name__)


def new_owner() -> str:
    """Return a name under which leases are taken: whose they are, and no one else's."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class LeaseKeeper:
    """Holds a lease, renews it in the background, and stores under it."""

    def __init__(self, manager: DatabaseManager, clock: Clock, lease: Lease) -> None:
        self._manager, self._clock, self._lease = manager, clock, lease
        self._lock = asyncio.Lock()
        self._unused = True

    async def store(self, batch: CollectedBatch) -> Stored:
        """Store under the lease as it is now, and return what was new. Raises `LeaseLost`."""
        async with self._lock:
            self._unused = False
            return await self._manager.store(batch, self._lease)

    async def renew_forever(self) -> None:
        """Renew until cancelled; a lease that was lost is noticed by the next `store`."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                if not await self._renew():
                    return
            except DatabaseError as error:  # it is tried again before the lease expires
                logger.info("a lease was not renewed: %s", error.message)

    async def _renew(self) -> bool:
        async with self._lock:
            lease = await acquire(self._manager, self._clock, self._lease.repo_name, self._lease.owner)
            self._lease = lease or self._lease
            return lease is not None

    async def release(self) -> None:
        """Release it. Where that fails it expires by itself, and what the pass stored stays."""
        async with self._lock:
            try:
                await self._manager.collector_state.release_lease(self._lease, unused=self._unused)
            except DatabaseError as error:
                logger.info("a lease was not given back: %s", error.message)


class UnderWay:
    """Passes that hold leases: who is about to close the database can wait for those that are ending."""

    def __init__(self) -> None:
        self._count, self._none = 0, asyncio.Event()
        self._none.set()

    async def __aenter__(self) -> None:
        self._count += 1
        self._none.clear()

    async def __aexit__(self, *_: object) -> None:
        self._count -= 1
        if self._count == 0:
            self._none.set()

    async def settled(self) -> None:
        """Return when there are none, or after a few seconds."""
        with anyio.move_on_after(_PARTING):
            await self._none.wait()


async def acquire(manager: DatabaseManager, clock: Clock, repo: str, owner: str) -> Lease | None:
    """Take a lease from now on and return it, None where another holds it."""
    now = clock()
    return await manager.collector_state.acquire_lease(repo, owner, format_instant(now), format_instant(now + LIFETIME))


@asynccontextmanager
async def hold_lease(
    manager: DatabaseManager, clock: Clock, repo: str, owner: str, wait_seconds: float
) -> AsyncIterator[LeaseKeeper]:
    """Hold a repository's lease for the length of the block, waiting up to `wait_seconds` seconds for it.

    Raises `Unreachable` when another process keeps it.
    """
    lease = await acquire(manager, clock, repo, owner)
    waited = 0.0
    while lease is None and waited < wait_seconds:
        await asyncio.sleep(_RETRY)
        waited += _RETRY
        lease = await acquire(manager, clock, repo, owner)
    if lease is None:
        raise Unreachable(f"another process is collecting {repo} right now; ask again in a few seconds")
    keeper = LeaseKeeper(manager, clock, lease)
    heartbeat = asyncio.create_task(keeper.renew_forever())
    try:
        yield keeper
    finally:
        heartbeat.cancel()
        with anyio.move_on_after(_PARTING, shield=True):  # a cancelled tool call is cancelled again at every await
            await asyncio.gather(heartbeat, return_exceptions=True)
            await keeper.release()
