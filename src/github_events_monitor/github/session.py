"""One conversation with a GitHub: paced, within a budget, retried where that helps, redirects by hand."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
import stamina

from ..errors import Forbidden, InvalidInput, NotFound, RateLimited, Unreachable
from ..instants import Clock
from .budget import BudgetSpent, RequestBudget
from .limits import RateLimit, parse_rate_limit, rate_limited
from .pace import Pace, Sleep
from .protocol import Outcome, classify, poll_interval, request_headers
from .refusals import NotOffered, Request, Transient, is_rejected
from .transport import Exchange, exchange, origin, resolve, sendable_etag, trusted, without_secret

MAX_REDIRECTS = 5

_ATTEMPTS = 3
_LONGEST_PAUSE = 4.0
_MOST_WAITS = 5
"""Limits in a row that are waited out for one request."""

T = TypeVar("T")


class Credentials(Protocol):
    """Authenticates requests."""

    async def header(self, owner: str | None) -> str | None:
        """Return the value of `Authorization` for questions about an owner's repositories; None to ask without.

        owner: None for questions about no owner.
        """

    def allowance(self, owner: str) -> int | None:
        """Return which limit an owner's questions count against, as far as is known: one number, one limit.

        None where no owner has a limit of its own, or that is not known yet.
        """

    def reject(self, authorization: str) -> None:
        """Note that GitHub does not accept a header that was returned."""

    def advice(self) -> str:
        """Return what helps where GitHub does not accept a header, or there is none."""

    def access(self, owner: str | None) -> str | None:
        """Return what would show more of an owner's, as far as is known; None where the token's own rights decide."""


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


@dataclass
class _Call:
    """One question on its way.

    owner: whose repository it is about. free: a spent limit does not forbid it. renewed: its token was replaced. sent:
    requests so far. strikes: secondary limits in a row before the last.
    """

    url: str
    request: Request
    budget: RequestBudget
    resource: str
    owner: str | None
    authorization: str | None
    etag: str | None = None
    free: bool = False
    json: Mapping[str, Any] | None = None
    renewed: bool = False
    sent: int = 0
    strikes: int = 0

    @property
    def limit_key(self) -> "_LimitKey":
        """What the call is paid from."""
        return _LimitKey(self.authorization, self.resource)


class _LimitKey(NamedTuple):
    """A limit is of one token (of each installation of an App) and one resource.

    https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/rate-limits-for-github-apps
    """

    authorization: str | None
    resource: str


class Session:
    """The state of the conversation: connection, last known limits, pace.

    Args:
        sleep: How limits are waited out; tests hand in their own.
        pace: How fast the host is asked; all that ask it share one.
    """

    def __init__(
        self,
        base: str,
        credentials: Credentials | None,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None,
        timeout: float,
        *,
        sleep: Sleep = asyncio.sleep,
        pace: Pace | None = None,
    ) -> None:
        self._limits: dict[_LimitKey, RateLimit] = {}
        self._origin = origin(base)
        self._credentials = credentials
        self._clock = clock
        self._transport = transport
        self._timeout = timeout
        self._sleep = sleep
        self._pace = pace or Pace(clock)
        self._http: httpx.AsyncClient | None = None
        self._blocked: dict[_LimitKey, tuple[datetime, RateLimited]] = {}
        self._under_way: Counter[_LimitKey] = Counter()
        self._strikes = 0

    async def aclose(self) -> None:
        """Close the connection; idempotent. The next request would open it again."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    def limit(self, resource: str) -> RateLimit | None:
        """Return a limit as of GitHub's last answer, None before any; of several tokens the one with least left."""
        found = (limit for limit_key, limit in self._limits.items() if limit_key.resource == resource)
        return min(found, key=lambda limit: limit.remaining, default=None)

    def allowance(self, owner: str) -> int | None:
        """See `Credentials`."""
        return self._credentials.allowance(owner) if self._credentials else None

    async def note_limit(self, limit: RateLimit) -> None:
        """Remember a limit of the token that questions about no owner carry."""
        self._limits[_LimitKey(await self._authorization(None), limit.resource)] = limit

    async def get(
        self,
        url: str,
        what: str,
        budget: RequestBudget,
        *,
        owner: str | None = None,
        etag: str | None = None,
        free: bool = False,
    ) -> Answer:
        """GET a URL and return the answer. `free`: costs nothing, so that a spent limit does not forbid it."""
        call = await self._call(url, what, budget, "core", owner)
        call.etag, call.free = etag, free
        final, found, outcome = await self._waiting_out_limits(budget, lambda: self._retried(call))
        if outcome.status == "redirect":
            raise Unreachable(f"{urlsplit(url).netloc} redirects endlessly for {what}; check GITHUB_API_URL")
        return Answer(
            status=outcome.status,
            body=found.body if outcome.status == "ok" else b"",
            etag=sendable_etag(found.headers.get("etag")),
            next_url=self._next_url(final, found),
            poll_interval=poll_interval(found.headers),
            url=final,
            requests=call.sent,
        )

    async def post(
        self,
        url: str,
        what: str,
        budget: RequestBudget,
        json: Mapping[str, Any],
        check: Callable[[bytes, Request], None],
        *,
        owner: str | None = None,
    ) -> bytes:
        """POST to GraphQL, once, and return the body: a question too large for GitHub fails again when it is repeated.

        check: raises what the errors in a body of status 200 mean.
        """
        call = await self._call(url, what, budget, "graphql", owner)
        call.json = json
        if call.authorization is None:
            raise NotOffered(f"{what} by GraphQL need a token; {call.request.remedy}")

        def judgement(found: Exchange, call: _Call) -> bytes:
            try:
                self._classify(found, call)
            except InvalidInput as refused:  # the question is ours, not a person's: this server knows another GraphQL
                raise NotOffered(refused.message) from None
            except (Forbidden, NotFound) as refused:  # of a repository it is said with status 200
                if is_rejected(found.status, found.body):
                    raise
                raise NotOffered(refused.message) from None
            check(found.body, call.request)
            return found.body

        async def attempt() -> bytes:
            return self._judge(await self._send(url, call), call, judgement)

        return await self._waiting_out_limits(budget, attempt)

    async def _call(self, url: str, what: str, budget: RequestBudget, resource: str, owner: str | None) -> _Call:
        said = await self._authorization(owner)
        request = Request(what, urlsplit(url).netloc, said is not None)
        if self._credentials is not None:
            request = request._replace(advice=self._credentials.advice(), access=self._credentials.access(owner))
        return _Call(url, request, budget, resource, owner, said)

    async def _authorization(self, owner: str | None) -> str | None:
        return await self._credentials.header(owner) if self._credentials is not None else None

    async def _waiting_out_limits(self, budget: RequestBudget, attempt: Callable[[], Awaitable[T]]) -> T:
        """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""
        for _ in range(_MOST_WAITS):
            try:
                return await attempt()
            except RateLimited as limit:
                seconds = budget.wait_for(limit, self._clock())
                if seconds is None:
                    raise
                await budget.announce(limit, seconds)
                await self._sleep(seconds)
        return await attempt()

    async def _retried(self, call: _Call) -> tuple[str, Exchange, Outcome]:
        failure: Transient | None = None
        seconds = call.budget.seconds_left(self._clock())
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
                        return await self._followed(call)
                    except Transient as error:
                        failure = error
                        raise
        except BudgetSpent:
            if failure is not None:  # what went wrong says more than that there is no time for another try
                raise failure from None
            raise
        raise AssertionError("a retry either returns or raises")

    async def _followed(self, call: _Call) -> tuple[str, Exchange, Outcome]:
        """https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects"""
        seen, url = set[str](), call.url
        while True:
            found = await self._send(url, call)
            outcome = self._judge(found, call, self._classify)
            if outcome.status == "not_modified" and call.etag is None:
                raise Transient(
                    f"{call.request.host} answered 304 for {call.request.what} to a question without an ETag; try again"
                )
            seen.add(url)
            target = resolve(url, outcome.location) if outcome.location else url
            if outcome.status != "redirect" or target in seen or len(seen) > MAX_REDIRECTS:
                return url, found, outcome
            self._check_host(target, f"{call.request.host} redirects {call.request.what} to")
            url = target

    async def _send(self, url: str, call: _Call) -> Exchange:
        """Send a request; where its token is rejected, send it once more with another one, if there is another."""
        found = await self._send_once(url, call)
        if self._credentials is None or call.authorization is None or not is_rejected(found.status, found.body):
            return found
        self._credentials.reject(call.authorization)
        another = None if call.renewed else await self._authorization(call.owner)
        if another is None or another == call.authorization:
            return found
        call.authorization, call.renewed = another, True
        call.request = call.request._replace(access=self._credentials.access(call.owner))
        return await self._send(url, call)

    async def _send_once(self, url: str, call: _Call) -> Exchange:
        """Send one request in its turn; return the exchange. Neither token nor question ever goes to another host."""
        self._check_host(url, f"{call.request.what} would be asked of")
        call.budget.check(self._clock)
        async with self._pace.turn(call.budget.seconds_left(self._clock())):
            if not call.free:
                self._refuse_when_limited(call)
            call.budget.spend(self._clock)
            call.sent, call.strikes = call.sent + 1, self._strikes
            left = call.budget.seconds_left(self._clock())
            self._under_way[call.limit_key] += 1
            try:
                found = await exchange(
                    self._opened(),
                    url,
                    request_headers(call.authorization, call.etag),
                    seconds=self._timeout if left is None else min(self._timeout, left),
                    json=call.json,
                )
                self._note_limit(found, call)
            finally:
                self._under_way[call.limit_key] -= 1
        return without_secret(found, call.authorization) if found.status >= 400 else found

    def _note_limit(self, found: Exchange, call: _Call) -> None:
        """Remember the limit; of answers that overtook one another the one with less left is the later."""
        limit = parse_rate_limit(found.headers)
        if limit is None:
            return
        limit_key = _LimitKey(call.authorization, limit.resource)
        known = self._limits.get(limit_key)
        if not (known and known.reset_at == limit.reset_at and known.remaining < limit.remaining):
            now = self._clock()  # tokens of an App change every hour: what was said of former ones goes
            self._limits = {one: kept for one, kept in self._limits.items() if kept.reset_at > now} | {limit_key: limit}

    def _opened(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                transport=self._transport, timeout=self._timeout, follow_redirects=False, verify=trusted()
            )
        return self._http

    def _classify(self, found: Exchange, call: _Call) -> Outcome:
        return classify(found.status, found.headers, found.body, call.request, now=self._clock(), strikes=call.strikes)

    def _judge(self, found: Exchange, call: _Call, judgement: Callable[[Exchange, _Call], T]) -> T:
        """Return a judgement; a limit that it finds is remembered."""
        try:
            result = judgement(found, call)
        except RateLimited as error:
            self._block(found, call, error)
            raise
        self._strikes = 0
        return result

    def _block(self, found: Exchange, call: _Call, error: RateLimited) -> None:
        """Ask nothing until a limit ends, and less often after a secondary one."""
        now, spent = self._clock(), found.headers.get("x-ratelimit-remaining") == "0"
        if not spent:
            self._strikes = max(self._strikes, call.strikes + 1)  # refusals beside one another are one
            self._pace.slow_down()
        resources = (call.resource,) if spent else ("core", "graphql")
        self._blocked |= {_LimitKey(call.authorization, resource): (now, error) for resource in resources}

    def _blocking(self, limit_key: _LimitKey) -> RateLimited | None:
        """Return the refusal that still holds; one that a clock set back puts into the future does not."""
        now = self._clock()
        told_at, blocked = self._blocked.get(limit_key, (now, None))
        holds = blocked is not None and blocked.retry_at is not None and told_at <= now < blocked.retry_at
        return blocked if holds else None

    def _refuse_when_limited(self, call: _Call) -> None:
        """Asking before the limit ends would be refused, and may get an integration banned.

        What is under way may take what is left.
        """
        now, blocked = self._clock(), self._blocking(call.limit_key)
        if blocked is not None:
            raise RateLimited(blocked.message, retry_at=blocked.retry_at)
        limit = self._limits.get(call.limit_key)
        if limit is not None and limit.remaining <= self._under_way[call.limit_key] and limit.reset_at > now:
            raise rate_limited(limit.reset_at, now, remedy=call.request.remedy)

    def _next_url(self, url: str, found: Exchange) -> str | None:
        target = resolve(url, found.next_link) if found.next_link else None
        if target is not None:
            self._check_host(target, f"{urlsplit(url).netloc} names a next page on")
        return target

    def _check_host(self, url: str, doing: str) -> None:
        if origin(url) != self._origin:
            raise Unreachable(
                f"{doing} another host ({urlsplit(url).netloc}), which is refused; "
                "set GITHUB_API_URL to the address that GitHub itself uses"
            )
