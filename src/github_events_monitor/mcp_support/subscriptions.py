"""Telling clients that a resource they subscribed to has changed, in both eras of the protocol.

Until 2025-11-25 a client asks with `resources/subscribe` and is notified on its connection. From 2026-07-28 it opens a
`subscriptions/listen` stream with the URIs it wants, which the SDK feeds from a bus that knows exact URIs only; so the
URIs asked for are noted here, and each is announced as it was written (with its `hours`, in its letter case).
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import anyio
from mcp.server import ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp.types import INVALID_PARAMS, EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

SCHEME = "github-events"
MAX_SUBSCRIPTIONS = 1_000
"""URIs one connection may subscribe to."""
SEND_SECONDS = 1.0
"""Seconds within which a client takes a notification; one that does not is forgotten, for collecting waits on it."""

Requested = ServerRequestContext[Any, Any]


class Feed(Protocol):
    """Announces that something new was stored."""

    def on_stored(self, listener: Callable[[str], Awaitable[None]]) -> Callable[[], None]:
        """See `Collector.on_stored`."""


class Subscriptions:
    """Who wants to know about which resource."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self._connections: dict[Connection, set[str]] = {}
        self._listening: Counter[str] = Counter()
        self._sessions = 0
        self._detach: Callable[[], None] | None = None

    @contextmanager
    def fed_by(self, feed: Feed) -> Iterator[None]:
        """Announce what is stored meanwhile. All sessions share one runtime: only the first attaches to it."""
        if self._sessions == 0:
            self._detach = feed.on_stored(self.announce)
        self._sessions += 1
        try:
            yield
        finally:
            self._sessions -= 1
            if self._sessions == 0 and self._detach is not None:
                self._detach()

    async def subscribe(self, ctx: Requested, params: SubscribeRequestParams) -> EmptyResult:
        """`resources/subscribe`. Raises for what never changes or does not exist."""
        uri = str(params.uri)
        if subject_of(uri) is None:
            raise MCPError(INVALID_PARAMS, f"invalid: {uri[:200]} is not a resource that changes", {"uri": uri})
        connection = _connection(ctx)
        if connection not in self._connections:
            self._connections[connection] = set()
            connection.exit_stack.callback(self._connections.pop, connection, None)
        wanted = self._connections[connection]
        if len(wanted) >= MAX_SUBSCRIPTIONS:
            raise MCPError(INVALID_PARAMS, f"invalid: at most {MAX_SUBSCRIPTIONS} subscriptions at once", {"uri": uri})
        wanted.add(uri)
        return EmptyResult()

    async def unsubscribe(self, ctx: Requested, params: UnsubscribeRequestParams) -> EmptyResult:
        """`resources/unsubscribe`; one that never was is no error."""
        self._connections.get(_connection(ctx), set()).discard(str(params.uri))
        return EmptyResult()

    async def note_listening(self, ctx: Requested, call_next: CallNext) -> HandlerResult:
        """Middleware: remember what a `subscriptions/listen` stream wants, as long as it is open."""
        if ctx.method != "subscriptions/listen":
            return await call_next(ctx)
        uris = _requested_uris(ctx)
        self._listening.update(uris)
        try:
            return await call_next(ctx)
        finally:
            self._listening.subtract(uris)
            self._listening += Counter()

    async def announce(self, repo: str) -> None:
        """Something new was stored about a repository: notify those who subscribed to a resource of it."""
        for uri in [uri for uri in self._listening if _concerns(uri, repo)]:
            await self.bus.publish(ResourceUpdated(uri=uri))
        for connection, uris in list(self._connections.items()):
            for uri in [uri for uri in uris if _concerns(uri, repo)]:
                with anyio.move_on_after(SEND_SECONDS) as limit:
                    await connection.send_resource_updated(uri)
                if limit.cancelled_caught:
                    self._connections.pop(connection, None)
                    break

    def count(self) -> int:
        """Return how many subscriptions there are."""
        return sum(map(len, self._connections.values())) + self._listening.total()


def subject_of(uri: str) -> str | None:
    """Return what has to change for a resource to change: a repository's key, "" for any of them, None for none."""
    parts = urlsplit(uri)
    if parts.scheme != SCHEME or parts.netloc not in {"status", "repositories"}:
        return None
    match parts.path.strip("/").split("/"):
        case [""]:
            return ""
        case [owner, name, "commits" | "health" | "events"] if parts.netloc == "repositories":
            return f"{owner}/{name}".lower()
        case _:
            return None


def _concerns(uri: str, repo: str) -> bool:
    return subject_of(uri) in {"", repo}


def _requested_uris(ctx: Requested) -> list[str]:
    filters = (ctx.params or {}).get("notifications")
    uris = filters.get("resourceSubscriptions") if isinstance(filters, dict) else None
    return [uri for uri in uris[:MAX_SUBSCRIPTIONS] if isinstance(uri, str)] if isinstance(uris, list) else []


def _connection(ctx: Requested) -> Connection:
    """Return the client's connection: the SDK makes a new session object for every request, and holds this inside."""
    return ctx.session._connection
