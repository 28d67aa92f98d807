"""GitHub's limits over time: the end of one is waited for to the second, and quiet repositories cost nothing."""

from datetime import timedelta

from github_events_monitor.collecting.poller import Poller
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, event
from tests.integration.collecting.conftest import World, build


async def test_a_spent_limit_is_waited_out_to_the_second(world: World) -> None:
    reset = NOW + timedelta(minutes=37, seconds=13)

    def spent(_: str) -> Reply | None:
        headers = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "Content-Type": "application/json"}
        headers["X-RateLimit-Reset"] = str(int(reset.timestamp()))
        return (403, headers, b'{"message": "API rate limit exceeded"}') if world.now < reset else None

    await world.manager.collector_state.watch(["octo/hello"])
    polling = Poller(world.collector, Settings.load(), world.clock)
    await polling.tick()
    world.pass_time(minutes=5)
    world.github.faults.append(spent)
    await polling.tick()
    asked = len(world.github.requests)
    for waiting in (1, 60, 600, 1100):
        world.pass_time(seconds=waiting)
        await polling.tick()
        await world.collector.collect(["octo/hello"])
    world.now = reset - timedelta(seconds=1)
    await polling.tick()
    assert len(world.github.requests) == asked
    world.now = reset
    assert await polling.tick() == ["octo/hello"]
    assert len(world.github.requests) > asked


async def test_nearly_every_poll_of_a_quiet_repository_is_a_free_304() -> None:
    repositories = [FakeRepository(f"octo/r{number}", id=number) for number in range(1, 11)]
    for number, repository in enumerate(repositories):
        old = NOW - timedelta(days=1)
        repository.events.append(event(number, "WatchEvent", "ada", old, {"action": "started"}, repository.full_name))
        repository.branches["main"] = []
    world = build(FakeGitHub(*repositories))
    await world.manager.collector_state.watch([repository.full_name for repository in repositories])
    polling = Poller(world.collector, Settings.load(), world.clock)
    for _ in range(61):
        await polling.tick()
        world.pass_time(minutes=5)
    asked, paid = len(world.github.requests), 5000 - world.github.remaining
    assert 1 - paid / asked > 0.6, f"{1 - paid / asked:.0%} of {asked} requests were free"
    await world.collector.close()
