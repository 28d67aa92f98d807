"""Feed, record and deliveries tell of the same: each event is there once, with title and author, in any order."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.event_anomalies import EVENT_ANOMALIES
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, event, iso

from .conftest import World, build

OPENED, COMMENTED = NOW - timedelta(hours=20), NOW - timedelta(hours=18)
PROPOSED, MERGED = NOW - timedelta(hours=10), NOW - timedelta(hours=6)
API = "https://api.github.test/repos/octo/hello"


def person(login: str) -> Json:
    return {"login": login, "type": "User"}


def record() -> tuple[list[Json], list[Json], list[Json]]:
    """Issues, pull requests and comments as the listings have them."""
    about = {"state": "open", "comments": 1, "labels": [], "created_at": iso(OPENED), "updated_at": iso(COMMENTED)}
    issue = {**about, "number": 1, "title": "The dial sticks", "user": person("ada")}
    times = {"created_at": iso(PROPOSED), "updated_at": iso(MERGED), "closed_at": iso(MERGED)}
    pull = {**about, **times, "number": 2, "title": "Mend the dial", "user": person("eve"), "state": "closed"}
    sides = {"head": {"ref": "mend", "sha": "a" * 40}, "base": {"ref": "main", "sha": "b" * 40}}
    comment = {"id": 501, "user": person("bob"), "created_at": iso(COMMENTED), "updated_at": iso(COMMENTED)}
    return (
        [{**pull, "pull_request": {"merged_at": iso(MERGED)}}, issue],
        [{**pull, **sides, "merged_at": iso(MERGED)}],
        [{**comment, "issue_url": f"{API}/issues/1"}],
    )


def feed() -> list[Json]:
    """The same as the feed has it since October 2025, a moment later: pull requests have neither title nor author."""
    second = timedelta(seconds=2)
    pull = {"id": 22, "number": 2, "url": f"{API}/pulls/2", "head": {"sha": "a" * 40}, "base": {"ref": "main"}}
    issue = {"number": 1, "title": "The dial sticks", "user": person("ada")}
    comment = {"action": "created", "issue": issue, "comment": {"id": 501, "user": person("bob")}}
    return [
        event(14, "PullRequestEvent", "ada", MERGED + second, {"action": "merged", "number": 2, "pull_request": pull}),
        event(13, "PullRequestEvent", "eve", PROPOSED, {"action": "opened", "number": 2, "pull_request": pull}),
        event(12, "IssueCommentEvent", "bob", COMMENTED + second, comment),
        event(11, "IssuesEvent", "ada", OPENED, {"action": "opened", "issue": issue}),
    ]


async def by_feed(world: World) -> None:
    """Where the record is not known yet, it cannot be read now."""
    world.hello.events = feed()
    if not world.hello.issues:
        world.github.faults = [lambda path: (403, {}, b'{"message": "no"}') if path.endswith("/issues") else None]
    await collect(world)
    world.github.faults = []


async def by_record(world: World) -> None:
    world.hello.issues, world.hello.pulls, world.hello.issue_comments = record()
    await collect(world)


async def by_deliveries(world: World) -> None:
    (merged, issue), _, (comment,) = record()
    pull = {**merged, "merged": True, "merged_at": iso(MERGED)}
    happened = {"created_at": iso(PROPOSED), "updated_at": iso(PROPOSED), "merged": False, "closed_at": None}
    await deliver(world, "issues", "ada", {"action": "opened", "issue": {**issue, "updated_at": iso(OPENED)}})
    await deliver(world, "issue_comment", "bob", {"action": "created", "issue": issue, "comment": comment})
    await deliver(world, "pull_request", "eve", {"action": "opened", "number": 2, "pull_request": {**pull, **happened}})
    await deliver(world, "pull_request", "ada", {"action": "closed", "number": 2, "pull_request": pull})


async def deliver(world: World, kind: str, sender: str, payload: Json) -> None:
    whole = {**payload, "repository": {"full_name": "Octo/Hello", "id": 7}, "sender": person(sender)}
    await receive_webhook(world.manager, world.clock, kind, "d", json.dumps(whole).encode())


async def collect(world: World) -> None:
    world.pass_time(minutes=20)
    await world.collector.collect(["octo/hello"])


Way = Callable[[World], Awaitable[None]]


@pytest.mark.parametrize(
    "ways",
    [(by_feed, by_record), (by_record, by_feed), (by_deliveries, by_record, by_feed), (by_record, by_deliveries)],
    ids=lambda ways: "-".join(way.__name__.removeprefix("by_") for way in ways),
)
async def test_each_happening_is_there_once_with_its_title(manager: DatabaseManager, ways: tuple[Way, ...]) -> None:
    world = build(FakeGitHub(FakeRepository("Octo/Hello")), manager=manager)
    for way in ways:
        await way(world)
    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=48)
    assert answer.counts_by_type == {"PullRequestEvent": 2, "IssueCommentEvent": 1, "IssuesEvent": 1}
    assert [(row.action, row.title, row.author_login) for row in answer.events[1:]] == [
        ("opened", "opened pull request #2: Mend the dial", None),
        ("created", "commented on issue #1: The dial sticks", "ada"),
        ("opened", "opened issue #1: The dial sticks", None),
    ]
    assert answer.events[0].title == "merged pull request #2: Mend the dial"
    assert answer.events[0].author_login == "eve"
    developers = (await world.service.ask(DEVELOPER_ACTIVITY, repo="octo/hello", hours=48)).developers
    rows = {row.login: row for row in developers}
    assert (rows["bob"].first_responses, rows["bob"].median_first_response_hours) == (1, 2.0)
    assert rows["eve"].contributions == {"pull_requests": 1}
    assert rows["bob"].contributions == {"comments": 1}
    tested = await world.service.ask(EVENT_ANOMALIES, repo="octo/hello", hours=48)
    assert tested.anomalies == ()


async def test_an_answer_before_the_feed_begins_is_the_first_one(manager: DatabaseManager) -> None:
    """The feed knows of a later answer alone; the record knows of the earlier one, so that nobody else is credited."""
    world = build(FakeGitHub(FakeRepository("Octo/Hello")), manager=manager)
    later: datetime = NOW - timedelta(hours=1)
    issue = {"number": 1, "title": "The dial sticks", "user": person("ada")}
    comment = {"action": "created", "issue": issue, "comment": {"id": 777, "user": person("eve")}}
    world.hello.events = [event(20, "IssueCommentEvent", "eve", later, comment)]
    await by_record(world)
    developers = (await world.service.ask(DEVELOPER_ACTIVITY, repo="octo/hello", hours=48)).developers
    assert {row.login: row.first_responses for row in developers} == {"ada": 0, "bob": 1, "eve": 0}
