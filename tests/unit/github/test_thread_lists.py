import json
from typing import Any

import pytest

from github_events_monitor.errors import Unreachable
from github_events_monitor.github.thread_lists import parse_comments, parse_issues, parse_pulls
from github_events_monitor.records import Reply, Thread

ADA = {"login": "ada", "type": "User"}
AT = "2026-11-01T00:00:00Z"


def row(**changes: Any) -> dict[str, Any]:
    shape = {"number": 7, "title": "Fix it", "user": ADA, "state": "closed", "state_reason": None, "comments": 2}
    times = {"created_at": AT, "updated_at": "2026-11-03T00:00:00Z", "closed_at": "2026-11-02T00:00:00Z"}
    return shape | times | {"labels": [{"name": "bug"}], "draft": False} | changes


def parsed(listing: Any, *rows: Any) -> list[Any]:
    return [found and found.thread for found in listing("Octo/Hello", json.dumps(rows).encode())]


def test_the_listing_of_issues_has_pull_requests_among_them() -> None:
    merged = row(number=8, pull_request={"merged_at": "2026-11-02T00:00:00Z"})
    issue, pull, declined = parsed(parse_issues, row(state_reason="not_planned"), merged, row(pull_request={}))
    assert (issue.kind, issue.state, issue.state_reason, issue.draft) == ("issue", "closed", "not_planned", None)
    assert (declined.kind, declined.state) == ("pull_request", "closed")
    assert pull == Thread(
        repo_name="octo/hello",
        number=8,
        kind="pull_request",
        state="merged",
        created_at=AT,
        updated_at="2026-11-03T00:00:00Z",
        title="Fix it",
        author_login="ada",
        author_type="User",
        draft=False,
        closed_at="2026-11-02T00:00:00Z",
        merged_at="2026-11-02T00:00:00Z",
        labels=("bug",),
        comments=2,
    )


def test_the_listing_of_pull_requests_has_their_branches() -> None:
    sides = {"base": {"ref": "main"}, "head": {"ref": "fix", "sha": "a" * 40}, "merge_commit_sha": "b" * 40}
    asked = {"requested_reviewers": [ADA], "requested_teams": [{"slug": "core"}]}
    opened, merged = parsed(
        parse_pulls, row(state="open", closed_at=None, **sides, **asked), row(merged_at="2026-11-02T00:00:00Z", **sides)
    )
    assert (opened.base, opened.head, opened.head_sha, opened.merge_sha) == ("main", "fix", "a" * 40, None)
    assert opened.reviewers == ("ada", "octo/core")
    assert (merged.state, merged.merge_sha, merged.reviewers) == ("merged", "b" * 40, None)


@pytest.mark.parametrize("nobody", [None, {"login": "ghost", "type": "User"}])
def test_a_deleted_account_is_no_author_and_the_unknown_is_none(nobody: Any) -> None:
    """As GraphQL says it: https://github.com/ghost stands for all deleted accounts, and would be one busy person."""
    comment = {"id": 1, "created_at": AT, "user": nobody, "issue_url": "https://api.github.com/repos/o/r/issues/7"}
    (reply,) = parse_comments("comment", json.dumps([comment]).encode())
    assert reply
    assert reply.reply.author_login is None
    (thread,) = parsed(parse_issues, row(user=nobody, closed_by=nobody, labels=None, comments=None))
    assert thread.closed_by is None
    assert (thread.author_login, thread.author_type, thread.labels, thread.comments) == (None, None, None, None)


@pytest.mark.parametrize("odd", [{"number": None}, {"state": "odd"}, {"updated_at": "soon"}, {"created_at": 5}])
def test_a_row_that_is_no_thread_is_counted(odd: dict[str, Any]) -> None:
    assert parsed(parse_issues, row(**odd), row()) == [None, *parsed(parse_issues, row())]


def test_comments_name_their_thread_by_its_url() -> None:
    base = "https://api.github.com/repos/octo/hello"
    comment = {"id": 10**12, "user": ADA, "created_at": AT, "updated_at": "2026-11-02T00:00:00Z"}
    rows = [comment | {"issue_url": f"{base}/issues/7"}, comment, comment | {"issue_url": f"{base}/issues/x"}]
    found, *others = parse_comments("comment", json.dumps(rows).encode())
    assert found == ("2026-11-02T00:00:00Z", 7, Reply(str(10**12), "comment", AT, "ada", "User"))
    assert others == [None, None]
    (change,) = parse_comments(
        "review_comment", json.dumps([comment | {"pull_request_url": f"{base}/pulls/9"}]).encode()
    )
    assert change is not None
    assert (change.number, change.reply.kind) == (9, "review_comment")


@pytest.mark.parametrize("body", [b"{}", b"", b"null"])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(Unreachable):
        parse_issues("o/n", body)
