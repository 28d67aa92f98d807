"""A cut listing is not the whole: it is read on, in later passes too; until then a number is a lower bound."""

import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting import collector, snapshot
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from tests.fake_github import NOW, FakeGitHub, FakeRepository, iso
from tests.integration.collecting.conftest import World, build, hello


def deployed(count: int) -> FakeRepository:
    """A repository with a production deployment every day, each successful but every tenth."""
    repository = hello()
    for number in range(count):
        at = iso(NOW - timedelta(days=number, hours=1))
        row = {"id": 1000 - number, "sha": "a" * 40, "environment": "production", "created_at": at}
        state = "failure" if number % 10 == 9 else "success"
        repository.deployments.append(row)
        repository.deployment_statuses[1000 - number] = [{"id": number + 1, "state": state, "created_at": at}]
    return repository


async def metrics(world: World) -> tuple[int, dict[str, Any], str]:
    """How many deployments, the bands, and what is said of the frequency."""
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=24 * 70)
    assert answer.total_deployments is not None
    return answer.total_deployments, {key.name: key.band for key in answer.dora}, answer.dora[0].explanation


async def test_sixty_deployments_are_read_with_their_statuses(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(deployed(60)), manager=manager)
    await world.collector.collect(["octo/hello"])
    total, bands, _ = await metrics(world)
    assert (total, bands["deployment_frequency"], bands["change_failure_rate"]) == (60, "high", "high")


async def test_what_a_budget_cuts_is_a_lower_bound_until_later_passes_read_it(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "REQUESTS_WITH_TOKEN", 60)
    world = build(FakeGitHub(deployed(60)), manager=manager)
    await world.collector.collect(["octo/hello"])
    total, bands, said = await metrics(world)
    assert 5 < total < 60
    assert set(bands.values()) == {None}
    assert "lower bound" in said
    seen = [total]
    for _ in range(6):
        world.pass_time(minutes=10)
        await world.collector.collect(["octo/hello"])
        seen.append((await metrics(world))[0])
    assert seen == sorted(seen)
    total, bands, _ = await metrics(world)
    assert (total, bands["deployment_frequency"]) == (60, "high")
    world.pass_time(minutes=10)
    before = world.asked("deployments")
    await world.collector.collect(["octo/hello"])
    assert world.asked("deployments") == before  # nothing is missing any more


async def test_a_deployment_that_github_cannot_give_does_not_keep_the_others_away(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(deployed(30)), manager=manager)
    world.github.faults.append(lambda path: (500, {}, b"{}") if "deployments/997/" in path else None)
    await world.collector.collect(["octo/hello"])
    total, bands, _ = await metrics(world)
    assert (total, bands["deployment_frequency"]) == (30, "high")


async def test_graphql_brings_deployments_page_by_page(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    pages = 3

    def graphql(path: str) -> tuple[int, dict[str, str], bytes] | None:
        if "graphql" not in path or b"query Deployments" not in world.github.asked_body:
            return None
        asked.append(path)
        number = len(asked) - 1
        nodes = [
            {
                "databaseId": 1000 - 60 * number - one,
                "commitOid": "a" * 40,
                "environment": "production",
                "createdAt": iso(NOW - timedelta(hours=60 * number + one + 1)),
                "latestStatus": {"state": "SUCCESS", "createdAt": iso(NOW - timedelta(hours=60 * number + one + 1))},
            }
            for one in range(60)
        ]
        info = {"hasNextPage": number + 1 < pages, "endCursor": str(number)}
        body = {"data": {"repository": {"deployments": {"nodes": nodes, "pageInfo": info}}}}
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    asked: list[str] = []
    world.github.faults.append(graphql)
    await world.collector.collect(["octo/hello"])
    total, bands, _ = await metrics(world)
    assert (total, bands["deployment_frequency"]) == (180, "elite")
    assert world.asked("/deployments") == 0


async def test_releases_are_read_to_the_end_of_the_year(manager: DatabaseManager) -> None:
    repository = hello()
    repository.releases = [
        {
            "id": number + 1,
            "tag_name": f"v{999 - number}",
            "draft": False,
            "prerelease": False,
            "published_at": iso(NOW - timedelta(hours=3 * number + 1)),
        }
        for number in range(250)
    ]
    world = build(FakeGitHub(repository), manager=manager)
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=24 * 90)
    assert (answer.total_releases, answer.dora[0].band) == (250, "elite")


async def health_of_advisories(world: World) -> tuple[float | None, float | None, str]:
    answer = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    (found,) = [one for one in answer.components if one.name == "open_advisories"]
    return found.value, found.score, found.explanation


async def test_advisories_beyond_the_first_page_count(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = hello()
    fixed = {"state": "published", "vulnerabilities": [{"patched_versions": "1.2"}]}
    unfixed = {"state": "published", "vulnerabilities": [{"patched_versions": None}]}
    repository.advisories = [
        {"ghsa_id": f"GHSA-{number}", **(fixed if number < 120 else unfixed)} for number in range(123)
    ]
    world = build(FakeGitHub(repository), manager=manager)
    await world.collector.collect(["octo/hello"])
    assert (await health_of_advisories(world))[0] == 3
    monkeypatch.setattr(snapshot, "_MOST_PAGES", 1)
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    value, score, said = await health_of_advisories(world)
    assert (value, score) == (None, None)
    assert "at least 0 are open, and not all of them were read" in said


async def test_a_force_push_behind_many_pushes_is_found(manager: DatabaseManager) -> None:
    """Of 150 pushes of ten days the oldest was forced; later passes read down to what is known alone."""
    repository = hello()
    repository.activity = [
        {
            "id": 500 - number,
            "before": f"{number + 1:040x}",
            "after": f"{number:040x}",
            "ref": "refs/tags/v1" if number == 149 else "refs/heads/topic",
            "timestamp": iso(NOW - timedelta(hours=1.5 * number + 1)),
            "activity_type": "force_push" if number == 149 else "push",
            "actor": {"login": "mallory"},
        }
        for number in range(150)
    ]
    world = build(FakeGitHub(repository), manager=manager)
    await world.collector.collect(["octo/hello"])
    rows = await manager.metrics.get_metrics("security_metrics", "octo/hello", prefix="force_push#")
    assert [(row.data["ref"], row.data["actor"]) for row in rows] == [("refs/tags/v1", "mallory")]
    assert world.asked("/activity") == 2
    repository.activity.insert(0, {**repository.activity[0], "id": 501, "timestamp": iso(NOW + timedelta(minutes=1))})
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    assert world.asked("/activity") == 3


async def test_deployments_that_were_never_listed_are_not_called_none(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager, token=None)
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=72)
    assert (answer.total_deployments, answer.total_releases, answer.coverage.complete) == (None, 0, False)
    assert "Deployments were never listed" in (answer.coverage.note or "")
    assert "0 releases, deployments not known;" in DEPLOYMENT_METRICS.text(answer)
