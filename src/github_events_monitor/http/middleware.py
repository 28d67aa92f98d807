"""What every request passes before an app of ours sees it, the same for REST, MCP and the web page.

From outside in: names and pages (`PageCheck`), CORS, whatever goes wrong further in (`ErrorBoundary`), tokens
(`TokenCheck`), bounds on bodies (`BodyLimit`). All are plain ASGI, outside of frameworks, so that they also hold for
paths that do not exist. No traceback reaches a client.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NoReturn

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..answers import Problem
from ..dashboard.pages import is_page
from ..errors import MonitorError
from ..jsontext import separators
from ..settings import Settings
from .access import OPEN_PATHS, accepted_names, accepts_origin, is_lambda, refusal
from .problems import error_response, problem_response
from .tokens import WELL_KNOWN, BearerTokens

logger = logging.getLogger(__name__)

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request; the MCP SDK has the same bound."""
MAX_DELIVERY = 25 * 1024 * 1024
"""Bytes; GitHub's deliveries are at most 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""
MAX_VALUES = 100_000
"""Values in the JSON of a request, no delivery: millions of them, for which 4 MB have room, take seconds to read."""
BODY_WITHIN = 30.0
"""Seconds in which a body has to arrive."""
ANSWER_WITHIN = 60.0
"""Seconds after which an answer is given up."""
DELIVERIES = "/webhooks/github"
"""Checked by signature instead of a token: GitHub cannot send ours."""
UNHURRIED_PATHS = frozenset({"/collect", "/mcp", "/mcp/", "/sse"})
"""Collecting takes as long as GitHub takes, within its budget of requests; MCP streams stay open."""
REQUEST_HEADERS = ("Authorization", "Content-Type", "If-None-Match", "Last-Event-ID", "Prefer")
MCP_HEADERS = ("Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name")
"""https://modelcontextprotocol.io/specification/2025-11-25/basic/transports, and what 2026-07-28 requires."""


class Middleware:
    """ASGI middleware for HTTP requests; everything else passes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ASGI."""
        if scope["type"] == "http":
            await self.handle(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass."""
        raise NotImplementedError


class Protection(Middleware):
    """All of this module around an app. The settings are read when the first request comes."""

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        super().__init__(app)
        self._settings = settings
        self._built_for: Settings | None = None
        self._chain: ASGIApp = app

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        try:
            chain = self._chain_of(self._settings())
        except MonitorError as error:
            logger.warning("%s", error.message)
            await error_response(error)(scope, receive, send)
            return
        await chain(scope, receive, send)

    def _chain_of(self, settings: Settings) -> ASGIApp:
        if self._built_for is not settings:
            chain: ASGIApp = ErrorBoundary(TokenCheck(BodyLimit(self._app), settings))
            if settings.allowed_hosts:
                chain = AllowedPages(chain, accepted_names(settings))
            self._chain, self._built_for = PageCheck(chain, settings), settings
        return self._chain


class PageCheck(Middleware):
    """Refuses requests under a name that is not ours, from a page of another site, or from another machine."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app)
        self._settings = settings

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        message = refusal(scope, self._settings)
        if message is None:
            await self._app(scope, receive, send)
            return
        await problem_response(403, Problem(code="forbidden", message=message))(scope, receive, send)


class AllowedPages(CORSMiddleware):
    """Lets pages of ALLOWED_HOSTS ask and read; their preflight requests carry no token and need none."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=(*REQUEST_HEADERS, *MCP_HEADERS),
            expose_headers=(
                "ETag",
                "Preference-Applied",
                "Retry-After",
                "WWW-Authenticate",
                "Mcp-Session-Id",
                "Mcp-Protocol-Version",
            ),
            allow_private_network=True,
        )
        self._names = names

    def is_allowed_origin(self, origin: str) -> bool:
        """Return whether a page is one of ALLOWED_HOSTS; a name without a port stands for any."""
        return accepts_origin(self._names, origin)


class ErrorBoundary(Middleware):
    """Turns whatever escaped into a problem, and a wait that is too long into one, too."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        seconds = None if scope["path"] in UNHURRIED_PATHS else ANSWER_WITHIN
        try:
            async with asyncio.timeout(seconds):
                await self._app(scope, receive, noting)
        except ClientDisconnect:
            logger.debug("%s %s: the client left before its request was whole", scope["method"], scope["path"])
        except Exception as error:  # a defect, too, becomes a problem for the client and an entry in the log
            logger.log(_level(error), "%s %s failed", scope["method"], scope["path"], exc_info=error)
            if not begun:
                await error_response(error)(scope, receive, send)


def _level(error: Exception) -> int:
    return logging.WARNING if isinstance(error, MonitorError | TimeoutError) else logging.ERROR


class TokenCheck(Middleware):
    """Asks for a bearer token where there is one to ask for; under Lambda nothing but /health goes without."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app)
        self._settings = settings
        self._tokens = BearerTokens(settings)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class. A token of an issuer leaves its principal in the scope."""
        if self._tokens.issuer and scope["path"].startswith(WELL_KNOWN) and scope["method"] in {"GET", "HEAD"}:
            await JSONResponse(self._tokens.metadata(scope))(scope, receive, send)
            return
        authorization = Headers(scope=scope).get("authorization")
        if not self._needs_token(scope):
            await self._app(scope, receive, send)
        elif grant := await self._tokens.check(authorization):
            scope["principal"] = grant.principal
            await self._app(scope, receive, send)
        else:
            headers = {"WWW-Authenticate": self._tokens.challenge(scope, authorization)}
            refused = problem_response(401, Problem(code="forbidden", message=self._hint()), headers)
            await refused(scope, receive, send)

    def _needs_token(self, scope: Scope) -> bool:
        if scope["path"] in OPEN_PATHS:
            return False
        if not self._settings.asks_for_tokens:
            return is_lambda(scope, self._settings)
        if is_page(scope["path"]) and scope["method"] in {"GET", "HEAD"}:
            return False
        return bool(scope["path"] != DELIVERIES)

    def _hint(self) -> str:
        if self._tokens.issuer:
            return "send a token of OIDC_ISSUER for OIDC_AUDIENCE, or the API_TOKEN, as 'Authorization: Bearer …'"
        if self._settings.api_token is None:
            return "API_TOKEN is not set, and without it nothing but /health is answered here"
        return "send the API_TOKEN as 'Authorization: Bearer …'"


class BodyLimit(Middleware):
    """Refuses bodies that are too large, announced or not, before they are in memory, and those that never end."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        is_delivery = scope["path"] == DELIVERIES  # whose values are counted once its signature holds
        body = _Body(receive, MAX_DELIVERY if is_delivery else MAX_BODY, None if is_delivery else MAX_VALUES)
        begun = False

        async def passing(message: Message) -> None:
            nonlocal begun
            if body.refusal is None or begun:  # what an app makes of a body that it did not get is no answer
                begun = True
                await send(message)

        announced = Headers(scope=scope).get("content-length", "0")
        if not (announced.isascii() and announced.isdecimal()) or len(announced) > 18 or int(announced) > body.most:
            body.refusal = body.too_large
        else:
            try:
                await self._app(scope, body.receive, passing)
            except Exception:  # whatever an app makes of `_Refused`; without a refusal it is the app's own, and goes on
                if body.refusal is None or begun:
                    raise
        if body.refusal is not None and not begun:
            await body.refusal(scope, receive, send)


class _Body:
    """A body that is passed on until it is too large or late; what comes after the body may take its time.

    values: how many its JSON may hold; None where they are not counted. refusal: what is answered in place of the app.
    """

    def __init__(self, receive: Receive, most: int, values: int | None) -> None:
        self.most = most
        self.refusal: Response | None = None
        self.too_large = _refused(413, f"a body may have at most {most:,} bytes here")
        self._receive, self._values = receive, values
        self._seen, self._found, self._more = 0, 0, True
        self._deadline = asyncio.get_running_loop().time() + BODY_WITHIN

    async def receive(self) -> Message:
        """ASGI's `receive`. Raises `_Refused`."""
        try:
            async with asyncio.timeout_at(self._deadline if self._more else None):
                message = await self._receive()
        except TimeoutError:
            self._refuse(_refused(408, f"the body did not arrive within {BODY_WITHIN:.0f} s"))
        piece = message.get("body", b"")
        self._seen += len(piece)
        self._more = self._more and bool(message.get("more_body"))
        if self._seen > self.most:
            self._refuse(self.too_large)
        if self._values is not None:
            self._found += separators(piece)
            if self._found > self._values:
                self._refuse(_refused(413, f"a body may hold at most {self._values:,} values here"))
        return message

    def _refuse(self, refusal: Response) -> NoReturn:
        self.refusal = refusal
        raise _Refused


def _refused(status: int, message: str) -> Response:
    return problem_response(status, Problem(code="invalid", message=message))


class _Refused(Exception):
    """A body was refused; apps may make of it what they like."""
