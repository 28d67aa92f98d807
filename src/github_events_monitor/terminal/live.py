"""A view of all watched repositories that renews itself: health, activity, what waits, and what to look at first."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..errors import MonitorError
from ..infrastructure.database_service import DatabaseService
from ..infrastructure.questions.news import Attention
from ..infrastructure.questions.pull_requests import PULL_REQUESTS
from ..infrastructure.questions.repository_activity import EVENT_COUNTS, EventCounts
from ..infrastructure.questions.repository_health import REPOSITORY_HEALTH, RepositoryHealth
from ..infrastructure.questions.threads import Summary
from ..infrastructure.questions.whats_new import WHATS_NEW
from ..instants import Clock, format_instant
from ..runtime import open_runtime
from ..settings import Settings
from ..text import count_of
from .charts import activity_line, score_bar
from .screen import columns, plain, stdout

EVERY = 30.0
"""Seconds between two looks at the database; what is stale there is collected meanwhile, as for every question."""
NEWS = timedelta(days=1)


class Row(NamedTuple):
    """A repository at a glance; `problem` in place of what could not be answered."""

    repo: str
    health: RepositoryHealth | None = None
    pulls: Summary | None = None
    activity: EventCounts | None = None
    problem: str | None = None


class Overview(NamedTuple):
    """What one frame shows."""

    now: str
    rows: tuple[Row, ...]
    attention: tuple[Attention, ...]


async def live(settings: Settings, repos: Sequence[str], hours: int) -> int:
    """Show repositories (none named: those watched) until Ctrl-C; where the output is no terminal, once."""
    page = stdout()
    async with open_runtime(settings, polling=True) as runtime:
        overview = await look(runtime.service, runtime.clock, repos, hours)
        if not page.is_terminal:
            page.print(frame(overview))
            return 1 if any(row.problem for row in overview.rows) else 0
        with Live(frame(overview, page.height), console=page, screen=True, auto_refresh=False) as screen:
            screen.refresh()
            while True:
                await asyncio.sleep(EVERY)
                screen.update(
                    frame(await look(runtime.service, runtime.clock, repos, hours), page.height), refresh=True
                )


async def look(service: DatabaseService, clock: Clock, repos: Sequence[str], hours: int) -> Overview:
    """Return what there is to show now."""
    names = list(repos) or await service.watching()
    rows = [await _row(service, repo, hours) for repo in names]
    since = format_instant(clock() - NEWS)  # named, so that the mark of no reader moves
    news = await service.ask(WHATS_NEW, repos=names, since=since) if names else None
    return Overview(format_instant(clock()), tuple(rows), news.attention if news else ())


async def _row(service: DatabaseService, repo: str, hours: int) -> Row:
    try:
        health = await service.ask(REPOSITORY_HEALTH, repo=repo, hours=hours)
        pulls = await service.ask(PULL_REQUESTS, repo=repo, hours=hours, limit=1)
        activity = await service.ask(EVENT_COUNTS, repo=repo, hours=hours)
    except MonitorError as error:
        return Row(repo, problem=error.message)
    return Row(health.repo or repo, health, pulls.summary, activity)


def frame(overview: Overview, height: int | None = None) -> RenderableType:
    """Return one picture. height: rows of the screen; what of the list does not fit is counted. None: all of it."""
    if not overview.rows:
        return plain("No repository is watched; add one: github-events-monitor watch add OWNER/NAME")
    count = len(overview.rows)
    title = plain(f"{count_of(count, 'repository')}, as of {overview.now}", "bold")
    room = None if height is None else max(1, (height - count - 6) // 2)  # most reasons take two lines
    problems = [plain(f"{row.repo}: {row.problem}", "red") for row in overview.rows if row.problem]
    table = _table(overview.rows)
    return Group(title, Text(), table, *problems, Text(), plain("Look at first", "bold"), *_list(overview, room))


def _table(rows: Sequence[Row]) -> Table:
    table = columns("repository", "", "health", "events", "PRs", "waiting", right=("PRs", "waiting"))
    table.padding = (0, 1, 0, 0)
    for row in rows:
        table.add_row(plain(row.repo), *(_cells(row.health, row.pulls, row.activity) if row.health else ()))
    return table


def _cells(health: RepositoryHealth, pulls: Summary | None, activity: EventCounts | None) -> Iterator[RenderableType]:
    score = health.health_score
    yield Text() if score is None else score_bar(score / 100)
    yield plain("unknown" if score is None else f"{score:.0f} {health.trend.direction or ''}")
    yield Text() if activity is None else activity_line(activity)
    for count in (None, None) if pulls is None else (pulls.open, pulls.waiting_for_review):
        yield plain("?" if count is None else count)


def _list(overview: Overview, room: int | None) -> list[RenderableType]:
    shown = overview.attention[:room]
    lines = [plain(f"{look.repo}: {look.reason}") for look in shown]
    left = len(overview.attention) - len(shown)
    return [*(lines or [plain("Nothing.", "dim")]), *([plain(f"and {left:,} more", "dim")] if left else [])]
