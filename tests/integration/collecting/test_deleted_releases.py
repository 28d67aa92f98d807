"""A release that was deleted, or made a draft again, is not counted, stays findable, and is said to be gone."""

import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.observations import Release
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, event, iso
from tests.integration.collecting.conftest import World, build, hello


def release(number: int, *, hours: int = 0) -> Json:
    at = iso(NOW - timedelta(hours=hours or 10 * (10 - number)))
    return {
        "id": number,
        "tag_name": f"v{number}",
        "created_at": at,
        "published_at": at,
        "draft": False,
        "prerelease": False,
        "author": {"login": "ada"},
    }


async def deliver(world: World, action: str, about: Json, **changes: Any) -> None:
    repository = {"id": 7, "full_name": "Octo/Hello", "default_branch": "main"}
    body = {"action": action, "release": {**about, **changes}, "repository": repository, "sender": {"login": "ada"}}
    name = f"{action}-{about['id']}"
    await receive_webhook(world.manager, world.clock, "release", name, json.dumps(body).encode())


async def counted(world: World, **asked: Any) -> tuple[list[str], str]:
    """The tags of the releases, newest first, and what is said of what is known."""
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=240, **asked)
    assert answer.total_releases == len(answer.releases)
    return [one.tag for one in answer.releases], answer.coverage.note or ""


async def with_releases(manager: DatabaseManager, *numbers: int) -> World:
    world = build(FakeGitHub(hello()), manager=manager)
    world.hello.releases = [release(number) for number in sorted(numbers, reverse=True)]
    await world.collector.collect(["octo/hello"])
    return world


@pytest.mark.parametrize("action", ["deleted", "unpublished"])
async def test_a_delivered_end_of_a_release_counts_from_then_on(action: str, manager: DatabaseManager) -> None:
    world = await with_releases(manager, 7, 8)
    await deliver(world, "published", release(9))
    assert await counted(world) == (["v9", "v8", "v7"], "")
    world.pass_time(minutes=20)
    for number in (8, 9):
        await deliver(world, action, release(number), published_at=None if action == "unpublished" else iso(NOW))
    world.hello.releases = world.hello.releases[1:]
    assert (await counted(world))[0] == ["v7"]
    world.pass_time(minutes=1)
    tags, note = await counted(world)
    assert (tags, "deleted or made drafts since: v8, v9" in note) == (["v7"], True)
    assert (await counted(world, until=iso(NOW + timedelta(minutes=10))))[0] == ["v9", "v8", "v7"]
    shown = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=72, event_types=["ReleaseEvent"])
    assert [one.title for one in shown.events][:2] == [f"{action} release v9", f"{action} release v8"]
    health = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello", hours=240)
    (frequency,) = (one for one in health.components if one.name == "release_frequency")
    assert frequency.explanation.startswith("1 release known")
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"], since=iso(NOW - timedelta(hours=48)))
    assert [one.reason for one in news.attention if one.kind == "release"] == ['new release "v7"']


async def test_a_release_that_is_listed_no_more_is_not_counted_until_it_is_there_again(
    manager: DatabaseManager,
) -> None:
    world = await with_releases(manager, 7, 8, 9)
    there, world.hello.releases = world.hello.releases, world.hello.releases[::2]
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    tags, note = await counted(world)
    assert (tags, "drafts since: v8." in note) == (["v9", "v7"], True)
    world.hello.releases = there
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    assert await counted(world) == (["v9", "v8", "v7"], "")


async def test_a_tag_that_is_released_again_counts(manager: DatabaseManager) -> None:
    world = await with_releases(manager, 7)
    await deliver(world, "deleted", release(7))
    world.pass_time(minutes=5)
    await deliver(world, "published", {**release(6, hours=1), "published_at": iso(world.now), "tag_name": "v7"})
    world.pass_time(minutes=1)
    assert (await counted(world))[0] == ["v7"]


@pytest.mark.parametrize("order", [("deleted", "published"), ("published", "deleted")])
async def test_a_tag_that_is_released_again_at_once_counts_though_the_end_is_told_late(
    order: tuple[str, str], manager: DatabaseManager
) -> None:
    """As every night: what was `nightly` is deleted, and a new release gets its tag, within seconds."""
    old = {**release(7), "tag_name": "nightly"}
    world = build(FakeGitHub(hello()), manager=manager)
    world.hello.releases = [old]
    await world.collector.collect(["octo/hello"])
    world.pass_time(minutes=20)
    at = iso(world.now)
    new = {**release(8), "tag_name": "nightly", "published_at": at, "created_at": at}
    told = {"deleted": old, "published": new}
    for action in order:
        world.pass_time(seconds=2)
        await deliver(world, action, told[action])
    world.pass_time(minutes=1)
    for listed in ([old], [new]):
        assert (await counted(world))[0] == ["nightly"]
        news = await world.service.ask(WHATS_NEW, repos=["octo/hello"], since=iso(NOW), reader=str(len(listed)))
        assert [one.at for one in news.attention if one.kind == "release"] == [at]
        world.hello.releases = listed
        world.pass_time(days=1, minutes=1)
        await world.collector.collect(["octo/hello"])


async def test_a_release_that_was_a_draft_meanwhile_is_published_again(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    first, again = iso(NOW), iso(NOW + timedelta(hours=2))
    await deliver(world, "published", release(9), published_at=first)
    world.pass_time(hours=1)
    await deliver(world, "unpublished", release(9), published_at=None, draft=True)
    world.pass_time(hours=1, seconds=2)
    for action in ("published", "released", "published"):
        await deliver(world, action, release(9), published_at=again)
    world.pass_time(minutes=1)
    assert (await counted(world))[0] == ["v9"]
    assert await manager.events.count_by_type("octo/hello", first, iso(world.now), event_types=["ReleaseEvent"]) == {
        "ReleaseEvent": 3
    }


@pytest.mark.parametrize("told", [True, False])
async def test_a_release_that_got_another_tag_is_one(manager: DatabaseManager, *, told: bool) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    await deliver(world, "published", release(9))
    world.hello.releases = [release(9)]
    await world.collector.collect(["octo/hello"])
    if told:
        await deliver(world, "edited", release(9), tag_name="v9.0", updated_at=iso(NOW))
    else:
        world.hello.releases = [{**release(9), "tag_name": "v9.0"}]
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    assert (await counted(world))[0] == ["v9.0"]
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"], since=iso(NOW - timedelta(hours=48)))
    assert [one.reason for one in news.attention if one.kind == "release"] == ['new release "v9.0"']


async def test_a_release_that_was_made_a_pre_release_is_one(manager: DatabaseManager) -> None:
    """The feed dates a publication a second or two after it."""
    world = build(FakeGitHub(hello()), manager=manager)
    at = NOW - timedelta(hours=10)
    world.hello.events.insert(0, event(90, "ReleaseEvent", "ada", at + timedelta(seconds=2), {"release": release(9)}))
    world.hello.releases = [{**release(9), "prerelease": True}]
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=240)
    assert [(one.tag, one.prerelease) for one in answer.releases] == [("v9", True)]


async def test_older_releases_that_a_short_reading_does_not_reach_are_there_still(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    many = [release(number, hours=300 - number) for number in range(250, 0, -1)]
    world.hello.releases = many
    await world.collector.collect(["octo/hello"])
    world.hello.releases = [*many[:40], *many[41:]]
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=2000)
    assert (answer.total_releases, "v210" in (answer.coverage.note or "")) == (249, True)


async def test_when_all_releases_are_gone_none_is_counted(manager: DatabaseManager) -> None:
    world = await with_releases(manager, 7, 8)
    world.hello.releases = []
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    tags, note = await counted(world)
    assert (tags, "drafts since: v7, v8." in note) == ([], True)


async def test_imported_releases_that_a_first_look_finds_gone_are_not_counted(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    world.github.with_looks = True
    row = Release(id="7", tag="v7", published_at=iso(NOW - timedelta(hours=30))).to_row("octo/hello")
    await manager.metrics.save_metrics("deployment_metrics", [row])
    await world.collector.collect(["octo/hello"])
    tags, note = await counted(world)
    assert (tags, "drafts since: v7." in note) == ([], True)


async def test_releases_of_who_had_the_name_before_are_not_said_to_be_deleted(manager: DatabaseManager) -> None:
    world = await with_releases(manager, 7, 8)
    other = FakeRepository("Octo/Hello", id=8)
    world.pass_time(minutes=10)
    other.branches["main"] = [commit(91, world.now)]
    other.releases = [{**release(19), "published_at": iso(world.now), "created_at": iso(world.now)}]
    world.github.repositories["octo/hello"] = other
    for _ in range(2):
        world.pass_time(days=1, minutes=1)
        await world.collector.collect(["octo/hello"])
        assert (await counted(world))[0] == ["v19", "v8", "v7"]
    other.releases = []
    world.pass_time(days=1, minutes=1)
    await world.collector.collect(["octo/hello"])
    tags, note = await counted(world)
    assert (tags, "drafts since: v19." in note) == (["v8", "v7"], True)
