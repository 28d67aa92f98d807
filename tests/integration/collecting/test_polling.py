"""Background polling under a simulated clock: fair, within the limit, and obedient."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from github_events_monitor.collecting.poller import Poller
from github_events_monitor.github.pace import MOST_AT_ONCE
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.records import RepositoryState
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, event
from tests.integration.collecting.conftest import World, build


def poller(world: World, **settings: Any) -> Poller:
    return Poller(world.collector, Settings.load(**settings), world.clock)


async def test_a_watched_repository_is_first_polled_one_interval_after_it_was_watched(world: World) -> None:
    await world.manager.collector_state.watch(["octo/hello"])
    polling = poller(world)
    assert await polling.tick() == []
    world.pass_time(seconds=299)
    assert await polling.tick() == []
    world.pass_time(seconds=1)
    assert await polling.tick() == ["octo/hello"]
    assert await polling.tick() == []


async def test_githubs_poll_interval_wins_when_it_is_longer(world: World) -> None:
    await world.manager.collector_state.watch(["octo/hello"])
    polling = poller(world, poll_interval=10)
    await polling.tick()
    world.pass_time(seconds=10)
    assert await polling.tick() == ["octo/hello"]
    world.pass_time(seconds=30)
    assert await polling.tick() == []
    world.pass_time(seconds=30)
    assert await polling.tick() == ["octo/hello"]


async def test_a_target_is_watched_unless_it_was_taken_off_the_list(world: World) -> None:
    await world.manager.collector_state.unwatch(["octo/hello"])
    polling = poller(world, target_repositories="Octo/Hello,octo/other")
    await polling.tick()
    world.pass_time(seconds=300)
    assert await polling.tick() == ["octo/other"]


@pytest.mark.parametrize(("limit", "token"), [(5000, "token"), (60, None)])
async def test_two_hundred_repositories_share_the_budget_fairly(limit: int, token: str | None) -> None:
    names = [f"octo/r{number}" for number in range(200)]
    repositories = [FakeRepository(name, id=number) for number, name in enumerate(names, 1)]
    for number, repository in enumerate(repositories):
        fan = event(number, "WatchEvent", "fan", NOW - timedelta(hours=1), {"action": "started"}, repository.full_name)
        repository.events.append(fan)
    world = build(FakeGitHub(*repositories, limit=limit), token=token)
    await world.manager.collector_state.watch(names)
    polling = poller(world)
    polled: list[str] = []
    resets_at: datetime = world.now
    hours = 1 if token else 48
    for _ in range(hours * 12):
        if world.now >= resets_at:
            world.github.remaining, resets_at = limit, world.now + timedelta(hours=1)
        polled += await polling.tick()
        assert world.github.remaining > -MOST_AT_ONCE  # those beside the one that spends the last
        world.pass_time(minutes=5)
    assert set(polled) == set(names)
    counts = [polled.count(name) for name in names]
    assert max(counts) - min(counts) <= 1
    await world.collector.close()


async def test_what_is_due_is_looked_up_with_one_read_for_all_repositories(world: World) -> None:
    await world.manager.collector_state.watch(f"octo/r{number}" for number in range(30))
    asked_for: list[int] = []
    state = world.manager.collector_state
    read, read_looked = state.get_states, state.get_looked_states

    async def counting(repos: Iterable[str]) -> dict[str, RepositoryState]:
        names = list(repos)
        asked_for.append(len(names))
        return await read(names)

    async def counting_looked(repos: Iterable[str], now: str) -> dict[str, RepositoryState]:
        names = list(repos)
        asked_for.append(len(names))
        return await read_looked(names, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "get_states", counting)
        patch.setattr(state, "get_looked_states", counting_looked)
        assert await poller(world).tick() == []
        assert asked_for == [30]
        await world.service.ask(WHATS_NEW, repos=[f"octo/r{number}" for number in range(20)])
    assert 20 in asked_for
