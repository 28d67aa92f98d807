"""Where threads are read from: pages of GraphQL, or the listings of REST. Both are read newest first."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple, Protocol

import msgspec

from ..errors import Unreachable
from ..github.client import Answer, BudgetSpent, GitHubClient, RequestBudget
from ..github.graphql.threads import Kind, MoreReplies, ThreadsPage
from ..github.refusals import Transient
from ..github.thread_lists import ListedReply, ListedThread, parse_comments, parse_issues, parse_pulls
from ..github.threads_merge import merge_threads, with_replies
from ..records import Reply, Span, Thread
from .listings import FIRST, Page

_PAGE = 50
_SMALLEST_PAGE = 5
_REPLY_PAGES = 10
"""Of a thread with more than a thousand replies of a kind the first ones are read."""


class Source(NamedTuple):
    """One listing of a source. proves: see `Listing`."""

    name: str
    fetch: Callable[[str], Awaitable[Page]]
    proves: bool = True


class ThreadSource(Protocol):
    """Reads threads, and remembers what it read."""

    def listings(self, stretch: Span) -> Sequence[Source]:
        """Return the listings to be read for a stretch of time."""

    def read_down_to(self, reached: dict[str, str]) -> None:
        """Take note of how far each listing was read."""

    def threads(self) -> tuple[Thread, ...]:
        """Return what was read, each thread once."""

    def other_replies(self) -> dict[int, tuple[Reply, ...]]:
        """Return replies to threads that were not read, by their numbers."""


class GraphQLThreads:
    """Pages of threads with their replies. A page that takes GitHub too long is asked for by halves."""

    def __init__(self, client: GitHubClient, repo: str, budget: RequestBudget) -> None:
        self._client, self._repo, self._budget = client, repo, budget
        self._threads: dict[int, Thread] = {}
        self._size = _PAGE

    def listings(self, stretch: Span) -> Sequence[Source]:
        """Return the pull requests and the issues."""
        return [
            Source("pull_requests", partial(self._read, "pull_request", None)),
            Source("issues", partial(self._read, "issue", stretch.since)),
        ]

    def read_down_to(self, reached: dict[str, str]) -> None:
        """Nothing to note: replies come with their threads."""

    def threads(self) -> tuple[Thread, ...]:
        """Return what was read, each thread once."""
        return tuple(self._threads.values())

    def other_replies(self) -> dict[int, tuple[Reply, ...]]:
        """Return none: replies come with their threads."""
        return {}

    async def _read(self, kind: Kind, since: str | None, after: str) -> Page:
        page = await self._page(kind, since, after or None)
        found = {thread.number: thread for thread in page.threads}
        rest = await asyncio.gather(*(self._rest(found[number], more) for number, more in page.more.items()))
        for thread in (*page.threads, *(thread for thread, _ in rest)):
            stored = self._threads.get(thread.number)
            self._threads[thread.number] = merge_threads(stored, thread) if stored else thread
        whole = page.unread == 0 and all(read for _, read in rest)
        times = [thread.updated_at for thread in page.threads]
        return Page(max(times, default=None), min(times, default=None), page.next_cursor, whole)

    async def _page(self, kind: Kind, since: str | None, after: str | None) -> ThreadsPage:
        while True:
            size = self._size
            try:
                return await self._client.fetch_threads(
                    self._repo, kind, first=size, after=after, since=since, budget=self._budget
                )
            except Transient:
                if size <= _SMALLEST_PAGE:
                    raise
                self._size = min(self._size, max(_SMALLEST_PAGE, size // 2))

    async def _rest(self, thread: Thread, more: MoreReplies) -> tuple[Thread, bool]:
        """Return a thread with its further replies, and whether they were read, or are too many to be."""
        following: MoreReplies | None = more
        for _ in range(_REPLY_PAGES):
            if following is None:
                break
            try:
                page = await self._client.fetch_replies(self._repo, following, budget=self._budget)
            except (BudgetSpent, Unreachable):
                return thread, False
            if page.unread:
                return thread, False
            thread, following = with_replies(thread, page.replies), page.more
        complete = following is None
        return (
            msgspec.structs.replace(
                thread,
                comments_complete=thread.comments_complete or complete,
                reviews_complete=thread.reviews_complete or (complete and thread.kind == "pull_request"),
            ),
            True,
        )


class RestThreads:
    """Listings of threads and of comments, apart from one another. Reviews without comments are not in them."""

    def __init__(self, client: GitHubClient, repo: str, budget: RequestBudget) -> None:
        self._client, self._repo, self._budget = client, repo, budget
        self._threads: dict[int, Thread] = {}
        self._branches: dict[int, Thread] = {}
        self._replies: dict[int, list[Reply]] = {}
        self._comments_from: dict[int, str] = {}

    def listings(self, stretch: Span) -> Sequence[Source]:  # noqa: ARG002 (the listings end where they are left)
        """Return threads and comments, which prove the stretch, and the branches of pull requests, which do not."""
        return [
            Source("issues", self._read_issues),
            Source("comments", partial(self._read_comments, "comment")),
            Source("review_comments", partial(self._read_comments, "review_comment")),
            Source("pulls", self._read_pulls, proves=False),
        ]

    def read_down_to(self, reached: dict[str, str]) -> None:
        """Take note of how far the comments were read: threads that began later have all of theirs."""
        for number in self._threads.keys() - self._comments_from.keys():
            self._comments_from[number] = reached["comments"]

    def threads(self) -> tuple[Thread, ...]:
        """Return what was read, each thread once, with its branches and replies."""
        return tuple(self._joined(thread) for thread in self._threads.values())

    def other_replies(self) -> dict[int, tuple[Reply, ...]]:
        """Return replies to threads that were not read, by their numbers."""
        return {number: tuple(found) for number, found in self._replies.items() if number not in self._threads}

    def _joined(self, thread: Thread) -> Thread:
        branches = self._branches.get(thread.number)
        whole = merge_threads(branches, thread) if branches else thread
        from_here = self._comments_from.get(thread.number, "9999")
        whole = msgspec.structs.replace(whole, comments_complete=thread.created_at >= from_here)
        return with_replies(whole, self._replies.get(thread.number, ()))

    async def _read_issues(self, at: str) -> Page:
        answer = await self._client.fetch_issues(self._repo, page=_number(at), budget=self._budget)
        rows = parse_issues(self._repo, answer.body) if answer.status == "ok" else []
        for row in filter(None, rows):
            self._threads[row.thread.number] = row.thread
        return _page(rows, at, answer)

    async def _read_pulls(self, at: str) -> Page:
        answer = await self._client.fetch_pulls(self._repo, page=_number(at), budget=self._budget)
        rows = parse_pulls(self._repo, answer.body) if answer.status == "ok" else []
        for row in filter(None, rows):
            self._branches[row.thread.number] = row.thread
        return _page(rows, at, answer)

    async def _read_comments(self, kind: Literal["comment", "review_comment"], at: str) -> Page:
        ask = self._client.fetch_issue_comments if kind == "comment" else self._client.fetch_review_comments
        answer = await ask(self._repo, page=_number(at), budget=self._budget)
        rows = parse_comments(kind, answer.body) if answer.status == "ok" else []
        for row in filter(None, rows):
            self._replies.setdefault(row.number, []).append(row.reply)
        return _page(rows, at, answer)


def _number(at: str) -> int:
    return int(at) if at != FIRST and at.isdecimal() else 1


def _page(rows: Sequence[ListedThread | ListedReply | None], at: str, answer: Answer) -> Page:
    times = [row.updated_at for row in rows if row is not None]
    following = str(_number(at) + 1) if answer.next_url is not None else None
    return Page(max(times, default=None), min(times, default=None), following, None not in rows)
