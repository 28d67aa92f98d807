"""The feed keeps issues and pull requests up to date between two readings of the record, and proves nothing of them."""

from datetime import datetime, timedelta
from typing import Any

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.records import Thread
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, event, iso

from .conftest import World, build

ADA, BOB = {"login": "ada", "type": "User"}, {"login": "bob", "type": "User"}
OPENED = NOW - timedelta(hours=10)
SIDES = {"head": {"ref": "topic", "sha": "a" * 40}, "base": {"ref": "main", "sha": "b" * 40}}


def trimmed(number: int, action: str, **more: Any) -> Json:
    """The payload of a pull request since 2025-10."""
    return {"action": action, "number": number, "pull_request": {"id": 1, "number": number, **SIDES}, **more}


def pull(number: int, at: datetime, **changes: Any) -> Json:
    times = {"created_at": iso(OPENED), "updated_at": iso(at), "closed_at": None}
    about = {"number": number, "title": f"change {number}", "user": ADA, "state": "open", "comments": 0}
    return {**about, **times, "labels": [{"name": "good"}], **changes}


def listed(world: World, *rows: Json) -> None:
    world.hello.issues = [{**row, "pull_request": {"merged_at": row.get("merged_at")}} for row in rows]
    world.hello.pulls = [{**row, **SIDES, "merged_at": row.get("merged_at")} for row in rows]


def record_is_refused(world: World) -> None:
    world.github.faults = [
        lambda path: (403, {}, b'{"message": "no"}') if path.endswith(("/issues", "/pulls")) else None
    ]


async def collect(world: World) -> None:
    world.pass_time(minutes=20)
    await world.collector.collect(["octo/hello"])


async def stored(world: World, number: int) -> Thread | None:
    return await world.manager.threads.get_thread("octo/hello", number)


def make(manager: DatabaseManager | None) -> World:
    return build(FakeGitHub(FakeRepository("Octo/Hello")), manager=manager)


async def test_a_review_and_a_merge_reach_a_thread_that_the_record_has(manager: DatabaseManager) -> None:
    world = make(manager)
    listed(world, pull(5, OPENED))
    await collect(world)
    record_is_refused(world)
    reviewed, merged = world.now + timedelta(minutes=3), world.now + timedelta(minutes=9)
    review = {"id": 30, "user": BOB, "state": "approved", "submitted_at": iso(reviewed)}
    world.hello.events = [
        event(12, "PullRequestEvent", "bob", merged, trimmed(5, "merged")),
        event(11, "PullRequestReviewEvent", "bob", reviewed, trimmed(5, "created", review=review)),
    ]
    await collect(world)
    thread = await stored(world, 5)
    assert thread is not None
    assert (thread.state, thread.merged_by, thread.closed_by, thread.title) == ("merged", "bob", "bob", "change 5")
    assert (thread.merged_at, thread.closed_at, thread.updated_at) == (iso(merged),) * 3
    assert [(one.kind, one.author_login, one.state) for one in thread.replies] == [("review", "bob", "approved")]
    assert thread.labels == ("good",)  # not in the payload, which is not none
    answer = await world.service.ask(PULL_REQUESTS, repo="octo/hello", state="merged", hours=48)
    assert [(row.number, row.merged_by, row.first_response_hours) for row in answer.pull_requests] == [
        (5, "bob", round((reviewed - OPENED).total_seconds() / 3600, 1))
    ]

    # the record of the same minute is the later word
    world.github.faults = []
    at = iso(merged - timedelta(seconds=2))
    listed(world, pull(5, merged, updated_at=at, closed_at=at, merged_at=at, state="closed", labels=[{"name": "done"}]))
    await collect(world)
    thread = await stored(world, 5)
    assert thread is not None
    assert (thread.merged_at, thread.updated_at, thread.labels) == (at, at, ("done",))
    assert (thread.state, thread.merged_by, len(thread.replies)) == ("merged", "bob", 1)


async def test_what_is_not_known_yet_begins_with_its_opening(manager: DatabaseManager) -> None:
    world = make(manager)
    record_is_refused(world)
    issue = {"number": 7, "title": "it stutters", "user": ADA, "state": "open", "comments": 1}
    times = {"created_at": iso(OPENED), "updated_at": iso(NOW - timedelta(hours=1))}
    comment = {"id": 40, "user": BOB, "created_at": iso(NOW - timedelta(hours=1))}
    said = {"action": "created", "issue": {**issue, **times}, "comment": comment}
    world.hello.events = [
        event(14, "IssueCommentEvent", "bob", NOW - timedelta(hours=1), said),
        event(13, "PullRequestEvent", "bob", NOW - timedelta(hours=2), trimmed(9, "merged")),
        event(12, "PullRequestEvent", "bob", NOW - timedelta(hours=3), trimmed(8, "closed")),
        event(11, "PullRequestEvent", "eve", NOW - timedelta(hours=4), trimmed(8, "opened")),
    ]
    await collect(world)
    assert (opened := await stored(world, 8)) is not None
    assert (opened.state, opened.author_login, opened.title, opened.closed_by, opened.head) == (
        "closed",
        "eve",
        None,
        "bob",
        "topic",
    )
    assert await stored(world, 9) is None  # nobody knows since when there is it
    assert (told := await stored(world, 7)) is not None
    assert (told.kind, told.title, [one.id for one in told.replies]) == ("issue", "it stutters", ["40"])
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert "threads" not in state.ledger.spans


async def test_an_older_event_takes_nothing_back(manager: DatabaseManager) -> None:
    world = make(manager)
    listed(world, pull(5, NOW - timedelta(hours=1)))
    await collect(world)
    world.hello.events = [event(11, "PullRequestEvent", "bob", NOW - timedelta(hours=5), trimmed(5, "closed"))]
    await collect(world)
    assert (thread := await stored(world, 5)) is not None
    assert (thread.state, thread.closed_at, thread.closed_by) == ("open", None, None)
    assert thread.updated_at == iso(NOW - timedelta(hours=1))


async def test_a_payload_of_before_the_trimming_is_read_whole() -> None:
    world = make(None)
    record_is_refused(world)
    merged = iso(NOW - timedelta(hours=2))
    ends = {"state": "closed", "closed_at": merged, "merged_at": merged, "merged": True, "merged_by": BOB}
    whole = {**pull(5, NOW - timedelta(hours=2), **ends), **SIDES, "additions": 4, "deletions": 1, "changed_files": 2}
    payload = {"action": "closed", "number": 5, "pull_request": whole}
    world.hello.events = [event(11, "PullRequestEvent", "bob", NOW - timedelta(hours=2), payload)]
    await collect(world)
    assert (thread := await stored(world, 5)) is not None
    assert (thread.state, thread.merged_by, thread.title, thread.additions) == ("merged", "bob", "change 5", 4)
    await world.collector.close()
