"""The REST API: declarations only. Every answer is the one the MCP tool of the same question gives.

`app` works under any ASGI server, and under Lambda (`Mangum(app, lifespan="off")`), where the first request sets it up;
importing it reads no setting and opens nothing. `python -m github_events_monitor.api` serves it.
"""

import contextlib
import sys
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import __version__
from .errors import MonitorError
from .http.question_routes import declare_questions
from .logs import configure
from .rest.deliveries import answer_delivery
from .rest.description import HEALTH_EXAMPLE, INTRODUCTION, PROBLEMS, describe
from .rest.door import Door, MCPEndpoint, lifespan
from .rest.guards import BodyGuard, FaultGuard, TokenGuard
from .rest.problems import on_http_error, on_invalid_request, on_monitor_error
from .rest.telemetry import CONTENT_TYPE, Measured
from .runtime import Runtime
from .settings import Settings


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> FastAPI:
    """A new app over what is given, else over what the environment says; nothing is opened or read yet."""
    app = FastAPI(
        title="GitHub Events Monitor",
        version=__version__,
        description=INTRODUCTION,
        lifespan=lifespan,
        responses=PROBLEMS,
    )
    door = app.state.door = Door(settings, runtime)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's way to extend the description
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(BodyGuard)
    app.add_middleware(TokenGuard, settings=door.settings)
    app.add_middleware(FaultGuard)
    app.add_middleware(Measured, telemetry=door.telemetry)
    app.add_exception_handler(MonitorError, on_monitor_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(HTTPException, on_http_error)
    _declare_operations(app, door)
    declare_questions(app, door.service)
    _declare_webhooks(app, door)
    app.router.routes.append(Route("/mcp", MCPEndpoint(door), include_in_schema=False))
    return app


def _declare_operations(app: FastAPI, door: Door) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get("/health", tags=["operations"], openapi_extra=_example(HEALTH_EXAMPLE))
    async def health() -> Response:
        """Whether the database answers: 200, or 503 with the same body and `error`. Needs no token."""
        runtime = door.runtime()
        with contextlib.suppress(MonitorError):  # health says what is wrong
            await runtime.manager.initialize()  # where nobody asked anything yet and there was no lifespan
        database = await runtime.service.health()
        healthy = database["status"] == "healthy"
        return JSONResponse({"status": "ok" if healthy else "error", "database": database}, 200 if healthy else 503)

    @app.get("/prometheus", response_class=PlainTextResponse, tags=["operations"])
    async def prometheus() -> Response:
        """Metrics in the text format of Prometheus."""
        return Response(await door.telemetry.render(door.runtime()), media_type=CONTENT_TYPE)


def _declare_webhooks(app: FastAPI, door: Door) -> None:
    @app.post("/webhooks/github", tags=["webhooks"], responses={202: {"description": "Something of it was new."}})
    async def github_webhook(
        request: Request,
        x_github_event: Annotated[str, Header(description="what happened", examples=["push"])] = "",
        x_github_delivery: Annotated[str, Header(description="GitHub's id of this delivery")] = "",
        x_hub_signature_256: Annotated[str, Header(description="sha256=<HMAC of the body, in hex>")] = "",
    ) -> Response:
        """A delivery from GitHub, verified by its signature before it is read."""
        body = await request.body()
        return await answer_delivery(door, x_github_event, x_github_delivery, x_hub_signature_256, body)


def _example(value: Any) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"example": value}}}}}


app = create_app()


def run(settings: Settings) -> None:
    """Serve until stopped. Raises `SettingsError`, and `MonitorError` where the port or the database cannot be had."""
    from .rest.serving import serve  # noqa: PLC0415 - imports the MCP server, which Lambda's cold start does without

    door: Door = app.state.door
    door.use(settings)
    serve(app, settings)


def main() -> int:
    """Serve with the settings of the environment; answers the exit code."""
    try:
        settings = Settings.load()
        configure(settings)
        run(settings)
    except MonitorError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
