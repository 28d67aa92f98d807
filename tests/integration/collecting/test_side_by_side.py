"""Repositories are collected beside one another, within bounds, and short limits are waited out."""

import asyncio
from itertools import pairwise

import httpx

from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit
from tests.integration.collecting.conftest import World, build


class Counting(FakeGitHub):
    """Counts how many requests are under way at once."""

    now = most = 0

    def transport(self) -> httpx.MockTransport:
        async def handle(request: httpx.Request) -> httpx.Response:
            self.now += 1
            self.most = max(self.most, self.now)
            for _ in range(20):
                await asyncio.sleep(0)
            self.now -= 1
            status, headers, body = self.answer(request.method, str(request.url), dict(request.headers))
            return httpx.Response(status, headers=headers, content=body)

        return httpx.MockTransport(handle)


def fleet(count: int) -> list[FakeRepository]:
    repositories = [FakeRepository(f"octo/r{number}", id=number) for number in range(1, count + 1)]
    for repository in repositories:
        repository.branches["main"] = [commit(repository.id * 100 + number, NOW) for number in range(2)]
    return repositories


async def test_many_repositories_are_collected_at_once_and_answered_in_order() -> None:
    github = Counting(*fleet(20))
    world = build(github)
    names = [f"octo/r{number}" for number in range(20, 0, -1)]
    told: list[tuple[float, float]] = []

    async def progress(done: float, total: float, _: str) -> None:
        told.append((done, total))

    answer = await world.collector.collect(names, progress=progress)
    assert [row.repo for row in answer.repositories] == names
    assert all((row.status, row.new_commits) == ("collected", 2) for row in answer.repositories)
    assert github.most == 8
    assert told[-1] == (20, 20)
    assert all(earlier <= later for earlier, later in pairwise(told))
    await world.collector.close()


async def test_a_limit_that_ends_soon_is_waited_out_and_said(world: World) -> None:
    told: list[str] = []

    async def progress(_: float, __: float, message: str) -> None:
        told.append(message)

    world.github.fail(1, 429, {"Retry-After": "30"})
    answer = await world.collector.collect(["octo/hello"], progress=progress)
    assert answer.repositories[0].status == "collected"
    assert [message for message in told if "waiting 30 s" in message]
    world.github.fail(1, 429, {"Retry-After": "120"})
    answer = await world.collector.collect(["octo/hello"], progress=progress)
    assert answer.repositories[0].status == "rate_limited"


async def test_one_repository_that_fails_stops_no_other() -> None:
    world = build(FakeGitHub(*fleet(3)))
    del world.github.repositories["octo/r2"]
    answer = await world.collector.collect(["octo/r1", "octo/r2", "octo/r3"])
    assert [row.status for row in answer.repositories] == ["collected", "not_found", "collected"]
    await world.collector.close()
