"""How long answers take, how large they are, and what they cost.

    python -m benchmarks.answers [--record]

Health and the other insights over a window of 50,000 events, beside plain sqlite3 reading the same columns of the same
rows, in milliseconds of the processor; recent commits of 50,000 stored through an MCP client in memory, beside the same
rows read by sqlite3. With --record 5,000 of the issues and pull requests that the events are about have a record, too.
How fast the server starts is measured by `start_speed.py`.
"""

import argparse
import asyncio
import gc
import os
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import orjson

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.insights.threads import THREAD_TYPES
from github_events_monitor.instants import format_instant
from github_events_monitor.ledger import learn
from github_events_monitor.records import (
    Activity,
    Commit,
    CommitRecord,
    Ledger,
    Reply,
    RepositoryState,
    Span,
    Thread,
)

REPO, MANY_COMMITS = "octo/hello", "octo/commits"
COUNT, COMMITS, THREADS, ROUNDS = 50_000, 3_000, 5_000, 9
NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = timedelta(days=30)


def ago(seconds: float) -> str:
    """An instant before now."""
    return format_instant(NOW - timedelta(seconds=seconds))


def events(chance: Random) -> list[dict[str, Any]]:
    """A busy month: threads that are opened, answered and closed, pushes, stars, releases."""
    people = [f"person{number}" for number in range(400)] + ["robot[bot]"]
    rows = []
    for number in range(COUNT):
        event_type = chance.choice(
            ["PushEvent"] * 5 + ["IssuesEvent", "IssueCommentEvent", "PullRequestEvent"] * 3 + ["WatchEvent"]
        )
        thread = {"number": chance.randrange(1, 8_000), "user": {"login": chance.choice(people)}}
        payloads: dict[str, dict[str, Any]] = {
            "PushEvent": {"ref": "refs/heads/main", "head": f"{number:040x}"},
            "IssuesEvent": {"action": chance.choice(["opened", "closed"]), "issue": thread},
            "IssueCommentEvent": {"action": "created", "issue": thread},
            "PullRequestEvent": {
                "action": chance.choice(["opened", "merged"]),
                "number": thread["number"],
                "pull_request": thread,
            },
        }
        at = ago(chance.uniform(0, MONTH.total_seconds()))
        rows.append(
            {
                "id": str(number),
                "event_type": event_type,
                "repo_name": REPO,
                "actor_login": chance.choice(people),
                "created_at": at,
                "payload": payloads.get(event_type, {"action": "started"}),
            }
        )
    return rows


def commits(chance: Random, repo: str, count: int) -> list[CommitRecord]:
    """Commits of the same month, with numbers."""
    made = []
    for number in range(count):
        commit = Commit(
            sha=f"{number:040x}",
            repo_name=repo,
            commit_date=ago(chance.uniform(0, MONTH.total_seconds())),
            message=f"fix(parser): handle case {number} of the grammar properly",
            author_name=f"Person {number % 400}",
            author_login=f"person{number % 400}",
            branches=("main",),
            additions=number % 300,
            deletions=number % 70,
            files_changed=number % 9,
        )
        made.append(CommitRecord(commit=commit, summary=analyse_commit(commit, None)))
    return made


def threads(rows: Iterable[Activity]) -> list[Thread]:
    """The record of the first issues and pull requests that events are about."""
    about = defaultdict[int, list[Activity]](list)
    for row in rows:
        about[row.number or 0].append(row)
    made = []
    for number, told in list(about.items())[:THREADS]:
        ends = [row for row in told if row.action in {"closed", "merged"}]
        end = ends[-1] if ends else None
        replies = (
            Reply(id=row.id, kind="comment", author_login=row.actor_login, created_at=row.created_at)
            for row in told
            if row.event_type == "IssueCommentEvent"
        )
        made.append(
            Thread(
                repo_name=REPO,
                number=number,
                kind="issue" if number % 2 else "pull_request",
                title="Handle the case",
                state="closed" if end else "open",
                created_at=told[0].created_at,
                updated_at=told[-1].created_at,
                closed_at=end.created_at if end else None,
                closed_by=end.actor_login if end else None,
                author_login=told[0].subject,
                replies=tuple(replies),
                comments_complete=True,
                reviews_complete=True,
            )
        )
    return made


async def fill(manager: DatabaseManager, *, record: bool) -> None:
    """Store it all, and that all of it is known."""
    chance = Random(7)
    await manager.events.insert_events(events(chance))
    if record:
        told = await manager.events.get_activity(REPO, ago(MONTH.total_seconds()), ago(0), event_types=THREAD_TYPES)
        await manager.threads.save_threads(threads(told))
    for repo, count in ((REPO, COMMITS), (MANY_COMMITS, COUNT)):
        await manager.commits.insert_commits(commits(chance, repo, count))
        ledger = learn(learn(Ledger(), "events", Span(ago(3e7), ago(0))), "commits", Span(ago(3e7), ago(0)))
        await manager.collector_state.save_states(
            [RepositoryState(repo_name=repo, default_branch="main", last_collected_at=ago(0), ledger=ledger)]
        )


Ask = Callable[[], Awaitable[object]]


async def medians(*contenders: Ask, rounds: int = ROUNDS, clean: bool = False) -> list[float]:
    """Milliseconds of each, by turns, after one round that does not count.

    clean: nobody inherits another's garbage, and only the processor's time counts, of every thread. Where answers take
    a millisecond, collecting the garbage would empty the caches.
    """
    clock = time.process_time if clean else time.perf_counter
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(rounds + 1):
        for ask, taken in zip(contenders, times, strict=True):
            if clean:
                gc.collect()
            began = clock()
            await ask()
            taken.append((clock() - began) * 1000)
    return [statistics.median(taken[1:]) for taken in times]


def plain(path: Path, question: str, repo: str = REPO) -> Ask:
    """The same rows by sqlite3 alone."""
    connection = sqlite3.connect(path)

    async def ask() -> object:
        return connection.execute(question, (repo, ago(MONTH.total_seconds()), ago(0))).fetchall()

    return ask


def row(name: str, milliseconds: Sequence[float], of: str) -> None:
    """One line of the result: ours, and those of what it is compared to."""
    ours, peer = milliseconds
    print(f"{name:42} {ours:9.2f} ms   {of} {peer:9.2f} ms   ratio {ours / peer:6.2f}", flush=True)


async def measure_insights(path: Path) -> None:
    """Every insight over the month."""
    manager = get_sqlite_manager(str(path))
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    columns = "id, event_type, created_at, actor_login, action, number, ref, sha, subject"
    rows = plain(
        path,
        f"SELECT {columns} FROM events"
        " WHERE repo_name = ? AND created_at >= ? AND created_at < ? ORDER BY created_at, id",
    )
    for question in (
        "repository_health",
        "developer_activity",
        "security_report",
        "event_anomalies",
        "deployment_metrics",
    ):
        ask = partial(service.ask_by_name, question, {"repo": REPO, "hours": 720})
        row(question, await medians(ask, rows, clean=True), "sqlite3 rows")
    commits_of = (
        "SELECT * FROM commits WHERE repo_name = ? AND commit_date >= ? AND commit_date < ?"
        " ORDER BY commit_date DESC, sha LIMIT 30"
    )
    ask = partial(service.ask_by_name, "recent_commits", {"repo": MANY_COMMITS, "hours": 24})
    row("recent_commits", await medians(ask, plain(path, commits_of, MANY_COMMITS), rounds=99), "sqlite3 rows")
    ask = partial(service.ask_by_name, "repository_activity", {"repo": REPO, "hours": 24})
    row("repository_activity", await medians(ask, rows), "sqlite3 rows")
    await manager.close()


async def measure_mcp(path: Path) -> None:
    """Through a client, as an assistant asks."""
    os.environ.update(DATABASE_PATH=str(path), GITHUB_API_URL="http://127.0.0.1:9", POLL_INTERVAL="0")
    from mcp import Client

    from github_events_monitor.mcp_server import mcp

    async with Client(mcp) as client:
        tools = [
            tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in (await client.list_tools()).tools
        ]
        print(f"tools/list {len(orjson.dumps(tools)):,} bytes")
        answer = await client.call_tool("recent_commits", {"repo": MANY_COMMITS, "hours": 24})
        size = len(orjson.dumps(answer.model_dump(mode="json", by_alias=True, exclude_none=True)))
        print(f"thirty commits {size:,} bytes")
        ask = partial(client.call_tool, "recent_commits", {"repo": MANY_COMMITS, "hours": 24})
        (took,) = await medians(ask, rounds=99)
        print(f"recent_commits through the client, p50 {took:.2f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="with a record of issues and pull requests")
    record = parser.parse_args().record
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.db"
        asyncio.run(_fill(path, record=record))
        asyncio.run(measure_insights(path))
        asyncio.run(measure_mcp(path))


async def _fill(path: Path, *, record: bool) -> None:
    async with get_sqlite_manager(str(path)) as manager:
        await fill(manager, record=record)


if __name__ == "__main__":
    main()
