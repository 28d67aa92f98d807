"""What a webhook delivered is there once, though an archive or an answer of the Events API has it under another id."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.records import RepositoryState
from github_events_monitor.transfer import archive, import_files, parsing_process
from tests.unit.transfer.records import a_push, an_event, write

ALWAYS = ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
SHA = "1" * 40
REPOSITORY = {"id": 42, "full_name": "Octo/Hello", "pushed_at": 1709647200, "default_branch": "main"}
OPENED = {
    "number": 5,
    "title": "Help",
    "user": {"login": "mona"},
    "state": "open",
    "created_at": "2024-03-05T14:00:01Z",
}
COMMENT = {"id": 9, "created_at": "2024-03-05T14:00:02Z", "user": {"login": "mona"}, "body": "Hi"}
STAR = an_event(3)
EVENTS = (
    a_push(0, SHA),
    an_event(1, "IssuesEvent", payload={"action": "opened", "issue": OPENED}),
    an_event(2, "IssueCommentEvent", payload={"action": "created", "issue": OPENED, "comment": COMMENT}),
    STAR,
    an_event(4, "MemberEvent", payload={"action": "added", "member": {"login": "lisa"}}),
)
ONCE = {"PushEvent": 1, "IssuesEvent": 1, "IssueCommentEvent": 1, "WatchEvent": 1, "MemberEvent": 1}


async def deliver(manager: DatabaseManager, kind: str, **payload: Any) -> None:
    body = {"repository": REPOSITORY, "sender": {"login": "mona"}, **payload}
    now = datetime(2024, 3, 5, 14, 1, tzinfo=UTC)
    await receive_webhook(manager, lambda: now, kind, f"d-{kind}", json.dumps(body).encode())


async def deliver_all(manager: DatabaseManager) -> None:
    commit = {"id": SHA, "message": "Fix", "timestamp": "2024-03-05T14:00:00Z", "author": {"name": "Mona"}}
    await deliver(
        manager, "push", ref="refs/heads/main", before="0" * 40, after=SHA, head_commit=commit, commits=[commit]
    )
    await deliver(manager, "issues", action="opened", issue=OPENED)
    await deliver(manager, "issue_comment", action="created", issue=OPENED, comment=COMMENT)
    await deliver(manager, "star", action="created", starred_at="2024-03-05T14:00:03Z")
    await deliver(manager, "member", action="added", member={"login": "lisa"})


@pytest.mark.parametrize("delivered_first", [True, False])
async def test_it_is_there_once_in_either_order(
    manager: DatabaseManager, tmp_path: Path, *, delivered_first: bool
) -> None:
    file = write(tmp_path / "events.json", *EVENTS, an_event(7, repo="other/thing"))
    if delivered_first:
        await deliver_all(manager)
    first = await import_files(manager, [file])
    assert (first.read, first.stored) == (6, 1 if delivered_first else 6)
    await deliver_all(manager)
    assert await manager.events.count_by_type("octo/hello", *ALWAYS) == ONCE
    assert await manager.events.count_by_type("other/thing", *ALWAYS) == {"WatchEvent": 1}
    assert (await import_files(manager, [file])).stored == 0


async def test_what_was_not_delivered_is_stored_under_any_name(manager: DatabaseManager, tmp_path: Path) -> None:
    """The same person starred it again, an hour earlier, when it had another name."""
    await deliver_all(manager)
    repo = {"id": 42, "name": "Octo/Howdy"}
    again = an_event(8, created_at="2024-03-05T13:00:00Z") | {"repo": repo}
    twin = {**STAR, "repo": repo}
    report = await import_files(manager, [write(tmp_path / "events.json", again, twin, a_push(9, "2" * 40))])
    assert (report.stored, report.commits) == (2, 1)
    assert (await manager.events.count_by_type("octo/hello", *ALWAYS))["WatchEvent"] == 2


async def test_a_star_that_only_watch_told_of_is_the_one_of_the_file(manager: DatabaseManager, tmp_path: Path) -> None:
    """`watch` does not say when."""
    await deliver(manager, "watch", action="started")
    assert (await import_files(manager, [write(tmp_path / "events.json", STAR)])).stored == 0
    assert await manager.events.count_by_type("octo/hello", *ALWAYS) == {"WatchEvent": 1}


async def test_issues_that_were_not_delivered_are_recorded_all_the_same(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    await deliver_all(manager)
    other = an_event(5, "IssuesEvent", payload={"action": "opened", "issue": OPENED | {"number": 6}})
    report = await import_files(manager, [write(tmp_path / "events.json", *EVENTS, other)], repos=["octo/hello"])
    assert report.stored == 1
    assert {thread.number for thread in await manager.threads.get_threads("octo/hello")} == {5, 6}


async def test_a_watched_repository_of_which_an_earlier_version_noted_nothing_is_compared(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    await manager.collector_state.save_states([RepositoryState(repo_name="octo/hello", sources=("webhook",))])
    await deliver_all(manager)
    assert await manager.collector_state.get_delivered() == frozenset()
    report = await import_files(manager, [write(tmp_path / "events.json", *EVENTS)], targets=["Octo/Hello"])
    assert report.stored == 0


async def test_a_process_of_its_own_compares_alike(
    manager: DatabaseManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing_process, "_LARGE", 1)
    monkeypatch.setattr(parsing_process, "_processors", lambda: 2)
    monkeypatch.setattr(archive, "_FIRST_LINES", 2)
    await deliver_all(manager)
    assert (await import_files(manager, [write(tmp_path / "events.json", *EVENTS)])).stored == 0
    assert await manager.events.count_by_type("octo/hello", *ALWAYS) == ONCE
