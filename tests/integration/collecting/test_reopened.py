"""What was closed at a moment in the past, and reopened since, was closed then, as far as events tell."""

from datetime import timedelta

import pytest

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.records import Thread
from tests.fake_github import NOW, iso

OPENED, CLOSED, THEN, REOPENED, LATER = (iso(NOW - timedelta(hours=hours)) for hours in (50, 40, 30, 20, 10))


def thread(number: int, kind: str = "issue", **changes: object) -> Thread:
    about = {"state": "open", "state_reason": "reopened" if kind == "issue" else None, "author_login": "ada"}
    fixed = {"repo_name": "octo/hello", "number": number, "kind": kind, "created_at": OPENED, "updated_at": LATER}
    return Thread(**fixed, **about | changes)  # type: ignore[arg-type]


async def turned(manager: DatabaseManager, number: int, kind: str = "issue", **turns: str) -> None:
    event_type = "IssuesEvent" if kind == "issue" else "PullRequestEvent"
    rows = [
        {
            "id": f"{number}-{action}-{at}",
            "event_type": event_type,
            "repo_name": "octo/hello",
            "actor_login": "bob",
            "created_at": at,
            "payload": {"action": action, kind: {"number": number}},
        }
        for action, at in turns.items()
    ]
    await manager.events.insert_events(rows)


async def shown(manager: DatabaseManager, state: str, until: str = THEN) -> tuple[list[tuple[int, str]], int, bool]:
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    answer = await service.ask(ISSUES, repo="octo/hello", state=state, until=until, hours=72)
    return (
        [(one.number, one.state) for one in answer.issues],
        answer.summary.open,
        "may have been closed then: #" in (answer.coverage.note or ""),
    )


async def test_an_issue_that_was_reopened_later_was_closed_then(manager: DatabaseManager) -> None:
    await manager.threads.save_threads([thread(1)])
    await turned(manager, 1, closed=CLOSED, reopened=REOPENED)
    assert await shown(manager, "closed") == ([(1, "closed")], 0, False)
    assert (await shown(manager, "open"))[0] == []
    assert await shown(manager, "open", until=iso(NOW - timedelta(hours=45))) == ([(1, "open")], 1, False)
    assert await shown(manager, "open", until=iso(NOW - timedelta(hours=15))) == ([(1, "open")], 1, False)


async def test_a_pull_request_likewise(manager: DatabaseManager) -> None:
    await manager.threads.save_threads([thread(2, "pull_request"), thread(3, "pull_request")])
    await turned(manager, 2, "pull_request", closed=CLOSED, reopened=REOPENED)
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    answer = await service.ask(PULL_REQUESTS, repo="octo/hello", state="all", until=THEN, hours=72)
    assert {one.number: (one.state, one.closed_at) for one in answer.pull_requests} == {
        2: ("closed", CLOSED),
        3: ("open", None),
    }
    assert (answer.summary.open, answer.summary.closed) == (1, 1)


async def test_one_that_was_closed_again_was_closed_in_between_or_not(manager: DatabaseManager) -> None:
    again = iso(NOW - timedelta(hours=12))
    await manager.threads.save_threads([thread(4, state="closed", closed_at=again, state_reason="completed")])
    await turned(manager, 4, closed=CLOSED)
    await turned(manager, 4, reopened=REOPENED)
    await turned(manager, 4, closed=again)
    assert (await shown(manager, "closed"))[0] == [(4, "closed")]
    assert (await shown(manager, "open", until=iso(NOW - timedelta(hours=15))))[0] == [(4, "open")]


@pytest.mark.parametrize(
    ("turns", "is_open", "doubtful"),
    [
        ({}, True, True),
        ({"closed": CLOSED}, False, False),
        ({"reopened": REOPENED}, False, False),
        ({"reopened": CLOSED}, True, False),
        ({"closed": LATER}, True, False),
    ],
)
async def test_what_some_events_tell_is_said_and_what_none_tells_is_not_known(
    turns: dict[str, str], is_open: bool, doubtful: bool, manager: DatabaseManager
) -> None:
    await manager.threads.save_threads([thread(5)])
    await turned(manager, 5, **turns)
    rows, count, said = await shown(manager, "open")
    assert (bool(rows), count, said) == (is_open, int(is_open), doubtful)
