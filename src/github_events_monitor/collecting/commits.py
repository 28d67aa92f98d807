"""The commit listing: what is new at the head, and what is missing of the window asked about.

https://docs.github.com/en/rest/commits/commits#list-commits — `since` and `until` go by committer date. A commit pushed
late has an old date, so new commits are not found by date: the listing is read from the head until every parent of a
listed commit is listed or stored. Its `since` stays the same between passes, so that its URL and ETag do. When the
former head is neither listed nor a listed commit's parent, history was replaced: the whole listing then says by what.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from ..branches import rejoined
from ..errors import GitHubError, MonitorError, NotFound, UnknownBranch
from ..github.client import Answer, BudgetSpent
from ..github.commits import parse_commits
from ..github.graphql.commits import HistoryPage
from ..github.resources import parse_branches
from ..instants import LAST, SECOND, shift
from ..ledger import clip_spans, missing_spans
from ..records import WEBHOOK, Commit, Span
from ..side_by_side import side_by_side
from ..text import clean
from .details import note_without_files, settle_ahead
from .pass_state import FIRST_PASS, PassState

PageT = TypeVar("PageT", Answer, HistoryPage)

_AT_ONCE = 3
"""Requests with which a question about commits begins where nothing is known of the repository."""
_FEED_REQUESTS = 3
"""Requests that are left for the feed before some go into numbers alone."""
_TAIL = 3
"""Clocks of committers run wrong, by days or years; that of the last commits of a page hardly does for all of them."""


@dataclass
class FirstPages:
    """The first pages of the default branch, by REST and by GraphQL, or why there is none: both asked for at an instant
    at which it was not known yet which repository it is."""

    asked_at: str
    listing: Answer | MonitorError | BudgetSpent | None
    history: HistoryPage | MonitorError | BudgetSpent | None

    def take_listing(self) -> Answer | None:
        """Return the page of REST, once; None where it was taken. Raises what GitHub answered."""
        found, self.listing = self.listing, None
        return _page_of(found)

    def take_history(self) -> HistoryPage | None:
        """Return the page of GraphQL, once; None where it was taken. Raises what GitHub answered."""
        found, self.history = self.history, None
        return _page_of(found)


def _page_of(found: PageT | MonitorError | BudgetSpent | None) -> PageT | None:
    if isinstance(found, MonitorError | BudgetSpent):
        raise found
    return found


def begins_with_commits(state: PassState) -> bool:
    """Return whether the commits of a repository never seen are what a question waits for, and can be afforded."""
    never_seen = state.repository.repository_id is None and state.repository.full_name is None
    waits = not state.thorough and "commits" in state.kinds and "threads" not in state.kinds and state.branch is None
    return state.with_token and never_seen and waits and state.budget.left >= _AT_ONCE + _FEED_REQUESTS


async def read_first_pages(state: PassState) -> FirstPages:
    """Ask for the first pages of the default branch; nothing is kept of them yet."""
    name, floor, asked_at = state.asked_name, _keep_floor(state), state.now()
    listing, history = await asyncio.gather(
        _outcome(state.client.fetch_commits(name, since=floor, budget=state.budget)),
        _outcome(state.client.fetch_history(name, since=floor, budget=state.budget)),
    )
    return FirstPages(asked_at, listing, history)


async def _outcome(asking: Awaitable[PageT]) -> PageT | MonitorError | BudgetSpent:
    """Return the page that GitHub answers, or why there is none."""
    try:
        return await asking
    except (MonitorError, BudgetSpent) as problem:
        return problem


def _keep_floor(state: PassState) -> str:
    """Return from when on commits are listed: it stays the same between passes."""
    floor = state.repository.commits_floor or min(shift(state.now(), -FIRST_PASS), state.want.since)
    state.change(commits_floor=floor)
    return floor


async def collect_commits(
    state: PassState,
    branch: str | None = None,
    pages: FirstPages | None = None,
    beside: Sequence[Callable[[], Awaitable[None]]] = (),
) -> None:
    """Collect the commits of the default branch, or of another one. Raises what GitHub answers.

    pages: the first ones, where they were asked for already. beside: what to do beside the rest of a first listing,
    once its first page is there.
    """
    floor = _keep_floor(state)
    listing = _Listing(state, branch, pages, beside)
    try:
        await listing.read_head(floor)
        await listing.fill_gaps()
    except BudgetSpent:
        if not listing.began:
            raise
        state.postpone("older commits are listed in a later pass; the request budget was spent")
    state.add_source("commits")


class _Listing:
    """The commits of one branch."""

    def __init__(
        self,
        state: PassState,
        branch: str | None,
        pages: FirstPages | None,
        beside: Sequence[Callable[[], Awaitable[None]]],
    ) -> None:
        self._state, self._branch, self._pages, self._beside = state, branch, pages, beside
        self._kind = f"commits:{branch}" if branch else "commits"
        self._unsure = f"commits/unsure:{branch or ''}"
        self._on = branch or state.repository.default_branch
        self._branches = (self._on,) if self._on else ()
        self._rewritten = self._kind in state.repository.rewritten
        self._head: str | None = None
        self._listed = set[str]()
        self._with_history = state.with_token
        self.began = False

    async def read_head(self, floor: str) -> None:
        """What is new since the last pass; the first time everything down to the floor, or to what is asked."""
        state, asked_at = self._state, self._pages.asked_at if self._pages else self._state.now()
        answer = self._pages.take_listing() if self._pages else None
        answer = answer or await self._fetch(floor, None, None if self._rewritten else state.etag(self._kind))
        self.began = True
        known = state.known(self._kind)
        if not state.saw(self._kind, answer):
            state.learn(self._kind, Span(known[-1].until if known else floor, asked_at))
            return
        state.modified = True
        if answer.status == "empty_repository":
            if self._rewritten:
                await self._rejoin(floor)
            state.learn(self._kind, Span(floor, asked_at))
            return
        if known or self._rewritten:
            await self._walk_to_join(answer, floor, asked_at, known)
            self._keep_head()
        else:
            try:
                self._take(answer)
                walk: Callable[[], Awaitable[None]] = partial(self._walk_first, answer, floor, asked_at)
                await side_by_side([walk, *self._beside])
            finally:
                self._keep_head()
            settle_ahead(state)
            await self._compare_delivered(floor, asked_at)

    async def _walk_first(self, answer: Answer, since: str, until: str) -> None:
        """Go on behind the first page of the first listing."""
        if not (self._can_afford_history(answer) and await self._walk_history(since, until, head=True)):
            await self._walk(answer, since, until)

    async def fill_gaps(self) -> None:
        """What is missing of the window asked about, newest first."""
        state = self._state
        end = min(state.want.until, state.now())
        for gap in reversed(missing_spans(state.known(self._kind), state.want.since, end)):
            state.modified = True
            if not await self._walk_history(gap.since, gap.until):
                await self._walk(await self._fetch(gap.since, gap.until, None), gap.since, gap.until)

    def _can_afford_history(self, answer: Answer) -> bool:
        """Return whether there are requests left for GraphQL, where a page of REST is followed by others or is not.

        A thorough pass fetches the files of a single page, and the numbers with them.
        """
        if self._pages is not None and self._pages.history is not None:
            return True  # it was asked for already
        if answer.next_url is not None:
            return self._state.budget.left > 0
        return not self._state.thorough and self._state.budget.left > _FEED_REQUESTS

    async def _walk_history(self, since: str, until: str, *, head: bool = False) -> bool:
        """Read a stretch by GraphQL, which has the numbers of a hundred commits at once; False where REST has to.

        What was read until GraphQL failed is known; the gap that is left is read by REST. head: from the branch's head,
        whatever time its commits say.
        """
        state, reached, after = self._state, until, None
        while self._with_history:
            try:
                page = self._pages.take_history() if self._pages and head else None
                page = page or await state.client.fetch_history(
                    state.asked_name,
                    branch=self._branch,
                    default_branch=self._on,
                    since=since,
                    until=None if head else until,
                    after=after,
                    budget=state.budget,
                )
            except GitHubError:
                page = None
            if page is None or page.unread or not page.found:
                self._with_history = False
                return after is not None
            for commit in page.commits:
                state.add_commit(commit if commit.branches else replace(commit, branches=self._branches))
                self._listed.add(commit.sha)
            note_without_files(state, page.commits)
            if page.next_cursor is None:
                await self._learn(Span(since, until))
                return True
            reached, after = min(reached, _reach(page.commits, until)), page.next_cursor
            await self._learn(Span(max(since, reached), until))
            if not state.thorough and reached <= state.want.since:
                return True
        return False

    async def _walk(self, answer: Answer, since: str, until: str) -> None:
        """Read pages down to `since`, or as far as is asked about, and learn how far they reach."""
        state, reached = self._state, until
        while True:
            commits = self._take(answer)
            if answer.next_url is None:
                await self._learn(Span(since, until))
                return
            reached = min(reached, _reach(commits, until))
            await self._learn(Span(max(since, reached), until))
            if not state.thorough and reached <= state.want.since:
                return
            answer = await self._fetch(since, None, None, url=answer.next_url)

    async def _walk_to_join(self, answer: Answer, since: str, until: str, known: Sequence[Span]) -> None:
        """Read pages until every parent is listed or stored: then there is nothing new below.

        Until then only what was read counts as known: a branch merged late may have brought commits of any date, also
        of times before `since` that were known until now.
        """
        state, reached, listed, parents = self._state, until, self._listed, set[str]()
        while True:
            commits = self._take(answer)
            parents |= {parent for commit in commits for parent in commit.parents}
            head = state.repository.heads.get(self._kind)
            continues = not self._rewritten and head in {None, *listed, *parents}
            if answer.next_url is None:
                await (self._settle(Span(since, until)) if continues else self._rejoin(since))
                whole = not known or known[0].since >= since or await self._joined(parents - listed)
                state.know(self._kind, *(known if whole else ()), Span(since, until))
                return
            if continues and await self._joined(parents - listed):
                state.know(self._kind, *known, Span(known[-1].until, until))
                return
            reached = min(reached, _reach(commits, until))
            read = Span(max(since, reached), until)
            state.know(self._kind, read)
            if continues:
                await self._settle(read)
            try:
                answer = await self._fetch(since, None, None, url=answer.next_url)
            except (BudgetSpent, GitHubError):
                if not continues:
                    await self._rejoin_later(Span(since, read.since))
                raise

    def _keep_head(self) -> None:
        """Remember where the branch begins, once whatever may have been replaced is noticed."""
        if self._head is not None:
            self._state.change(heads={**self._state.repository.heads, self._kind: self._head})

    async def _compare_delivered(self, since: str, until: str) -> None:
        """Notice what webhooks brought of a branch that it had lost before it was listed for the first time.

        A commit that is known from a push alone may be older than its push, and be missing for that.
        """
        state = self._state
        if WEBHOOK in state.repository.sources and not missing_spans(state.known(self._kind), since, until):
            await self._mark_replaced(since, source=WEBHOOK)

    async def _rejoin(self, since: str) -> None:
        """The whole listing was read: it says what the branch has and has not, whatever was stored of it."""
        await self._mark_replaced(since)
        self._state.know(self._unsure)
        self._state.repository = rejoined(self._state.repository, self._kind)

    async def _rejoin_later(self, left: Span) -> None:
        """The listing was read down to `left` only: later passes read that as a gap, and notice what is replaced there.

        Begun at the head again, a branch with more pages than a pass may ask for would never be joined.
        """
        self._keep_head()
        await self._mark_replaced(left.until)
        self._state.know(self._unsure, left)
        self._state.repository = rejoined(self._state.repository, self._kind)

    async def _learn(self, read: Span) -> None:
        """Learn that a stretch is known."""
        self._state.learn(self._kind, read)
        await self._settle(read)

    async def _settle(self, read: Span) -> None:
        """Where a force push left a stretch unsure that is read by now, what is not listed of it is replaced."""
        state, unsure = self._state, self._state.known(self._unsure)
        for part in clip_spans(unsure, *read):
            await self._mark_replaced(*part)
        if unsure:
            state.know(self._unsure, *clip_spans(unsure, "", read.since), *clip_spans(unsure, read.until, LAST))

    async def _mark_replaced(self, since: str, until: str = LAST, source: str | None = None) -> None:
        """A force push left the former head out: what else is stored of the branch and was not listed went with it.

        source: where such commits come from; None is anywhere.
        """
        state, branch = self._state, self._on
        if branch is None:
            return
        stored = await state.manager.commits.get_authorship(state.repo, since, until, branch=branch)
        lost = [row for row in stored if row.sha not in self._listed and await self._is_from(row.sha, source)]
        for row in lost:
            state.mark_replaced(row, branch)
        if lost:
            shown = clean(branch, 60, one_line=True)
            state.notes.append(f"a force push to {shown} replaced {len(lost)} commits; they are found by sha alone")

    async def _is_from(self, sha: str, source: str | None) -> bool:
        record = await self._state.manager.commits.get_commit(self._state.repo, sha) if source else None
        return source is None or (record is not None and record.commit.source == source)

    def _take(self, answer: Answer) -> list[Commit]:
        """Keep the commits of a page."""
        commits = parse_commits(self._state.repo, answer.body, self._on) if answer.status == "ok" else []
        for commit in commits:
            self._state.add_commit(commit)
            self._listed.add(commit.sha)
        self._head = self._head or next((commit.sha for commit in commits), None)
        return commits

    async def _joined(self, parents: set[str]) -> bool:
        return parents <= await self._state.manager.commits.get_known_shas(self._state.repo, parents)

    async def _fetch(self, since: str, until: str | None, etag: str | None, url: str | None = None) -> Answer:
        state = self._state
        try:
            return await state.client.fetch_commits(
                state.asked_name, since=since, until=until, branch=self._branch, etag=etag, url=url, budget=state.budget
            )
        except NotFound:
            if self._branch is None:
                raise
            raise await self._unknown_branch() from None

    async def _unknown_branch(self) -> UnknownBranch:
        state = self._state
        answer = await state.client.fetch_branches(state.asked_name, budget=state.budget)
        names = parse_branches(answer.body) if answer.status == "ok" else []
        known = list(dict.fromkeys([*filter(None, [state.repository.default_branch]), *names]))
        state.change(branches=tuple(known[:50]))
        shown = ", ".join(clean(name, 60, one_line=True) for name in known[:20])
        return UnknownBranch(f"{state.asked_name} has no branch {self._branch!r}; known: {shown}")


def _reach(commits: Sequence[Commit], default: str) -> str:
    """Return down to when a page with more behind it is complete. Its last commits decide: one may be dated wrong."""
    tail = [commit.commit_date for commit in commits[-_TAIL:]]
    return shift(max(tail), SECOND) if tail else default
