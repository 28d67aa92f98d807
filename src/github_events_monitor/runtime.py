"""The composition root: settings become manager, client, collector, service, and the poller that keeps them fresh.

Importing this builds nothing. MCP, REST and the terminal all enter through `open_runtime`, or share one per process
through `shared_runtime`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from . import __version__
from .collecting.collector import Collector
from .collecting.poller import Poller
from .errors import DatabaseError, DatabaseUnreachable, SettingsError
from .github.client import GitHubClient
from .github.credentials import Credentials, StaticToken, find_credentials
from .infrastructure.database_factory import DatabaseFactory
from .infrastructure.database_interface import DatabaseManager
from .infrastructure.database_service import AnswerCache, DatabaseService, QuestionContext
from .instants import Clock, system_clock
from .notifying.notifier import Notifier
from .notifying.targets import Target, load_targets
from .settings import Settings
from .watch_words import parse_watch_word

logger = logging.getLogger(__name__)

OPENING = 1.0
"""Seconds that a server waits for its database before it answers; what hangs is opened meanwhile."""


@dataclass(frozen=True)
class Runtime:
    """Everything a surface needs."""

    settings: Settings
    manager: DatabaseManager
    client: GitHubClient
    collector: Collector
    service: DatabaseService
    clock: Clock

    def on_stored(self, listener: Callable[[str], Awaitable[None]]) -> Callable[[], None]:
        """See `Collector.on_stored`."""
        return self.collector.on_stored(listener)


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    polling: bool = False,
    without_database: bool = False,
    clock: Clock = system_clock,
    transport: httpx.AsyncBaseTransport | None = None,
    offline: bool = False,
) -> AsyncIterator[Runtime]:
    """Yield a runtime.

    polling: keep watched repositories fresh in the background meanwhile. without_database: start although the database
    cannot be used, whatever the reason; each question then says so. offline: see `build_runtime`.
    """
    async with AsyncExitStack() as stack:
        credentials = None
        if not offline:
            credentials = await asyncio.to_thread(find_credentials, settings, clock=clock, transport=transport)
        runtime = build_runtime(settings, clock=clock, transport=transport, credentials=credentials, offline=offline)
        stack.push_async_callback(runtime.manager.close)
        stack.push_async_callback(runtime.client.aclose)
        stack.push_async_callback(runtime.collector.settle)
        await stack.enter_async_context(_opened(runtime.manager, patient=polling, without=without_database))
        _check_targets(settings, with_token=runtime.client.authenticated)
        targets = await _load_targets(settings, without=without_database)
        if polling and settings.poll_interval and not offline:
            collector = runtime.collector
            notifier = Notifier(runtime.service.context, targets, settings, lambda: collector.changes)
            stack.push_async_callback(notifier.stop)
            if targets and not settings.read_only:
                notifier.start()
            poller = Poller(collector, settings, clock, after_round=notifier.wake)
            stack.push_async_callback(poller.stop)
            poller.start()
        yield runtime


def _check_targets(settings: Settings, *, with_token: bool) -> None:
    """Refuse targets that only a token can resolve where there is none. Raises `SettingsError`."""
    words = [word for word in settings.target_repositories if parse_watch_word(word).kind in {"me", "starred"}]
    if words and not with_token:
        raise SettingsError(
            f"TARGET_REPOSITORIES={words[0]!r} needs a token: set GITHUB_TOKEN or log in with gh auth login,"
            " or name the owner as owner/*"
        )


async def _load_targets(settings: Settings, *, without: bool) -> list[Target]:
    """Return what NOTIFY_URLS names. Raises `SettingsError`, but for a server that comes up whatever is wrong."""
    try:
        return await asyncio.to_thread(load_targets, settings.notify_urls)
    except SettingsError as error:
        if not without:
            raise
        logger.warning("starting without notifications: %s", error.message)
        return []


@asynccontextmanager
async def _opened(manager: DatabaseManager, *, patient: bool, without: bool) -> AsyncIterator[None]:
    """Open the database. A server (`patient`) starts without one that does not answer: each question tries again.

    One that says nothing at all is waited for beside the server, which answers /health meanwhile.
    """
    opening = asyncio.create_task(_open_database(manager, patient=patient, without=without))
    try:
        done, _ = await asyncio.wait({opening}, timeout=OPENING if patient else None)
        if done:
            opening.result()
        else:
            logger.warning("starting before the database has answered")
            opening.add_done_callback(_say_why)
        yield
    finally:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)


def _say_why(opening: "asyncio.Task[None]") -> None:
    """Log how the opening failed; each question fails likewise and says so, too."""
    if not opening.cancelled() and (error := opening.exception()) is not None:
        logger.error("the database cannot be used: %s", error)


async def _open_database(manager: DatabaseManager, *, patient: bool, without: bool) -> None:
    """Open it. Raises `DatabaseError` unless it is one that may be done without."""
    try:
        await manager.initialize()
    except DatabaseError as error:
        if not without and not (patient and isinstance(error, DatabaseUnreachable)):
            raise
        logger.warning("starting without the database: %s", error.message)


def build_runtime(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    transport: httpx.AsyncBaseTransport | None = None,
    credentials: Credentials | None = None,
    offline: bool = False,
) -> Runtime:
    """Return the parts, put together but not opened: the database opens when it is first asked.

    credentials: What `find_credentials` found; None for GITHUB_TOKEN, or nothing where that is not set. offline:
    questions are answered from what is stored alone, however old it is.
    """
    manager = DatabaseFactory.create({**settings.database_config(), "clock": clock})
    if credentials is None and settings.github_token is not None:
        credentials = StaticToken(settings.github_token, "GITHUB_TOKEN")
    client = GitHubClient(settings.github_api_url, credentials, clock, transport=transport)
    cache = AnswerCache(clock, settings.freshness_seconds)
    collector = Collector(
        manager,
        client,
        clock=clock,
        with_token=client.authenticated,
        targets=settings.target_repositories,
        retention_days=settings.event_retention_days,
        touched=cache.forget,
    )
    context = QuestionContext(
        manager=manager,
        clock=clock,
        tolerance=settings.freshness_seconds,
        bots=settings.bots,
        web_url=web_url(settings.github_api_url),
        targets=settings.target_repositories,
        retention_days=settings.event_retention_days,
        refresh=None if offline else collector.refresh,
        fetch_details=None if offline else collector.fetch_details,
        collect=None if offline else collector.collect,
        resolve=None if offline else collector.patterns.resolve,
        login=None if offline else collector.patterns.login,
        may_watch=not settings.read_only,
        status=partial(_status, settings, manager, collector),
    )
    return Runtime(settings, manager, client, collector, DatabaseService(context, cache), clock)


async def _status(settings: Settings, manager: DatabaseManager, collector: Collector) -> dict[str, Any]:
    """Return what the question `status` shows of the program beside what is stored; no secrets."""
    return {
        "version": __version__,
        "database": await manager.health_check(),
        "github": {
            "api_url": settings.github_api_url,
            "token": collector.client.authenticated,
            "rate_limit": collector.rate_limit(),
        },
        "poll_interval": settings.poll_interval,
    }


def web_url(api_url: str) -> str:
    """Return where people look at repositories: GHES has its API below /api/v3, GHE.com on a host in front.

    https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom
    """
    parts = urlsplit(api_url)
    host = parts.netloc.lower()
    if host.startswith("api.") and host.endswith(".ghe.com"):
        return f"{parts.scheme}://{host.removeprefix('api.')}"
    return f"{parts.scheme}://{parts.netloc}" if parts.path.startswith("/api/v3") else "https://github.com"


class _Shared:
    """One runtime for everybody in this process who wants one at the same time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._users = 0
        self._stack: AsyncExitStack | None = None
        self._runtime: Runtime | None = None
        self.still_at: datetime | None = None

    async def enter(self, settings: Settings, *, without_database: bool) -> Runtime:
        async with self._lock:
            if self._runtime is None:
                self._stack = AsyncExitStack()
                still_at = self.still_at
                clock = system_clock if still_at is None else lambda: still_at
                self._runtime = await self._stack.enter_async_context(
                    open_runtime(
                        settings,
                        polling=True,
                        without_database=without_database,
                        clock=clock,
                        offline=still_at is not None,
                    )
                )
            self._users += 1
            return self._runtime

    async def leave(self) -> None:
        async with self._lock:
            self._users -= 1
            if self._users == 0 and self._stack is not None:
                stack, self._stack, self._runtime = self._stack, None, None
                await stack.aclose()


_shared = _Shared()


@asynccontextmanager
async def shared_runtime(settings: Settings, *, without_database: bool = False) -> AsyncIterator[Runtime]:
    """Yield the process's one runtime, with background polling; the last to leave closes it."""
    runtime = await _shared.enter(settings, without_database=without_database)
    try:
        yield runtime
    finally:
        with anyio.CancelScope(shield=True):  # a session that is cancelled still closes what it shared
            await _shared.leave()


@contextmanager
def frozen_clock(instant: datetime) -> Iterator[None]:
    """Within the block the time of shared runtimes is always `instant`, and they are offline: the demo's."""
    _shared.still_at = instant
    try:
        yield
    finally:
        _shared.still_at = None
