"""`issues`: a repository's issues by state, author or label."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from ...answers import AnswerModel, Envelope, Flag, Link
from ...records import Thread
from ...text import count_of
from . import threads
from .context import QuestionContext
from .cursors import open_page
from .lines import cursor_line, flags, hours_of, known, name_of, quoted, span, status_lines
from .question import Endpoint, Question

NAME = "issues"
_LABELS = 8
"""Labels that are named where none is the one asked for, those most used first."""


class IssuesQuery(threads.ThreadsQuery):
    """Which issues; the window is for those closed or all, and for the summary."""

    state: Literal["open", "closed", "all"] = "open"
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
    label = (page.query.label or "").lower()

    def matches(thread: Thread) -> bool:
        return not label or label in {name.lower() for name in thread.labels or ()}

    found = await threads.list_threads(
        context,
        NAME,
        page,
        "issue",
        sort=page.query.sort,
        matches=matches,
        present=_present,
        explain=partial(_note_unknown_label, page.query.label),
    )
    return Issues(
        **found.envelope,
        total_issues=found.total,
        issues=found.shown,
        summary=found.summary,
        next_cursor=found.next_cursor,
    )


def _note_unknown_label(label: str | None, issues: Sequence[Thread]) -> str | None:
    """Return which labels there are, where none is the one asked for."""
    used = Counter(name for issue in issues for name in issue.labels or ())
    if label is None or label.lower() in {name.lower() for name in used}:
        return None
    there = ", ".join(quoted(name, 40) for name, _ in used.most_common(_LABELS))
    return f"No issue here has the label {quoted(label, 60)}; {f'labels here: {there}' if there else 'none has any'}."


def _present(thread: Thread, until: str, bots: frozenset[str]) -> Issue:
    return Issue(**threads.common_fields(thread, until, bots), state_reason=threads.name(thread.state_reason))


def summarise(answer: Issues) -> str:
    """Return the answer in one line."""
    count = count_of(answer.total_issues, "issue")
    shown = f"{len(answer.issues)} of {count}" if answer.next_cursor else count
    return f"{answer.repo}: {shown}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: Issues) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    yield from threads.summary_lines(answer.summary, answer.coverage, answer.window)
    yield from map(_line, answer.issues)
    yield from cursor_line(answer.next_cursor)


def _line(row: Issue) -> str:
    marks = flags(
        ("bot", row.is_bot),
        ("AI assistant", row.ai_assistant),
        (count_of(row.comments or 0, "comment"), row.comments),
        (f"first response after {hours_of(row.first_response_hours)} h", row.first_response_hours is not None),
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
