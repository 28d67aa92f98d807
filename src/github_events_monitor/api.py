"""The REST API: declarations only. Every answer is the one the MCP tool of the same question gives.

`app` works under any ASGI server, and under Lambda (`Mangum(app, lifespan="off")`), where the first request sets it up;
importing it reads no setting and opens nothing. `python -m github_events_monitor.api` serves it.
"""

import sys
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from . import __version__
from .dashboard.pages import routes as page_routes
from .errors import MonitorError
from .http.app_state import AppState, MCPEndpoint, MountedMCP, lifespan
from .http.deliveries import Deliveries
from .http.error_handlers import on_http_error, on_invalid_request, on_monitor_error
from .http.feed import declare_feed
from .http.listening import listen
from .http.middleware import Protection
from .http.openapi import HEALTH_EXAMPLE, INTRODUCTION, PROBLEMS, describe
from .http.question_routes import declare_questions
from .http.telemetry import CONTENT_TYPE, Measured
from .logs import configure
from .runtime import Runtime, shared_runtime
from .settings import Settings


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> FastAPI:
    """Return a new app over what is given, else over what the environment says; nothing is opened or read yet."""
    app = FastAPI(
        title="GitHub Events Monitor",
        version=__version__,
        description=INTRODUCTION,
        lifespan=lifespan,
        responses=PROBLEMS,
    )
    state = app.state.shared = AppState(_mount, settings, runtime)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's way to extend the description
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Protection, settings=state.settings)
    app.add_middleware(Measured, telemetry=state.telemetry)
    app.add_exception_handler(MonitorError, on_monitor_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(HTTPException, on_http_error)
    _declare_operations(app, state)
    declare_questions(app, state.service)
    declare_feed(app, state.service)
    _declare_webhooks(app, state)
    app.router.routes += page_routes()
    app.router.routes += [Route(path, MCPEndpoint(state), include_in_schema=False) for path in ("/mcp", "/mcp/")]
    return app


def _mount() -> MountedMCP:
    from .mcp_server import mcp  # noqa: PLC0415 - takes a second, which Lambda's cold start does without
    from .mcp_support.transports import MountedServer  # noqa: PLC0415 - as above

    return MountedServer(mcp)


def _declare_operations(app: FastAPI, state: AppState) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get("/health", tags=["operations"], openapi_extra=_example(HEALTH_EXAMPLE))
    async def health() -> Response:
        """Whether the database answers: 200, or 503 with the same body and `error`. Needs no token."""
        return await state.health.respond(state.runtime())

    @app.get("/prometheus", response_class=PlainTextResponse, tags=["operations"])
    async def prometheus() -> Response:
        """Metrics in the text format of Prometheus."""
        return Response(await state.telemetry.render(state.runtime()), media_type=CONTENT_TYPE)


def _declare_webhooks(app: FastAPI, state: AppState) -> None:
    deliveries = Deliveries(state)

    @app.post("/webhooks/github", tags=["webhooks"], responses={202: {"description": "Something of it was new."}})
    async def github_webhook(
        request: Request,
        x_github_event: Annotated[str, Header(description="what happened", examples=["push"])] = "",  # noqa: ARG001
        x_github_delivery: Annotated[str, Header(description="GitHub's id of this delivery")] = "",  # noqa: ARG001
        x_hub_signature_256: Annotated[str, Header(description="sha256=<HMAC of the body, in hex>")] = "",  # noqa: ARG001
    ) -> Response:
        """A delivery from GitHub, verified by its signature before it is read."""
        return await deliveries.receive(request)  # the headers above are named for the description


def _example(value: Any) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"example": value}}}}}


app = create_app()


def run(settings: Settings) -> None:
    """Serve until stopped. Raises `SettingsError`, and `MonitorError` where the port or the database cannot be had."""
    state: AppState = app.state.shared
    state.use(settings)
    listen(app, settings, lambda: shared_runtime(settings))


def main() -> int:
    """Serve with the settings of the environment and return the exit code."""
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
