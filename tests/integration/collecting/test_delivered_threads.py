"""Deliveries keep the record of issues and pull requests up to date, and it never goes back in time."""

import json
from datetime import timedelta
from typing import Any

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.records import Thread
from tests.fake_github import NOW, iso

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


async def test_an_issue_that_was_transferred_or_deleted_is_open_no_more(manager: DatabaseManager) -> None:
    issue = {"title": "it stutters", "user": ADA, "state": "open", "comments": 0, "created_at": at(5)}
    for number, action in ((6, "transferred"), (7, "deleted")):
        about = {**issue, "number": number, "updated_at": at(5)}
        await deliver(manager, "issues", "opened", issue=about)
        await deliver(manager, "issues", action, issue=about)
        thread = await stored(manager, number)
        assert (thread.state, thread.state_reason, thread.closed_by) == ("closed", action, "bob")
    await deliver(manager, "issues", "opened", issue={**issue, "number": 6, "updated_at": at(5)})  # sent again
    assert (await stored(manager, 6)).state == "closed"


async def test_what_deliveries_tell_is_no_proof_that_all_is_known(manager: DatabaseManager) -> None:
    await deliver(manager, "pull_request", "opened", ADA, pull_request=pull())
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert "threads" not in state.ledger.spans
