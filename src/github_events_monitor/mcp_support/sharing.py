"""How the server object comes by the process's one runtime, within a session and outside of one.

Over stdio a client waits for the process to start. So what answers questions is imported and opened once the client
has its first answer, or wants what cannot be had before. Over HTTP a server opens it before it listens.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from ..infrastructure.gc_pause import without_garbage_collection
from ..settings import Settings
from .declarations import offered
from .subscriptions import Subscriptions

if TYPE_CHECKING:
    from ..runtime import Runtime

_given: ContextVar["Runtime | None"] = ContextVar("runtime", default=None)

_UNTIL_READ = 0.05
"""Seconds in which the first answer reaches the client; importing at the same time would hold it up."""


class _Holding:
    """What one task holds for a process: whether it shall open, and whether it has, or could not."""

    runtime: "Runtime | None" = None

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.tried = asyncio.Event()


class Sharing:
    """Enters the shared runtime with the settings of the command line, or else the environment's.

    The settings are read when they are first needed: importing the server must not fail for a bad variable.
    """

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._settings: Settings | None = None
        self._holding: _Holding | None = None

    @contextmanager
    def using(self, settings: Settings) -> Iterator[None]:
        """Within the block these settings count, with the flags of the command line in them."""
        before, self._settings = self._settings, settings
        try:
            yield
        finally:
            self._settings = before

    @contextmanager
    def over(self, runtime: "Runtime") -> Iterator[None]:
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

    @asynccontextmanager
    async def runtime(self) -> "AsyncIterator[Runtime]":
        """Yield the runtime; the first to ask imports and opens it, and the last to leave closes it."""
        if given := _given.get():
            yield given
            return
        if self._holding:
            if self._holding.runtime is not None:
                yield self._holding.runtime
                return
            self._holding.wanted.set()
        if not _import.cache_info().currsize:
            await asyncio.to_thread(_import)
        from ..runtime import shared_runtime  # noqa: PLC0415 - imported by now, outside of the event loop

        settings = self._settings or Settings.load_for_mcp()
        async with shared_runtime(settings, without_database=self._holding is not None) as runtime:
            yield runtime

    @asynccontextmanager
    async def held(self, failed: Callable[[], object]) -> AsyncIterator[Callable[[], object]]:
        """Yield what to call with an answer: soon after the first one there is the runtime, for all sessions within.

        It opens although the database cannot be used: tools say what is wrong. `failed` is called when something else
        keeps it from opening; that is raised at the end of the block, also where nothing was asked.
        """
        self._holding = holding = _Holding()
        task = asyncio.create_task(self._hold(holding))
        task.add_done_callback(lambda _: failed())
        loop = asyncio.get_running_loop()
        try:
            yield lambda: holding.wanted.is_set() or loop.call_later(_UNTIL_READ, holding.wanted.set)
        finally:
            holding.wanted.set()
            await holding.tried.wait()
            self._holding = None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _hold(self, holding: "_Holding") -> None:
        await holding.wanted.wait()
        try:
            async with self.runtime() as runtime:
                with self._subscriptions.fed_by(runtime):
                    holding.runtime = runtime
                    holding.tried.set()
                    await asyncio.get_running_loop().create_future()
        finally:
            holding.tried.set()

    @asynccontextmanager
    async def lifespan(self, _: "MCPServer[Sharing]") -> "AsyncIterator[Sharing]":
        """Keep the runtime for the length of a server's life, which over SSE is one connection's."""
        if self._holding:
            yield self
            return
        async with self.runtime() as runtime:
            with self._subscriptions.fed_by(runtime):
                yield self


Ctx = Context[Sharing, Any]


def runtime_of(ctx: Ctx) -> "AbstractAsyncContextManager[Runtime]":
    """Return what yields the runtime that answers a tool."""
    return ctx.request_context.lifespan_context.runtime()


@cache
def _import() -> None:
    """Import what answers questions. It takes as long as a hundred questions, so a thread does it."""
    with without_garbage_collection():
        import_module("..infrastructure.questions.catalogue", __package__).questions()
        import_module("..runtime", __package__)
    gc.freeze()  # what was imported lives as long as the program; the collector need not look at it again


@contextmanager
def logging_left_alone() -> Iterator[None]:
    """Keep the SDK from setting up the root logger when a server object is made; ours is set up in `logs`."""
    guard = logging.NullHandler()
    logging.getLogger().addHandler(guard)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(guard)
