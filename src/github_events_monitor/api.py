"""The REST API: declarations only. Every answer is the one the MCP tool of the same question gives.

`app` works under any ASGI server, and under Lambda (`Mangum(app, lifespan="off")`), where the first request sets it up;
importing it reads no setting and opens nothing. `python -m github_events_monitor.api` serves it.
"""

import contextlib
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Body, FastAPI, Header, Path, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import __version__
from .answers.activity import CollectNow, EventCounts, RepositoryActivity, TrendingRepositories
from .answers.commits import CommitDetails, CommitFiles, MonitorCommits, RecentCommits
from .answers.insights import (
    DeploymentMetrics,
    DeveloperActivity,
    EventAnomalies,
    RepositoryHealth,
    SecurityReport,
)
from .errors import MonitorError
from .infrastructure.database_service import DatabaseService, fit_collection
from .logs import configure
from .rest.deliveries import answer_delivery
from .rest.description import HEALTH_EXAMPLE, INTRODUCTION, PROBLEMS, describe
from .rest.door import Door, MCPEndpoint, lifespan
from .rest.guards import BodyGuard, FaultGuard, TokenGuard
from .rest.problems import on_http_error, on_invalid_request, on_monitor_error
from .rest.replies import reply
from .rest.requests import (
    ActivityQuery,
    CollectBody,
    CommitQuery,
    CommitsQuery,
    DevelopersQuery,
    MonitoringQuery,
    OfRepository,
    TrendingQuery,
    describe_query,
    names,
    read_query,
)
from .rest.telemetry import CONTENT_TYPE, Measured
from .runtime import Runtime
from .settings import Settings

Sha = Annotated[str, Path(description="7 to 40 hex digits", examples=["e83c5163316f89bfbde7d9ab23ca2e25604af290"])]
Ask = Callable[[DatabaseService], Callable[..., Awaitable[Any]]]


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
    for declare in (_declare_operations, _declare_commits, _declare_metrics, _declare_webhooks):
        declare(app, door)
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

    @app.post("/collect", response_model=CollectNow, tags=["operations"])
    async def collect(body: Annotated[CollectBody | None, Body()] = None) -> Response:
        """Collect repositories from GitHub now; answers when done."""
        wanted = body or CollectBody()
        answer = await door.runtime().collector.collect(wanted.repos or None, dry_run=wanted.dry_run)
        return JSONResponse(fit_collection(answer).to_wire())


def _declare_commits(app: FastAPI, door: Door) -> None:
    @app.get(
        "/commits/recent",
        response_model=RecentCommits,
        tags=["commits"],
        openapi_extra=describe_query(CommitsQuery),
    )
    async def recent_commits(request: Request) -> Response:
        """A repository's commits, newest first; the last 24 hours by default."""
        query = read_query(CommitsQuery, request)
        return reply(request, await door.service().recent_commits(**dict(query)))

    @app.get(
        "/commits/{sha}", response_model=CommitDetails, tags=["commits"], openapi_extra=describe_query(CommitQuery)
    )
    async def commit(request: Request, sha: Sha) -> Response:
        """One commit with its files and its analysis."""
        query = read_query(CommitQuery, request)
        return reply(request, await door.service().commit_details(query.repo, sha))

    @app.get(
        "/commits/{sha}/files", response_model=CommitFiles, tags=["commits"], openapi_extra=describe_query(CommitQuery)
    )
    async def commit_files(request: Request, sha: Sha) -> Response:
        """The files of one commit."""
        query = read_query(CommitQuery, request)
        return reply(request, CommitFiles.of(await door.service().commit_details(query.repo, sha)))

    @app.get(
        "/monitoring/commits",
        response_model=MonitorCommits,
        tags=["commits"],
        openapi_extra=describe_query(MonitoringQuery),
    )
    async def monitor_commits(request: Request) -> Response:
        """Commits across repositories, which are put on the watch list; the last 24 hours by default."""
        query = read_query(MonitoringQuery, request)
        answer = await door.service().monitor_commits(
            names(query.repos),
            limit_per_repo=10 if query.limit_per_repo is None else query.limit_per_repo,
            **query.window(24),
        )
        return reply(request, answer)

    @app.get(
        "/events/recent",
        response_model=RepositoryActivity,
        tags=["events"],
        openapi_extra=describe_query(ActivityQuery),
    )
    async def recent_events(request: Request) -> Response:
        """A repository's events, newest first, and how many of each type; the last 24 hours by default."""
        query = read_query(ActivityQuery, request)
        arguments = dict(query) | {"event_types": names(query.event_types)}
        return reply(request, await door.service().repository_activity(**arguments))


def _declare_metrics(app: FastAPI, door: Door) -> None:
    def of_repository(path: str, model: type[Any], hours: int, ask: Ask) -> None:
        @app.get(
            f"/metrics/{path}",
            response_model=model,
            tags=["metrics"],
            name=path,
            description=model.__doc__,
            openapi_extra=describe_query(OfRepository),
        )
        async def endpoint(request: Request) -> Response:
            query = read_query(OfRepository, request)
            return reply(request, await ask(door.service())(query.repo, **query.window(hours)))

    of_repository("repository-health", RepositoryHealth, 720, lambda service: service.repository_health)
    of_repository("event-counts", EventCounts, 24, lambda service: service.event_counts)
    of_repository("security-monitoring", SecurityReport, 720, lambda service: service.security_report)
    of_repository("event-anomalies", EventAnomalies, 168, lambda service: service.event_anomalies)
    of_repository("release-deployment", DeploymentMetrics, 2160, lambda service: service.deployment_metrics)

    @app.get(
        "/metrics/trending",
        response_model=TrendingRepositories,
        tags=["metrics"],
        openapi_extra=describe_query(TrendingQuery),
    )
    async def trending(request: Request) -> Response:
        """The stored repositories with most events; the last 24 hours by default."""
        query = read_query(TrendingQuery, request)
        limit = 10 if query.limit is None else query.limit
        return reply(request, await door.service().trending_repositories(limit=limit, **query.window(24)))

    @app.get(
        "/metrics/developer-productivity",
        response_model=DeveloperActivity,
        tags=["metrics"],
        openapi_extra=describe_query(DevelopersQuery),
    )
    async def developers(request: Request) -> Response:
        """Who did what in a repository, or one person across repositories; the last 720 hours by default."""
        query = read_query(DevelopersQuery, request)
        answer = await door.service().developer_activity(query.repo, query.actor, **query.window(720))
        return reply(request, answer)


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
