"""Serving over stdio, SSE and streamable HTTP. The runtime with its background polling lives as long as the server."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import MonitorError
from ..settings import Settings, is_loopback
from .security import BearerToken, host_rules
from .server import MonitorServer
from .stdio import stdin_ending_on_signal

logger = logging.getLogger(__name__)

TransportName = Literal["stdio", "sse", "streamable-http"]
GRACE = 3
"""Seconds that open requests and streams get when the server is stopped."""


def serve(server: MonitorServer, transport: TransportName, settings: Settings) -> None:
    """Serve until the client leaves (stdio) or somebody stops the program. Raises `MonitorError` where it cannot."""
    with server.sharing.using(settings):
        server.sharing.offered()  # a name in TOOLS that no tool has is said before anything is served
        if transport == "stdio":
            with stdin_ending_on_signal():
                asyncio.run(_serve_stdio(server))
        else:
            serve_http(server, http_app(server, transport, settings), settings)


async def _serve_stdio(server: MonitorServer) -> None:
    async with server.sharing.runtime(without_database=True):  # its tools say what is wrong
        await server.run_stdio_async()


def http_app(server: MonitorServer, transport: TransportName, settings: Settings) -> ASGIApp:
    """The ASGI app of an HTTP transport: /sse and /messages/, or /mcp; guarded by API_TOKEN where it is set."""
    rules = host_rules(settings)
    app: ASGIApp
    if transport == "sse":
        app = _one_response(server.sse_app(transport_security=rules))
    else:
        app = server.streamable_http_app(transport_security=rules)
    return BearerToken(app, settings.api_token) if settings.api_token else app


def _one_response(app: ASGIApp) -> ASGIApp:
    """The SDK begins a second response when an event stream ends from this side, which uvicorn reports as a crash."""

    async def ending_quietly(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_one(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                if begun:
                    return
                begun = True
            await send(message)

        await app(scope, receive, send_one)

    return ending_quietly


def serve_http(server: MonitorServer, app: ASGIApp, settings: Settings) -> None:
    """Listen on HOST and PORT, and serve. Raises `SettingsError`, and `MonitorError` when the port cannot be had."""
    settings.check_listening()
    if not is_loopback(settings.host) and not settings.allowed_hosts:
        logger.warning("ALLOWED_HOSTS is not set: requests addressed to any other name than this machine's are refused")
    with open_port(settings.host, settings.port) as listener:
        asyncio.run(_serve_http(server, app, listener))


async def _serve_http(server: MonitorServer, app: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE)
    async with server.sharing.runtime():
        await QuietServer(config).serve(sockets=[listener])


def open_port(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `MonitorError` in one line when the address or the port cannot be had."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        listener = socket.create_server((bare, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise MonitorError(f"cannot listen on {host} port {port}: {reason}; set HOST and PORT to others") from None
    # Connections inherit it. asyncio sets it only where the protocol is named, and without it answers wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class QuietServer(uvicorn.Server):
    """Ends well on SIGTERM and SIGINT: the original raises the signal again before the runtime around it can close."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop serving on either signal, without anything else happening."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class MountedServer:
    """The MCP server as an ASGI app for a route `/mcp` of another app (Starlette's `Route` takes it as endpoint)."""

    def __init__(self, server: MonitorServer) -> None:
        self._server = server
        self._app: ASGIApp | None = None

    @asynccontextmanager
    async def running(self, settings: Settings) -> AsyncIterator[None]:
        """Serve sessions meanwhile: enter it in the other app's lifespan, where it can be entered again and again."""
        app = http_app(self._server, "streamable-http", settings)
        with self._server.sharing.using(settings):
            async with self._server.session_manager.run():
                self._app = app
                try:
                    yield
                finally:
                    self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 503 outside of `running`."""
        if self._app is None:
            message = "MCP needs a server that runs the application's lifespan; use the REST routes here"
            refusal = JSONResponse({"code": "internal", "message": message}, 503)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)
