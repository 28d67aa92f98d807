"""One conversation with a GitHub: requests in turn, within a budget, retried where that helps, redirects by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import httpx
import stamina

from ..errors import RateLimited, Unreachable
from ..instants import Clock
from .budget import BudgetSpent, RequestBudget
from .limits import RateLimit, parse_rate_limit, rate_limited
from .protocol import Outcome, classify, parse_link_header, poll_interval, request_headers
from .refusals import Request, Transient
from .transport import Exchange, exchange, origin, resolve

MAX_REDIRECTS = 5

_ATTEMPTS = 3
_LONGEST_PAUSE = 4.0
_LONGEST_ETAG = 256


class Answer(NamedTuple):
    """What a request brought.

    body is empty unless `status` is "ok". url: where the answer came from in the end (`/repositories/{id}/…` after a
    rename). next_url: the next page, None on the last. poll_interval: seconds, where GitHub asks for a pause.
    requests: how many it took, retries and redirects included.
    """

    status: Literal["ok", "not_modified", "empty_repository"]
    body: bytes
    etag: str | None
    next_url: str | None
    poll_interval: int | None
    url: str
    requests: int


class Session:
    """The state of the conversation: connection, last known limits, and the lock that keeps requests serial.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#avoid-concurrent-requests
    """

    def __init__(
        self, base: str, token: str | None, clock: Clock, transport: httpx.AsyncBaseTransport | None, timeout: float
    ) -> None:
        self.limits: dict[str, RateLimit] = {}
        self._origin = origin(base)
        self._token = token
        self._clock = clock
        self._transport = transport
        self._timeout = timeout
        self._http: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()
        self._blocked: dict[str, tuple[datetime, RateLimited]] = {}
        self._strikes = 0

    async def aclose(self) -> None:
        """Close the connection; idempotent. The next request would open it again."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def get(
        self, url: str, what: str, budget: RequestBudget, *, etag: str | None = None, free: bool = False
    ) -> Answer:
        """GET a URL. `free`: costs nothing, so that a spent limit does not forbid it."""
        async with self._turn(budget):
            before = budget.used
            final, found, outcome = await self._retried(url, self._request(url, what), budget, etag, free)
        if outcome.status == "redirect":
            raise Unreachable(f"{urlsplit(url).netloc} redirects endlessly for {what}; check GITHUB_API_URL")
        return Answer(
            status=outcome.status,
            body=found.body if outcome.status == "ok" else b"",
            etag=_sendable(found.headers.get("etag")),
            next_url=self._next_url(final, found.headers),
            poll_interval=poll_interval(found.headers),
            url=final,
            requests=budget.used - before,
        )

    async def post(self, url: str, what: str, budget: RequestBudget, json: Mapping[str, Any]) -> tuple[bytes, Request]:
        """POST to GraphQL, once: a question too large for GitHub fails again when it is repeated."""
        request = self._request(url, what)
        async with self._turn(budget):
            self._refuse_when_limited("graphql")
            found = await self._send(url, budget, json=json)
            self._classify(found, request, "graphql")
        return found.body, request

    @asynccontextmanager
    async def _turn(self, budget: RequestBudget) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(budget.seconds_left(self._clock())):
                await self._lock.acquire()
        except TimeoutError:
            raise BudgetSpent("the time is used up") from None
        try:
            yield
        finally:
            self._lock.release()

    async def _retried(
        self, url: str, request: Request, budget: RequestBudget, etag: str | None, free: bool
    ) -> tuple[str, Exchange, Outcome]:
        failure: Transient | None = None
        seconds = budget.seconds_left(self._clock())
        pause = min(_LONGEST_PAUSE, seconds or _LONGEST_PAUSE)
        try:
            async for attempt in stamina.retry_context(
                on=Transient,
                attempts=_ATTEMPTS,
                timeout=seconds or None,  # stamina takes 0 for a mistake; the budget refuses it anyway
                wait_initial=0.5,
                wait_max=pause,
                wait_jitter=pause / 4,
            ):
                with attempt:
                    try:
                        return await self._followed(url, request, budget, etag, free)
                    except Transient as error:
                        failure = error
                        raise
        except BudgetSpent:
            if failure is not None:  # what went wrong says more than that there is no time for another try
                raise failure from None
            raise
        raise AssertionError("a retry either answers or raises")

    async def _followed(
        self, url: str, request: Request, budget: RequestBudget, etag: str | None, free: bool
    ) -> tuple[str, Exchange, Outcome]:
        """https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects"""
        seen: set[str] = set()
        while True:
            if not free:
                self._refuse_when_limited("core")
            found = await self._send(url, budget, etag=etag)
            outcome = self._classify(found, request, "core")
            if outcome.status == "not_modified" and etag is None:
                raise Transient(
                    f"{request.host} answered 304 for {request.what} to a question without an ETag; try again"
                )
            seen.add(url)
            target = resolve(url, outcome.location) if outcome.location else url
            if outcome.status != "redirect" or target in seen or len(seen) > MAX_REDIRECTS:
                return url, found, outcome
            url = target

    async def _send(
        self, url: str, budget: RequestBudget, *, etag: str | None = None, json: Mapping[str, Any] | None = None
    ) -> Exchange:
        """The token goes to the API's own origin only, wherever a redirect points."""
        budget.spend(self._clock)
        at_home = origin(url) == self._origin
        left = budget.seconds_left(self._clock())
        found = await exchange(
            self._opened(),
            url,
            request_headers(self._token if at_home else None, etag),
            seconds=self._timeout if left is None else min(self._timeout, left),
            json=json,
        )
        if self._token and found.status >= 400:  # what a refusal says is shown to people, and may repeat the request
            found = found._replace(body=found.body.replace(self._token.encode(), b"***"))
        limit = parse_rate_limit(found.headers) if at_home else None
        if limit is not None:
            self.limits[limit.resource] = limit
        return found

    def _opened(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(transport=self._transport, timeout=self._timeout, follow_redirects=False)
        return self._http

    def _classify(self, found: Exchange, request: Request, resource: str) -> Outcome:
        try:
            outcome = classify(
                found.status, found.headers, found.body, request, now=self._clock(), strikes=self._strikes
            )
        except RateLimited as error:
            spent = found.headers.get("x-ratelimit-remaining") == "0"
            self._strikes += not spent
            self._blocked |= dict.fromkeys((resource,) if spent else ("core", "graphql"), (self._clock(), error))
            raise
        self._strikes = 0
        return outcome

    def _refuse_when_limited(self, resource: str) -> None:
        """Asking before the limit ends would be refused, and may get an integration banned."""
        now = self._clock()
        told_at, blocked = self._blocked.get(resource, (now, None))
        limit = self.limits.get(resource)
        if blocked is not None and blocked.retry_at is not None and told_at <= now < blocked.retry_at:
            raise RateLimited(blocked.message, retry_at=blocked.retry_at)
        if limit is not None and limit.remaining == 0 and limit.reset_at > now:
            raise rate_limited(limit.reset_at, now, authenticated=self._token is not None)

    def _request(self, url: str, what: str) -> Request:
        return Request(what, urlsplit(url).netloc, self._token is not None)

    def _next_url(self, url: str, headers: Mapping[str, str]) -> str | None:
        link = parse_link_header(headers.get("link")).get("next")
        target = resolve(url, link) if link else None
        if target is not None and origin(target) != self._origin:
            raise Unreachable(
                f"{urlsplit(url).netloc} names a next page on another host ({urlsplit(target).netloc}); "
                "set GITHUB_API_URL to the address that GitHub itself uses"
            )
        return target


def _sendable(etag: str | None) -> str | None:
    """An ETag that a request can carry: https://www.rfc-editor.org/rfc/rfc9110#field.etag"""
    return etag if etag and etag.isascii() and etag.isprintable() and len(etag) <= _LONGEST_ETAG else None
