"""How rows lie in the file: compression, rollups, plans of questions, and giving space back."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import RepositoryCount
from github_events_monitor.infrastructure.sqlite import retention
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.infrastructure.sqlite.payload import packer, unpacker
from github_events_monitor.instants import format_instant
from github_events_monitor.records import Commit, CommitFile, CommitRecord, CommitSummary, Event, Thread

START, END = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"


def events(count: int, day: int = 10, repos: int = 5) -> list[Event]:
    return [
        Event(
            id=f"{day}-{number}",
            event_type=("WatchEvent", "PushEvent", "ForkEvent")[number % 3],
            created_at=f"2025-03-{day:02}T{number % 24:02}:{number % 60:02}:00Z",
            repo_name=f"o/r{number % repos}",
            actor_login=f"Actor{number % 7}",
            payload=b'{"text":"' + f"{day} {number} ".encode() * 60 + b'"}',
        )
        for number in range(count)
    ]


async def rows(manager: SQLiteManager, sql: str) -> list[Any]:
    return await manager.connection.read(lambda db: db.execute(sql).fetchall())


@pytest.mark.parametrize(
    "payload", [b"null", b"{}", b'{"a":"' + b"ab" * 400 + b'"}', '{"ö":"日本"}'.encode(), b'"\\ud800"']
)
def test_a_packed_payload_comes_back(payload: bytes) -> None:
    stored = packer()(payload)
    assert unpacker()(stored) == payload
    assert isinstance(stored, str) == (len(payload) < 64)


async def test_the_rollup_equals_the_events_at_any_time() -> None:
    async with get_sqlite_manager(":memory:") as manager:

        async def check() -> None:
            counted = await rows(
                manager,
                "SELECT repo_name, substr(created_at, 1, 10), count(*) FROM events GROUP BY 1, 2 ORDER BY 1, 2",
            )
            assert await rows(manager, "SELECT * FROM _daily ORDER BY 1, 2") == counted

        await manager.events.insert_events(events(500))
        await check()
        await manager.import_events([*events(600), *events(50, day=11), *events(50, day=11)], [])
        await check()
        assert await manager.events.delete_before("2025-03-10T12:30:00Z") > 0
        await check()
        await manager.events.insert_events(events(600))
        await check()


async def test_old_records_go_in_small_steps_and_the_file_shrinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_STEP", 100)
    monkeypatch.setattr(retention, "_PAGES", 20)
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([*events(6000, day=1), *events(100, day=20)])
        commits = [
            CommitRecord(
                commit=Commit(
                    sha=f"{number:040x}",
                    repo_name=f"o/r{number % 3}",
                    commit_date=f"2025-03-{number % 28 + 1:02}T00:00:00Z",
                ),
                files=(CommitFile(filename="a"),),
                summary=CommitSummary(text="x"),
            )
            for number in range(600)
        ]
        await manager.commits.insert_commits(commits)
        threads = [
            Thread(
                repo_name=f"o/r{number % 3}",
                number=number,
                kind="issue",
                state="closed" if number % 4 else "open",
                created_at="2025-01-01T00:00:00Z",
                updated_at=f"2025-03-{number % 28 + 1:02}T00:00:00Z",
            )
            for number in range(1, 1001)
        ]
        await manager.threads.save_threads(threads)
        steps: list[int] = []
        write = manager.connection.write

        async def counting(work: Callable[[sqlite3.Connection], int]) -> int:
            steps.append(await write(work))
            return steps[-1]

        monkeypatch.setattr(manager.connection, "write", counting)
        before = (await manager.describe())["size_bytes"]
        assert await manager.events.delete_before("2025-03-15T00:00:00Z") == 6000
        assert await manager.commits.delete_before("2025-03-15T00:00:00Z") == sum(
            one.commit.commit_date < "2025-03-15T00:00:00Z" for one in commits
        )
        old = [one for one in threads if one.state == "closed" and one.updated_at < "2025-03-15T00:00:00Z"]
        assert await manager.threads.delete_before("2025-03-15T00:00:00Z") == len(old)
        assert await rows(manager, "SELECT count(*) FROM threads") == [(len(threads) - len(old),)]
        assert max(steps) == 100
        assert (await manager.describe())["size_bytes"] < before / 3
        left = len([one for one in commits if one.commit.commit_date >= "2025-03-15"])
        for table in ("commits", "commit_files", "commit_summaries"):
            assert await rows(manager, f"SELECT count(*) FROM {table}") == [(left,)]
    assert path.stat().st_size < before / 3


async def test_counts_and_narrow_rows_never_touch_the_table_with_the_payloads() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        await manager.events.insert_events(events(100))
        asked: list[str] = []
        await manager.connection.read(lambda db: db.set_trace_callback(asked.append))
        await manager.events.count_by_type("o/r1", START, END, event_types=["WatchEvent"], actor="actor1")
        await manager.events.get_activity("o/r1", START, END)
        await manager.events.get_repositories_of("actor1", START, END)
        await manager.events.get_trending("2025-03-10T01:02:03Z", "2025-03-10T20:02:03Z", 3)
        await manager.connection.read(lambda db: db.set_trace_callback(None))
        questions = [sql for sql in asked if sql.lstrip().startswith("SELECT")]
        assert len(questions) >= 4
        for question in questions:
            for *_, detail in await rows(manager, f"EXPLAIN QUERY PLAN {question}"):
                reads_events = "events" in detail and "_daily" not in detail and "USE TEMP" not in detail
                assert not reads_events or "COVERING INDEX" in detail, detail


async def test_a_page_of_commits_is_one_walk_along_the_key() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        asked: list[str] = []
        await manager.connection.read(lambda db: db.set_trace_callback(asked.append))
        await manager.commits.get_commits(
            "o/r", START, END, branch="main", limit=30, after=("2025-03-10T12:00:00Z", "a" * 40)
        )
        await manager.connection.read(lambda db: db.set_trace_callback(None))
        (question,) = [sql for sql in asked if sql.lstrip().startswith("SELECT")]
        plan = [detail for *_, detail in await rows(manager, f"EXPLAIN QUERY PLAN {question}")]
        assert "USING PRIMARY KEY (repo_name=? AND commit_date>? AND commit_date<?)" in plan[0]
        assert not [
            step
            for step in plan
            if step.startswith("USE TEMP B-TREE") and "RIGHT PART" not in step and "LAST TERM" not in step
        ]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefg"), st.integers(0, 3), st.sampled_from((0, 1, 43_199, 43_200, 86_399))),
        max_size=40,
    ),
    st.integers(0, 4 * 86_400),
    st.integers(0, 4 * 86_400),
    st.integers(1, 4),
)
def test_trending_is_what_counting_every_event_gives(
    found: list[tuple[str, int, int]], since: int, length: int, limit: int
) -> None:
    start = datetime(2025, 3, 10, tzinfo=UTC)

    def at(seconds: int) -> str:
        return format_instant(start + timedelta(seconds=seconds))

    stored = [
        Event(id=str(number), event_type="WatchEvent", created_at=at(day * 86_400 + second), repo_name=f"o/{repo}")
        for number, (repo, day, second) in enumerate(found)
    ]
    inside = [event.repo_name for event in stored if at(since) <= event.created_at < at(since + length)]
    expected = sorted(Counter(inside).items(), key=lambda row: (-row[1], row[0] or ""))[:limit]

    async def ask() -> list[RepositoryCount]:
        async with get_sqlite_manager(":memory:") as manager:
            await manager.events.insert_events(stored)
            return await manager.events.get_trending(at(since), at(since + length), limit)

    assert [tuple(row) for row in asyncio.run(ask())] == expected


async def test_trending_takes_any_window() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        await manager.events.insert_events(events(5, repos=1))
        everything = await manager.events.get_trending("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 9)
        assert [tuple(row) for row in everything] == [("o/r0", 5)]
        assert await manager.events.get_trending(END, START, 9) == []


async def test_trending_asks_for_few_of_many_repositories() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        crowd = events(3000, repos=1500)
        leaders = [
            Event(id=f"l{n}", event_type="x", created_at="2025-03-10T12:30:00Z", repo_name=f"o/a{n % 3}")
            for n in range(60)
        ]
        await manager.events.insert_events(crowd + leaders)
        asked: list[str] = []
        await manager.connection.read(lambda db: db.set_trace_callback(asked.append))
        found = await manager.events.get_trending("2025-03-10T00:30:00Z", "2025-03-10T20:00:00Z", 3)
        assert [row.events for row in found] == [20, 20, 20]
        assert len(asked) < 10
