"""What `read_items` and `write_items` promise: whatever went in comes out the same, on every provider."""

from typing import Any

import msgspec
import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import TABLES, DatabaseManager, TableItem
from github_events_monitor.infrastructure.thread_wire import thread_to_dict
from github_events_monitor.infrastructure.wire import commit_to_dict
from github_events_monitor.records import CommitRecord, MetricRow, RepositoryState

from .builders import (
    FACTS,
    OTHER,
    PAYLOAD,
    REPO,
    at,
    collect,
    commit,
    event,
    exported,
    full_commit,
    record,
    sha,
    summary,
)
from .test_state import STATE
from .test_threads import full_thread, thread


async def fill(manager: DatabaseManager) -> None:
    """Something in each of the tables, with values that engines like to change."""
    row = {"id": "p", "event_type": "PushEvent", "repo_name": REPO, "created_at": at(1), "payload": PAYLOAD}
    await manager.events.insert_events([row, event("w", at(30), payload=b"null"), event("n", at(40), repo_name=None)])
    await manager.events.insert_events([event("o", at(50), repo_name=OTHER, actor_login=None)])
    await manager.commits.insert_commits(
        [full_commit(1), record(2, at(45)), record(1, at(50), repo_name=OTHER, source="push")]
    )
    numbers: dict[str, Any] = {
        "float": 0.1,
        "whole": 2.0,
        "tiny": 5e-324,
        "big": 2**64 + 1,
        "null": None,
        "text": "ü😀",
        "no": False,
        "list": [[]],
    }
    await manager.metrics.save_health(REPO, "2025-03-10", numbers)
    await manager.metrics.save_metrics(
        "developer_metrics", [MetricRow(key="zoë", sort=f"{REPO}#2025-03-10", data=numbers)]
    )
    await manager.metrics.save_metrics("developer_metrics", [MetricRow(key="bo", sort=f"{OTHER}#2025-03-10", data={})])
    await manager.metrics.save_metrics("security_metrics", [MetricRow(key=REPO, sort="alert#1", data=numbers)])
    await manager.metrics.save_metrics("event_patterns", [MetricRow(key=OTHER, sort="burst#1", data=numbers)])
    await manager.metrics.save_metrics("deployment_metrics", [MetricRow(key=REPO, sort="7", data=numbers)])
    await manager.threads.save_threads([full_thread(3), thread(4), thread(1, repo_name=OTHER)])
    await manager.collector_state.save_states([STATE])
    await manager.collector_state.watch([REPO])
    await manager.collector_state.unwatch(["never/stored"])
    await manager.collector_state.save_alias("old/name", REPO)
    await manager.collector_state.acquire_lease(REPO, "me", at(0), at(10))


async def test_what_comes_back_equals_what_went_in(manager: DatabaseManager) -> None:
    async with get_sqlite_manager(":memory:") as first, get_sqlite_manager(":memory:") as last:
        await fill(first)
        original = await exported(first)
        items = await collect(first.read_items())
        assert {item.table for item in items} == set(TABLES)
        assert sum((await manager.write_items(items)).values()) == len(items)
        assert await exported(manager) == original
        await last.write_items(await collect(manager.read_items()))
        assert await exported(last) == original


async def test_a_database_of_its_own_exports_the_same(manager: DatabaseManager) -> None:
    await fill(manager)
    async with get_sqlite_manager(":memory:") as other:
        await fill(other)
        assert await exported(manager) == await exported(other)


async def test_importing_twice_changes_nothing(manager: DatabaseManager) -> None:
    await fill(manager)
    items = await collect(manager.read_items())
    before = await exported(manager)
    assert sum((await manager.write_items(items)).values()) == 0
    assert await exported(manager) == before
    assert await manager.write_items([]) is not None


async def test_what_is_there_already_stays(manager: DatabaseManager) -> None:
    await fill(manager)
    before = await exported(manager)
    changed = []
    for item in await collect(manager.read_items()):
        row = dict(item.item)
        for field, value in (
            ("actor_login", "changed"),
            ("message", "changed"),
            ("text", "changed"),
            ("status", "changed"),
            ("title", "changed"),
        ):
            if field in row and item.table != "developer_metrics":
                row[field] = value
        if "data" in row:
            row["data"] = {"changed": True}
        if item.table == "repository_health_metrics":
            row["daily"] = {day: {"changed": True} for day in row["daily"]}
            row["watched"] = not row.get("watched")
        changed.append(TableItem(item.table, row))
    assert sum((await manager.write_items(changed)).values()) == 0
    assert await exported(manager) == before


async def test_a_commit_known_from_a_push_alone_gives_way_to_an_exported_one(manager: DatabaseManager) -> None:
    async with get_sqlite_manager(":memory:") as source:
        await fill(source)
        rows = await collect(source.read_items())
    pushed = CommitRecord(commit=commit(1, at(5), source="push", branches=("dev",)), summary=summary("from a push"))
    await manager.commits.insert_commits([pushed, record(7)])
    new = await manager.write_items(rows)
    assert new["commits"] == sum(row.table == "commits" for row in rows) - 1
    kept = await manager.commits.get_commit(REPO, sha(1))
    assert kept is not None
    full = full_commit(1)
    assert kept == msgspec.structs.replace(
        full, commit=msgspec.structs.replace(full.commit, branches=("dev", *full.commit.branches))
    )
    again = TableItem("commits", commit_to_dict(pushed.commit))
    assert (await manager.write_items([again]))["commits"] == 0
    assert await manager.commits.get_commit(REPO, sha(1)) == kept


@pytest.mark.parametrize("number", [STATE.repository_id, None, 8])
async def test_what_is_known_of_a_repository_grows_by_what_is_known_of_the_same_one(
    manager: DatabaseManager, number: int | None
) -> None:
    """An archive told of it before, or another repository has the name here: of that one nothing more is known."""
    here = RepositoryState(repo_name=REPO, full_name="Octo/Spoon", repository_id=number, sources=("archive",))
    await manager.collector_state.save_states([here])
    async with get_sqlite_manager(":memory:") as source:
        await source.collector_state.save_states([msgspec.structs.replace(STATE, taken_over_at=at(3))])
        await manager.write_items(await collect(source.read_items()))
    state = await manager.collector_state.get_state(REPO)
    assert state is not None
    if number == 8:
        assert state == here
    else:
        assert (state.repository_id, state.default_branch, state.taken_over_at) == (2**40, "main", at(3))
        assert state.ledger == STATE.ledger


async def test_imported_rows_answer_questions(manager: DatabaseManager) -> None:
    async with get_sqlite_manager(":memory:") as source:
        await fill(source)
        await manager.write_items(await collect(source.read_items()))
    window = (at(0), at(59))
    assert await manager.events.count_by_type(REPO, *window) == {"PushEvent": 1, "WatchEvent": 1}
    assert [tuple(row) for row in await manager.events.get_trending(*window, 5)] == [(REPO, 2), (OTHER, 1)]
    assert await manager.events.get_repositories_of("OCTOCAT", *window) == [REPO]
    assert await manager.commits.get_commit(REPO, sha(1)) == full_commit(1)
    assert await manager.commits.get_without_details(REPO, 5) == [sha(2)]
    assert await manager.collector_state.get_watch_list() == {"never/stored": False, REPO: True}
    state = await manager.collector_state.get_state(REPO)
    assert state is not None
    assert (state.full_name, state.ledger, state.commits_floor) == (STATE.full_name, STATE.ledger, STATE.commits_floor)
    assert [repo.full_name for repo in await manager.collector_state.get_repositories("octo/s")] == ["Octo/Spoon"]


async def test_only_data_is_exported(manager: DatabaseManager) -> None:
    await fill(manager)
    text = b"\n".join(await exported(manager))
    for memory in (
        b"#state",
        b"#watch",
        b"#alias",
        b"#seen",
        b"#repos",
        b"epoch",
        b"old/name",
        b'W/\\"abc',
        b"wait",
        b"expires_at",
    ):
        assert memory not in text


async def test_tables_come_in_the_order_asked_for(manager: DatabaseManager) -> None:
    await fill(manager)
    items = await collect(manager.read_items(("commits", "events")))
    assert list(dict.fromkeys(item.table for item in items)) == ["commits", "events"]
    with pytest.raises(InvalidInput, match="nothing"):
        await collect(manager.read_items(("nothing",)))


async def test_a_part_by_time_or_repository(manager: DatabaseManager) -> None:
    await fill(manager)
    recent = await collect(manager.read_items(since=at(40)))
    assert {item.item["id"] for item in recent if item.table == "events"} == {"n", "o"}
    assert {(item.item["sha"], item.item["repo_name"]) for item in recent if item.table == "commits"} == {
        (sha(2), REPO),
        (sha(1), OTHER),
    }
    assert not [item for item in recent if item.table in {"commit_files", "commit_summaries"}]
    assert [item for item in recent if item.table == "security_metrics"]
    one = await collect(manager.read_items(repo="Octo/Fork"))
    assert [(item.table, item.item.get("id") or item.item.get("sha")) for item in one][:2] == [
        ("events", "o"),
        ("commits", sha(1)),
    ]
    assert {item.table for item in one} == {"events", "commits", "developer_metrics", "event_patterns", "threads"}
    ours = await collect(
        manager.read_items(("commit_files", "repository_health_metrics", "developer_metrics"), repo=REPO)
    )
    assert [item.table for item in ours] == [
        "commit_files",
        "commit_files",
        "repository_health_metrics",
        "developer_metrics",
    ]


async def test_many_rows_are_all_exported_once(manager: DatabaseManager) -> None:
    await manager.events.insert_events([event(f"{number:04}", at(number % 60)) for number in range(700)])
    await manager.commits.insert_commits(
        [msgspec.structs.replace(full_commit(1), commit=full_commit(number).commit) for number in range(300)]
    )
    items = await collect(manager.read_items())
    ids = [item.item["id"] for item in items if item.table == "events"]
    assert sorted(ids) == [f"{number:04}" for number in range(700)]
    assert len([item for item in items if item.table == "commits"]) == 300
    files = [(item.item["commit_sha"], item.item["filename"]) for item in items if item.table == "commit_files"]
    assert len(files) == len(set(files)) == 600
    assert len([item for item in items if item.table == "commit_summaries"]) == 300


async def test_some_of_the_tables_can_be_imported_alone(manager: DatabaseManager) -> None:
    item = TableItem(
        "commit_files", {"commit_sha": sha(9), "repo_name": "Octo/Spoon", "filename": "a", "status": "added"}
    )
    assert (await manager.write_items([item]))["commit_files"] == 1
    assert [file.filename for file in (await manager.commits.get_files(REPO, [sha(9)]))[sha(9)]] == ["a"]


ISSUE = thread_to_dict(thread(7))
GOOD = TableItem("events", {"id": "good", "event_type": "WatchEvent", "created_at": at(0), "payload": {}})


@pytest.mark.parametrize(
    ("table", "row", "named"),
    [
        ("events", {"id": "e9", "created_at": at(0)}, "e9"),
        ("events", {"id": "e9", "event_type": "WatchEvent"}, "e9"),
        ("events", {"id": "e9", "event_type": "WatchEvent", "created_at": "soon"}, "e9"),
        ("commits", {"sha": sha(7), "repo_name": REPO}, sha(7)),
        ("commits", {"sha": "short", "repo_name": REPO, "commit_date": at(0)}, "short"),
        ("commit_files", {"commit_sha": sha(7), "repo_name": REPO}, sha(7)),
        ("commit_summaries", {"commit_sha": sha(7), "repo_name": "nobody", "text": "x"}, sha(7)),
        ("repository_health_metrics", {"repo_name": REPO, "daily": []}, REPO),
        ("repository_health_metrics", {"repo_name": REPO, "tracking": {"repo_name": 7}}, REPO),
        ("security_metrics", {"repo_name": REPO, "data": {}}, REPO),
        ("event_patterns", {"repo_name": "#watch", "event_pattern_detected": REPO, "data": {}}, "#watch"),
        ("deployment_metrics", {"repo_name": REPO, "deployment_id": "1", "data": []}, REPO),
        ("threads", {"repo_name": REPO, "number": "seven"}, REPO),
        ("threads", {**ISSUE, "state": "lost"}, REPO),
        ("threads", {**ISSUE, "updated_at": "soon"}, REPO),
        ("threads", {**ISSUE, "replies": [["1", "comment"]]}, REPO),
        ("nothing", {"id": "1"}, "nothing"),
    ],
)
async def test_a_row_in_another_form_is_named_and_nothing_is_written(
    manager: DatabaseManager, table: str, row: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        await manager.write_items([GOOD, TableItem(table, row)])
    assert table in raised.value.message
    assert named in raised.value.message
    assert await manager.events.get_event("good") is None


async def test_facts_are_taken_anew_from_the_payload(manager: DatabaseManager) -> None:
    await manager.write_items(
        [TableItem("events", {**GOOD.item, "event_type": "IssuesEvent", "payload": {"action": "opened"}})]
    )
    stored = await manager.events.get_event("good")
    assert stored is not None
    assert stored.facts.action == FACTS.action
