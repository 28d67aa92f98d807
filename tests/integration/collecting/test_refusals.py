"""What GitHub can never give does not stand in the way of the rest, and is asked for ever more rarely."""

import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from tests.fake_github import FakeGitHub, FakeRepository, Reply, sha
from tests.integration.collecting.conftest import World, build, hello

JSON = {"Content-Type": "application/json"}


def refuse(world: World, status: int, *numbers: int) -> list[int]:
    """Answer for some commits with a status; return the list that decides which."""
    chosen = list(numbers)

    def fault(path: str) -> Reply | None:
        refused = any(path.endswith(f"/commits/{sha(number)}") for number in chosen)
        return (status, JSON, b'{"message": "this diff is taking too long to generate"}') if refused else None

    world.github.faults.append(fault)
    return chosen


async def known(world: World) -> list[bool]:
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    return [row.additions is not None for row in answer.commits]


async def test_one_commit_whose_diff_cannot_be_made_holds_up_no_other(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    refused = refuse(world, 500, 5)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert await known(world) == [False, True, True, True, True]
    assert (row.status, "asked for again later" in (row.note or "")) == ("collected", True)
    for minutes, asked in ((10, False), (60, True), (60, False), (60, True)):
        world.pass_time(minutes=minutes)
        before = world.asked(sha(5))
        await world.collector.collect(["octo/hello"])
        assert (world.asked(sha(5)) > before) is asked
    refused.clear()
    world.pass_time(hours=5)
    await world.collector.collect(["octo/hello"])
    assert await known(world) == [True] * 5
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.refused == {}


async def test_a_commit_that_is_gone_is_not_asked_for_in_every_pass(world: World) -> None:
    refuse(world, 404, 4)
    for _ in range(3):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=5)
    assert world.asked(sha(4)) == 1


async def test_an_outage_is_no_commits_fault(world: World) -> None:
    refused = refuse(world, 503, 1, 2, 3, 4, 5)
    await world.collector.collect(["octo/hello"])
    refused.clear()
    world.pass_time(minutes=5)
    await world.collector.collect(["octo/hello"])
    assert await known(world) == [True] * 5


async def test_one_malformed_name_among_several_is_an_error_in_its_place(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(FakeRepository("Octo/Hello")), manager=manager)
    passed = await world.collector.collect(["bad name", "octo/hello", "octo/none"])
    assert [(row.repo, row.status) for row in passed.repositories] == [
        ("bad name", "invalid"),
        ("Octo/Hello", "collected"),
        ("octo/none", "not_found"),
    ]
    error = passed.repositories[0].error
    assert error is not None
    assert (error.code, "owner/name" in error.message) == ("invalid", True)
    with pytest.raises(InvalidInput, match="owner/name"):
        await world.collector.collect(["bad name", "oops"])
