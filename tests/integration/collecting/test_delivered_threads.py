"""Deliveries keep the record of issues and pull requests up to date, and it never goes back in time."""

import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS, PullRequest
from github_events_monitor.records import Reply, Thread
from tests.fake_github import NOW, FakeGitHub, event, iso

from .conftest import build, hello

REPOSITORY = {"id": 7, "full_name": "Octo/Hello", "default_branch": "main"}
ADA, BOB = {"login": "ada", "type": "User"}, {"login": "bob", "type": "User"}


def at(hours: float) -> str:
    return iso(NOW - timedelta(hours=hours))


def pull(**changes: Any) -> dict[str, Any]:
    return {
        "number": 5,
        "title": "feat: greet twice",
        "user": ADA,
        "state": "open",
        "draft": False,
        "created_at": at(9),
        "updated_at": at(9),
        "closed_at": None,
        "merged_at": None,
        "base": {"ref": "main", "sha": "b" * 40},
        "head": {"ref": "twice", "sha": "a" * 40},
        "labels": [{"name": "greeting"}],
        "requested_reviewers": [BOB],
        "comments": 0,
        "additions": 4,
        "deletions": 1,
        "changed_files": 2,
        **changes,
    }


async def deliver(manager: DatabaseManager, kind: str, action: str, sender: Any = BOB, **payload: Any) -> None:
    body = {"action": action, "repository": REPOSITORY, "sender": sender, **payload}
    await receive_webhook(manager, lambda: NOW, kind, "d", json.dumps(body).encode())


async def stored(manager: DatabaseManager, number: int) -> Thread:
    return (await manager.threads.get_threads_by_number("octo/hello", [number]))[number]


async def test_a_pull_request_is_known_from_its_first_delivery_to_its_merge(manager: DatabaseManager) -> None:
    await deliver(manager, "pull_request", "opened", ADA, pull_request=pull())
    thread = await stored(manager, 5)
    assert (thread.kind, thread.state, thread.title, thread.author_login) == (
        "pull_request",
        "open",
        "feat: greet twice",
        "ada",
    )
    assert (thread.additions, thread.changed_files, thread.reviewers, thread.labels) == (4, 2, ("bob",), ("greeting",))

    review = {"id": 30, "user": BOB, "state": "approved", "submitted_at": at(6)}
    await deliver(manager, "pull_request_review", "submitted", review=review, pull_request=pull(updated_at=at(6)))
    assert [(one.kind, one.author_login, one.state) for one in (await stored(manager, 5)).replies] == [
        ("review", "bob", "approved")
    ]

    merged = pull(state="closed", updated_at=at(2), closed_at=at(2), merged_at=at(2), merged_by=BOB)
    await deliver(manager, "pull_request", "closed", pull_request=merged)
    thread = await stored(manager, 5)
    assert (thread.state, thread.merged_by, thread.closed_by, len(thread.replies)) == ("merged", "bob", "bob", 1)


async def test_an_older_delivery_takes_nothing_back(manager: DatabaseManager) -> None:
    closed = pull(state="closed", updated_at=at(2), closed_at=at(2))
    await deliver(manager, "pull_request", "closed", pull_request=closed)
    await deliver(manager, "pull_request", "opened", ADA, pull_request=pull(title="an older title"))
    thread = await stored(manager, 5)
    assert (thread.state, thread.title, thread.closed_by) == ("closed", "feat: greet twice", "bob")


async def test_a_comment_joins_its_issue_and_one_on_a_pull_request_its_pull_request(manager: DatabaseManager) -> None:
    issue = {"number": 6, "title": "it stutters", "user": ADA, "state": "open", "comments": 1, "created_at": at(5)}
    comment = {"id": 40, "user": BOB, "created_at": at(3)}
    await deliver(manager, "issue_comment", "created", issue={**issue, "updated_at": at(3)}, comment=comment)
    thread = await stored(manager, 6)
    assert (thread.kind, [one.author_login for one in thread.replies]) == ("issue", ["bob"])
    assert thread.additions is None  # not known, which is not 0
    on_pull = {**issue, "number": 5, "updated_at": at(3), "pull_request": {"merged_at": None}}
    await deliver(manager, "issue_comment", "created", issue=on_pull, comment=comment | {"id": 41})
    assert (await stored(manager, 5)).kind == "pull_request"
    await deliver(manager, "issues", "deleted", issue={**issue, "number": 8, "updated_at": at(3)})
    assert await manager.threads.get_threads_by_number("octo/hello", [8]) == {}


@pytest.mark.parametrize("action", ["deleted", "transferred"])
async def test_an_issue_that_leaves_the_repository_is_open_no_more(manager: DatabaseManager, action: str) -> None:
    issue = {"number": 6, "title": "it stutters", "user": ADA, "state": "open", "comments": 0, "created_at": at(5)}
    await deliver(manager, "issues", "opened", ADA, issue={**issue, "updated_at": at(3)})
    await deliver(manager, "issues", action, issue={**issue, "updated_at": at(3)})
    thread = await stored(manager, 6)
    assert (thread.state, thread.closed_at, thread.closed_by, thread.state_reason) == ("closed", at(3), "bob", action)
    await deliver(manager, "issues", "edited", issue={**issue, "updated_at": at(4)})  # comes late
    assert (await stored(manager, 6)).state == "closed"


async def test_what_deliveries_tell_is_no_proof_that_all_is_known(manager: DatabaseManager) -> None:
    await deliver(manager, "pull_request", "opened", ADA, pull_request=pull())
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert "threads" not in state.ledger.spans


async def test_a_moment_in_the_past_knows_nothing_of_later_decisions(manager: DatabaseManager) -> None:
    """Opened nine hours ago, commented seven, approved and merged since; its author wrote about its lines, too."""
    world = build(FakeGitHub(hello()), manager=manager)
    reviews = [
        Reply("1", "comment", at(7), "cid", "User"),
        Reply("2", "review", at(6), "ada", "User", "commented"),
        Reply("3", "review", at(4), "bob", "User", "approved"),
        Reply("4", "comment", at(3), "cid", "User"),
    ]
    thread = Thread(
        repo_name="octo/hello", number=5, kind="pull_request", state="merged", created_at=at(9), updated_at=at(1),
        closed_at=at(2), merged_at=at(2), merged_by="bob", review_decision="approved", replies=tuple(reviews),
        title="feat: greet twice", author_login="ada", comments=2, reviewers=("dora",),
        comments_complete=True, reviews_complete=True, ending_known=True,
    )  # fmt: skip
    await world.collector.collect(["octo/hello"])
    await manager.threads.save_threads([thread])

    async def seen(hours: float, **more: Any) -> list[PullRequest]:
        asked = {"repo": "octo/hello", "state": "all", "until": at(hours), **more}
        return list((await world.service.ask(PULL_REQUESTS, **asked)).pull_requests)

    [now] = await seen(0)
    assert (now.state, now.review_decision, now.reviewers, now.comments) == ("merged", "approved", ("dora", "bob"), 2)
    [then] = await seen(5)
    assert (then.state, then.review_decision, then.waiting_for) == ("open", None, "review")
    assert (then.reviewers, then.comments, then.updated_at) == (None, 1, at(6))
    [approved] = await seen(3.5)
    assert (approved.review_decision, approved.waiting_for, approved.reviewers) == ("approved", "merge", ("bob",))
    assert await seen(5, reviewer="ada") == []
    await world.collector.close()


@pytest.mark.parametrize("delivered_first", [True, False])
async def test_an_issue_from_another_repository_is_told_of_once_and_of_the_day_it_came(
    manager: DatabaseManager, *, delivered_first: bool
) -> None:
    """It keeps the date at which it was opened there: https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues"""
    world = build(FakeGitHub(hello()), manager=manager)
    came = NOW - timedelta(hours=2)
    issue = pull(number=50, created_at="2023-05-05T05:05:05Z", updated_at=iso(came))
    told = event(70, "IssuesEvent", "bob", came + timedelta(seconds=1), {"action": "opened", "issue": issue})
    from_there = {"old_issue": {"number": 3}, "old_repository": {"full_name": "octo/old"}}

    async def collect() -> None:
        world.hello.events = [told, *world.hello.events]
        await world.collector.collect(["octo/hello"])

    if not delivered_first:
        await collect()
    await deliver(manager, "issues", "opened", issue=issue, changes=from_there)
    if delivered_first:
        await collect()
    rows = await manager.events.get_activity(
        "octo/hello", "2020-01-01T00:00:00Z", iso(NOW), event_types=["IssuesEvent"]
    )
    assert [row.created_at for row in rows if row.number == 50] == [iso(came + timedelta(seconds=not delivered_first))]
    assert (await stored(manager, 50)).created_at == "2023-05-05T05:05:05Z"
