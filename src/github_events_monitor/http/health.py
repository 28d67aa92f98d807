"""`/health`: whether the database answers. Anyone may ask, so the database is asked every few seconds at most."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse

from ..errors import MonitorError
from ..infrastructure.database_interface import CORE_TABLES
from ..runtime import Runtime
from ..side_by_side import LoopLock

KEPT = timedelta(seconds=5)
"""How long what the database said is repeated."""
WITHIN = 2.5
"""Seconds in which it has to say something: some that ask give up after five, and start-up waits before."""
_LOADS_WITHIN = 5.0
"""Seconds that loading the driver may take besides, once a process: that is no word about the database."""


class HealthCheck:
    """What one app knows of its database's health."""

    def __init__(self) -> None:
        self._lock = LoopLock()
        self._known: tuple[datetime, dict[str, Any]] | None = None

    async def respond(self, runtime: Runtime) -> JSONResponse:
        """Return 200, or 503 with the same body and `error`."""
        async with self._lock():
            if self._known is None or not timedelta(0) <= runtime.clock() - self._known[0] < KEPT:
                answer = await _ask(runtime)
                self._known = runtime.clock(), answer  # kept from now on: an answer may take as long as it is kept
        database = self._known[1]
        healthy = database["status"] == "healthy"
        return JSONResponse({"status": "ok" if healthy else "error", "database": database}, 200 if healthy else 503)


async def _ask(runtime: Runtime) -> dict[str, Any]:
    provider = runtime.settings.database_provider
    said: dict[str, Any] = {}
    try:
        async with asyncio.timeout(_LOADS_WITHIN):
            with contextlib.suppress(MonitorError):  # health says what is wrong
                await runtime.manager.prepare()
        async with asyncio.timeout(WITHIN):
            said = await runtime.service.health()
            if _lacks_tables(said):
                said = await _with_tables(runtime)
    except TimeoutError:  # a hung connection has no more to say
        error = "its tables are still being made" if said else f"the database did not answer within {WITHIN:g} s"
        return {"provider": provider, **said, "status": "unhealthy", "error": error}
    return said


def _lacks_tables(said: dict[str, Any]) -> bool:
    return said["status"] == "healthy" and bool(said["tables_found"] < len(CORE_TABLES))


async def _with_tables(runtime: Runtime) -> dict[str, Any]:
    """Make the tables, where nothing was asked yet and there was no lifespan; without them no question is answered."""
    refused = None
    try:
        await runtime.manager.initialize()
    except MonitorError as error:
        refused = error.message
    said = await runtime.service.health()
    if _lacks_tables(said):
        missing = f"{len(CORE_TABLES) - said['tables_found']} of its {len(CORE_TABLES)} tables are missing"
        hint = "make them with github-events-monitor database create"
        return {**said, "status": "unhealthy", "error": f"{missing}: {refused or hint}"}
    return said
