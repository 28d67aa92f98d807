"""Who closed and merged is learned after the listings, which do not say it: first from pages of issue events."""

from datetime import timedelta

import pytest

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, commit, iso

from .conftest import World, build, busy_feed

ADA, BOB = {"login": "ada", "type": "User"}, {"login": "bob", "type": "User"}
OPENED, ENDED = NOW - timedelta(days=9), NOW - timedelta(days=8)


def make(manager: DatabaseManager | None, number: int, *, token: str | None = "token") -> World:
    """So many pull requests of ada's without any words; odd ones bob merged after a day, even ones she herself did."""
    repository = FakeRepository("Octo/Hello")
    repository.branches["main"] = [commit(1, NOW - timedelta(hours=1))]
    repository.events = busy_feed()
    for n in range(number, 0, -1):
        times = {"created_at": iso(OPENED), "updated_at": iso(ENDED), "closed_at": iso(ENDED)}
        about = {"number": n, "title": f"change {n}", "user": ADA, "state": "closed", "labels": [], "comments": 0}
        sides = {"head": {"ref": "topic", "sha": "a" * 40}, "base": {"ref": "main", "sha": "b" * 40}}
        repository.issues.append({**about, **times, "pull_request": {"merged_at": iso(ENDED)}})
        repository.pulls.append({**about, **times, **sides, "merged_at": iso(ENDED), "requested_reviewers": []})
        merged_by = BOB if n % 2 else ADA
        repository.details[n] = {"merged_by": merged_by, "additions": 3, "deletions": 1, "changed_files": 2}
    return build(FakeGitHub(repository), manager=manager, token=token)


def listed(world: World) -> None:
    """Let the listing of issue events name all of them, among much else."""
    for row in world.hello.pulls:
        done = {"actor": world.hello.details[row["number"]]["merged_by"], "issue": {"number": row["number"]}}
        world.hello.issue_events += [
            {"event": kind, "created_at": iso(ENDED), **done} for kind in ("closed", "merged", "referenced")
        ]


async def responsiveness(world: World) -> tuple[float | None, int | None]:
    answer = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    [found] = [part for part in answer.components if part.name == "responsiveness"]
    return found.value, found.sample_size


async def test_a_page_of_issue_events_names_who_merged(manager: DatabaseManager) -> None:
    world = make(manager, 60)
    listed(world)
    await world.collector.collect(["octo/hello"])
    assert await responsiveness(world) == (0.5, 60)
    assert (world.asked("/issues/events"), world.asked("/pulls/1?"), world.asked("/pulls/60")) == (2, 0, 1)
    answer = await world.service.ask(PULL_REQUESTS, repo="octo/hello", state="merged", hours=300)
    assert {row.number: row.merged_by for row in answer.pull_requests if row.number < 3} == {1: "bob", 2: "ada"}
    events = await world.service.ask(
        REPOSITORY_ACTIVITY, repo="octo/hello", hours=200, event_types=["PullRequestEvent"]
    )
    assert {(row.action, row.actor_login) for row in events.events} == {("merged", "ada"), ("merged", "bob")}
    world.pass_time(minutes=10)
    before = world.github.remaining
    await world.collector.collect(["octo/hello"])
    assert world.github.remaining == before


@pytest.mark.parametrize("status", [404, 403])
async def test_where_there_is_no_such_page_each_is_asked_for(manager: DatabaseManager, status: int) -> None:
    world = make(manager, 20)
    world.github.faults.append(lambda path: (status, {}, b'{"message": "no"}') if path.endswith("es/events") else None)
    for _ in range(2):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    assert await responsiveness(world) == (0.5, 20)
    assert world.asked("/issues/events") == 1
    answer = await world.service.ask(PULL_REQUESTS, repo="octo/hello", state="merged", hours=300)
    assert {(row.additions, row.changed_files) for row in answer.pull_requests} == {(3, 2)}


async def test_without_a_token_it_is_read_over_several_passes() -> None:
    world = make(None, 20, token=None)
    listed(world)
    for _ in range(8):
        row = (await world.collector.collect(["octo/hello"])).repositories[0]
        assert row.requests <= 15
        world.pass_time(hours=1)
        world.github.remaining = 60
    assert await responsiveness(world) == (0.5, 20)
    await world.collector.close()


async def test_a_closing_by_nobody_left_is_asked_for_once() -> None:
    world = make(None, 1)
    closed = {**world.hello.issues[0], "number": 7}
    del closed["pull_request"]
    world.hello.issues = [closed]
    world.hello.pulls, world.hello.details = [], {7: {"closed_by": None}}
    for _ in range(3):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    assert (world.asked("/issues/7"), world.asked("/issues/events")) == (1, 0)
    await world.collector.close()


async def test_a_deleted_issue_is_asked_for_once_and_one_that_moved_away_takes_nothing_from_there(
    manager: DatabaseManager,
) -> None:
    """https://docs.github.com/en/rest/issues/issues#get-an-issue: 410 for the one, 301 for the other."""
    world = make(manager, 2)
    world.hello.issues = [
        {name: value for name, value in row.items() if name != "pull_request"} for row in world.hello.issues
    ]
    world.hello.pulls = []
    there = {**world.hello.issues[0], "number": 7}
    world.github.repositories["octo/there"] = FakeRepository("Octo/There", id=8, issues=[there])
    world.github.repositories["octo/there"].details[7] = {"closed_by": {"login": "eve", "type": "User"}}
    moved: Reply = (301, {"Location": f"{world.github.base}/repositories/8/issues/7"}, b"{}")
    gone: Reply = (410, {}, b'{"message": "This issue was deleted"}')
    world.github.faults += [
        lambda path: gone if path.endswith("/hello/issues/1") else None,
        lambda path: moved if path.endswith("/hello/issues/2") else None,
    ]
    for _ in range(3):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    assert (world.asked("hello/issues/1"), world.asked("hello/issues/2")) == (1, 1)
    stored = await manager.threads.get_threads("octo/hello")
    assert [(thread.number, thread.closed_by) for thread in stored] == [(1, None), (2, None)]


async def test_who_is_not_told_because_of_a_limit_is_asked_for_in_the_next_pass() -> None:
    world = make(None, 8)
    limited = (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 3600)}, b"{}")
    refused: Reply = (404, {}, b'{"message": "no"}')
    world.github.faults.append(lambda path: refused if path.endswith("es/events") else None)
    world.github.faults.append(lambda path: limited if path.endswith(("/pulls/3", "/pulls/4")) else None)
    await world.collector.collect(["octo/hello"])
    world.github.faults.pop()
    for _ in range(2):
        world.pass_time(hours=2)
        await world.collector.collect(["octo/hello"])
    assert await responsiveness(world) == (0.5, 8)
    await world.collector.close()


async def test_another_closing_has_another_closer(manager: DatabaseManager) -> None:
    """Closed by bob, reopened, and closed again by a person who is not known yet."""
    world = make(manager, 1)
    closed = {**world.hello.issues[0], "number": 7}
    del closed["pull_request"]
    world.hello.issues, world.hello.pulls, world.hello.details = [closed], [], {7: {"closed_by": BOB}}
    await world.collector.collect(["octo/hello"])
    assert (thread := await manager.threads.get_thread("octo/hello", 7)) is not None
    assert thread.closed_by == "bob"
    again = iso(NOW + timedelta(minutes=5))
    world.hello.issues = [{**closed, "updated_at": again, "closed_at": again}]
    world.hello.details = {7: {"closed_by": ADA}}
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    assert (thread := await manager.threads.get_thread("octo/hello", 7)) is not None
    assert (thread.closed_at, thread.closed_by) == (again, "ada")
