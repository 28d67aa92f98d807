"""`pulls` and `issues`: what the tools `pull_requests` and `issues` answer, for a person."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..infrastructure.questions.issues import ISSUES, Issue, Issues
from ..infrastructure.questions.pull_requests import PULL_REQUESTS, PullRequest, PullRequests
from ..infrastructure.questions.question import Question
from ..infrastructure.questions.threads import summary_line
from ..runtime import open_runtime
from ..settings import Settings
from .screen import add_marks, changed_lines, columns, limits, plain, print_json, progress_bar, section, stdout

AnswerT = TypeVar("AnswerT", PullRequests, Issues)

_AUTHOR_WIDTH = 16
_SHOWN_LABELS = 3


async def pulls(settings: Settings, arguments: Mapping[str, Any], *, as_json: bool) -> int:
    """Show pull requests; `arguments` are those of the question, None for what was left out."""
    return await _show(settings, PULL_REQUESTS, arguments, _pulls_page, as_json=as_json)


async def issues(settings: Settings, arguments: Mapping[str, Any], *, as_json: bool) -> int:
    """Show issues; see `pulls`."""
    return await _show(settings, ISSUES, arguments, _issues_page, as_json=as_json)


async def _show(
    settings: Settings,
    question: Question[Any, AnswerT],
    arguments: Mapping[str, Any],
    show: Callable[[Console, AnswerT], None],
    *,
    as_json: bool,
) -> int:
    query = question.query.read(arguments, "this command")
    async with open_runtime(settings) as runtime:
        with progress_bar():
            answer = await runtime.service.answer(question, query)
    if as_json:
        print_json(answer.to_wire())
    else:
        show(stdout(), answer)
    return 0


def _pulls_page(page: Console, answer: PullRequests) -> None:
    table = columns("number", "state", "title", "author", "lines", "updated", right=("number", "lines"), wide="title")
    for row in answer.pull_requests:
        lines = changed_lines(row.additions, row.deletions)
        table.add_row(
            plain(f"#{row.number}", "yellow"), _pull_state(row), _title(row), _author(row), lines, _updated(row)
        )
    _page(page, answer, "pull requests", answer.total_pull_requests, len(answer.pull_requests), table)


def _issues_page(page: Console, answer: Issues) -> None:
    table = columns(
        "number", "state", "title", "author", "comments", "updated", right=("number", "comments"), wide="title"
    )
    for row in answer.issues:
        state = plain(row.state_reason or row.state, "green" if row.state == "open" else "dim")
        comments = plain("?" if row.comments is None else row.comments)
        table.add_row(plain(f"#{row.number}", "yellow"), state, _title(row), _author(row), comments, _updated(row))
    _page(page, answer, "issues", answer.total_issues, len(answer.issues), table)


def _page(page: Console, answer: PullRequests | Issues, what: str, total: int, shown: int, table: Table) -> None:
    page.print(Text.assemble((answer.repo, "bold"), "  ", (answer.repo_url, "dim")))
    page.print(plain(summary_line(answer.summary), "dim"))
    window = answer.window
    part = f", {shown:,} shown" if answer.next_cursor else ""
    section(
        page,
        f"{what.capitalize()}: {total:,}{part}; window {window.since} to {window.until}",
        table if shown else plain("None.", "dim"),
    )
    if unknown := limits(what, answer.coverage):
        section(page, "What is not known", Group(*(plain(f"- {line}") for line in unknown)))
    if answer.next_cursor:
        page.print()
        page.print(Text(f"For the next page add --cursor {answer.next_cursor}"), soft_wrap=True)  # to be copied


def _pull_state(row: PullRequest) -> Text:
    if row.state != "open":
        return plain(row.state, "magenta" if row.state == "merged" else "dim")
    if row.waiting_for is not None:
        return plain(f"needs {row.waiting_for}", "green")
    return plain("draft" if row.draft else "open", "green")


def _title(row: PullRequest | Issue) -> Text:
    text = plain(row.title if row.title is not None else "title unknown", "" if row.title is not None else "dim")
    draft = isinstance(row, PullRequest) and row.draft
    add_marks(text, draft=draft, bot=row.is_bot, AI_assistant=row.ai_assistant)
    for label in (row.labels or ())[:_SHOWN_LABELS]:
        text.append_text(plain(f" {label}", "cyan"))
    return text


def _author(row: PullRequest | Issue) -> Text:
    author = plain(row.author_login)
    author.truncate(_AUTHOR_WIDTH, overflow="ellipsis")
    return author


def _updated(row: PullRequest | Issue) -> Text:
    return plain(row.updated_at[:10], "dim")
