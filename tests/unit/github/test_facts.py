import json
from typing import Any

import pytest

from github_events_monitor.github.facts import extract_facts
from github_events_monitor.records import MAX_KEY_TEXT, PRERELEASE, RELEASE, Facts

HEAD = "a" * 40

CASES: list[tuple[str, str, dict[str, Any], Facts]] = [
    (
        "a push in either era",
        "PushEvent",
        {"ref": "refs/heads/main", "head": HEAD, "before": "b" * 40, "push_id": 1},
        Facts(ref="refs/heads/main", sha=HEAD),
    ),
    (
        "a push in a webhook",
        "PushEvent",
        {"ref": "refs/heads/main", "after": HEAD, "forced": True},
        Facts(action="force_push", ref="refs/heads/main", sha=HEAD),
    ),
    (
        "a push from the activity listing",
        "PushEvent",
        {"ref": "refs/heads/main", "head": HEAD, "activity_type": "pr_merge"},
        Facts(action="pr_merge", ref="refs/heads/main", sha=HEAD),
    ),
    (
        "a pull request closed with merged, as before 2025-10",
        "PullRequestEvent",
        {
            "action": "closed",
            "number": 7,
            "pull_request": {"merged": True, "user": {"login": "ada"}, "head": {"sha": HEAD}},
        },
        Facts(action="merged", number=7, sha=HEAD, subject="ada"),
    ),
    (
        "an issue of an account that was deleted",
        "IssuesEvent",
        {"action": "closed", "issue": {"number": 7, "user": {"login": "ghost"}}},
        Facts(action="closed", number=7),
    ),
    (
        "a pull request closed unmerged",
        "PullRequestEvent",
        {"action": "closed", "number": 7, "pull_request": {"merged": False, "merged_at": None}},
        Facts(action="closed", number=7),
    ),
    (
        "a trimmed pull request",
        "PullRequestEvent",
        {"action": "merged", "number": 8, "pull_request": {"id": 1, "number": 8, "head": {"ref": "x", "sha": HEAD}}},
        Facts(action="merged", number=8, sha=HEAD),
    ),
    (
        "a review knows its number only inside the pull request",
        "PullRequestReviewEvent",
        {"action": "created", "review": {"id": 3}, "pull_request": {"number": 9, "head": {"sha": HEAD}}},
        Facts(action="created", number=9, sha=HEAD),
    ),
    (
        "an issue",
        "IssuesEvent",
        {"action": "opened", "issue": {"number": 5, "user": {"login": "grace"}}},
        Facts(action="opened", number=5, subject="grace"),
    ),
    (
        "a comment on an issue is about the issue's author",
        "IssueCommentEvent",
        {
            "action": "created",
            "issue": {"number": 5, "user": {"login": "grace"}},
            "comment": {"user": {"login": "ada"}},
        },
        Facts(action="created", number=5, subject="grace"),
    ),
    (
        "a discussion",
        "DiscussionEvent",
        {"action": "answered", "discussion": {"number": 4, "user": {"login": "ada"}}},
        Facts(action="answered", number=4, subject="ada"),
    ),
    ("a new branch", "CreateEvent", {"ref": "feature/x", "ref_type": "branch"}, Facts(ref="refs/heads/feature/x")),
    (
        "a new branch with its full ref",
        "CreateEvent",
        {"ref": "x", "ref_type": "branch", "full_ref": "refs/heads/x"},
        Facts(ref="refs/heads/x"),
    ),
    ("a removed tag", "DeleteEvent", {"ref": "v1", "ref_type": "tag"}, Facts(ref="refs/tags/v1")),
    ("a tag by its full ref", "DeleteEvent", {"ref": "refs/tags/v1", "ref_type": "tag"}, Facts(ref="refs/tags/v1")),
    ("a ref that is neither branch nor tag", "CreateEvent", {"ref": "x"}, Facts()),
    ("a branch without a name", "CreateEvent", {"ref": None, "ref_type": "branch"}, Facts()),
    ("a new repository", "CreateEvent", {"ref": None, "ref_type": "repository"}, Facts()),
    (
        "a release",
        "ReleaseEvent",
        {"action": "published", "release": {"tag_name": "v2", "author": {"login": "ada"}}},
        Facts(action="published", ref="v2"),
    ),
    ("a new member", "MemberEvent", {"action": "added", "member": {"login": "Bob"}}, Facts("added", subject="Bob")),
    ("a star", "WatchEvent", {"action": "started"}, Facts(action="started")),
    ("made public", "PublicEvent", {}, Facts()),
    (
        "a deployment",
        "DeploymentEvent",
        {"action": "created", "deployment": {"sha": HEAD, "ref": "main", "environment": "production"}},
        Facts(action="created", ref="main", sha=HEAD, subject="production"),
    ),
    (
        "a deployment status",
        "DeploymentStatusEvent",
        {
            "action": "created",
            "deployment_status": {"state": "failure", "environment": "staging"},
            "deployment": {"sha": HEAD, "ref": "main", "environment": "production"},
        },
        Facts(action="failure", ref="main", sha=HEAD, subject="staging"),
    ),
    (
        "a finished workflow run",
        "WorkflowRunEvent",
        {
            "action": "completed",
            "workflow_run": {
                "id": 31,
                "name": "CI",
                "conclusion": "success",
                "status": "completed",
                "head_branch": "m",
                "head_sha": HEAD,
            },
        },
        Facts(action="success", number=31, ref="m", sha=HEAD, subject="CI"),
    ),
    (
        "a check that is under way, its branch in its suite",
        "CheckRunEvent",
        {"action": "created", "check_run": {"name": "lint", "status": "queued", "check_suite": {"head_branch": "m"}}},
        Facts(action="queued", ref="m", subject="lint"),
    ),
    (
        "a commit status",
        "StatusEvent",
        {"id": 1, "state": "error", "context": "ci/x", "sha": HEAD},
        Facts(action="error", sha=HEAD, subject="ci/x"),
    ),
    ("a type nobody knows yet", "SparkleEvent", {"action": "made", "issue": {"number": 1}}, Facts("made", 1)),
]


@pytest.mark.parametrize(
    ("event_type", "payload", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_facts_by_event_type(event_type: str, payload: dict[str, Any], expected: Facts) -> None:
    assert extract_facts(event_type, json.dumps(payload).encode()) == expected


def test_one_odd_field_does_not_spoil_the_others() -> None:
    payload = b'{"action": ["odd"], "number": 7, "pull_request": {"user": "ada", "head": {"sha": "abc"}, "merged": 1}}'
    assert extract_facts("PullRequestEvent", payload) == Facts(number=7, sha="abc")


@pytest.mark.parametrize(
    "payload", [b"null", b"[]", b"7", b'"text"', b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000]
)
def test_a_payload_that_is_no_object_has_no_facts(payload: bytes) -> None:
    assert extract_facts("PushEvent", payload) == Facts()


@pytest.mark.parametrize("number", ["0", "-3", "1e400", "7.5", "true", '"7"', "9" * 30, str(2**53)])
def test_a_number_that_cannot_be_one_is_unknown(number: str) -> None:
    payload = f'{{"action": "opened", "issue": {{"number": {number}}}}}'.encode()
    assert extract_facts("IssuesEvent", payload) == Facts(action="opened")


@pytest.mark.parametrize("number", [1, 2**53 - 1])
def test_numbers_that_every_reader_of_json_keeps_are_known(number: int) -> None:
    assert extract_facts("IssuesEvent", json.dumps({"issue": {"number": number}}).encode()).number == number


def test_long_text_is_cut_and_lone_surrogates_are_replaced() -> None:
    payload = b'{"ref": "refs/heads/' + b"x" * 400 + b'", "head": "\\ud800abc"}'
    facts = extract_facts("PushEvent", payload)
    assert facts.ref == ("refs/heads/" + "x" * 400)[:MAX_KEY_TEXT]
    assert facts.sha == "\ufffdabc"


@pytest.mark.parametrize(("flag", "subject"), [(True, PRERELEASE), (False, RELEASE), (None, None)])
def test_a_release_says_whether_it_is_one(flag: bool | None, subject: str | None) -> None:
    payload = {"action": "published", "release": {"tag_name": "v2", "prerelease": flag}}
    assert extract_facts("ReleaseEvent", json.dumps(payload).encode()).subject == subject


@pytest.mark.parametrize("event_type", ["DeploymentEvent", "DeploymentStatusEvent"])
def test_a_deployment_and_its_statuses_have_its_number(event_type: str) -> None:
    payload = {"action": "created", "deployment": {"id": 77}, "deployment_status": {"id": 8, "state": "failure"}}
    assert extract_facts(event_type, json.dumps(payload).encode()).number == 77
