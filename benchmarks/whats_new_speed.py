"""How long `whats_new` takes over forty watched repositories with a month stored, in process.

    python -m benchmarks.whats_new_speed [--days 30] [--rounds 15] [--dynamodb http://127.0.0.1:8000]

The repositories are those of the invented project: a quarter busy, a quarter of two people, half nearly quiet. Asked
as a reader who never asked before (a day), as one who asks again, and for a week.
"""

import argparse
import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from github_events_monitor.collecting.leases import acquire
from github_events_monitor.demo.accounts import FOGHORN, LIGHTHOUSE, MAINTAINERS, MIRA, TIDE_TABLES
from github_events_monitor.demo.history import History, SeededRandom
from github_events_monitor.demo.work import Team, everyday, write
from github_events_monitor.infrastructure.database_factory import get_dynamodb_manager, get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.instants import format_instant
from github_events_monitor.records import CollectedBatch

from .measuring import say

NOW = datetime(2026, 6, 11, 15, 40, tzinfo=UTC)
TEAMS = (
    Team(people=MAINTAINERS, areas=LIGHTHOUSE, changes=1.9, reports=0.8),
    Team(people=MAINTAINERS[:2], areas=FOGHORN, changes=0.7, reports=0.25),
    Team(people=MAINTAINERS[1:3], areas=TIDE_TABLES, changes=0.08, reports=0.05),
    Team(people=MAINTAINERS[2:4], areas=TIDE_TABLES, changes=0.05, reports=0.05),
)


def invent(number: int, days: int) -> CollectedBatch:
    """Return one repository's last days."""
    since, rng = NOW - timedelta(days=days), SeededRandom(f"fleet {number}")
    history = History(f"fleet/repo-{number:02}", 9_000 + number, NOW)
    write(history, rng, everyday(TEAMS[number % len(TEAMS)], rng, since, NOW))
    for week in range(days, 0, -7):
        history.release(NOW - timedelta(days=week - number % 7 * 0.9), MIRA, f"v1.{days - week}")
    return history.batch(since)


async def fill(manager: DatabaseManager, repositories: int, days: int) -> list[str]:
    """Store and watch them; return their names."""
    names = []
    for number in range(repositories):
        batch = invent(number, days)
        lease = await acquire(manager, lambda: NOW, batch.state.repo_name, "benchmark")
        if lease is None:
            raise SystemExit(f"{batch.state.full_name} is being collected in this database; use an empty one")
        await manager.store(batch, lease)
        await manager.collector_state.release_lease(lease)
        names.append(batch.state.repo_name)
    await manager.collector_state.watch(names)
    return names


async def measure(manager: DatabaseManager, rounds: int) -> None:
    """Ask in each way, print medians."""
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    readers = count()
    since = format_instant(NOW - timedelta(days=7))
    ways: dict[str, Callable[[], dict[str, str]]] = {
        "a day, a new reader": lambda: {"reader": f"r{next(readers)}"},
        "asked again": lambda: {"reader": "r0"},
        "a day, no reader": lambda: {"since": format_instant(NOW - timedelta(days=1))},
        "a week, no reader": lambda: {"since": since},
    }
    for name, arguments in ways.items():
        times, worked = [], []
        for _ in range(rounds + 1):
            gc.collect()
            begun, processor = time.perf_counter(), time.process_time()
            answer = await service.ask(WHATS_NEW, **arguments())
            times.append((time.perf_counter() - begun) * 1000)
            worked.append((time.process_time() - processor) * 1000)
        size = len(WHATS_NEW.text(answer).encode())
        news = f"{len(answer.attention)} things, {len(answer.repositories)} with news, {size:,} bytes of text"
        p50, processor = statistics.median(times[1:]), statistics.median(worked[1:])
        say(f"{name:24}first {times[0]:8.1f} ms   p50 {p50:8.1f} ms   processor {processor:8.1f} ms   {news}")


async def run(options: argparse.Namespace, folder: Path) -> None:
    """Fill, ask, print."""
    if options.dynamodb:
        os.environ.setdefault("AWS_ACCESS_KEY_ID", "x")
        os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "x")
        manager: DatabaseManager = get_dynamodb_manager("us-east-1", f"bench{os.getpid()}-", options.dynamodb)
        await manager.initialize()
    else:
        manager = get_sqlite_manager(str(folder / "events.db"))
    async with manager:
        await fill(manager, options.repositories, options.days)
        await measure(manager, options.rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="whats_new over a fleet.")
    parser.add_argument("--repositories", type=int, default=40)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dynamodb", help="the address of DynamoDB Local, in place of SQLite")
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(parser.parse_args(), Path(name)))
