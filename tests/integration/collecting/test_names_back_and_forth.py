"""Names that change and come back: one id, one history, under the name that it has now."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.transfer import copy_items, export_items, import_files
from tests.fake_github import FakeGitHub, FakeRepository, commit, iso
from tests.integration.collecting.conftest import World, build, hello

ALWAYS = ("2011-01-01T00:00:00Z", "2100-01-01T00:00:00Z")


def rename(world: World, name: str) -> None:
    """The repository has another name from now on; the former ones lead to it."""
    old = next(key for key, one in world.github.repositories.items() if one.id == 7)
    renamed = world.github.repositories.pop(old)
    renamed.full_name = name
    world.github.renamed[old] = 7
    world.github.renamed.pop(name.lower(), None)
    world.github.repositories[name.lower()] = renamed
    world.pass_time(minutes=10)


async def asked(world: World, name: str) -> tuple[str, int, int]:
    commits = await world.service.ask(RECENT_COMMITS, repo=name, hours=72)
    events = await world.service.ask(REPOSITORY_ACTIVITY, repo=name, hours=72)
    return commits.repo, commits.total_commits, sum(events.counts_by_type.values())


async def keys(manager: DatabaseManager) -> list[str]:
    return [one.repo_name for one in await manager.collector_state.get_repositories()]


async def test_a_transfer_and_back(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    first = await asked(world, "octo/hello")
    for name in ("Acme/Hello", "Octo/Hello", "Acme/Hello"):
        rename(world, name)
        for way in ("octo/hello", "acme/hello"):
            assert await asked(world, way) == (name, *first[1:])
        assert len(await keys(manager)) == 1
        [one] = (await world.service.ask(MONITOR_COMMITS, repos=["octo/hello", "acme/hello"], hours=72)).repositories
        assert (one.repo, one.total_commits) == (name, 5)


async def test_a_transfer_and_back_met_under_the_new_name_first(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    rename(world, "Acme/Hello")
    first = await asked(world, "acme/hello")
    rename(world, "Octo/Hello")
    for way in ("octo/hello", "acme/hello", "octo/hello"):
        assert await asked(world, way) == ("Octo/Hello", *first[1:])
    assert len(await keys(manager)) == 1


async def test_letter_case_alone(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    first = await asked(world, "octo/hello")
    world.hello.full_name = "OCTO/hellO"
    world.pass_time(minutes=10)
    assert await asked(world, "Octo/Hello") == ("OCTO/hellO", *first[1:])
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert "before it was renamed" not in (answer.coverage.note or "")


async def test_a_name_made_anew_after_deletion(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    await world.collector.collect(["octo/hello"])
    world.pass_time(days=1, minutes=10)
    other = FakeRepository("Octo/Hello", id=8)
    other.branches["main"] = [commit(91, world.now - timedelta(minutes=30))]
    world.github.repositories["octo/hello"] = other
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert "Another repository had the name Octo/Hello" in (answer.coverage.note or "")
    assert not answer.coverage.complete
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=1)
    assert (answer.total_commits, answer.coverage.note, answer.coverage.complete) == (1, None, True)


@pytest.mark.parametrize(
    "names", [("Octo/Hello", "Acme/Hello", "Octo/Third"), ("Octo/Hello", "Acme/Hello", "Octo/Hello")]
)
async def test_round_trips_with_renames_between(
    manager: DatabaseManager, tmp_path: Path, names: tuple[str, ...]
) -> None:
    """Here, a copy elsewhere, renamed, collected there, back here under whatever name."""
    here = build(FakeGitHub(hello()), manager=manager)
    first = await asked(here, names[0])
    async with get_sqlite_manager(":memory:", clock=here.clock) as elsewhere:
        there = build(here.github, manager=elsewhere)
        await copy_items(manager, elsewhere)
        for turn, name in enumerate(names[1:]):
            rename(here, name)
            there.now = here.now
            await there.collector.collect([name.lower()])
            assert await asked(there, name) == (name, *first[1:])
            out = io.BytesIO()
            await export_items(elsewhere, out)
            exported = tmp_path / f"{turn}.jsonl"
            exported.write_bytes(out.getvalue())
            for _ in range(2):
                assert (await import_files(manager, [exported])).broken == 0
            if turn == 0:
                await here.collector.collect([name.lower()])
            for way in names[: turn + 2]:
                assert await asked(here, way) == (name, *first[1:])
            assert len(await keys(manager)) == 1


async def test_deliveries_of_a_transfer_and_back(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    await world.collector.collect(["octo/hello"])
    number = 100
    for name in ("Acme/Hello", "Octo/Hello", "Acme/Hello"):
        rename(world, name)
        repository = {"id": 7, "full_name": name, "default_branch": "main"}
        number += 1
        issue = {
            "number": number,
            "title": "t",
            "user": {"login": "bob"},
            "state": "open",
            "created_at": iso(world.now),
        }
        body = {"action": "opened", "issue": issue, "repository": repository, "sender": {"login": "bob"}}
        for _ in range(2):
            receipt = await receive_webhook(manager, world.clock, "issues", name, json.dumps(body).encode())
        assert len(await keys(manager)) == 1, name
        assert (await asked(world, name))[0] == name
        assert (await asked(world, "octo/hello"))[0] == name
    counted = await manager.events.count_by_type(receipt.repo or "", *ALWAYS)
    assert counted["IssuesEvent"] >= 3
