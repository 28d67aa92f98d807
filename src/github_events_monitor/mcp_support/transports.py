"""The ASGI apps of SSE and streamable HTTP, alone or as parts of another app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..http.health import HealthCheck
from ..http.middleware import Protection
from ..runtime import Runtime
from ..settings import Settings
from .negotiation import AnyAccept
from .server import MonitorServer

HTTPTransport = Literal["sse", "streamable-http"]
CHECKED_OUTSIDE = TransportSecuritySettings(enable_dns_rebinding_protection=False)
"""Host and Origin are checked by `http.middleware`, before all that is served."""


def http_app(server: MonitorServer, transport: HTTPTransport, settings: Settings) -> ASGIApp:
    """Return the ASGI app of an HTTP transport, protected: `/sse` and `/messages/`, or `/mcp`, and `/health`."""
    return Protection(_with_health(server, mcp_app(server, transport)), lambda: settings)


def mcp_app(server: MonitorServer, transport: HTTPTransport) -> ASGIApp:
    """Return the bare ASGI app of an HTTP transport, for what has protection of its own."""
    if transport == "sse":
        return _for_principal(_one_response(server.sse_app(transport_security=CHECKED_OUTSIDE)))
    return _for_principal(AnyAccept(server.streamable_http_app(transport_security=CHECKED_OUTSIDE)))


def _with_health(server: MonitorServer, app: ASGIApp) -> ASGIApp:
    """Return the app with `/health` beside it, for load balancers and containers."""
    health = HealthCheck()

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/health" or scope["method"] not in {"GET", "HEAD"}:
            await app(scope, receive, send)
            return
        async with server.sharing.runtime() as runtime:
            response = await health.respond(runtime)
        await response(scope, receive, send)

    return routed


def _for_principal(app: ASGIApp) -> ASGIApp:
    """Return the app with the principal of a token known to the SDK: a session belongs to the one who began it."""

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        if principal := scope.get("principal"):
            claims = {"iss": principal.issuer}
            token = AccessToken(
                token="", client_id=principal.client, scopes=[], subject=principal.subject, claims=claims
            )
            scope = {**scope, "user": AuthenticatedUser(token)}
        await app(scope, receive, send)

    return identified


def _one_response(app: ASGIApp) -> ASGIApp:
    """Return the app with one response a request.

    The SDK begins a second one when an event stream ends from this side, which uvicorn reports as a crash, and a stream
    for HEAD, which has no body to write it into.
    """

    async def ending_quietly(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await Response(status_code=405, headers={"Allow": "GET, POST"})(scope, receive, send)
            return

        async def send_one(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                if begun:
                    return
                begun = True
            await send(message)

        await app(scope, receive, send_one)

    return ending_quietly


class MountedServer:
    """The MCP server as a part of another app, which protects it."""

    def __init__(self, server: MonitorServer) -> None:
        self._server = server

    @asynccontextmanager
    async def running(self, settings: Settings) -> AsyncIterator[ASGIApp]:
        """Give the app that serves sessions meanwhile; can be entered again and again."""
        app = mcp_app(self._server, "streamable-http")
        with self._server.sharing.using(settings):
            async with self._server.session_manager.run():
                yield app

    def stateless(self, runtime: Runtime) -> ASGIApp:
        """Return an app that answers each request separately, in JSON: for Lambda, where no state is kept."""

        async def alone(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "POST":  # there are no streams to get and no sessions to delete
                body = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "only POST is served here"}}
                await JSONResponse(body, 405, {"Allow": "POST"})(scope, receive, send)
                return
            with self._server.sharing.over(runtime):
                manager = self._server.stateless_manager(CHECKED_OUTSIDE)
                async with manager.run():
                    await manager.handle_request(scope, receive, send)

        return AnyAccept(alone)
