"""The record of issues and pull requests, as GitHub itself keeps it: newest first, then what changed since.

With a token GraphQL brings pages of threads with their replies; without one, or where GraphQL is refused, REST lists
threads and comments apart, and reviews without comments stay unknown. https://docs.github.com/en/rest/issues/issues
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import msgspec

from ..errors import GitHubError, MonitorError
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..github.thread_lists import parse_issues
from ..instants import shift
from ..jsontext import dump_json
from ..ledger import SKEW, merge_spans, missing_spans
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
        known: What is known of the kind "threads"; a span says that every issue and pull request that
            changed in it was read, as of its end at least.
        want: What should be known afterwards.
        now: When this pass began.
        etags: What the last pass returned; leave out those that gave 304 suspiciously often.
        graphql: Whether to ask GraphQL first.

    Raises what GitHub answers, and `BudgetSpent`, when nothing at all could be read.
    """
    work = _Pass(
        client,
        budget,
        repo,
        now,
        want=Span(want.since, min(want.until, now)),
        known=tuple(span for span in known if span.until <= now),
        etags={name: etag for name, etag in etags.items() if name.startswith("threads/")},
    )
    await work.look()
    if graphql:
        try:
            return await work.run(GraphQLThreads(client, repo, budget))
        except GitHubError:  # refused, over a limit of its own, or no GraphQL there, before anything was read
            pass
    return await work.run(RestThreads(client, repo, budget))


Places = dict[str, tuple[str, str]]
"""Down to when each listing was read, and the page that continues it."""


class _Resume(msgspec.Struct):
    edge: str = ""
    places: Places = {}


@dataclass
class _Pass:
    """One pass over a repository's threads, with what is known so far."""

    client: GitHubClient
    budget: RequestBudget
    repo: str
    now: str
    want: Span
    known: tuple[Span, ...]
    etags: dict[str, str]
    error: MonitorError | None = None
    etag: str | None = None
    changed: bool = True
    empty: bool = False

    async def look(self) -> None:
        """Ask for the thread that was updated last: while it is the same, so is everything. A 304 is free."""
        etag = self.etags.get(HEAD) if self.known else None
        answer = await self.client.fetch_issues(self.repo, per_page=1, etag=etag, budget=self.budget)
        self.changed, self.etag = answer.status != "not_modified", answer.etag
        self.empty = answer.status == "ok" and not parse_issues(self.repo, answer.body)

    async def run(self, source: ThreadSource) -> ThreadsFound:
        """Return what is new, then what is missing of the stretch that is wanted, newest first."""
        if await self._read_head(source):
            await self._fill_gaps(source)
        missing = missing_spans(self.known, *self.want)
        return ThreadsFound(
            threads=source.threads(),
            replies=source.other_replies(),
            spans=self.known,
            etags=self.etags,
            not_modified=() if self.changed else (HEAD,),
            left=f"issues and pull requests before {missing[-1].until} are read in a later pass" if missing else None,
            error=self.error,
        )

    async def _read_head(self, source: ThreadSource) -> bool:
        """Read what changed since the last pass, the first time all that is wanted; return whether all was read."""
        since = self.known[-1].until if self.known else self.want.since
        if not self.changed:
            self._learn(Span(since, self.now))
            return True
        if self.empty:
            self._learn(Span(min(since, self.want.since), self.now))
            self.etags = {HEAD: self.etag} if self.etag else {}
            return True
        down_to = shift(since, -SKEW) if self.known else since  # our clock and GitHub's differ
        reached = await self._walk(source, Span(down_to, self.now), {})
        if reached < self.now:  # else nothing is known as of now, and the ETag must not say so next time
            self._learn(Span(reached, self.now))
            self.etags.pop(HEAD, None)
            if self.etag:
                self.etags[HEAD] = self.etag
        return reached == down_to

    async def _fill_gaps(self, source: ThreadSource) -> None:
        for gap in reversed(missing_spans(self.known, *self.want)):
            try:
                reached = await self._walk(source, gap, self._places_at(gap.until))
            except BudgetSpent:
                return
            except MonitorError as error:
                if not source.threads():
                    raise
                self.error = error
                return
            self._learn(Span(reached, gap.until))
            if reached > gap.since:
                return
            self.etags.pop(_RESUME, None)

    def _learn(self, span: Span) -> None:
        self.known = merge_spans((*self.known, span))

    def _is_news(self, stretch: Span, updated_at: str) -> bool:
        """Return whether a row is to be kept: pages reach further back than asked, into what is known."""
        known = any(span.since <= updated_at < span.until for span in self.known)
        return updated_at >= stretch.since or not known

    async def _walk(self, source: ThreadSource, stretch: Span, places: Places) -> str:
        """Read a stretch newest first; return down to when it is known, and remember where to go on."""
        listings = [
            Listing(name, fetch, stretch.since, *places.get(name, (stretch.until, FIRST)))
            for name, fetch in source.listings(stretch, partial(self._is_news, stretch))
        ]
        if not self.known and self.budget.left < len(listings):
            return stretch.until  # nothing is known before a page of each was read
        self.error = await read_listings(listings, self.budget)
        reached = proven_from(listings)
        going_on = source.read_down_to({listing.name: listing.reached for listing in listings})
        if reached > stretch.since:
            places = {one.name: (going_on[one.name], one.resume_at(going_on[one.name])) for one in listings}
            self._remember(reached, places)
        return reached

    def _remember(self, edge: str, places: Places) -> None:
        text = dump_json({"edge": edge, "places": places}).decode()
        if len(text) <= _MAX_RESUME:
            self.etags[_RESUME] = text

    def _places_at(self, edge: str) -> Places:
        """Return where the listings go on below an instant, if that is where an earlier pass stopped."""
        try:
            kept = msgspec.json.decode(self.etags.get(_RESUME, "{}"), type=_Resume)
        except ValueError:
            return {}
        return kept.places if kept.edge == edge else {}
