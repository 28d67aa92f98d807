"""The record of issues and pull requests, as GitHub itself keeps it: newest first, then what changed since.

With a token GraphQL brings pages of threads with their replies; without one, or where GraphQL is refused, REST lists
threads and comments apart, and reviews without comments stay unknown. https://docs.github.com/en/rest/issues/issues
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import Forbidden, MonitorError, Unreachable
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..insights.coverage import SKEW, merge_spans, missing_spans
from ..instants import shift
from ..jsontext import dump_json, load_json
from ..records import Reply, Span, Thread
from .listings import FIRST, Listing, proven_from, read_listings
from .thread_sources import GraphQLThreads, RestThreads, ThreadSource

HEAD = "threads/head"
_RESUME = "threads/resume"
_MAX_RESUME = 2_048


@dataclass(frozen=True, kw_only=True)
class ThreadsFound:
    """What one pass learned.

    threads: to be merged with those that are stored (`github.threads_merge`). replies: by number, of threads that this
    pass did not list; to be added to those that are stored. spans: what is known now of the kind "threads", to be
    learned once all of that is stored. etags: replaces those whose names begin with "threads/". not_modified: resources
    that answered 304. left: what a later pass will go on with, in words; None when all that was wanted is known.
    error: what ended the pass early.
    """

    threads: tuple[Thread, ...] = ()
    replies: dict[int, tuple[Reply, ...]] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    etags: dict[str, str] = field(default_factory=dict)
    not_modified: tuple[str, ...] = ()
    left: str | None = None
    error: MonitorError | None = None


async def collect_threads(
    client: GitHubClient,
    repo: str,
    known: tuple[Span, ...],
    want: Span,
    budget: RequestBudget,
    now: str,
    *,
    etags: Mapping[str, str],
    graphql: bool,
) -> ThreadsFound:
    """Return what changed since the last pass, and as much as can be read of what is wanted and not known yet.

    Args:
        repo: As GitHub spells it at present.
        known: What is known of the kind "threads"; a span says that every issue and pull request with anything
            happening in it was read, as of its end at least.
        want: What should be known afterwards.
        now: When this pass began.
        etags: What the last pass returned; leave out those that gave 304 suspiciously often.
        graphql: Whether to ask GraphQL first.

    Raises what GitHub answers, and `BudgetSpent`, when nothing at all could be read.
    """
    work = _Pass(client, repo, known, want, budget, now, etags)
    if graphql:
        try:
            return await work.run(GraphQLThreads(client, repo, budget))
        except (Forbidden, Unreachable):
            work = _Pass(client, repo, known, want, budget, now, {})
    return await work.run(RestThreads(client, repo, budget))


class _Pass:
    """One pass over a repository's threads."""

    def __init__(
        self,
        client: GitHubClient,
        repo: str,
        known: tuple[Span, ...],
        want: Span,
        budget: RequestBudget,
        now: str,
        etags: Mapping[str, str],
    ) -> None:
        self._client, self._repo, self._budget, self._now = client, repo, budget, now
        self._known = tuple(span for span in known if span.until <= now)
        self._want = Span(want.since, min(want.until, now))
        self._etags = {name: etag for name, etag in etags.items() if name.startswith("threads/")}
        self._error: MonitorError | None = None
        self._not_modified: list[str] = []

    async def run(self, source: ThreadSource) -> ThreadsFound:
        """Read what is new, then what is missing of the stretch that is wanted, newest first."""
        await self._read_head(source)
        if self._error is None:
            await self._fill_gaps(source)
        missing = missing_spans(self._known, *self._want)
        return ThreadsFound(
            threads=source.threads(),
            replies=source.other_replies(),
            spans=self._known,
            etags=self._etags,
            not_modified=tuple(self._not_modified),
            left=f"issues and pull requests before {missing[-1].until} are read in a later pass" if missing else None,
            error=self._error,
        )

    async def _read_head(self, source: ThreadSource) -> None:
        """Read what changed since the last pass; the first time all that is wanted."""
        since = self._known[-1].until if self._known else self._want.since
        answer = await self._client.fetch_issues(
            self._repo, per_page=1, etag=self._etags.get(HEAD) if self._known else None, budget=self._budget
        )
        if answer.status == "not_modified":
            self._not_modified.append(HEAD)
            self._known = merge_spans((*self._known, Span(since, self._now)))
            return
        down_to = shift(since, -SKEW) if self._known else since  # our clock and GitHub's differ
        reached = await self._walk(source, Span(down_to, self._now), {})
        if reached < self._now:
            self._known = merge_spans((*self._known, Span(min(reached, max(since, reached)), self._now)))
            self._etags.pop(HEAD, None)
            if answer.etag:
                self._etags[HEAD] = answer.etag

    async def _fill_gaps(self, source: ThreadSource) -> None:
        for gap in reversed(missing_spans(self._known, *self._want)):
            if self._error is not None:
                return
            try:
                reached = await self._walk(source, gap, self._resumed(gap))
            except BudgetSpent:
                return
            self._known = merge_spans((*self._known, Span(reached, gap.until)))
            if reached > gap.since:
                return

    async def _walk(self, source: ThreadSource, stretch: Span, starts: Mapping[str, str]) -> str:
        """Read a stretch newest first; return down to when it is known, and remember where to go on."""
        listings = [
            Listing(name, fetch, stretch.since, stretch.until, starts.get(name, FIRST), proves)
            for name, fetch, proves in source.listings(stretch)
        ]
        self._error = await read_listings(listings, self._budget)
        reached = proven_from(listings)
        source.read_down_to({listing.name: listing.reached for listing in listings})
        self._etags.pop(_RESUME, None)
        if reached > stretch.since:
            self._remember({"edge": reached, **{listing.name: listing.resume_at(reached) for listing in listings}})
        return reached

    def _remember(self, places: dict[str, str]) -> None:
        text = dump_json(places).decode()
        if len(text) <= _MAX_RESUME:
            self._etags[_RESUME] = text

    def _resumed(self, gap: Span) -> dict[str, str]:
        """Return where the last pass stopped, if that was at the end of this gap."""
        try:
            places: Any = load_json(self._etags.get(_RESUME, "{}"))
        except ValueError:
            return {}
        fits = isinstance(places, dict) and places.get("edge") == gap.until
        return {name: place for name, place in places.items() if isinstance(place, str)} if fits else {}
