"""What the endpoints of an app share: settings, runtime, MCP, telemetry; each is made when first needed."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ..github.credentials import find_credentials
from ..infrastructure.database_service import DatabaseService
from ..instants import system_clock
from ..runtime import Runtime, build_runtime, shared_runtime
from ..settings import Settings
from .health import HealthCheck
from .telemetry import Telemetry


class MountedMCP(Protocol):
    """The MCP server as a part of the app."""

    def running(self, settings: Settings) -> AbstractAsyncContextManager[ASGIApp]:
        """Return a block in which the app that it gives serves sessions."""

    def stateless(self, runtime: Runtime) -> ASGIApp:
        """Return an app that answers each request separately."""


class AppState:
    """What one app has. `mount` gives the MCP server; importing that takes a second, so it is asked for late."""

    def __init__(
        self, mount: Callable[[], MountedMCP], settings: Settings | None = None, runtime: Runtime | None = None
    ) -> None:
        self.telemetry = Telemetry()
        self.health = HealthCheck()
        self._mount = mount
        self._mcp: ASGIApp | None = None
        self._settings = settings
        self._runtime = runtime

    def use(self, settings: Settings) -> None:
        """Take these settings from now on, in place of the environment's."""
        self._settings = settings

    def settings(self) -> Settings:
        """Return the settings, read once. Raises `SettingsError`."""
        if self._settings is None:
            self._settings = Settings.load()
        return self._settings

    def runtime(self) -> Runtime:
        """Return the lifespan's runtime; without a lifespan one that opens its database at the first question."""
        if self._runtime is None:
            self._runtime = build_runtime(self.settings(), credentials=find_credentials(self.settings()))
        return self._runtime

    def now(self) -> datetime:
        """Return the present, by the runtime's clock where there is one."""
        return self._runtime.clock() if self._runtime else system_clock()

    def service(self) -> DatabaseService:
        """Return what answers questions."""
        return self.runtime().service

    def mcp(self) -> ASGIApp:
        """Return MCP with sessions while the lifespan runs, else (under Lambda) without any."""
        return self._mcp or self._mount().stateless(self.runtime())

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Within the block there are the process's shared runtime with its background polling, and MCP sessions."""
        settings = self.settings()
        async with shared_runtime(settings) as runtime, self._mount().running(settings) as mcp:
            self._mcp, self._runtime = mcp, runtime
            try:
                yield
            finally:
                self._mcp, self._runtime = None, None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The app's life under a server that runs it."""
    state: AppState = app.state.shared
    async with state.opened():
        yield


class MCPEndpoint:
    """`/mcp` of an app."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ASGI."""
        await self._state.mcp()(scope, receive, send)
