"""What an import of events leaves of issues and pull requests, on every engine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.records import Ledger, Reply, RepositoryState, Span, Thread, name_by_id
from github_events_monitor.transfer import import_files
from tests.unit.transfer.records import an_event, write

REPO, HOUR_FILE, END = "octo/hello", "2024-03-05-14.json.gz", "2024-03-05T15:00:00Z"
OPENED, CLOSED = "2024-03-05T14:00:01Z", "2024-03-05T14:00:09Z"


def clock() -> datetime:
    return datetime(2026, 11, 20, tzinfo=UTC)


def account(login: str) -> dict[str, Any]:
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def a_row(number: int, at: str, **fields: Any) -> dict[str, Any]:
    """An issue or pull request as payloads show it."""
    known: dict[str, Any] = {
        "title": f"Thing {number}",
        "user": account("ada"),
        "state": "open",
        "labels": [],
        "closed_at": None,
    }
    return {"number": number, "created_at": OPENED, "updated_at": at, "comments": 0, **known, **fields}


def a_pull(second: int, action: str, number: int = 1, **fields: Any) -> dict[str, Any]:
    at = f"2024-03-05T14:00:{second:02}Z"
    row = a_row(number, at, base={"ref": "main"}, head={"ref": "fix", "sha": "a" * 40}, additions=3, **fields)
    return an_event(second, "PullRequestEvent", payload={"action": action, "number": number, "pull_request": row})


def an_issue(second: int, action: str, number: int = 2, repo: str = "Octo/Hello", **fields: Any) -> dict[str, Any]:
    at = f"2024-03-05T14:00:{second:02}Z"
    payload = {"action": action, "issue": a_row(number, at, **fields)}
    return an_event(second, "IssuesEvent", repo, payload=payload)


def a_comment(second: int, number: int, **fields: Any) -> dict[str, Any]:
    at = f"2024-03-05T14:00:{second:02}Z"
    comment = {"id": second, "created_at": at, "user": account("bo")}
    payload = {"action": "created", "issue": a_row(number, at, **fields), "comment": comment}
    return an_event(second, "IssueCommentEvent", payload=payload)


MERGED: dict[str, Any] = {
    "state": "closed",
    "merged": True,
    "merged_at": CLOSED,
    "closed_at": CLOSED,
    "merged_by": account("cy"),
}
HISTORY = (a_pull(1, "opened"), an_issue(2, "opened"), a_comment(5, 2, comments=1), a_pull(9, "closed", **MERGED))


async def stored(manager: DatabaseManager) -> dict[int, Thread]:
    return {thread.number: thread for thread in await manager.threads.get_threads(REPO)}


async def test_an_import_records_the_issues_and_pull_requests_of_the_repositories_asked_for(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    hour = write(tmp_path / HOUR_FILE, *HISTORY, an_issue(3, "opened", repo="other/thing"))
    report = await import_files(manager, [hour], repos=["Octo/Hello"])
    assert (report.read, report.stored, report.skipped, report.threads) == (5, 4, 1, 2)
    pull, issue = (await stored(manager)).values()
    assert (pull.kind, pull.state, pull.title, pull.author_login, pull.author_type) == (
        "pull_request", "merged", "Thing 1", "ada", "User",
    )  # fmt: skip
    assert (pull.created_at, pull.merged_at, pull.merged_by, pull.base, pull.additions) == (
        OPENED, CLOSED, "cy", "main", 3,
    )  # fmt: skip
    assert (issue.kind, issue.state, issue.updated_at) == ("issue", "open", "2024-03-05T14:00:05Z")
    assert issue.replies == (Reply("5", "comment", "2024-03-05T14:00:05Z", "bo", "User"),)
    again = await import_files(manager, [hour], repos=["Octo/Hello"])
    assert (again.stored, again.threads) == (0, 0)


@pytest.mark.parametrize("how", ["list", "settings", "nobody"])
async def test_without_names_those_of_watched_repositories_are_recorded(
    manager: DatabaseManager, tmp_path: Path, how: str
) -> None:
    if how == "list":
        await manager.collector_state.watch([REPO])
    hour = write(tmp_path / HOUR_FILE, *HISTORY, an_issue(3, "opened", repo="other/thing"))
    await import_files(manager, [hour], targets=["Octo/Hello"] if how == "settings" else ())
    assert list(await stored(manager)) == ([] if how == "nobody" else [1, 2])
    assert await manager.threads.get_threads("other/thing") == []


async def test_a_watched_repository_is_met_under_the_name_that_it_had(manager: DatabaseManager, tmp_path: Path) -> None:
    await manager.collector_state.watch(["octo/renamed"])
    await manager.collector_state.save_states([RepositoryState(repo_name="octo/renamed", repository_id=42)])
    await manager.collector_state.save_alias(name_by_id(42), "octo/renamed")
    await import_files(manager, [write(tmp_path / HOUR_FILE, *HISTORY)])
    assert [thread.number for thread in await manager.threads.get_threads("octo/renamed")] == [1, 2]


async def test_an_older_hour_leaves_what_is_known_later_and_files_may_come_in_any_order(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    now = Thread(
        repo_name=REPO, number=2, kind="issue", state="closed", created_at=OPENED, closed_at=CLOSED,
        updated_at="2026-01-01T00:00:00Z", title="The title of today",
    )  # fmt: skip
    await manager.threads.save_threads([now])
    files = [write(tmp_path / f"{number}.json", one) for number, one in enumerate(reversed(HISTORY))]
    await import_files(manager, files, repos=[REPO])
    pull, issue = (await stored(manager)).values()
    assert (pull.state, pull.merged_by) == ("merged", "cy")
    assert (issue.state, issue.title, issue.author_login) == ("closed", "The title of today", "ada")
    assert [reply.author_login for reply in issue.replies] == ["bo"]


async def test_of_a_closed_pull_request_an_old_comment_does_not_say_that_it_was_not_merged(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    comment = a_comment(20, 1, state="closed", closed_at=CLOSED, comments=1, pull_request={"url": "x"})
    await import_files(manager, [write(tmp_path / "1.json", comment)], repos=[REPO])
    assert await stored(manager) == {}
    await import_files(manager, [write(tmp_path / "2.json", HISTORY[0], comment)], repos=[REPO])
    (pull,) = (await stored(manager)).values()
    assert (pull.state, pull.updated_at, len(pull.replies)) == ("open", OPENED, 1)
    await import_files(manager, [write(tmp_path / "3.json", comment, HISTORY[-1])], repos=[REPO])
    (pull,) = (await stored(manager)).values()
    assert (pull.state, pull.merged_at, len(pull.replies)) == ("merged", CLOSED, 1)


async def test_answers_after_an_import_know_what_it_told_and_do_not_claim_to_know_the_rest(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    hour = write(tmp_path / HOUR_FILE, *HISTORY[1:], a_pull(11, "opened", number=3, draft=False))
    await import_files(manager, [hour], repos=[REPO])
    service = DatabaseService(QuestionContext(manager=manager, clock=clock))
    merged = await service.ask(PULL_REQUESTS, repo=REPO, state="merged", hours=1, until=END)
    assert [(one.number, one.title, one.author_login) for one in merged.pull_requests] == [(1, "Thing 1", "ada")]
    assert not merged.coverage.complete
    now = await service.ask(ISSUES, repo=REPO)
    assert [one.number for one in now.issues] == [2]
    assert not now.coverage.complete
    assert "1 open one may have been closed since" in (now.coverage.note or "")
    then = await service.ask(ISSUES, repo=REPO, until=END)
    assert "may have been closed" not in (then.coverage.note or "")  # all of that hour is known


async def test_what_was_open_in_an_archive_needs_nobody_years_later(manager: DatabaseManager, tmp_path: Path) -> None:
    await import_files(manager, [write(tmp_path / HOUR_FILE, HISTORY[0])], repos=[REPO])
    state = await manager.collector_state.get_state(REPO)
    assert state is not None
    month = Span("2026-10-20T00:00:00Z", "2026-11-20T00:00:00Z")
    spans = {**state.ledger.spans, **dict.fromkeys(("threads", "commits", "events"), (month,))}
    known = RepositoryState(repo_name=REPO, last_collected_at=month.until, ledger=Ledger(spans=spans))
    await manager.collector_state.save_states([known])
    fresh = Thread(
        repo_name=REPO, number=7, kind="pull_request", state="open", draft=False, author_login="ada",
        created_at="2026-11-19T00:00:00Z", updated_at="2026-11-19T00:00:00Z",
    )  # fmt: skip
    await manager.threads.save_threads([fresh])
    service = DatabaseService(QuestionContext(manager=manager, clock=clock))
    answer = await service.ask(WHATS_NEW, repos=[REPO])
    assert [one.url.rpartition("/")[2] for one in answer.attention if one.url] == ["7"]
