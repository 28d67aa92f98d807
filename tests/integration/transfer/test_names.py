"""A rename met in an import: one repository id, one history, whichever way and order the names came."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager, Names, RepositoryCount
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.records import (
    CommitFile,
    CommitRecord,
    EventSource,
    MetricRow,
    RepositoryState,
    name_by_id,
)
from github_events_monitor.transfer import archive, copy_items, export_items, import_files, lines
from tests.integration.contract.builders import commit
from tests.unit.transfer.records import a_push, an_event, write

ONE, TWO = "1" * 40, "2" * 40
ALWAYS = ("2011-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
OLD, NEW = "Octo/Old-Name", "Octo/New-Name"


def clock() -> datetime:
    return datetime(2024, 3, 6, tzinfo=UTC)


def named(event: dict[str, Any], name: str, number: int | None = 9) -> dict[str, Any]:
    return event | {"repo": {"id": number, "name": name}}


BEFORE = [named(a_push(n, f"{n:040x}"), OLD) for n in range(5)]
AFTER = [named(an_event(n + 600), NEW) for n in range(4)]


async def history(manager: DatabaseManager) -> dict[str, tuple[str, int, bool]]:
    """By name asked for: how the repository is called, its events, and whether they are all."""
    service = DatabaseService(QuestionContext(manager=manager, clock=clock))
    asked = {"until": "2024-03-05T15:00:00Z", "hours": 1}
    answers = {name: await service.ask(REPOSITORY_ACTIVITY, repo=name, **asked) for name in (OLD, NEW)}
    return {
        name: (found.repo, sum(found.counts_by_type.values()), found.coverage.complete)
        for name, found in answers.items()
    }


@pytest.mark.parametrize("order", [(BEFORE, AFTER), (AFTER, BEFORE), ([*BEFORE, *AFTER],), ([*AFTER, *BEFORE],)])
async def test_two_names_in_an_import_are_one_history(
    manager: DatabaseManager, tmp_path: Path, order: Sequence[list[dict[str, Any]]]
) -> None:
    files = [write(tmp_path / f"{number}.json", *events) for number, events in enumerate(order)]
    assert (await import_files(manager, files)).stored == 9
    assert await history(manager) == {OLD: (NEW, 9, False), NEW: (NEW, 9, False)}
    (only,) = await manager.events.get_trending(*ALWAYS, 5)
    assert only == RepositoryCount(only.repo_name, 9)
    assert await manager.commits.count_commits(only.repo_name, *ALWAYS) == 5
    assert [one.full_name for one in await manager.collector_state.get_repositories()] == [NEW]
    again = await import_files(manager, files[::-1])
    assert (again.stored, again.commits) == (0, 0)
    assert await history(manager) == {OLD: (NEW, 9, False), NEW: (NEW, 9, False)}


async def test_names_that_come_while_others_are_being_stored_are_one_history(
    manager: DatabaseManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_FIRST_LINES", 1)
    monkeypatch.setattr(archive, "_BATCH_LINES", 1)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1)
    mixed = [event for pair in zip(AFTER, BEFORE, strict=False) for event in pair]
    assert (await import_files(manager, [write(tmp_path / "1.json", *mixed, BEFORE[-1])])).stored == 9
    assert await history(manager) == {OLD: (NEW, 9, False), NEW: (NEW, 9, False)}
    (only,) = await manager.events.get_trending(*ALWAYS, 5)
    assert only.events == 9


async def test_of_two_imports_that_meet_an_id_at_once_the_second_follows_the_first(manager: DatabaseManager) -> None:
    first, second = Names(manager), Names(manager)
    old, new, other = (name.lower() for name in (OLD, NEW, "Octo/Other"))
    await first.recognise({old: ("2024-03-05T14:00:00Z", EventSource(OLD, 9))})
    await second.recognise({new: ("2024-03-05T15:00:00Z", EventSource(NEW, 9))})
    await second.recognise({other: ("2024-03-05T14:30:00Z", EventSource("Octo/Other", 9))})
    await first.save()
    await second.save()
    assert (first.keys, second.keys, second.apart) == ({}, *2 * ({new: old, other: old},))
    known = await manager.collector_state.get_aliases([old, new, other, name_by_id(9)])
    assert known == {new: old, other: old, name_by_id(9): old}


async def test_interleaved_names_and_the_same_events_under_either(manager: DatabaseManager, tmp_path: Path) -> None:
    mixed = [event for pair in zip(BEFORE, AFTER, strict=False) for event in pair]
    again = [named(event, NEW) for event in BEFORE]  # as the feed has them after the rename
    first, second = write(tmp_path / "1.json", *mixed), write(tmp_path / "2.json", *again, *AFTER)
    assert (await import_files(manager, [first, second])).stored == 9
    assert await history(manager) == {OLD: (NEW, 9, False), NEW: (NEW, 9, False)}


async def test_a_whole_hour_is_known_under_either_name(manager: DatabaseManager, tmp_path: Path) -> None:
    await import_files(manager, [write(tmp_path / "2024-03-05-14.json.gz", *BEFORE, *AFTER)])
    assert await history(manager) == {OLD: (NEW, 9, True), NEW: (NEW, 9, True)}


async def test_another_repository_with_the_former_name_keeps_its_own(manager: DatabaseManager, tmp_path: Path) -> None:
    other = [named(an_event(n + 1200), OLD, 10) for n in range(2)]
    files = [write(tmp_path / f"{n}.json", *events) for n, events in enumerate((AFTER, BEFORE, other))]
    await import_files(manager, files)
    await import_files(manager, files)
    assert await manager.events.get_trending(*ALWAYS, 5) == [
        RepositoryCount("octo/new-name", 9),
        RepositoryCount("octo/old-name", 2),
    ]


@pytest.mark.parametrize("asked", [OLD, NEW])
@pytest.mark.parametrize("order", [(BEFORE, AFTER), (AFTER, BEFORE), ([*BEFORE, *AFTER],)])
async def test_one_repository_is_taken_under_either_name(
    manager: DatabaseManager, tmp_path: Path, order: Sequence[list[dict[str, Any]]], asked: str
) -> None:
    others = [named(an_event(n + 1200), "octo/other", 10) for n in range(2)]
    files = [write(tmp_path / f"{number}.json.gz", *events, *others) for number, events in enumerate(order)]
    found = await import_files(manager, files, repos=[asked])
    assert (found.stored, found.skipped) == (9, 2 * len(order))
    assert {name: some[1] for name, some in (await history(manager)).items()} == {OLD: 9, NEW: 9}


async def test_a_name_that_is_known_in_the_database_brings_both(manager: DatabaseManager, tmp_path: Path) -> None:
    await import_files(manager, [write(tmp_path / "0.json", AFTER[0])])
    only_before = write(tmp_path / "1.json", *BEFORE)
    assert (await import_files(manager, [only_before], repos=[NEW])).stored == 5


async def test_who_had_the_name_before_is_not_followed(manager: DatabaseManager, tmp_path: Path) -> None:
    taken_over = [named(an_event(n + 1200), OLD, 10) for n in range(2)]
    files = [write(tmp_path / "0.json", *BEFORE, *AFTER, *taken_over)]
    assert (await import_files(manager, files, repos=[OLD])).skipped == 4


async def stored_under(manager: DatabaseManager, key: str, full_name: str, first: int) -> None:
    """Something in each table, as collecting leaves it."""
    at = "2024-03-05T14:00:00Z"
    await manager.events.insert_events(
        {"id": str(n), "event_type": "WatchEvent", "actor_login": "Mona", "repo_name": key, "created_at": at}
        for n in range(first, first + 3)
    )
    file = CommitFile(filename="a.py", additions=1, deletions=0)
    one = commit(first, at, repo_name=key, additions=1, deletions=0, files_changed=1)
    await manager.commits.insert_commits(
        [CommitRecord(commit=one, files=(file,)), CommitRecord(commit=commit(first + 1, at, repo_name=key))]
    )
    await manager.metrics.save_metrics("security_metrics", [MetricRow(key=key, sort=f"push#{first}", data={})])
    await manager.metrics.save_health(key, "2024-03-05", {"health_score": first})
    state = RepositoryState(repo_name=key, full_name=full_name, repository_id=9, sources=("events",))
    await manager.collector_state.save_states([state])
    await manager.collector_state.watch([key])


async def everything_of_both(manager: DatabaseManager, key: str) -> None:
    assert await manager.events.get_trending(*ALWAYS, 5) == [RepositoryCount(key, 5)]
    assert await manager.events.get_repositories_of("mona", *ALWAYS) == [key]
    assert await manager.commits.count_commits(key, *ALWAYS) == 4
    details = [await manager.commits.get_commit(key, f"{n:040x}") for n in (1, 3)]
    assert [one is not None and one.files is not None and len(one.files) for one in details] == [1, 1]
    assert len(await manager.metrics.get_metrics("security_metrics", key)) == 2
    assert await manager.collector_state.get_watch_list() == {key: True}
    assert [one.repo_name for one in await manager.collector_state.get_repositories()] == [key]
    rows = [row async for row in manager.read_items()]
    assert {row.item["repo_name"] for row in rows if "repo_name" in row.item} == {key}
    assert {await manager.collector_state.get_alias(name) for name in ("octo/old-name", "octo/new-name")} <= {key, None}


async def test_repositories_are_joined_with_all_that_is_stored(manager: DatabaseManager) -> None:
    await stored_under(manager, "octo/old-name", OLD, 1)
    await stored_under(manager, "octo/new-name", NEW, 3)
    for _ in range(2):
        await manager.join_repositories(OLD, NEW)
        await everything_of_both(manager, "octo/new-name")


async def test_an_export_under_another_name_is_joined(manager: DatabaseManager, tmp_path: Path) -> None:
    out = io.BytesIO()
    async with get_sqlite_manager(":memory:") as origin:
        await stored_under(origin, "octo/old-name", NEW, 1)  # collected before and after the rename
        await export_items(origin, out)
        async with get_sqlite_manager(":memory:") as copy:
            await copy_items(origin, copy)
            assert await copy.collector_state.get_alias(NEW) == "octo/old-name"
    await stored_under(manager, "octo/new-name", NEW, 3)
    await manager.collector_state.save_alias("repository-id-/9", NEW)
    exported = tmp_path / "export.jsonl"
    exported.write_bytes(out.getvalue())
    for _ in range(2):
        await import_files(manager, [exported])
        await everything_of_both(manager, "octo/new-name")
