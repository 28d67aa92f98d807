"""Where threads are read from: pages of GraphQL, or the listings of REST. Both are read newest first."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple, Protocol, TypeVar

import msgspec

from ..errors import Unreachable
from ..github.client import Answer, BudgetSpent, GitHubClient, RequestBudget
from ..github.graphql.threads import Kind, MoreReplies, ThreadsPage
from ..github.refusals import NotOffered, Transient
from ..github.thread_lists import ListedReply, ListedThread, parse_comments, parse_issues, parse_pulls
from ..github.threads_merge import merge_threads, with_replies
from ..records import Reply, Span, Thread
from .listings import FIRST, Page

_PAGE = 50
_SMALLEST_PAGE = 5
_REPLY_PAGES = 10
"""Of a thread with more than a thousand replies of a kind the first ones are read."""


RowT = TypeVar("RowT", ListedThread, ListedReply)


class Source(NamedTuple):
    """One listing of a source."""

    name: str
    fetch: Callable[[str], Awaitable[Page]]


IsNews = Callable[[str], bool]
"""Whether a row with this update time is to be kept."""


class ThreadSource(Protocol):
    """Reads threads, and remembers what it read."""

    def listings(self, stretch: Span, is_news: IsNews) -> Sequence[Source]:
        """Return the listings to be read for a stretch of time; of their rows only news are kept."""

    def read_down_to(self, reached: dict[str, str]) -> dict[str, str]:
        """Take note of how far each listing was read; return from where each is to go on."""

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

    def listings(self, stretch: Span, is_news: IsNews) -> Sequence[Source]:
        """Return the pull requests and the issues."""
        return [
            Source("graphql/pulls", partial(self._read, "pull_request", None, is_news)),
            Source("graphql/issues", partial(self._read, "issue", stretch.since, is_news)),
        ]

    def read_down_to(self, reached: dict[str, str]) -> dict[str, str]:
        """Return the same: replies come with their threads."""
        return reached

    def threads(self) -> tuple[Thread, ...]:
        """Return what was read, each thread once."""
        return tuple(self._threads.values())

    def other_replies(self) -> dict[int, tuple[Reply, ...]]:
        """Return none: replies come with their threads."""
        return {}

    async def _read(self, kind: Kind, since: str | None, is_news: IsNews, after: str) -> Page:
        page = await self._page(kind, since, after or None)
        news = {thread.number: thread for thread in page.threads if is_news(thread.updated_at)}
        longer = [self._rest(news[number], more) for number, more in page.more.items() if number in news]
        rest = await asyncio.gather(*longer)
        for thread in (*news.values(), *(thread for thread, _ in rest)):
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
            except (BudgetSpent, NotOffered, Unreachable):
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
        self._replies: dict[int, list[Reply]] = {}
        self._comments_from: dict[int, str] = {}

    def listings(self, stretch: Span, is_news: IsNews) -> Sequence[Source]:  # noqa: ARG002 (read as far as needed)
        """Return threads, comments, comments on changes, and the branches of pull requests."""
        return [
            Source("issues", partial(self._read_issues, is_news)),
            Source("comments", partial(self._read_comments, "comment", is_news)),
            Source("review_comments", partial(self._read_comments, "review_comment", is_news)),
            Source("pulls", partial(self._read_pulls, is_news)),
        ]

    def read_down_to(self, reached: dict[str, str]) -> dict[str, str]:
        """Take note of how far the comments were read: threads that began later have all of theirs.

        Comments on threads that are not listed yet are read again together with them.
        """
        for number in self._threads.keys() - self._comments_from.keys():
            self._comments_from[number] = reached["comments"]
        ahead = {name: max(reached[name], reached["issues"]) for name in ("comments", "review_comments")}
        return reached | ahead

    def threads(self) -> tuple[Thread, ...]:
        """Return what was read, each thread once, with its branches and replies."""
        return tuple(self._joined(thread) for thread in self._threads.values())

    def other_replies(self) -> dict[int, tuple[Reply, ...]]:
        """Return replies to threads that were not read, by their numbers."""
        return {number: tuple(found) for number, found in self._replies.items() if number not in self._threads}

    def _joined(self, thread: Thread) -> Thread:
        from_here = self._comments_from.get(thread.number, "9999")
        whole = msgspec.structs.replace(thread, comments_complete=thread.created_at >= from_here)
        return with_replies(whole, self._replies.get(thread.number, ()))

    def _keep(self, rows: Sequence[ListedThread | None], is_news: IsNews) -> None:
        for row in _news(rows, is_news):
            stored = self._threads.get(row.thread.number)
            self._threads[row.thread.number] = merge_threads(stored, row.thread) if stored else row.thread

    async def _read_issues(self, is_news: IsNews, at: str) -> Page:
        answer = await self._client.fetch_issues(self._repo, page=_number(at), budget=self._budget)
        rows = parse_issues(self._repo, answer.body) if answer.status == "ok" else []
        self._keep(rows, is_news)
        return _page(rows, at, answer)

    async def _read_pulls(self, is_news: IsNews, at: str) -> Page:
        answer = await self._client.fetch_pulls(self._repo, page=_number(at), budget=self._budget)
        rows = parse_pulls(self._repo, answer.body) if answer.status == "ok" else []
        self._keep(rows, is_news)
        return _page(rows, at, answer)

    async def _read_comments(self, kind: Literal["comment", "review_comment"], is_news: IsNews, at: str) -> Page:
        ask = self._client.fetch_issue_comments if kind == "comment" else self._client.fetch_review_comments
        answer = await ask(self._repo, page=_number(at), budget=self._budget)
        rows = parse_comments(kind, answer.body) if answer.status == "ok" else []
        for row in _news(rows, is_news):
            self._replies.setdefault(row.number, []).append(row.reply)
        return _page(rows, at, answer)


def _news(rows: Sequence[RowT | None], is_news: IsNews) -> list[RowT]:
    return [row for row in rows if row is not None and is_news(row.updated_at)]


def _number(at: str) -> int:
    return int(at) if at != FIRST and at.isdecimal() else 1


def _page(rows: Sequence[ListedThread | ListedReply | None], at: str, answer: Answer) -> Page:
    times = [row.updated_at for row in rows if row is not None]
    following = str(_number(at) + 1) if answer.next_url is not None else None
    return Page(max(times, default=None), min(times, default=None), following, None not in rows)
