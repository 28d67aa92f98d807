"""How the server object comes by the process's one runtime, within a session and outside of one."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from ..infrastructure.database_service import DatabaseService
from ..infrastructure.questions.catalogue import offered
from ..runtime import Runtime, shared_runtime
from ..settings import Settings
from .subscriptions import Subscriptions

Ctx = Context[Runtime, Any]
_given: ContextVar[Runtime | None] = ContextVar("runtime", default=None)


class Sharing:
    """Enters the shared runtime with the settings of the command line, or else the environment's.

    The settings are read when they are first needed: importing the server must not fail for a bad variable.
    """

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._settings: Settings | None = None

    @contextmanager
    def using(self, settings: Settings) -> Iterator[None]:
        """Within the block these settings count, with the flags of the command line in them."""
        before, self._settings = self._settings, settings
        try:
            yield
        finally:
            self._settings = before

    @contextmanager
    def over(self, runtime: Runtime) -> Iterator[None]:
        """Within the block, in this context, a runtime that someone else owns takes the place of the shared one."""
        token = _given.set(runtime)
        try:
            yield
        finally:
            _given.reset(token)

    def offered(self) -> frozenset[str]:
        """Return the names of the tools to offer. Raises `SettingsError`."""
        given = _given.get()
        settings = given.settings if given else self._settings or Settings.load_for_mcp()
        return offered(settings.tools, read_only=settings.read_only)

    def runtime(self, *, without_database: bool = False) -> AbstractAsyncContextManager[Runtime]:
        """Return the runtime, for code that no request context reaches: static resources, completion.

        without_database: see `open_runtime`.
        """
        if given := _given.get():
            return nullcontext(given)
        return shared_runtime(self._settings or Settings.load_for_mcp(), without_database=without_database)

    @asynccontextmanager
    async def lifespan(self, _: MCPServer[Runtime]) -> AsyncIterator[Runtime]:
        """Give the runtime for the length of a server's life, which over SSE is one connection's."""
        async with self.runtime() as runtime:
            with self._subscriptions.fed_by(runtime):
                yield runtime


def service_of(ctx: Ctx) -> DatabaseService:
    """Return what a tool asks."""
    return ctx.request_context.lifespan_context.service


@contextmanager
def logging_left_alone() -> Iterator[None]:
    """Keep the SDK from setting up the root logger when a server object is made; ours is set up in `logs`."""
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(guard)
