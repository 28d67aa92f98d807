"""`issues`: a repository's issues by state, author or label."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ...answers import AnswerModel, Envelope, Flag, Link
from ...records import Thread
from . import threads
from .context import QuestionContext
from .cursors import open_page, write_cursor
from .lines import cursor_line, flags, known, name_of, number, quoted, span, standing
from .query import PagedQuery, Person, Repo
from .question import Endpoint, Question
from .sizes import MAX_BYTES, how_many_fit

NAME = "issues"


class IssuesQuery(PagedQuery):
    """Which issues; the window is for those closed or all, and for the summary."""

    default_hours: ClassVar[int] = 720

    repo: Repo
    state: Literal["open", "closed", "all"] = "open"
    author: Annotated[Person, Field(description="login")] = None
    label: str | None = None
    sort: threads.Sort = "updated"


class Issue(AnswerModel):
    """One issue."""

    number: int
    title: str | None
    author_login: str | None
    is_bot: Flag = False
    ai_assistant: Flag = False
    state: Literal["open", "closed"]
    state_reason: Link = None
    created_at: str
    updated_at: str
    closed_at: str | None
    comments: int | None
    first_response_hours: float | None
    labels: tuple[str, ...] | None


class Issues(Envelope):
    """Issues of one repository; `total_issues` counts all that match."""

    total_issues: int
    issues: tuple[Issue, ...]
    summary: threads.Summary
    next_cursor: str | None = None


async def answer(context: QuestionContext, query: IssuesQuery) -> Issues:
    """Return a page of issues, and counts and the median first response of the window.

    Raises `InvalidInput`, or the `GitHubError` for which nothing is known.
    """
    page = open_page(NAME, query, context.now())
    query = page.query
    subject = await threads.look_up(context, page, query.repo)
    author, label = (query.author or "").lower(), (query.label or "").lower()

    def matches(thread: Thread) -> bool:
        written = not author or (thread.author_login or "").lower() == author
        return written and (not label or label in {name.lower() for name in thread.labels or ()})

    found = await threads.find(
        context, subject, page.asked, kind="issue", state=query.state, sort=query.sort, matches=matches
    )
    if not found.rows:
        context.refuse_emptiness(subject, page.asked, threads.KIND)
    rows = threads.page_of(found, page.after, query.size)
    shown = [_present(row.thread, page.asked.span.until, context.bots) for row in rows[: query.size]]
    shown = shown[: how_many_fit(shown, MAX_BYTES - 1_500)]
    last = rows[len(shown) - 1].position if len(shown) < len(rows) else None
    counted = found.summary
    return Issues(
        **{
            **context.envelope(subject, page.asked),
            "coverage": threads.coverage(context, subject, page.asked, query.state),
        },
        total_issues=len(found.rows),
        issues=tuple(shown),
        summary=threads.Summary(
            open=counted.open,
            opened=counted.opened,
            closed=counted.closed,
            median_hours_to_first_response=counted.first_response_hours,
            first_response_sample=counted.first_response_sample,
        ),
        next_cursor=write_cursor(NAME, page, last) if last else None,
    )


def _present(thread: Thread, until: str, bots: frozenset[str]) -> Issue:
    return Issue(**threads.common_fields(thread, until, bots), state_reason=threads.name(thread.state_reason))


def summarise(answer: Issues) -> str:
    """Return the answer in one line."""
    count = f"{answer.total_issues} issues"
    shown = f"{len(answer.issues)} of {count}" if answer.next_cursor else count
    return f"{answer.repo}: {shown}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: Issues) -> Iterator[str]:
    """Yield the answer as text."""
    yield from standing(answer)
    yield threads.summary_line(answer.summary)
    yield from map(_line, answer.issues)
    yield from cursor_line(answer.next_cursor)


def _line(row: Issue) -> str:
    marks = flags(
        ("bot", row.is_bot),
        ("AI assistant", row.ai_assistant),
        (f"{row.comments} comments", row.comments),
        (f"first response after {number(row.first_response_hours)} h", row.first_response_hours is not None),
        (f"closed {row.closed_at}{f' as {row.state_reason}' if row.state_reason else ''}", row.closed_at),
        (f"labels {' '.join(quoted(label, 40) for label in row.labels or ())}", row.labels),
    )
    title = quoted(row.title, 120) if row.title is not None else "title unknown"
    when = f"opened {row.created_at}, updated {row.updated_at}"
    return f"#{row.number} {row.state} {title} by {name_of(row.author_login)}: {when}{marks}"


ISSUES = Question(
    name=NAME,
    title="Issues",
    description="Issues of a repository by state, author or label, and the window's counts and median hours to first "
    "response. sort=waiting: longest waiting first.",
    query=IssuesQuery,
    answer_type=Issues,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/issues", tag="threads"),),
    position=64,
)
