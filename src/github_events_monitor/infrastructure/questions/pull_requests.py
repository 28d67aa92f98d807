"""`pull_requests`: a repository's pull requests by state, author or reviewer, and whose turn it is in each."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from ...answers import AnswerModel, Envelope, Flag
from ...insights.threads import waiting_for
from ...records import Thread
from ...text import count_of
from . import threads
from .context import QuestionContext
from .cursors import open_page
from .lines import cursor_line, flags, hours_of, known, name_of, quoted, span, status_lines
from .query import Person
from .question import Endpoint, Question

NAME = "pull_requests"


class PullRequestsQuery(threads.ThreadsQuery):
    """Which pull requests; the window is for those merged, closed or all, and for the summary."""

    state: Literal["open", "merged", "closed", "all"] = "open"
    reviewer: Annotated[Person, Field(description="login that reviewed or is asked to")] = None
    sort: threads.Sort = "updated"


class PullRequest(AnswerModel):
    """One pull request. waiting_for: whose turn it is while it is open (see docs/insights.md)."""

    number: int
    title: str | None
    author_login: str | None
    is_bot: Flag = False
    ai_assistant: Flag = False
    state: Literal["open", "merged", "closed"]
    draft: bool | None
    created_at: str
    updated_at: str
    merged_at: str | None
    closed_at: str | None
    merged_by: str | None
    base: str | None
    head: str | None
    additions: int | None
    deletions: int | None
    changed_files: int | None
    review_decision: str | None
    reviewers: tuple[str, ...] | None
    comments: int | None
    first_response_hours: float | None
    waiting_for: Literal["review", "author", "merge"] | None
    labels: tuple[str, ...] | None


class PullRequests(Envelope):
    """Pull requests of one repository; `total_pull_requests` counts all that match."""

    total_pull_requests: int
    pull_requests: tuple[PullRequest, ...]
    summary: threads.Summary
    next_cursor: str | None = None


async def answer(context: QuestionContext, query: PullRequestsQuery) -> PullRequests:
    """Return a page of pull requests, and counts and medians of the window.

    Raises `InvalidInput`, or the `GitHubError` for which nothing is known.
    """
    page = open_page(NAME, query, context.now())
    reviewer = (page.query.reviewer or "").lower()

    def matches(thread: Thread) -> bool:
        return not reviewer or reviewer in _reviewers(thread)

    found = await threads.list_threads(
        context,
        NAME,
        page,
        "pull_request",
        sort=page.query.sort,
        matches=matches,
        present=_present,
        people=[page.query.reviewer],
    )
    return PullRequests(
        **found.envelope,
        total_pull_requests=found.total,
        pull_requests=found.shown,
        summary=found.summary,
        next_cursor=found.next_cursor,
    )


def _reviewers(thread: Thread) -> set[str]:
    return {login.lower() for login in (*_reviewed(thread), *(thread.reviewers or ()))}


def _reviewed(thread: Thread) -> list[str]:
    """Return who reviewed; what its author says of its lines is a review to GitHub, too, and none to people."""
    author = (thread.author_login or "").lower()
    logins = [reply.author_login for reply in thread.replies if reply.kind == "review" and reply.author_login]
    return [login for login in logins if login.lower() != author]


def _present(thread: Thread, until: str, bots: frozenset[str]) -> PullRequest:
    reviewed = _reviewed(thread)
    people = None
    if thread.reviewers is not None or reviewed:
        people = list(dict.fromkeys([*(thread.reviewers or ()), *reviewed]))
    return PullRequest(
        **threads.common_fields(thread, until, bots),
        draft=thread.draft,
        merged_at=thread.merged_at,
        merged_by=threads.name(thread.merged_by),
        base=threads.name(thread.base),
        head=threads.name(thread.head),
        additions=thread.additions,
        deletions=thread.deletions,
        changed_files=thread.changed_files,
        review_decision=thread.review_decision,
        reviewers=threads.names(people),
        waiting_for=waiting_for(thread, bots),
    )


def summarise(answer: PullRequests) -> str:
    """Return the answer in one line."""
    count = count_of(answer.total_pull_requests, "pull request")
    shown = f"{len(answer.pull_requests)} of {count}" if answer.next_cursor else count
    return f"{answer.repo}: {shown}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: PullRequests) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    yield from threads.summary_lines(answer.summary, answer.coverage, answer.window)
    yield from map(_line, answer.pull_requests)
    yield from cursor_line(answer.next_cursor)


def _line(row: PullRequest) -> str:
    size = (
        "size unknown" if row.additions is None else f"+{row.additions} -{row.deletions} in {_files(row.changed_files)}"
    )
    marks = flags(
        ("draft", row.draft),
        ("bot", row.is_bot),
        ("AI assistant", row.ai_assistant),
        (f"waiting for {row.waiting_for}", row.waiting_for),
        (f"decision {row.review_decision}", row.review_decision),
        (f"reviewers {' '.join(map(name_of, row.reviewers or ()))}", row.reviewers),
        (count_of(row.comments or 0, "comment"), row.comments),
        (f"first response after {hours_of(row.first_response_hours)} h", row.first_response_hours is not None),
        (f"merged {row.merged_at} by {name_of(row.merged_by)}", row.merged_at),
        (f"closed {row.closed_at}", row.closed_at and not row.merged_at),
        (f"labels {' '.join(quoted(label, 40) for label in row.labels or ())}", row.labels),
    )
    into = f"{quoted(row.head or 'unknown', 60)} into {quoted(row.base or 'unknown', 60)}"
    title = quoted(row.title, 120) if row.title is not None else "title unknown"
    when = f"opened {row.created_at}, updated {row.updated_at}"
    return f"#{row.number} {row.state} {title} by {name_of(row.author_login)}: {into}, {size}, {when}{marks}"


def _files(number: int | None) -> str:
    return "an unknown number of files" if number is None else count_of(number, "file")


PULL_REQUESTS = Question(
    name=NAME,
    title="Pull requests",
    description="Pull requests of a repository with reviews, sizes and whose turn it is (waiting_for), and the "
    "window's counts and median hours to first response and to merge. sort=waiting: longest waiting first.",
    query=PullRequestsQuery,
    answer_type=PullRequests,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/pulls", tag="threads"),),
    position=62,
)
