"""What Prometheus sees, under /prometheus: requests, GitHub's budget, what was stored, how fresh it is, the cache.

Label values are ours, never a stranger's: routes as they are declared, tables, and the repositories on the watch list.
"""

import time
from collections.abc import Iterator, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import MonitorError
from ..instants import format_instant, parse_instant
from ..records import RepositoryState
from ..runtime import Runtime
from .middleware import Middleware

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "github_events_monitor"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})


class Telemetry:
    """The metrics of one app: what it counts itself, and what the runtime knows at the moment it is asked."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each counter, not needed here
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            f"{PREFIX}_http_requests", "Requests", ["method", "route", "status"], registry=self._registry
        )
        self._latency = Histogram(
            f"{PREFIX}_http_request_seconds",
            "Time to answer",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.deliveries = Counter(
            f"{PREFIX}_webhook_deliveries", "Webhook deliveries", ["outcome"], registry=self._registry
        )
        self._up = Gauge(f"{PREFIX}_database_up", "Whether the database answered just now", registry=self._registry)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(method, route).observe(seconds)

    async def render(self, runtime: Runtime) -> bytes:
        """Return the text format, with what is known now; what the database would have to say may be missing."""
        states: Mapping[str, RepositoryState] = {}
        try:
            watching, now = await runtime.service.watching(), format_instant(runtime.clock())
            states = await runtime.manager.collector_state.get_looked_states(watching, now)
            self._up.set(1)
        except MonitorError:
            self._up.set(0)
        moment = CollectorRegistry()
        moment.register(_Moment(runtime, states))
        return generate_latest(self._registry) + generate_latest(moment)


class _Moment:
    """What a runtime knows now, as Prometheus collects it."""

    def __init__(self, runtime: Runtime, states: Mapping[str, RepositoryState]) -> None:
        self._runtime, self._states = runtime, states

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the moment."""
        yield from self._github()
        yield from self._stored()
        yield from self._cache()

    def _github(self) -> Iterator[Metric]:
        limit = self._runtime.collector.rate_limit()
        for name, value in (("limit", limit.limit), ("remaining", limit.remaining)):
            if value is not None:
                yield GaugeMetricFamily(f"{PREFIX}_github_requests_{name}", "GitHub's hourly budget", value)
        collected = GaugeMetricFamily(
            f"{PREFIX}_last_collected_timestamp_seconds", "Last successful collection", labels=["repo"]
        )
        for state in self._states.values():
            if state.last_collected_at:
                moment = parse_instant(state.last_collected_at).timestamp()
                collected.add_metric([state.full_name or state.repo_name], moment)
        yield collected

    def _stored(self) -> Iterator[Metric]:
        new = self._runtime.collector.stored_so_far
        yield CounterMetricFamily(f"{PREFIX}_events_stored", "New events since start", new.events)
        yield CounterMetricFamily(f"{PREFIX}_commits_stored", "New commits since start", new.commits)
        capacity = CounterMetricFamily(
            f"{PREFIX}_dynamodb_capacity_units", "DynamoDB capacity consumed since start", labels=["table", "kind"]
        )
        for used, units in self._runtime.manager.consumed_capacity().items():
            capacity.add_metric(used, units)
        yield capacity

    def _cache(self) -> Iterator[Metric]:
        cache = self._runtime.service.cache
        if cache is not None:
            questions = CounterMetricFamily(
                f"{PREFIX}_cache_questions", "Questions about windows that are over", labels=["found"]
            )
            questions.add_metric(["yes"], cache.hits)
            questions.add_metric(["no"], cache.misses)
            yield questions
            yield GaugeMetricFamily(f"{PREFIX}_cache_answers", "Answers kept", len(cache))


class Measured(Middleware):
    """Counts and times requests by route."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        super().__init__(app)
        self._telemetry = telemetry

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        began, status = time.perf_counter(), 499  # as nginx counts clients that did not wait

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._telemetry.note_request(method, route, status, time.perf_counter() - began)
