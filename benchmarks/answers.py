"""How long answers take, how large they are, and what they cost.

    python -m benchmarks.answers

Health and the other insights over a window of 50,000 events, beside plain sqlite3 reading the same columns of the same
rows; recent commits of 50,000 stored through an MCP client in memory, beside the same rows read by sqlite3. How fast
the server starts is measured by `start_speed.py`.
"""

import asyncio
import gc
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
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
from github_events_monitor.instants import format_instant
from github_events_monitor.ledger import learn
from github_events_monitor.records import Commit, CommitRecord, Ledger, RepositoryState, Span

REPO, MANY_COMMITS = "octo/hello", "octo/commits"
COUNT, COMMITS, ROUNDS = 50_000, 3_000, 9
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


async def fill(manager: DatabaseManager) -> None:
    """Store it all, and that all of it is known."""
    chance = Random(7)
    await manager.events.insert_events(events(chance))
    for repo, count in ((REPO, COMMITS), (MANY_COMMITS, COUNT)):
        await manager.commits.insert_commits(commits(chance, repo, count))
        ledger = learn(learn(Ledger(), "events", Span(ago(3e7), ago(0))), "commits", Span(ago(3e7), ago(0)))
        await manager.collector_state.save_states(
            [RepositoryState(repo_name=repo, default_branch="main", last_collected_at=ago(0), ledger=ledger)]
        )


Ask = Callable[[], Awaitable[object]]


async def medians(*contenders: Ask, rounds: int = ROUNDS, clean: bool = False) -> list[float]:
    """Milliseconds of each, by turns, after one round that does not count.

    clean: nobody inherits another's garbage. Where answers take a millisecond, collecting it would empty the caches.
    """
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(rounds + 1):
        for ask, taken in zip(contenders, times, strict=True):
            if clean:
                gc.collect()
            began = time.perf_counter()
            await ask()
            taken.append((time.perf_counter() - began) * 1000)
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
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.db"
        asyncio.run(_fill(path))
        asyncio.run(measure_insights(path))
        asyncio.run(measure_mcp(path))


async def _fill(path: Path) -> None:
    async with get_sqlite_manager(str(path)) as manager:
        await fill(manager)


if __name__ == "__main__":
    main()
