"""How long questions take after a million imported events, beside the same question in plain SQL on the same file.

    python benchmarks/query_speed.py --events 1000000

The events are five made-up archive hours. Both sides ask for the busiest repository (one event in twenty) and for all
repositories; each answer is made anew, with coverage and all. Medians of a hundred questions each, in turn.
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

import archive_file
from measuring import say

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, Desk
from github_events_monitor.transfer import import_files

FILES, ROUNDS = 5, 100
START = datetime(2024, 3, 5, 10, tzinfo=UTC)
SINCE, UNTIL = "2024-03-05T10:00:00Z", "2024-03-05T15:00:00Z"
HOURS = 5

PLAIN = {
    "recent_commits": "SELECT * FROM commits WHERE repo_name = :repo AND commit_date >= :since AND commit_date < :until"
    " ORDER BY commit_date DESC, sha LIMIT 30",
    "repository_activity": "SELECT event_type, count(*) FROM events WHERE repo_name = :repo AND created_at >= :since"
    " AND created_at < :until GROUP BY event_type",
    "trending_repositories": "SELECT repo_name, count(*) FROM events WHERE created_at >= :since AND created_at < :until"
    " GROUP BY repo_name ORDER BY 2 DESC, 1 LIMIT 10",
}


async def fill(manager: DatabaseManager, events: int, folder: Path) -> None:
    """Import the hours one after the other."""
    for number in range(FILES):
        path = folder / f"2024-03-05-{10 + number}.json.gz"
        archive_file.write(path, events // FILES, seed=number, start=START + timedelta(hours=number), names=1)
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
        (busiest,) = await manager.events.get_trending(SINCE, UNTIL, 1)
        repo = busiest.repo_name
        commits = await manager.commits.count_commits(repo, SINCE, UNTIL)
        say(f"{events:,} events; {repo} has {busiest.events:,} of them and {commits:,} commits")
        service = DatabaseService(Desk(manager=manager, clock=lambda: datetime(2024, 3, 5, 15, tzinfo=UTC)))
        ours: dict[str, Callable[[], Awaitable[object]]] = {
            "recent_commits": lambda: service.recent_commits(repo, HOURS),
            "repository_activity": lambda: service.repository_activity(repo, HOURS),
            "trending_repositories": lambda: service.trending_repositories(HOURS),
        }
        db = sqlite3.connect(path)

        async def plain(question: str) -> object:
            return db.execute(PLAIN[question], {"repo": repo, "since": SINCE, "until": UNTIL}).fetchall()

        for name, ask in ours.items():
            mine, theirs = await median(ask), await median(lambda name=name: plain(name), 20)  # type: ignore[misc]
            say(f"{name:24}{mine:8.2f} ms   plain SQL {theirs:8.2f} ms   ratio {mine / theirs:5.2f}")
        db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answers after a million events.")
    parser.add_argument("--events", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(parser.parse_args().events, Path(name)))
