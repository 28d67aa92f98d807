"""`report`: collect now, store, and show what happened in repositories."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..answers import Problem
from ..errors import MonitorError
from ..infrastructure.database_service import DatabaseService
from ..infrastructure.questions.collect_now import COLLECT_NOW, CollectedRepository, CollectNow, fit_collection
from ..infrastructure.questions.lines import participants
from ..infrastructure.questions.presenter import CommitAnswer
from ..infrastructure.questions.recent_commits import RECENT_COMMITS, RecentCommits
from ..infrastructure.questions.repository_activity import EVENT_COUNTS, EventCounts
from ..infrastructure.questions.repository_health import REPOSITORY_HEALTH, RepositoryHealth
from ..insights.results import Component
from ..runtime import open_runtime
from ..settings import Settings
from ..text import count_of, unit_of
from .charts import activity_line, score_bar
from .collecting import budget_left
from .messages import print_error
from .screen import add_marks, changed_lines, columns, limits, plain, print_json, progress_bar, section, stdout

_AUTHOR_WIDTH = 16
_KINDS = 4
"""Kinds of events that are named; the rest is counted together."""
OUT_OF_REACH = "; github-events-monitor demo shows an invented project without any network"


async def report(settings: Settings, repos: Sequence[str], hours: int, *, as_json: bool) -> int:
    """Collect the repositories, then report each; 1 when one of them could not be reported."""
    async with open_runtime(settings) as runtime:
        with progress_bar() as bar:
            collected = await runtime.collector.collect(repos, hours=hours, progress=bar)
        reports = [
            await ask(runtime.service, row.repo, hours, activity=row.error is None) for row in collected.repositories
        ]
    if as_json:
        answered = COLLECT_NOW.finish(fit_collection(collected), runtime.service.context.now())
        print_json({"collect_now": answered.to_wire(), "reports": [wire(found) for found in reports]})
    failed = 0
    for row, found in zip(collected.repositories, reports, strict=True):
        if isinstance(found, Problem):
            failed = 1
            hint = OUT_OF_REACH if found.code == "unreachable" else ""
            print_error(f"{row.repo}: {found.message}{hint}")
        elif not as_json:
            show(stdout(), _collection(row, collected), found)
    return failed


class Found(NamedTuple):
    """The answers that a report shows; `activity` is left out where collecting failed just now."""

    commits: RecentCommits
    health: RepositoryHealth
    activity: EventCounts | None = None


async def ask(service: DatabaseService, repo: str, hours: int, *, activity: bool = True) -> Found | Problem:
    """Return what is stored now, also where collecting failed: the answers then say so."""
    try:
        commits = await service.ask(RECENT_COMMITS, repo=repo, hours=hours)
        health = await service.ask(REPOSITORY_HEALTH, repo=repo, hours=hours)
        counts = await service.ask(EVENT_COUNTS, repo=repo, hours=hours) if activity else None
    except MonitorError as error:
        return Problem.of(error)
    return Found(commits, health, counts)


def wire(found: Found | Problem) -> dict[str, Any]:
    """Return the report of one repository for programs."""
    if isinstance(found, Problem):
        return {"error": found.to_wire()}
    return {"recent_commits": found.commits.to_wire(), "repository_health": found.health.to_wire()}


def show(page: Console, origin: str, found: Found) -> None:
    """Print the report of one repository. origin: a sentence on where what is stored comes from."""
    commits, health, activity = found
    page.print(Text.assemble((commits.repo, "bold"), "  ", (commits.repo_url, "dim")))
    page.print(plain(origin, "dim"))
    shown = f", the newest {len(commits.commits)} shown" if commits.next_cursor else ""
    section(page, f"Commits since {commits.window.since}: {commits.total_commits:,}{shown}", _commits(commits))
    if activity is not None and activity.total_events:
        section(page, *_activity(activity))
    section(page, *_health(health))
    if health.recommendations:
        section(page, "Recommendations", Group(*(plain(f"- {line}") for line in health.recommendations)))
    unknown = [*limits("commits", commits.coverage), *limits("events", health.coverage)]
    if unknown:
        section(page, "What is not known", Group(*(plain(f"- {line}") for line in unknown)))
    page.print()


def _collection(row: CollectedRepository, collected: CollectNow) -> str:
    if row.error:
        return f"Not collected: {row.error.message}"
    new = f"{count_of(row.new_events, 'new event')} and {count_of(row.new_commits, 'new commit')}"
    new += f" with {count_of(row.requests, 'request')}"
    more = f" {row.note[:1].upper()}{row.note[1:]}." if row.note else ""
    return f"Collected just now: {new}; {budget_left(collected.rate_limit)}.{more}"


def _commits(answer: RecentCommits) -> RenderableType:
    if not answer.commits:
        return plain("None.", "dim")
    parts: list[RenderableType] = []
    for day, commits in groupby(answer.commits, key=lambda commit: commit.committed_at[:10]):
        parts += [plain(day, "bold"), _of_one_day(commits)]
    if any(commit.additions is None for commit in answer.commits):
        parts.append(plain("? lines: not fetched yet; a later collection fills them in.", "dim"))
    return Group(*parts)


def _of_one_day(commits: Iterable[CommitAnswer]) -> Table:
    table = columns("time", "sha", "author", "lines", "message", right=("lines",), wide="message")
    table.show_header = False
    table.padding = (0, 1, 0, 0)
    for column, width in zip(table.columns, (5, 7, _AUTHOR_WIDTH, 11), strict=False):
        column.width = width
    for commit in commits:
        author = commit.author_login or commit.author_name
        table.add_row(
            plain(commit.committed_at[11:16], "dim"),
            plain(commit.sha[:7], "cyan"),
            plain(author),
            changed_lines(commit.additions, commit.deletions),
            _said(commit),
        )
    return table


def _said(commit: CommitAnswer) -> Text:
    summary = commit.summary
    return add_marks(
        plain(commit.message),
        breaking=summary.breaking,
        security=summary.security_relevant,
        high_risk=summary.risk_level == "high",
        bot=commit.is_bot,
        AI_assistant=commit.ai_assistant,
    )


def _activity(answer: EventCounts) -> tuple[str, RenderableType]:
    line = activity_line(answer)
    row = Table.grid(padding=(0, 1))
    row.add_row(plain(answer.window.since[:10], "dim"), line, plain(answer.window.until[:10], "dim"))
    ranked = list(answer.counts_by_type.items())
    kinds = [f"{name.removesuffix('Event')} {count:,}" for name, count in ranked[:_KINDS]]
    if len(ranked) > _KINDS:
        kinds.append(f"other {sum(count for _, count in ranked[_KINDS:]):,}")
    said: list[RenderableType] = [row, plain(", ".join(kinds), "dim")]
    if line.has_gaps:
        said.append(plain("? not completely known", "dim"))
    return f"Events by {answer.series.unit}: {answer.total_events:,}", Group(*said)


def _health(answer: RepositoryHealth) -> tuple[str, RenderableType]:
    known = [part for part in answer.components if part.score is not None]
    unknown = [part for part in answer.components if part.score is None]
    said = participants(answer.people, answer.bots, answer.ai_assistants)
    lines: list[RenderableType] = [plain(f"{said} took part."), _components(known)]
    if answer.trend.explanation:
        lines.insert(0, plain(answer.trend.explanation))
    if unknown:
        lines += [plain("Not counted, because too little is known:", "dim"), _unknown(unknown)]
    return f"Health over {answer.window.hours:,} hours: {_score(answer)}", Group(*lines)


def _score(answer: RepositoryHealth) -> str:
    score = "unknown" if answer.health_score is None else f"{answer.health_score:.0f} of 100"
    change = answer.trend.change
    moved = "" if change is None else f", {answer.trend.direction} {abs(change):.1f}"
    return score + moved + ("" if answer.confidence is None else f" (confidence {answer.confidence:.0%})")


def _components(parts: Sequence[Component]) -> Table:
    table = columns("component", "", "score", "value", "of", "weight", right=("score", "of", "weight"))
    table.padding = (0, 1, 0, 0)
    for part in parts:
        score = part.score or 0.0
        value = f"{plain(part.value)} {unit_of(part.value, part.unit)}".strip()
        numbers = (plain(part.sample_size), plain(part.weight))
        table.add_row(plain(part.name), score_bar(score), plain(f"{score:.0%}"), plain(value), *numbers)
    return table


def _unknown(parts: Sequence[Component]) -> Table:
    table = columns("component", "why", wide="why")
    table.show_header = False
    for part in parts:
        first = part.explanation.partition(". ")[0].removesuffix(".")  # all of it is in --json
        table.add_row(plain(part.name, "dim"), plain(f"{first}.", "dim"))
    return table
