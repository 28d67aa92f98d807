"""First visits to many repositories: one question tells who they are, and what each has none of."""

from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting.poller import Poller
from github_events_monitor.github.graphql import documents
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, iso

from .conftest import World, build

NAMES = ["octo/r1", "octo/r2", "octo/r3"]


def fleet(count: int = 3) -> World:
    repositories = [FakeRepository(f"octo/r{number}", id=number) for number in range(1, count + 1)]
    for repository in repositories:
        repository.branches["main"] = [commit(repository.id, NOW - timedelta(hours=3))]
    world = build(FakeGitHub(*repositories))
    world.github.with_looks = world.github.with_history = True
    return world


def issue(at: str) -> Json:
    about = {"number": 4, "id": 4, "title": "It fails", "state": "open", "user": {"login": "ada"}, "comments": 0}
    return {**about, "created_at": at, "updated_at": at}


async def collect(world: World, *names: str) -> dict[str, Any]:
    return {row.repo: row for row in (await world.collector.collect(names)).repositories}


async def test_one_question_introduces_all_and_nothing_is_asked_that_it_shows_to_be_empty() -> None:
    world = fleet()
    rows = await collect(world, *NAMES)
    assert all((row.status, row.new_commits) == ("collected", 1) for row in rows.values())
    assert world.asked("/graphql") == 1
    assert not [path for path in world.github.requests if path.endswith("/octo/r1")]
    assert world.asked("/issues") == world.asked("/releases") == world.asked("/deployments") == 0
    assert sum(row.requests for row in rows.values()) == len(world.github.requests)
    world.github.requests.clear()
    issues = await world.service.ask(ISSUES, repo="octo/r2", hours=720)
    assert (issues.total_issues, issues.coverage.complete) == (0, True)
    metrics = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/r2", hours=720)
    assert (len(metrics.releases), len(metrics.deployments)) == (0, 0)
    state = await world.manager.collector_state.get_state("octo/r2")
    assert state is not None
    assert {"releases", "deployments", "threads"} <= state.ledger.spans.keys()
    assert world.github.requests == []
    await world.collector.close()


async def test_what_comes_later_is_read_by_the_next_pass() -> None:
    world = fleet()
    await collect(world, *NAMES)
    world.pass_time(minutes=10)
    world.github.repositories["octo/r2"].issues = [issue(iso(world.now - timedelta(minutes=5)))]
    await collect(world, *NAMES)
    issues = await world.service.ask(ISSUES, repo="octo/r2", hours=720)
    assert (issues.total_issues, issues.coverage.complete) == (1, True)
    await world.collector.close()


async def test_what_is_there_is_read_as_ever() -> None:
    world = fleet()
    busy = world.github.repositories["octo/r2"]
    busy.issues = [issue("2026-11-19T10:00:00Z")]
    busy.releases = [{"id": 1, "tag_name": "v1", "published_at": "2026-11-18T10:00:00Z"}]
    busy.deployments = [{"id": 5, "created_at": "2026-11-18T10:00:00Z", "sha": "a" * 40, "environment": "production"}]
    await collect(world, *NAMES)
    assert (await world.service.ask(ISSUES, repo="octo/r2", hours=720)).total_issues == 1
    metrics = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/r2", hours=720)
    assert (len(metrics.releases), len(metrics.deployments)) == (1, 1)
    await world.collector.close()


async def test_what_github_does_not_show_is_not_taken_to_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    world = fleet(1)
    honest = world.github._looks

    def hiding(asked: dict[str, str]) -> Json:
        answer = honest(asked)
        answer["data"]["r0"]["issues"] = answer["data"]["r0"]["releases"] = None
        return answer

    monkeypatch.setattr(world.github, "_looks", hiding)
    await collect(world, "octo/r1")
    assert world.asked("/issues") == world.asked("/releases") == 1
    assert world.asked("/deployments") == 0
    await world.collector.close()


async def test_one_that_is_missing_and_one_without_commits_are_asked_for_by_themselves() -> None:
    world = fleet()
    del world.github.repositories["octo/r1"]
    world.github.repositories["octo/r3"].branches.clear()
    rows = await collect(world, *NAMES)
    assert [rows[name].status for name in NAMES] == ["not_found", "collected", "collected"]
    assert world.github.requests.count("/repos/octo/r3") == 1
    await world.collector.close()


async def test_a_former_name_leads_to_the_present_one() -> None:
    world = fleet(2)
    moved = world.github.repositories.pop("octo/r2")
    moved.full_name = "Octo/World"
    world.github.repositories["octo/world"], world.github.renamed["octo/r2"] = moved, moved.id
    await collect(world, "octo/r1", "octo/r2")
    assert world.asked("/graphql") == 1
    state = await world.manager.collector_state.get_state("octo/world")
    assert state is not None
    assert (state.full_name, state.repository_id) == ("Octo/World", 2)
    await world.collector.close()


async def test_many_are_introduced_in_parts_and_known_ones_are_not() -> None:
    world = fleet(documents.MOST_INTRODUCTIONS + 2)
    names = [f"octo/r{number}" for number in range(1, documents.MOST_INTRODUCTIONS + 3)]
    rows = await collect(world, *names)
    assert {row.status for row in rows.values()} == {"collected"}
    assert world.asked("/graphql") == 2
    world.pass_time(minutes=10)
    world.github.requests.clear()
    await collect(world, *names[:3])
    assert world.asked("/graphql") == 0
    await world.collector.close()


async def test_background_polling_introduces_what_it_visits_for_the_first_time() -> None:
    world, questions = fleet(), list[bool]()
    world.github.faults.append(lambda _: questions.append(b"query Introduction" in world.github.asked_body))
    await world.manager.collector_state.watch(NAMES)
    poller = Poller(world.collector, Settings.load(), world.clock)
    assert await poller.tick() == []
    world.pass_time(minutes=6)
    assert await poller.tick() == NAMES
    assert sum(questions) == 1
    await world.collector.close()
