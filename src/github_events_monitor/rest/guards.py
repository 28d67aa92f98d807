"""Who may ask, and how much: names and origins where we own the socket, the bearer token, bounds on bodies and time.

All are plain ASGI, outside the framework, so that they also hold for /mcp and for paths that do not exist. Whatever
goes wrong further in ends here as a problem: no traceback reaches a client.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..access import accepted_names, accepts_host, accepts_origin, token_matches
from ..answers import Problem
from ..errors import MonitorError
from ..settings import Settings
from .problems import error_response, problem_response

logger = logging.getLogger(__name__)

MAX_BODY = 25 * 1024 * 1024
"""Bytes; GitHub's deliveries are at most 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""
BODY_WITHIN = 30.0
"""Seconds in which a body has to arrive."""
ANSWER_WITHIN = 60.0
"""Seconds after which an answer is given up."""
OPEN_PATHS = frozenset({"/health"})
"""Asked by load balancers, which have no token and address us by number."""
SIGNED_PATHS = frozenset({"/webhooks/github"})
"""Checked by signature instead: GitHub cannot send our token."""
UNHURRIED_PATHS = frozenset({"/collect", "/mcp"})
"""Collecting takes as long as GitHub takes, within its budget of requests; MCP streams stay open."""


class Guard:
    """Middleware for HTTP requests; everything else passes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await self.handle(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass."""
        raise NotImplementedError


class HostGuard(Guard):
    """Refuses requests under a name, or from a page, that is not ours: none can reach us by rebinding a name."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app)
        names = accepted_names(settings)

        @lru_cache(maxsize=64)
        def knows(host: str, origin: str | None) -> bool:
            return accepts_host(names, host) and (origin is None or accepts_origin(names, origin))

        self._knows = knows

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._knows(host, origin) or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        about = f"Host {host[:80]!r}" + (f" with Origin {origin[:80]!r}" if origin is not None else "")
        message = f"{about} is not served here; ALLOWED_HOSTS names who is"
        await problem_response(403, Problem(code="forbidden", message=message))(scope, receive, send)


class FaultGuard(Guard):
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
        except Exception as error:  # a defect, too, is answered as a problem and told to the log
            logger.log(_level(error), "%s %s failed", scope["method"], scope["path"], exc_info=error)
            if not begun:
                await error_response(error)(scope, receive, send)


def _level(error: Exception) -> int:
    return logging.WARNING if isinstance(error, MonitorError | TimeoutError) else logging.ERROR


class TokenGuard(Guard):
    """Asks for `Authorization: Bearer <API_TOKEN>` where one is set; under Lambda nothing but /health goes without."""

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        super().__init__(app)
        self._settings = settings

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if self._may_pass(scope):
            await self._app(scope, receive, send)
            return
        message = "send the API token as 'Authorization: Bearer …'"
        if self._settings().api_token is None:
            message = "API_TOKEN is not set, and without it nothing but /health is answered here"
        refusal = problem_response(401, Problem(code="forbidden", message=message), {"WWW-Authenticate": "Bearer"})
        await refusal(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        settings, path = self._settings(), scope["path"]
        under_lambda = settings.under_lambda or "aws.event" in scope  # https://mangum.fastapiexpert.com/adapter/
        if path in OPEN_PATHS or (settings.api_token is None and not under_lambda):
            return True
        if settings.api_token is None:
            return False
        return path in SIGNED_PATHS or token_matches(settings.api_token, Headers(scope=scope).get("authorization"))


class BodyGuard(Guard):
    """Refuses bodies over `MAX_BODY`, announced or not, before they are in memory, and those that never end."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > MAX_BODY:
            await _TOO_LARGE(scope, receive, send)
            return
        try:
            await self._app(scope, _bounded(receive), send)
        except _TooLargeError:
            await _TOO_LARGE(scope, receive, send)
        except _TooSlowError:
            await _TOO_SLOW(scope, receive, send)


def _bounded(receive: Receive) -> Receive:
    """The same messages until the body is too large or takes too long; what comes after the body may take its time."""
    seen, more = 0, True
    deadline = asyncio.get_running_loop().time() + BODY_WITHIN

    async def bounded() -> Message:
        nonlocal seen, more
        try:
            async with asyncio.timeout_at(deadline if more else None):
                message = await receive()
        except TimeoutError:
            raise _TooSlowError from None
        seen += len(message.get("body", b""))
        more = more and bool(message.get("more_body"))
        if seen > MAX_BODY:
            raise _TooLargeError
        return message

    return bounded


class _TooLargeError(Exception):
    pass


class _TooSlowError(Exception):
    pass


_TOO_LARGE = problem_response(413, Problem(code="invalid", message=f"a body may have at most {MAX_BODY:,} bytes"))
_TOO_SLOW = problem_response(
    408, Problem(code="invalid", message=f"the body did not arrive within {BODY_WITHIN:.0f} s")
)
