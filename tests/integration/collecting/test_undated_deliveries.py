"""Deliveries that do not say when it happened: told apart by their names, and one with what the feed tells of them."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting import events as collecting_events
from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.records import Event
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, event, iso

from .conftest import World, build

ADDED = {"action": "added", "member": {"login": "bob"}}


def make(manager: DatabaseManager) -> World:
    return build(FakeGitHub(FakeRepository("Octo/Hello")), manager=manager)


async def deliver(world: World, name: str) -> int:
    repository = {"full_name": "Octo/Hello", "id": 7}
    body = {**ADDED, "repository": repository, "sender": {"login": "ada"}}
    receipt = await receive_webhook(world.manager, world.clock, "member", name, json.dumps(body).encode())
    return receipt.events


def told(number: int, minutes: int) -> Json:
    return event(number, "MemberEvent", "ada", NOW + timedelta(minutes=minutes), ADDED)


async def counted(world: World) -> int:
    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", event_types=["MemberEvent"], hours=24)
    return answer.total_events


async def collect(world: World) -> None:
    world.pass_time(minutes=20)
    await world.collector.collect(["octo/hello"])


async def test_two_on_one_day_are_two_and_one_sent_again_is_one(manager: DatabaseManager) -> None:
    world = make(manager)
    assert await deliver(world, "guid-1") == 1
    world.pass_time(minutes=30)
    assert await deliver(world, "guid-2") == 1
    assert await deliver(world, "guid-1") == 0
    world.hello.events = [told(12, 29), told(11, -1)]  # as the feed has them later
    for _ in range(3):
        await collect(world)
        assert await counted(world) == 2


async def test_what_the_feed_told_first_is_not_counted_again(manager: DatabaseManager) -> None:
    world = make(manager)
    world.hello.events = [told(11, 10)]
    await collect(world)
    assert await deliver(world, "guid-1") == 0
    assert await counted(world) == 1


async def test_another_one_after_a_delivery_that_the_feed_told_of_counts(manager: DatabaseManager) -> None:
    world = make(manager)
    assert await deliver(world, "guid-1") == 1
    world.hello.events = [told(11, -1)]
    await collect(world)
    assert await deliver(world, "guid-2") == 1
    world.hello.events.insert(0, told(12, 20))
    await collect(world)
    assert await counted(world) == 2


async def test_the_feed_tells_of_one_more_than_was_delivered(manager: DatabaseManager) -> None:
    world = make(manager)
    assert await deliver(world, "guid-1") == 1
    world.hello.events = [told(12, 5), told(11, 0)]
    for _ in range(2):
        await collect(world)
        assert await counted(world) == 2


async def star(world: World, kind: str, name: str) -> int:
    action = {"watch": {"action": "started"}, "star": {"action": "created", "starred_at": iso(world.now)}}[kind]
    body = {**action, "repository": {"full_name": "Octo/Hello", "id": 7}, "sender": {"login": "bob"}}
    return (await receive_webhook(world.manager, world.clock, kind, name, json.dumps(body).encode())).events


@pytest.mark.parametrize("kinds", [("star", "watch"), ("watch", "star")])
async def test_a_star_of_which_github_tells_twice_is_one(manager: DatabaseManager, kinds: tuple[str, str]) -> None:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#watch: sent along with `star`."""
    world = make(manager)
    assert [await star(world, kind, f"guid-{kind}") for kind in kinds] == [1, 0]
    world.pass_time(hours=2)  # taken back meanwhile, and given again
    assert [await star(world, kind, f"guid-{kind}-2") for kind in kinds] == [1, 0]


async def test_a_star_that_the_feed_and_a_watch_delivery_tell_of_is_one(manager: DatabaseManager) -> None:
    world = make(manager)
    assert await star(world, "watch", "guid-1") == 1
    world.hello.events = [event(11, "WatchEvent", "bob", NOW - timedelta(seconds=30), {"action": "started"})]
    await collect(world)
    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=24)
    assert answer.counts_by_type == {"WatchEvent": 1}


async def test_both_deliveries_of_a_star_are_one_also_where_they_come_at_once(manager: DatabaseManager) -> None:
    world = make(manager)
    for number in range(5):
        world.pass_time(hours=2)
        kinds = ("star", "watch") if number % 2 else ("watch", "star")
        assert sorted(await asyncio.gather(*(star(world, kind, f"{kind}-{number}") for kind in kinds))) == [0, 1]


async def test_what_is_delivered_while_the_feed_is_collected_is_one_with_what_the_feed_tells(
    manager: DatabaseManager,
) -> None:
    world, tasks = make(manager), list[asyncio.Task[int]]()
    await star(world, "star", "guid-1")
    world.pass_time(hours=2)
    world.hello.events = [event(11, "WatchEvent", "bob", world.now, {"action": "started"})]
    world.hello.commits.append(commit(1, world.now))
    without_delivered = vars(collecting_events)["without_delivered"]

    async def compared(*asked: Any) -> list[Event]:
        left: list[Event] = await without_delivered(*asked)
        tasks.append(asyncio.create_task(star(world, "star", "guid-2")))
        await tasks[0]
        return left

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting_events, "without_delivered", compared)
        await world.collector.collect(["octo/hello"])
    assert [task.result() for task in tasks] == [1]
    assert await manager.events.count_by_type("octo/hello", iso(NOW), iso(NOW + timedelta(hours=9))) == {
        "WatchEvent": 2
    }
