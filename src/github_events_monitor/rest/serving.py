"""Serving the app ourselves: the port, who may speak to it, and how it ends."""

import asyncio
import socket

import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..access import accepted_names
from ..errors import MonitorError
from ..mcp_support.transports import QuietServer, open_port
from ..runtime import shared_runtime
from ..settings import Settings
from .guards import HostGuard

GRACE = 10
"""Seconds in which requests that had begun may end once the server is told to stop."""
ASK_WITHIN = 15.0
"""Seconds in which a connection has to bring its first request."""
MAX_CONNECTIONS = 1_000


def serve(app: ASGIApp, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises `SettingsError`, and `MonitorError` for a port or a database that fails."""
    settings.check_listening()
    with open_port(settings.host, settings.port) as listener:
        asyncio.run(_serve(guarded(app, settings), settings, listener))


def guarded(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The app behind the checks of names and origins; pages of origins named in ALLOWED_HOSTS may read its answers."""
    app = HostGuard(app, settings)
    if not settings.allowed_hosts:
        return app
    origins = [name for name in accepted_names(settings) if "://" in name]
    hosts = [name for name in accepted_names(settings) if "://" not in name]
    return CORSMiddleware(
        app,
        allow_origins=[*origins, *(f"{scheme}://{host}" for host in hosts for scheme in ("http", "https"))],
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "If-None-Match", "Mcp-Session-Id", "Mcp-Protocol-Version"],
        expose_headers=["ETag", "Retry-After", "Mcp-Session-Id"],
        max_age=600,
    )


async def _serve(app: ASGIApp, settings: Settings, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        http=PromptProtocol,
        lifespan="on",
        log_config=None,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    server = QuietServer(config)
    async with shared_runtime(settings):  # opened here so that a database that cannot be used ends the program clearly
        await server.serve(sockets=[listener])
    if not server.started:
        raise MonitorError("the server could not start; the log says why")


class PromptProtocol(H11Protocol):
    """Closes connections that bring no request: uvicorn itself would hold them open for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._unasked = self.loop.call_later(ASK_WITHIN, self._close_unasked)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._unasked.cancel()
        super().connection_lost(exc)

    def _close_unasked(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()
