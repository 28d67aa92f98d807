"""What the endpoints share: the settings, the runtime, the MCP server beside them; each is made when first needed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ..answers import Problem
from ..infrastructure.database_service import DatabaseService
from ..instants import system_clock
from ..runtime import Runtime, build_runtime, shared_runtime
from ..settings import Settings
from .problems import problem_response
from .telemetry import Telemetry


class Door:
    """One app's way to everything below it."""

    def __init__(self, settings: Settings | None = None, runtime: Runtime | None = None) -> None:
        self.telemetry = Telemetry()
        self.mcp: ASGIApp | None = None
        """The MCP server while the lifespan runs."""
        self._settings = settings
        self._runtime = runtime

    def use(self, settings: Settings) -> None:
        """These settings from now on, in place of the environment's."""
        self._settings = settings

    def settings(self) -> Settings:
        """The settings, read once. Raises `SettingsError`."""
        if self._settings is None:
            self._settings = Settings.load()
        return self._settings

    def runtime(self) -> Runtime:
        """The lifespan's runtime; without a lifespan one that opens its database at the first question."""
        if self._runtime is None:
            self._runtime = build_runtime(self.settings())
        return self._runtime

    def now(self) -> datetime:
        """The present, by the runtime's clock where there is one."""
        return self._runtime.clock() if self._runtime else system_clock()

    def service(self) -> DatabaseService:
        """Who answers."""
        return self.runtime().service

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The process's shared runtime with its background polling, and MCP, for the length of the block."""
        from ..mcp_server import mcp  # noqa: PLC0415 - takes a second, which Lambda's cold start does without
        from ..mcp_support.transports import MountedServer  # noqa: PLC0415

        settings = self.settings()
        mounted = MountedServer(mcp)
        async with shared_runtime(settings) as runtime, mounted.running(settings):
            self.mcp, self._runtime = mounted, runtime
            try:
                yield
            finally:
                self.mcp, self._runtime = None, None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The app's life under a server that runs it."""
    door: Door = app.state.door
    async with door.opened():
        yield


class MCPEndpoint:
    """`/mcp`: the MCP server, or a problem where nobody runs the lifespan."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if self._door.mcp is None:
            message = (
                "MCP needs a server that runs the application's lifespan, which is not so here; use the REST routes"
            )
            await problem_response(503, Problem(code="unreachable", message=message))(scope, receive, send)
            return
        await self._door.mcp(scope, receive, send)
