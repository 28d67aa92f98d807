"""Issues that left the repository: no listing tells of that, so once a day GitHub is asked which there still are."""

from datetime import timedelta

import pytest

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.issues import ISSUES, Issues
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, iso

from .conftest import World, build


def issue(number: int) -> Json:
    at = iso(NOW - timedelta(days=3, minutes=number))
    about = {"number": number, "title": f"issue {number}", "user": {"login": "ada", "type": "User"}, "comments": 0}
    return {**about, "state": "open", "labels": [], "created_at": at, "updated_at": at, "closed_at": None}


def make(manager: DatabaseManager, number: int) -> World:
    repository = FakeRepository("Octo/Hello", issues=[issue(n) for n in range(1, number + 1)])
    repository.branches["main"] = [commit(1, NOW - timedelta(hours=1))]
    github = FakeGitHub(repository)
    github.with_presence = True
    return build(github, manager=manager)


async def asked(world: World, state: str = "open") -> Issues:
    return await world.service.ask(ISSUES, repo="octo/hello", state=state)


async def test_an_issue_that_left_is_open_no_more_from_the_next_day_on(manager: DatabaseManager) -> None:
    world = make(manager, 130)
    world.github.faults.append(lambda _: presence.append(b"query Presence" in world.github.asked_body))
    presence: list[bool] = []
    await world.collector.collect(["octo/hello"])
    assert not any(presence)  # all were listed a moment ago
    assert (await asked(world)).total_issues == 130
    del world.hello.issues[6]
    world.pass_time(days=1)
    await world.collector.collect(["octo/hello"])
    noticed_at = iso(world.now)
    world.pass_time(seconds=1)
    assert (await asked(world)).total_issues == 129
    (gone,) = (await asked(world, "closed")).issues
    assert (gone.number, gone.closed_at, gone.state_reason) == (7, noticed_at, "gone")
    world.pass_time(days=1)
    await world.collector.collect(["octo/hello"])
    assert (await asked(world, "closed")).total_issues == 1


async def test_where_it_cannot_be_asked_nothing_is_taken_for_gone(manager: DatabaseManager) -> None:
    world = make(manager, 3)
    await world.collector.collect(["octo/hello"])
    del world.hello.issues[0]
    world.github.with_presence = False
    world.pass_time(days=1)
    await world.collector.collect(["octo/hello"])
    world.pass_time(seconds=1)
    assert (await asked(world)).total_issues == 3


@pytest.mark.parametrize("token", ["token", None])
async def test_where_another_repository_has_the_name_now_those_of_the_former_one_are_open_no_more(
    manager: DatabaseManager, token: str | None
) -> None:
    """A repository of old, renamed to the name: its issue of a number was last updated before the former one's."""
    world = build(make(manager, 3).github, manager=manager, token=token)
    (pull,) = world.hello.pulls = [{**issue(4), "head": {"sha": "a" * 40}, "base": {"ref": "main"}, "draft": False}]
    world.hello.issues.append({**pull, "pull_request": {}})
    await world.collector.collect(["octo/hello"])
    assert (await asked(world)).total_issues == 3
    other = FakeRepository("Octo/Hello", id=8, issues=[{**issue(2), "title": "theirs"}])
    at = iso(NOW - timedelta(days=9))
    other.issues[0] |= {"created_at": at, "updated_at": at}
    other.branches["main"] = [commit(9, NOW - timedelta(hours=1))]
    world.github.repositories["octo/hello"] = other
    world.pass_time(days=1)
    await world.collector.collect(["octo/hello"])
    world.pass_time(seconds=2)
    assert [one.title for one in (await asked(world)).issues] == ["theirs"]
    pulls = await world.service.ask(PULL_REQUESTS, repo="octo/hello", state="open")
    assert pulls.pull_requests == ()
