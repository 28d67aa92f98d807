"""How long questions take after a million imported events, beside the same question in plain SQL on the same file.

    python -m benchmarks.query_speed --events 1000000

The events are spread over thirty days, one in twenty in the busiest repository, about which both sides ask: for a day,
trending for a day of all repositories, and activity for a month, too, whose counts by hour and type look at every event
of the repository. What's new is asked of the hundredth of them, too: of the busiest it looks at each commit of the day.
Each answer is made anew, with coverage and all. Medians of a hundred questions.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.trending_repositories import TRENDING_REPOSITORIES
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.instants import format_instant
from github_events_monitor.transfer import import_files

from . import archive_file
from .measuring import say

FILES, ROUNDS = 5, 100
START = datetime(2024, 3, 1, tzinfo=UTC)
NOW = datetime(2024, 3, 30, 12, 34, 56, tzinfo=UTC)
SINCE, UNTIL = format_instant(NOW - timedelta(hours=24)), format_instant(NOW)
MONTH = (format_instant(START), format_instant(START + timedelta(days=30)))

PLAIN = {
    "recent_commits": "SELECT * FROM commits WHERE repo_name = :repo AND commit_date >= :since AND commit_date < :until"
    " ORDER BY commit_date DESC, sha LIMIT 30",
    "repository_activity": "SELECT event_type, count(*) FROM events WHERE repo_name = :repo AND created_at >= :since"
    " AND created_at < :until GROUP BY event_type",
    "repository_activity, a month": "SELECT substr(created_at, 1, 13), event_type, count(*) FROM events"
    " WHERE repo_name = :repo AND created_at >= :month AND created_at < :until GROUP BY 1, 2",
    "pull_requests": "SELECT * FROM threads WHERE repo_name = :repo AND open_since IS NOT NULL LIMIT 30",
    "whats_new": "SELECT * FROM events WHERE repo_name = :repo AND created_at >= :since AND created_at < :until",
    "whats_new, the hundredth": "SELECT * FROM events WHERE repo_name = :usual AND created_at >= :since"
    " AND created_at < :until",
    "trending_repositories": "SELECT repo_name, count(*) FROM events WHERE created_at >= :since AND created_at < :until"
    " GROUP BY repo_name ORDER BY 2 DESC, 1 LIMIT 10",
}


async def fill(manager: DatabaseManager, events: int, folder: Path) -> None:
    """Import files of six days each, one after the other."""
    for number in range(FILES):
        path, start = folder / f"{number}.json.gz", START + timedelta(days=6 * number)
        archive_file.write(path, events // FILES, seed=number, start=start, hours=144, names=1)
        await import_files(manager, [path])
        path.unlink()


async def median(ask: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """Milliseconds, after one question that does not count."""
    await ask()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


async def run(events: int, folder: Path) -> None:
    """Fill, ask, print."""
    path = folder / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await fill(manager, events, folder)
        trending = await manager.events.get_trending(*MONTH, 100)
        busiest, repo, usual = trending[0], trending[0].repo_name, trending[-1].repo_name
        commits = await manager.commits.count_commits(repo, *MONTH)
        say(f"{events:,} events; {repo} has {busiest.events:,} of them and {commits:,} commits")
        service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
        ours: dict[str, Callable[[], Awaitable[object]]] = {
            "recent_commits": lambda: service.ask(RECENT_COMMITS, repo=repo, hours=24),
            "repository_activity": lambda: service.ask(REPOSITORY_ACTIVITY, repo=repo, hours=24),
            "repository_activity, a month": lambda: service.ask(REPOSITORY_ACTIVITY, repo=repo, hours=720),
            "pull_requests": lambda: service.ask(PULL_REQUESTS, repo=repo),
            "whats_new": lambda: service.ask(WHATS_NEW, repos=[repo], since=SINCE),
            "whats_new, the hundredth": lambda: service.ask(WHATS_NEW, repos=[usual], since=SINCE),
            "trending_repositories": lambda: service.ask(TRENDING_REPOSITORIES, hours=24),
        }
        db = sqlite3.connect(path)

        async def plain(question: str) -> object:
            values = {"repo": repo, "usual": usual, "since": SINCE, "until": UNTIL, "month": MONTH[0]}
            return db.execute(PLAIN[question], values).fetchall()

        for name, ask in ours.items():
            mine, theirs = await median(ask), await median(lambda name=name: plain(name))  # type: ignore[misc]
            say(f"{name:32}{mine:8.2f} ms   plain SQL {theirs:8.2f} ms   ratio {mine / theirs:5.2f}")
        db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answers after a million events.")
    parser.add_argument("--events", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(parser.parse_args().events, Path(name)))
