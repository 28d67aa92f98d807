"""Releases and deployments, listed newest first, and read on within the budget, in later passes too.

What was read is known down to the last one that was read; until all of a year is, a pass goes on with what is missing.
https://docs.github.com/en/rest/deployments/deployments#list-deployments
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from ..errors import RateLimited
from ..github.client import BudgetSpent, RequestBudget
from ..github.resources import parse_deployment_statuses, parse_deployments, parse_releases
from ..instants import SECOND, shift
from ..ledger import missing_spans
from ..observations import RELEASE, Deployment, Release
from ..records import Span
from .pass_state import REFUSED, PassState

RELEASES, DEPLOYMENTS = "releases", "deployments"
REACH = timedelta(days=366)
"""How far back these listings are read: no window is longer."""

BEGINNING = "2008-01-01T00:00:00Z"
"""No repository of GitHub is older: a listing that was read to its end has everything since."""

_TAIL = 3
"""Releases are listed by another time than they are published at: this many of the last ones read decide."""

_UNSETTLED = timedelta(days=7)
"""What is younger may still change."""

_OUTAGE = 3
"""After this many refusals in a row the cause is GitHub, not the deployment."""

_SETTLED = frozenset({"success", "inactive", "failure", "error"})


async def collect_releases(state: PassState) -> None:
    """Collect the releases of the last year. What may not be read stays unknown: events still show some."""
    if _has_none(state, RELEASES):
        await _notice_gone(state, (), state.now(), whole=True)
        return
    budget, url = _share(state), None
    listed: list[Release] = []

    async def next_page() -> bool:
        nonlocal url
        with state.noting_refusal(RELEASES):
            answer = await state.client.fetch_releases(state.asked_name, url=url, budget=budget)
        found = parse_releases(answer.body)
        state.deployments += [release.to_row(state.repo) for release in found]
        listed.extend(found)
        url = answer.next_url
        return url is not None

    def oldest() -> str | None:
        return max((release.published_at for release in listed[-_TAIL:]), default=None)

    before = state.repository.ledger.spans.get(RELEASES, ())
    if await _read(state, RELEASES, next_page, oldest):
        await _notice_gone(state, listed, before[-1].until if before else state.now(), whole=url is None)


async def _notice_gone(state: PassState, listed: Sequence[Release], last: str, *, whole: bool) -> None:
    """Keep of stored releases that they are not listed any more: they were deleted, or made drafts again.

    last: until when the listing was known before; they went after that. whole: whether the listing was read to its
    end; else it is compared down to the last ones that were read. Who had the name before published them before the
    name was taken over.
    """
    taken_over_at = state.repository.taken_over_at or ""
    reached = max((release.listed_by or "9999" for release in listed[-_TAIL:]), default="9999")
    there = {release.id for release in listed}
    rows = await state.manager.metrics.get_metrics("deployment_metrics", state.repo, prefix=RELEASE)
    for known in filter(None, map(Release.from_row, rows)):
        compared = (whole or (known.listed_by or "") > reached) and known.published_at >= taken_over_at
        if compared and known.id not in there and known.deleted_at is None:
            state.deployments.append(replace(known, deleted_at=max(last, known.published_at)).to_row(state.repo))


async def collect_deployments(state: PassState) -> None:
    """Collect the deployments of the last year, each with its latest status.

    GraphQL gives them with their statuses, page by page; REST wants a request for each that is not settled.
    """
    if _has_none(state, DEPLOYMENTS):
        return
    by_pages = _ByPages(state)
    try:
        found = await _read(state, DEPLOYMENTS, by_pages.next_page, lambda: by_pages.oldest)
    except RateLimited:  # GraphQL has a limit of its own
        found = False
    if not found:
        one_by_one = _OneByOne(state, await _stored(state))
        await _read(state, DEPLOYMENTS, one_by_one.next_page, lambda: one_by_one.oldest)


async def read_older_listings(state: PassState) -> None:
    """Read on what an earlier pass left."""
    for kind, collect in ((RELEASES, collect_releases), (DEPLOYMENTS, collect_deployments)):
        known = state.repository.ledger.spans.get(kind, ())
        if known and missing_spans(known, _floor(state), known[-1].until):
            await collect(state)


def _has_none(state: PassState, kind: str) -> bool:
    """Return whether this pass saw already that there are none, and learn that."""
    seen_at = state.none_since(kind)
    if seen_at is not None:
        state.learn(kind, Span(BEGINNING, seen_at))
    return seen_at is not None


async def _read(
    state: PassState, kind: str, next_page: Callable[[], Awaitable[bool]], oldest: Callable[[], str | None]
) -> bool:
    """Read pages, as far as is needed and possible, and learn how far that was; return whether it was anything.

    next_page: returns whether there are more. oldest: down to when the listing was read; None before anything was.
    Raises `BudgetSpent` when nothing was read.
    """
    try:
        while await next_page():
            if _is_enough(state, kind, oldest()):
                break
        else:
            state.learn(kind, Span(BEGINNING, state.now()))
            return True
    except REFUSED:
        pass
    except BudgetSpent:
        if oldest() is None:
            raise
        state.postpone(f"older {kind} are read in a later pass; the request budget was spent")
    if (reached := oldest()) is not None:
        state.learn(kind, Span(shift(reached, SECOND), state.now()))  # others of that second may be missing
    return reached is not None


def _is_enough(state: PassState, kind: str, oldest: str | None) -> bool:
    """Return whether what is older is too old, or known, and settled by now."""
    if oldest is None:
        return False
    known, floor = state.repository.ledger.spans.get(kind, ()), _floor(state)
    joined = not missing_spans(known, floor, shift(oldest, SECOND)) and oldest < shift(state.now(), -_UNSETTLED)
    return oldest < floor or joined


class _ByPages:
    """Deployments by GraphQL."""

    def __init__(self, state: PassState) -> None:
        self._state, self._budget = state, _share(state)
        self._after: str | None = None
        self.oldest: str | None = None

    async def next_page(self) -> bool:
        """Keep a page; return whether there are more. Raises `Forbidden` where GraphQL does not answer."""
        state = self._state
        page = await state.client.fetch_deployments_with_status(
            state.asked_name, after=self._after, budget=self._budget
        )
        state.forget_refusal(DEPLOYMENTS)
        state.deployments += [deployment.to_row(state.repo) for deployment in page.deployments]
        self.oldest = min((deployment.created_at for deployment in page.deployments), default=self.oldest)
        self._after = page.following
        return self._after is not None


class _OneByOne:
    """Deployments by REST; those that are settled are not asked for again."""

    def __init__(self, state: PassState, stored: Mapping[str, Deployment]) -> None:
        self._state, self._stored, self._budget = state, stored, _share(state)
        self._url: str | None = None
        self._refused = 0
        self.oldest: str | None = None

    async def next_page(self) -> bool:
        """Keep a page; return whether there are more."""
        state = self._state
        with state.noting_refusal(DEPLOYMENTS):
            answer = await state.client.fetch_deployments(state.asked_name, url=self._url, budget=self._budget)
        for number, listed in parse_deployments(answer.body):
            known = self._stored.get(listed.id)
            if known is None or known.state not in _SETTLED:
                state.deployments.append((await self._with_status(number, listed)).to_row(state.repo))
            self.oldest = listed.created_at
        self._url = answer.next_url
        return self._url is not None

    async def _with_status(self, number: int, listed: Deployment) -> Deployment:
        """Return a deployment with its status; one that GitHub cannot give does not keep those behind it away."""
        try:
            answer = await self._state.client.fetch_deployment_statuses(
                self._state.asked_name, number, budget=self._budget
            )
        except REFUSED:
            self._refused += 1
            if self._refused >= _OUTAGE:
                raise
            return listed
        self._refused = 0
        status = max(parse_deployment_statuses(answer.body), key=lambda one: one.created_at or "", default=None)
        return replace(listed, state=status.state, state_at=status.created_at) if status else listed


async def _stored(state: PassState) -> dict[str, Deployment]:
    rows: Sequence[Deployment | None] = [
        Deployment.from_row(row) for row in await state.manager.metrics.get_metrics("deployment_metrics", state.repo)
    ]
    return {row.id: row for row in rows if row is not None}


def _floor(state: PassState) -> str:
    return max(shift(state.now(), -REACH), state.cutoff or "")


def _share(state: PassState) -> RequestBudget:
    """Half of what is left: commits are to get their numbers in this pass, too."""
    return state.budget.share((state.budget.left + 1) // 2)
