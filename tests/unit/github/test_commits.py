import json
from typing import Any

import pytest

from github_events_monitor.errors import Unreachable
from github_events_monitor.github.commits import MAX_MESSAGE, parse_commit_details, parse_commits, parse_push_commits
from github_events_monitor.github.facts import extract_facts
from github_events_monitor.records import CommitFile, Event

SHA, OTHER = "a" * 40, "b" * 40


def row(**changes: Any) -> dict[str, Any]:
    return {
        "sha": SHA,
        "commit": {
            "author": {"name": "Ada", "email": "ada@example.org", "date": "2026-11-20T08:00:00Z"},
            "committer": {"name": "GitHub", "email": "noreply@github.com", "date": "2026-11-21T09:00:00+01:00"},
            "message": "Fix it\n\nProperly",
        },
        "author": {"login": "ada", "id": 1, "type": "User"},
        "committer": {"login": "web-flow", "id": 2, "type": "User"},
        "parents": [{"sha": OTHER}],
        **changes,
    }


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def push(payload: dict[str, Any], event_type: str = "PushEvent") -> Event:
    raw = body(payload)
    return Event(
        id="1",
        event_type=event_type,
        created_at="2026-11-22T12:00:00Z",
        repo_name="octo/hello",
        payload=raw,
        facts=extract_facts(event_type, raw),
    )


def test_a_listed_commit_has_the_committer_date_and_no_statistics() -> None:
    (commit,) = parse_commits("Octo/Hello", body([row()]), "main")
    assert (commit.repo_name, commit.sha, commit.branches) == ("octo/hello", SHA, ("main",))
    assert (commit.commit_date, commit.authored_at) == ("2026-11-21T08:00:00Z", "2026-11-20T08:00:00Z")
    assert (commit.author_login, commit.author_type, commit.committer_login) == ("ada", "User", "web-flow")
    assert (commit.author_name, commit.author_email) == ("Ada", "ada@example.org")
    assert commit.message == "Fix it\n\nProperly"
    assert commit.parents == (OTHER,)
    assert (commit.additions, commit.deletions, commit.files_changed) == (None, None, None)


@pytest.mark.parametrize("account", [None, {}, [], "ada", {"login": None}])
def test_an_author_without_account_is_known_by_name_only(account: Any) -> None:
    (commit,) = parse_commits("octo/hello", body([row(author=account, committer=account)]), None)
    assert (commit.author_login, commit.author_name, commit.committer_login) == (None, "Ada", None)
    assert commit.branches == ()


def test_rows_without_sha_or_any_date_are_left_out() -> None:
    undated = row(commit={"message": "x", "author": {"name": "Ada", "date": "never"}, "committer": None})
    assert parse_commits("octo/hello", body([row(sha=None), undated, 5, row()]), "main")[0].sha == SHA
    assert len(parse_commits("octo/hello", body([row(sha="xyz"), undated, row()]), "main")) == 1


def test_without_a_committer_the_author_date_counts() -> None:
    (commit,) = parse_commits("octo/hello", body([row(commit={"author": {"date": "2026-01-01T00:00:00Z"}})]), None)
    assert commit.commit_date == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("answer", [b"{}", b"[", b"", b"null"])
def test_a_listing_that_is_no_array_is_nonsense(answer: bytes) -> None:
    with pytest.raises(Unreachable):
        parse_commits("octo/hello", answer, None)


def test_details_merge_the_files_of_all_pages() -> None:
    renamed = {"filename": "b.py", "previous_filename": "a.py", "status": "renamed", "additions": 1, "deletions": 0}
    first = row(stats={"additions": 5, "deletions": 2, "total": 7}, files=[renamed])
    second = row(
        stats={"additions": 5, "deletions": 2}, files=[{"filename": "c.bin", "status": "added"}, {"status": "x"}]
    )
    found = parse_commit_details("Octo/Hello", body(first), body(second))
    assert found is not None
    assert (found.commit.repo_name, found.commit.branches) == ("octo/hello", ())
    assert (found.commit.additions, found.commit.deletions, found.commit.files_changed) == (5, 2, 2)
    assert found.files == (
        CommitFile(filename="b.py", status="renamed", additions=1, deletions=0, previous_filename="a.py"),
        CommitFile(filename="c.bin", status="added"),
    )


def test_the_number_of_files_is_unknown_when_not_all_were_listed() -> None:
    files = [{"filename": f"{number}.py"} for number in range(3_000)]
    cut = parse_commit_details("octo/hello", body(row(stats={"additions": 1, "deletions": 1}, files=files)))
    part = parse_commit_details("octo/hello", body(row(stats={"additions": 1}, files=files[:5])), complete=False)
    none = parse_commit_details("octo/hello", body(row()))
    assert cut is not None
    assert part is not None
    assert none is not None
    assert (cut.commit.files_changed, part.commit.files_changed, none.commit.files_changed) == (None, None, None)
    assert (len(cut.files), cut.commit.additions, part.commit.deletions) == (3_000, 1, None)


def test_a_push_from_before_the_trim_carries_commits_dated_by_the_push() -> None:
    author = {"name": "Ada", "email": "ada@example.org"}
    event = push(
        {"ref": "refs/heads/feat/x", "head": SHA, "commits": [{"sha": SHA, "message": "Hi", "author": author}]}
    )
    (commit,) = parse_push_commits(event)
    assert (commit.sha, commit.source, commit.commit_date) == (SHA, "push", event.created_at)
    assert (commit.branches, commit.author_name, commit.author_login) == (("feat/x",), "Ada", None)
    assert (commit.repo_name, commit.message, commit.author_email) == ("octo/hello", "Hi", "ada@example.org")


def test_a_push_from_a_webhook_carries_dates_and_accounts() -> None:
    details = {
        "id": SHA,
        "message": "Hi",
        "timestamp": "2026-11-22T12:30:00+02:00",
        "author": {"name": "Ada", "email": "a@b.c", "username": "ada"},
        "committer": {"username": "web-flow"},
        "added": ["x"],
        "removed": [],
        "modified": [],
    }
    (commit,) = parse_push_commits(push({"ref": "refs/heads/main", "after": SHA, "commits": [details]}))
    assert (commit.source, commit.commit_date) == ("webhook", "2026-11-22T10:30:00Z")
    assert (commit.author_login, commit.committer_login) == ("ada", "web-flow")
    assert commit.files_changed is None


def test_a_push_to_a_branch_without_a_name_is_to_none() -> None:
    (commit,) = parse_push_commits(push({"ref": "refs/heads/", "commits": [{"sha": SHA}]}))
    assert (commit.branches, commit.message) == ((), "")


def test_long_messages_are_cut_and_names_of_files_are_not() -> None:
    message, name = "m" * (MAX_MESSAGE + 1), "d/" * 1_000
    details = row(commit={**row()["commit"], "message": message}, files=[{"filename": name, "previous_filename": name}])
    found = parse_commit_details("octo/hello", body(details))
    assert found is not None
    assert found.commit.message == message[:MAX_MESSAGE]
    assert [(file.filename, file.previous_filename) for file in found.files] == [(name, name)]
    pushed = push({"ref": "refs/heads/main", "commits": [{"sha": SHA, "message": message}]})
    assert parse_push_commits(pushed)[0].message == message[:MAX_MESSAGE]


@pytest.mark.parametrize(
    "event",
    [
        push({"ref": "refs/heads/main", "head": SHA, "before": OTHER}),
        push({"ref": "refs/tags/v1", "commits": [{"sha": SHA}]}),
        push({"ref": "refs/heads/main", "commits": [{"sha": "nonsense"}, None, 7]}),
        push({"ref": None, "commits": [{"sha": SHA}]}),
        push({"ref": "refs/heads/main", "commits": [{"sha": SHA}]}, "CreateEvent"),
        push({"ref": "refs/heads/main", "commits": {"sha": SHA}}),
    ],
    ids=["trimmed", "tag", "odd commits", "no ref", "not a push", "no list"],
)
def test_pushes_without_commits_of_a_branch(event: Event) -> None:
    assert parse_push_commits(event) == []


def test_commits_that_were_pushed_before_are_not_new() -> None:
    old, dated = (
        {"sha": "b" * 40, "distinct": False},
        {"id": "c" * 40, "distinct": False, "timestamp": "2026-11-20T08:00:00Z"},
    )
    rows = [{"sha": SHA, "distinct": True}, old, dated]
    found = parse_push_commits(push({"ref": "refs/heads/main", "head": SHA, "commits": rows}))
    assert [(commit.sha, commit.source) for commit in found] == [(SHA, "push"), ("c" * 40, "webhook")]
    assert found[1].commit_date == "2026-11-20T08:00:00Z"
