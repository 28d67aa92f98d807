"""What targets are told: new attention items once each, in few messages, whatever fails meanwhile."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.infrastructure.contract.collector_state import NOTIFYING
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.instants import format_instant
from github_events_monitor.notifying.notifier import Notifier
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, iso
from tests.integration.collecting.conftest import World, build

from .conftest import FakeTarget


def pull(number: int, days: float, title: str | None = None) -> dict[str, Any]:
    """A pull request that nobody answered."""
    at = iso(NOW - timedelta(days=days))
    place = {"url": f"https://api.github.test/repos/octo/hello/pulls/{number}", "merged_at": None}
    return {"number": number, "title": title or f"thing {number}", "user": {"login": "eve", "type": "User"},
            "state": "open", "comments": 0, "created_at": at, "updated_at": at, "labels": [],
            "pull_request": place}  # fmt: skip


async def make(*pulls: dict[str, Any], manager: DatabaseManager | None = None) -> World:
    repository = FakeRepository("Octo/Hello")
    repository.issues = list(pulls)
    world = build(FakeGitHub(repository), manager=manager)
    await world.manager.collector_state.watch(["octo/hello"])
    await world.collector.collect(["octo/hello"])
    return world


def notifier(world: World, *targets: FakeTarget) -> Notifier:
    return Notifier(world.service.context, targets, Settings.load(), lambda: world.collector.changes)


async def add(world: World, *pulls: dict[str, Any]) -> None:
    """Open pull requests and collect them, some time later."""
    world.hello.issues = [*pulls, *world.hello.issues]
    for one in pulls:
        one["updated_at"] = iso(world.now)
    world.pass_time(minutes=5)
    await world.collector.collect(["octo/hello"])


async def test_each_is_told_once_also_after_a_restart(manager: DatabaseManager) -> None:
    world = await make(pull(3, 9), manager=manager)
    target = FakeTarget()
    await notifier(world, target).tick()
    assert target.taken == [
        (
            "GitHub: 1 new thing needs attention",
            'Octo/Hello: #3 "thing 3" by eve has no answer for two business days\nhttps://github.com/Octo/Hello/pull/3',
        )
    ]
    world.pass_time(minutes=20)
    again = notifier(world, target)
    await again.tick()
    await add(world, pull(4, 8))
    await again.tick()
    assert [body.count("\n") for _, body in target.taken] == [1, 1]
    assert "#4" in target.taken[1][1]
    await world.collector.client.aclose()


async def test_what_comes_in_the_quiet_period_is_in_the_next_message() -> None:
    world = await make(pull(3, 9))
    target = FakeTarget()
    one = notifier(world, target)
    await one.tick()
    for number in (4, 5):
        await add(world, pull(number, 8))
        await one.tick()
    assert len(target.taken) == 1
    world.pass_time(minutes=5)
    await one.tick()
    assert len(target.taken) == 2
    assert "#4" in target.taken[1][1]
    assert "#5" in target.taken[1][1]
    world.pass_time(minutes=30)
    await one.tick()
    assert len(target.taken) == 2
    await world.collector.close()


async def test_a_failing_target_loses_nothing_and_keeps_no_other_from_being_told(
    manager: DatabaseManager, caplog: pytest.LogCaptureFixture
) -> None:
    world = await make(pull(3, 9), manager=manager)
    broken, sound = FakeTarget(key="broken", name="broken (1 of 2)", works=False), FakeTarget(key="sound")
    one = notifier(world, broken, sound)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await one.tick()
            world.pass_time(minutes=1)
    assert [record.message for record in caplog.records] == [
        "the target broken (1 of 2) of NOTIFY_URLS took no message; it is tried again"
    ]
    assert len(sound.taken) == 1
    broken.works = True
    await one.tick()
    assert broken.taken == sound.taken
    await world.collector.client.aclose()


async def test_several_processes_tell_a_target_once(manager: DatabaseManager) -> None:
    world = await make(pull(3, 9), manager=manager)
    target = FakeTarget(gate=asyncio.Event())
    assert target.gate is not None
    first, second = notifier(world, target), notifier(world, target)
    telling = asyncio.create_task(first.tick())
    await target.asked.wait()
    assert await second.tick() == []  # the other holds the lease
    target.gate.set()
    await telling
    world.pass_time(minutes=1)
    await second.tick()
    assert len(target.taken) == 1
    await world.collector.client.aclose()


async def test_what_was_there_before_is_counted_and_what_is_new_follows_where_there_is_no_room() -> None:
    world = await make(*(pull(number, 9) for number in range(1, 9)))
    target = FakeTarget(room=500)
    one = notifier(world, target)
    await one.tick()
    assert "6 more were there before; github-events-monitor whats-new shows them." in target.taken[0][1]
    world.pass_time(minutes=20)
    await one.tick()
    assert len(target.taken) == 1
    await add(world, *(pull(number, 8) for number in range(11, 14)))
    await one.tick()
    assert target.taken[1][1].endswith("1 more will follow in the next message.")
    world.pass_time(minutes=15)
    await one.tick()
    told = "".join(body for _, body in target.taken[1:])
    assert [told.count(f"pull/{number}\n") + told.endswith(f"pull/{number}") for number in (11, 12, 13)] == [1, 1, 1]
    await world.collector.close()


async def test_a_round_in_which_nothing_was_collected_costs_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await make(pull(3, 9))
    one = notifier(world, FakeTarget())
    looks: list[str] = []
    look = one.look

    async def counted(since: str) -> Any:
        looks.append(since)
        return await look(since)

    monkeypatch.setattr(one, "look", counted)
    await one.tick()
    for _ in range(5):
        world.pass_time(minutes=5)
        await one.tick()
    assert len(looks) == 1
    await add(world, pull(4, 8))
    await one.tick()
    assert len(looks) == 2
    world.pass_time(hours=1)
    await one.tick()
    assert len(looks) == 3
    await world.collector.close()


async def test_planning_moves_nothing_and_asks_github_nothing() -> None:
    world = await make(pull(3, 9))
    target, requests = FakeTarget(), len(world.github.requests)
    one = notifier(world, target)
    assert [plan.message is not None for plan in await one.plan()] == [True]
    assert [plan.message is not None for plan in await one.plan()] == [True]
    assert await world.manager.collector_state.get_notified(target.key) is None
    assert target.taken == []
    world.pass_time(hours=2)
    await one.tick()
    assert len(world.github.requests) == requests
    await world.collector.close()


async def test_what_was_not_collected_for_long_is_not_worth_a_message() -> None:
    world = await make(pull(3, 9))
    target = FakeTarget()
    world.pass_time(days=3)
    await notifier(world, target).tick()
    assert target.taken == []
    await world.collector.close()


async def test_strangers_titles_call_on_nobody() -> None:
    world = await make(pull(3, 9, "hey @everyone <!channel>\u202e\nnow"))
    target = FakeTarget()
    await notifier(world, target).tick()
    body = target.taken[0][1]
    assert "@" not in body
    assert "<" not in body
    assert "\u202e" not in body
    assert body.count("\n") == 1
    await world.collector.close()


async def test_it_works_in_the_background_and_ends_with_its_owner() -> None:
    world = await make(pull(3, 9))
    target = FakeTarget()
    one = notifier(world, target)
    one.start()
    one.wake()
    await target.asked.wait()
    await one.stop()
    assert len(target.taken) == 1
    assert await world.manager.collector_state.get_notified(target.key) is not None  # what was sent is remembered
    await world.collector.close()


async def test_a_database_that_fails_is_said_and_the_next_turn_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await make(pull(3, 9))
    target = FakeTarget()
    one = notifier(world, target)
    state = world.manager.collector_state
    taken = await state.acquire_lease(NOTIFYING, "dead", format_instant(world.now), format_instant(world.now))
    assert taken is not None  # a lease that has expired keeps no one out
    with monkeypatch.context() as patch:
        patch.setattr(state, "get_notified", _fail)
        with pytest.raises(OSError, match="gone"):
            await one.tick()
    await one.tick()
    assert len(target.taken) == 1
    await world.collector.close()


async def _fail(_: str) -> None:
    raise OSError("gone")
