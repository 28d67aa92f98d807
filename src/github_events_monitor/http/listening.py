"""One listener for everything that is served: a port, bounds on connections and on their time, and a good end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from typing import Any, Literal, cast

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import MonitorError
from ..settings import Settings, is_loopback
from .middleware import BODY_WITHIN

logger = logging.getLogger(__name__)

GRACE = 8
"""Seconds in which what had begun may end once the server is stopped: containers are killed after ten."""
HEAD_WITHIN = 15.0
"""Seconds in which a connection has to bring a request's head, the first and each one after it."""
BODY_ENDS_WITHIN = BODY_WITHIN + 5
"""Seconds in which a request's body has to be over, whoever reads it; `BodyLimit` says so before."""
MAX_CONNECTIONS = 500
"""Half of the files that a process may usually have open."""


def listen(app: ASGIApp, settings: Settings, around: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
    """Serve on HOST and PORT until SIGTERM or SIGINT, within the block `around`.

    Raises `SettingsError`, and `MonitorError` where the port cannot be had or the app does not start.
    """
    settings.check_listening()
    if not is_loopback(settings.host) and not settings.allowed_hosts:
        logger.warning("ALLOWED_HOSTS is not set: requests addressed to any other name than this machine's are refused")
    with open_port(settings.host, settings.port) as listener:
        asyncio.run(_listen(app, listener, around))


async def _listen(
    app: ASGIApp, listener: socket.socket, around: Callable[[], AbstractAsyncContextManager[Any]]
) -> None:
    server = make_server(app)
    async with around():  # opened here so that a database that cannot be used ends the program clearly
        await server.serve(sockets=[listener])
    if not server.started:
        raise MonitorError("the server could not start; the log says why")


def make_server(app: ASGIApp) -> "QuietServer":
    """Return a server for the app, with the bounds of this module."""
    config = uvicorn.Config(
        app,
        http=cast(type[asyncio.Protocol], partial(TimedProtocol, waiting={})),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return QuietServer(config)


def open_port(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `MonitorError` in one line when the address or the port cannot be had."""
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
        """Stop serving on either signal, and do nothing else."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


Stage = Literal["head", "body", "answer"]


class TimedProtocol(H11Protocol):
    """uvicorn's protocol with a deadline for each request's head and body, and a bound on connections.

    uvicorn itself waits for ever for a head, and for a body that the app does not read. `waiting` are all connections
    that owe a head, oldest first: where there are too many connections the oldest of them makes room, so that idle
    ones cannot keep others out; where none is idle the new one is closed.
    """

    def __init__(self, *args: Any, waiting: "dict[TimedProtocol, None]", **options: Any) -> None:
        super().__init__(*args, **options)
        self._waiting = waiting
        self._stage: Stage = "answer"
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._enter("answer")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def _make_room(self) -> None:
        oldest = next(iter(self._waiting), self)
        oldest._enter("answer")
        oldest.transport.abort()

    def _watch(self) -> None:
        """Note what the client owes now; a deadline runs from the moment that it began to owe it."""
        stage: Stage = "answer"
        if not self.transport.is_closing():
            if self.conn.their_state is h11.IDLE and (self.cycle is None or self.cycle.response_complete):
                stage = "head"
            elif self.conn.their_state is h11.SEND_BODY:
                stage = "body"
        if stage != self._stage:
            self._enter(stage)

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._waiting.pop(self, None)
        if stage == "head":
            self._waiting[self] = None
        if stage != "answer":
            seconds = HEAD_WITHIN if stage == "head" else BODY_ENDS_WITHIN
            self._deadline = self.loop.call_later(seconds, self.transport.abort)
