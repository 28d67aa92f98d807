"""Background polling under a simulated clock: fair, within the limit, and obedient."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from github_events_monitor.collecting.poller import Poller
from github_events_monitor.github.credentials import GitHubApp
from github_events_monitor.github.pace import MOST_AT_ONCE
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.instants import Clock
from github_events_monitor.records import RepositoryState
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, event
from tests.integration.collecting.conftest import World, build

LIMITED = timedelta(hours=1)


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


def app_of(installations: dict[str, int]) -> Callable[[Clock], GitHubApp]:
    """An App that is installed at these owners, whose tokens never end."""
    key = rsa.generate_private_key(65_537, 2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def respond(request: httpx.Request) -> httpx.Response:
        _, kind, name, *_ = request.url.path.split("/")
        if kind == "users":
            return httpx.Response(200, json={"id": installations[name]})
        return httpx.Response(201, json={"token": f"token of {request.url.path}", "expires_at": "2099-01-01T00:00:00Z"})

    transport = httpx.MockTransport(respond)
    return lambda clock: GitHubApp(
        "https://api.github.test", "1", SecretStr(pem), installation=None, clock=clock, transport=transport
    )


async def test_a_limit_of_one_installation_stops_polling_with_that_one_alone() -> None:
    names = ["octo/one", "octo/two", "acme/one"]
    github = FakeGitHub(*(FakeRepository(name, id=number) for number, name in enumerate(names, 1)))
    reset = str(int((NOW + timedelta(hours=1)).timestamp()))
    spent = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    refusal = 403, spent, b'{"message": "API rate limit exceeded for installation ID 11."}'
    github.faults.append(
        lambda path: refusal if path.startswith("/repos/octo/") and world.now < NOW + LIMITED else None
    )
    world = build(github, app=app_of({"octo": 11, "acme": 22}))
    await world.manager.collector_state.watch(names)
    polling = poller(world)
    await polling.tick()
    for _ in range(3):
        world.pass_time(minutes=5)
        assert await polling.tick() == ["acme/one"]
    assert world.asked("/repos/octo/") == 2  # both were under way when the first was refused
    world.now = NOW + LIMITED
    world.pass_time(minutes=5)
    assert sorted(await polling.tick()) == sorted(names)
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
