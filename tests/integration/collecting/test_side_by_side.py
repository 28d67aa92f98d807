"""Repositories are collected beside one another, within bounds, and short limits are waited out."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest

from github_events_monitor.errors import NotFound
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, iso, sha
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
            self.asked_body = request.content
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


def busy() -> FakeRepository:
    """Return 250 commits, one an hour, the newest of which was forced."""
    repository = FakeRepository("octo/busy")
    times = [NOW - timedelta(hours=number + 1) for number in range(250)]
    repository.branches["main"] = [commit(250 - number, at, parents=(249 - number,)) for number, at in enumerate(times)]
    forced = {"id": 9, "activity_type": "force_push", "ref": "refs/heads/main", "actor": {"login": "ada"}}
    repository.activity = [{**forced, "before": "b" * 40, "after": sha(250), "timestamp": iso(times[0])}]
    return repository


async def test_the_first_question_about_commits_asks_for_them_beside_the_repository() -> None:
    github = Counting(busy())
    github.with_history = True
    world = build(github)
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/busy", hours=720)
    assert (answer.total_commits, answer.coverage.complete) == (250, True)
    assert {row.additions is not None for row in answer.commits} == {True}
    assert {row.branch for row in answer.commits} == {"main"}
    assert github.most == 3
    assert len(github.requests) <= 8
    world.pass_time(minutes=10)
    github.requests.clear()
    github.most = 0
    assert (await world.service.ask(RECENT_COMMITS, repo="octo/busy", hours=720)).total_commits == 250
    assert github.most == 1
    await world.collector.close()


async def test_of_a_repository_that_is_missing_the_first_question_says_so() -> None:
    world = build(FakeGitHub())
    with pytest.raises(NotFound, match="octo/busy"):
        await world.service.ask(RECENT_COMMITS, repo="octo/busy")
    await world.collector.close()


async def test_what_was_read_beside_a_listing_that_failed_is_read_again(world: World) -> None:
    world.github.repositories["octo/busy"] = busy()
    world.github.faults.append(lambda path: (500, {}, b"{}") if path.endswith("/busy/commits") else None)
    (row,) = (await world.collector.collect(["octo/busy"])).repositories
    assert row.status == "unreachable"
    assert world.asked("/activity") == 1
    world.github.faults.clear()
    world.pass_time(minutes=10)
    (row,) = (await world.collector.collect(["octo/busy"])).repositories
    assert (row.status, row.new_commits) == ("collected", 250)
    pushes = await world.manager.metrics.get_metrics("security_metrics", "octo/busy", prefix="force_push#")
    assert len(pushes) == 1
