import json
from contextlib import nullcontext
from typing import Any

import pytest

from github_events_monitor.errors import Unreachable
from github_events_monitor.github.graphql.commits import parse_history
from github_events_monitor.github.graphql.documents import look_document
from github_events_monitor.github.graphql.introductions import Introduction, parse_introductions
from github_events_monitor.github.graphql.looks import (
    look_question,
    parse_deployments_page,
    parse_gone_issues,
    parse_looks,
)
from github_events_monitor.github.graphql.threads import MoreReplies, ThreadsPage, parse_replies, parse_threads
from github_events_monitor.github.resources import RepositoryInfo
from github_events_monitor.observations import Deployment
from github_events_monitor.records import Commit, Reply, Thread

ADA = {"__typename": "User", "login": "ada"}
BOT = {"__typename": "Bot", "login": "renovate"}
LAST = {"hasNextPage": False, "endCursor": "x"}


def reply(number: int, author: Any = ADA, **more: Any) -> dict[str, Any]:
    at = f"2026-11-0{number}T00:00:00Z"
    return {"fullDatabaseId": str(10**12 + number), "createdAt": at, "author": author, **more}


def review(number: int, state: str, author: Any = ADA) -> dict[str, Any]:
    return reply(number, author, state=state, submittedAt=f"2026-11-0{number}T12:00:00Z")


def pull(**changes: Any) -> dict[str, Any]:
    return {
        "id": "PR_1",
        "number": 7,
        "title": "Fix it",
        "state": "MERGED",
        "isDraft": False,
        "createdAt": "2026-11-01T00:00:00Z",
        "updatedAt": "2026-11-09T00:00:00Z",
        "closedAt": "2026-11-08T00:00:00Z",
        "mergedAt": "2026-11-08T00:00:00Z",
        "author": BOT,
        "mergedBy": ADA,
        "baseRefName": "main",
        "headRefName": "fix",
        "headRefOid": "a" * 40,
        "mergeCommit": {"oid": "b" * 40},
        "additions": 3,
        "deletions": 0,
        "changedFiles": 1,
        "reviewDecision": "CHANGES_REQUESTED",
        "labels": {"nodes": [{"name": "bug"}]},
        "reviewRequests": {
            "nodes": [
                {"requestedReviewer": ADA},
                {"requestedReviewer": {"__typename": "Team", "combinedSlug": "octo/core"}},
                {"requestedReviewer": None},
            ]
        },
        "closings": {"nodes": [{"actor": ADA}]},
        "comments": {"totalCount": 2, "pageInfo": LAST, "nodes": [reply(2), reply(4, None)]},
        "reviews": {"pageInfo": LAST, "nodes": [review(3, "APPROVED"), review(5, "PENDING")]},
    } | changes


def page(*nodes: Any, cursor: str | None = None, **data: Any) -> bytes:
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return json.dumps({"data": {"repository": {"threads": {"pageInfo": info, "nodes": nodes}}}, **data}).encode()


def only(found: ThreadsPage) -> Thread:
    (thread,) = found.threads
    return thread


def test_a_pull_request_with_all_that_is_known_of_it() -> None:
    found = parse_threads("Octo/Hello", "pull_request", page(pull(), cursor="next"))
    assert (found.next_cursor, found.more, found.unread) == ("next", {}, 0)
    assert only(found) == Thread(
        repo_name="octo/hello",
        number=7,
        kind="pull_request",
        state="merged",
        created_at="2026-11-01T00:00:00Z",
        updated_at="2026-11-09T00:00:00Z",
        title="Fix it",
        author_login="renovate[bot]",
        author_type="Bot",
        draft=False,
        closed_at="2026-11-08T00:00:00Z",
        merged_at="2026-11-08T00:00:00Z",
        closed_by="ada",
        merged_by="ada",
        base="main",
        head="fix",
        head_sha="a" * 40,
        merge_sha="b" * 40,
        additions=3,
        deletions=0,
        changed_files=1,
        review_decision="changes_requested",
        reviewers=("ada", "octo/core"),
        labels=("bug",),
        comments=2,
        replies=(
            Reply("1000000000002", "comment", "2026-11-02T00:00:00Z", "ada", "User"),
            Reply("1000000000003", "review", "2026-11-03T12:00:00Z", "ada", "User", "approved"),
            Reply("1000000000004", "comment", "2026-11-04T00:00:00Z"),
        ),
        comments_complete=True,
        reviews_complete=True,
        ending_known=True,
    )


def test_an_issue_has_no_reviews_to_be_complete() -> None:
    node = {"id": "I_1", "number": 8, "state": "CLOSED", "stateReason": "NOT_PLANNED", "author": None}
    node |= {"createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-02T00:00:00Z"}
    issue = only(parse_threads("o/n", "issue", page(node)))
    assert (issue.state, issue.state_reason, issue.author_login) == ("closed", "not_planned", None)
    assert (issue.comments, issue.comments_complete, issue.reviews_complete) == (None, False, False)


def test_replies_that_go_on_are_named_and_the_thread_is_not_complete() -> None:
    more = {"hasNextPage": True, "endCursor": "c1"}
    cut = pull(comments={"totalCount": 200, "pageInfo": more, "nodes": [reply(2)]})
    found = parse_threads("o/n", "pull_request", page(cut))
    assert found.more == {7: MoreReplies("PR_1", "c1", None)}
    assert (only(found).comments_complete, only(found).reviews_complete) == (False, True)
    asked = found.more[7]
    answer = {"data": {"node": {"comments": {"pageInfo": LAST, "nodes": [reply(6)]}}}}
    following = parse_replies(asked, json.dumps(answer).encode())
    assert [one.created_at for one in following.replies] == ["2026-11-06T00:00:00Z"]
    assert (following.more, following.unread) == (None, False)
    assert parse_replies(asked, b'{"data": {"node": {"comments": null}}}').unread


def test_what_github_left_out_of_an_answer_in_part_is_counted_and_never_taken_for_none() -> None:
    errors = [{"message": "Something went wrong"}]
    partly = page(pull(reviews=None, labels=None, comments={"nodes": [None]}), None, errors=errors)
    found = parse_threads("o/n", "pull_request", partly)
    thread = only(found)
    assert found.unread == 1
    assert (thread.labels, thread.comments, thread.replies) == (None, None, ())
    assert not thread.comments_complete
    assert not thread.reviews_complete
    with pytest.raises(Unreachable, match="did not list"):
        parse_threads("o/n", "issue", b'{"data": {"repository": {"threads": null}}}')


@pytest.mark.parametrize("odd", [{"number": -1}, {"number": None}, {"state": "ODD"}, {"updatedAt": "soon"}])
def test_a_thread_without_what_it_needs_is_unread(odd: dict[str, Any]) -> None:
    found = parse_threads("o/n", "pull_request", page(pull(**odd)))
    assert (found.threads, found.unread) == ((), 1)


def commit(**changes: Any) -> dict[str, Any]:
    return {
        "oid": "a" * 40,
        "message": "Fix\n\nit",
        "committedDate": "2026-11-02T00:00:00Z",
        "authoredDate": "2026-11-01T00:00:00Z",
        "additions": 3,
        "deletions": 1,
        "changedFilesIfAvailable": None,
        "author": {"name": "Ada", "email": "ada@example.org", "user": ADA},
        "committer": {"user": None},
        "parents": {"nodes": [{"oid": "b" * 40}]},
    } | changes


def history(*nodes: Any) -> bytes:
    listed = {"pageInfo": {"hasNextPage": True, "endCursor": "c"}, "nodes": nodes}
    return json.dumps({"data": {"repository": {"object": {"history": listed}}}}).encode()


def test_commits_come_with_their_statistics() -> None:
    found = parse_history("O/N", history(commit(), None), "main")
    assert (found.next_cursor, found.unread, found.found) == ("c", 1, True)
    assert found.commits == (
        Commit(
            sha="a" * 40,
            repo_name="o/n",
            commit_date="2026-11-02T00:00:00Z",
            message="Fix\n\nit",
            author_name="Ada",
            author_email="ada@example.org",
            author_login="ada",
            author_type="User",
            authored_at="2026-11-01T00:00:00Z",
            parents=("b" * 40,),
            branches=("main",),
            additions=3,
            deletions=1,
        ),
    )


def test_a_bots_commit_is_known_by_the_address_that_github_gives_it() -> None:
    author = {"name": "dependabot[bot]", "email": "49699333+dependabot[bot]@users.noreply.github.com", "user": None}
    (found,) = parse_history("o/n", history(commit(author=author)), None).commits
    assert (found.author_login, found.author_type) == ("dependabot[bot]", "Bot")


def test_a_branch_that_is_not_there_is_told_from_one_without_commits() -> None:
    assert not parse_history("o/n", b'{"data": {"repository": {"object": null}}}', None).found
    assert parse_history("o/n", history(), None).found


def test_a_look_tells_what_changed_in_each_repository() -> None:
    rows = {"nodes": [{"updatedAt": "2026-11-05T00:00:00Z"}]}
    seen = {
        "databaseId": 9,
        "nameWithOwner": "Octo/New",
        "isArchived": False,
        "pushedAt": "2026-11-04T00:00:00Z",
        "updatedAt": "2026-11-06T00:00:00Z",
        "stargazerCount": 12,
        "forkCount": 3,
        "defaultBranchRef": {"name": "main", "target": {"oid": "a" * 40}},
        "issues": rows,
        "pullRequests": {"nodes": []},
        "releases": {"nodes": [{"tagName": "v1", "createdAt": "2026-11-01T00:00:00Z", "publishedAt": None}]},
    }
    errors = [{"type": "NOT_FOUND", "path": ["r1"]}, {"message": "Something went wrong", "path": ["r2"]}]
    body = json.dumps({"data": {"r0": seen, "r1": None, "r2": None}, "errors": errors}).encode()
    looks = parse_looks(["Octo/Old", "octo/gone", "octo/slow"], body)
    assert looks.keys() == {"octo/old", "octo/gone"}
    assert looks["octo/gone"] is None
    assert looks["octo/old"] == (
        "Octo/New",
        9,
        False,
        "2026-11-04T00:00:00Z",
        "2026-11-06T00:00:00Z",
        "2026-11-05T00:00:00Z",
        None,
        12,
        3,
        "main",
        "a" * 40,
        "v1",
        "2026-11-01T00:00:00Z",
    )


def test_an_introduction_tells_who_a_repository_is_and_what_it_has_none_of() -> None:
    none: dict[str, list[object]] = {"nodes": []}
    seen = {
        "databaseId": 9,
        "nameWithOwner": "Octo/New",
        "isArchived": True,
        "isFork": False,
        "createdAt": "2015-01-01T00:00:00Z",
        "defaultBranchRef": {"name": "trunk"},
        "issues": none,
        "pullRequests": none,
        "releases": {"nodes": [{"createdAt": "2026-11-01T00:00:00Z"}]},
        "deployments": none,
    }
    names = ["Octo/Old", "octo/gone", "octo/bare", "octo/hidden", "octo/odd"]
    others = [None, seen | {"defaultBranchRef": None}, seen | {"issues": None, "deployments": {"nodes": None}}]
    odd = seen | {"nameWithOwner": "no name"}
    body = json.dumps({"data": {f"r{n}": row for n, row in enumerate([seen, *others, odd])}}).encode()
    shown = parse_introductions(names, body)
    assert shown.keys() == {"octo/old", "octo/hidden"}
    about = RepositoryInfo(9, "Octo/New", "trunk", False, True, "2015-01-01T00:00:00Z")
    assert shown["octo/old"] == Introduction(about, frozenset({"threads", "deployments"}))
    assert shown["octo/hidden"].empty == set()
    assert parse_introductions(names, b'{"data": null}') == parse_introductions(names, b"[]") == {}


@pytest.mark.parametrize("name", ["", "a b", "mai\nn", "\x1b[31m", "~main", "\ud800", "x" * 256])
def test_a_repository_whose_default_branch_none_can_be_is_not_wholly_shown(name: str) -> None:
    row = {"databaseId": 9, "nameWithOwner": "octo/hello", "defaultBranchRef": {"name": name}}
    body = json.dumps({"data": {"r0": row}}).encode()
    assert not parse_introductions(["octo/hello"], body)
    look = parse_looks(["octo/hello"], body)["octo/hello"]
    assert look is not None
    assert look.default_branch is None
    shown = row | {"defaultBranchRef": {"name": "feature/x"}}
    assert parse_introductions(["octo/hello"], json.dumps({"data": {"r0": shown}}).encode())


def test_a_look_asks_by_variables_never_by_text() -> None:
    asked = look_question(["Octo/A", "octo/b.c"])
    assert asked["variables"] == {"o0": "octo", "n0": "a", "o1": "octo", "n1": "b.c"}
    assert asked["query"] == look_document(2)


def test_deployments_with_their_latest_status() -> None:
    row = {"databaseId": 5, "commitOid": "a" * 40, "environment": "live", "createdAt": "2026-11-01T00:00:00Z"}
    status = {"state": "SUCCESS", "createdAt": "2026-11-01T01:00:00Z"}
    nodes = [row | {"latestStatus": status}, row | {"databaseId": 4, "latestStatus": None}, None]
    listed = {"nodes": nodes, "pageInfo": {"hasNextPage": True, "endCursor": "x"}}
    found, following = parse_deployments_page(json.dumps({"data": {"repository": {"deployments": listed}}}).encode())
    assert following == "x"
    first = Deployment(
        id="5",
        created_at="2026-11-01T00:00:00Z",
        sha="a" * 40,
        environment="live",
        state="success",
        state_at="2026-11-01T01:00:00Z",
    )
    assert found[0] == first
    assert (len(found), found[1].state) == (2, None)
    listed["pageInfo"] = {"hasNextPage": False, "endCursor": "x"}
    last = parse_deployments_page(json.dumps({"data": {"repository": {"deployments": listed}}}).encode())
    assert (len(last.deployments), last.following) == (2, None)
    with pytest.raises(Unreachable):
        parse_deployments_page(b'{"data": {"repository": null}}')


@pytest.mark.parametrize(
    "body", [b'{"data": null}', b"{}", b'{"data": {"repository": {"threads": {"nodes": [[], 1]}}}}']
)
def test_odd_answers_break_nothing(body: bytes) -> None:
    with pytest.raises(Unreachable) if b"nodes" not in body else nullcontext():
        assert parse_threads("o/n", "issue", body).unread == 2
    assert parse_looks(["o/n"], body) == {}
    with pytest.raises(Unreachable):
        parse_deployments_page(body)
    assert not parse_history("o/n", body, None).found


def test_only_an_issue_of_which_github_says_that_it_is_not_found_is_gone() -> None:
    found = {"i1": {"number": 1}, "i2": None, "i3": None, "i4": {"number": 9}}  # 4 moved, 3 took GitHub too long
    errors = [{"type": "NOT_FOUND", "path": ["repository", "i2"]}, {"path": ["repository", "i3"], "message": "timeout"}]
    body = json.dumps({"data": {"repository": found}, "errors": errors}).encode()
    assert parse_gone_issues([1, 2, 3, 4, 5], body) == {2, 4}
    assert parse_gone_issues([1], b"[]") == parse_gone_issues([1], b'{"data": {"repository": null}}') == frozenset()
