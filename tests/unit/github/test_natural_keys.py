import json
from typing import Any

import pytest

from github_events_monitor.github.activity import PushActivity, event_from_activity
from github_events_monitor.github.facts import extract_facts
from github_events_monitor.github.natural_keys import DERIVED, derived_id, natural_key, possible_keys
from github_events_monitor.records import Event

SHA = "a" * 40


def event(
    event_type: str, payload: Any, *, at: str = "2026-11-22T12:00:00Z", actor: str = "ada", repo: str = "o/n"
) -> Event:
    raw = json.dumps(payload).encode()
    return Event(
        id="1",
        event_type=event_type,
        created_at=at,
        repo_name=repo,
        actor_login=actor,
        payload=raw,
        facts=extract_facts(event_type, raw),
    )


SAME: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "push",
        "PushEvent",
        {"push_id": 3, "ref": "refs/heads/main", "head": SHA},
        {"ref": "refs/heads/main", "after": SHA, "forced": True, "commits": [{"id": SHA}]},
    ),
    (
        "merged pull request",
        "PullRequestEvent",
        {"action": "merged", "number": 4, "pull_request": {"id": 1, "number": 4}},
        {"action": "closed", "number": 4, "pull_request": {"id": 1, "number": 4, "merged": True, "title": "x"}},
    ),
    (
        "review",
        "PullRequestReviewEvent",
        {"action": "created", "review": {"id": 9}, "pull_request": {"number": 4}},
        {"action": "submitted", "review": {"id": 9, "state": "approved"}, "pull_request": {"number": 4}},
    ),
    (
        "comment on a commit, without action before 2025",
        "CommitCommentEvent",
        {"comment": {"id": 5}},
        {"action": "created", "comment": {"id": 5, "body": "x"}},
    ),
    (
        "new branch",
        "CreateEvent",
        {"ref": "x", "ref_type": "branch", "full_ref": "refs/heads/x"},
        {"ref": "x", "ref_type": "branch", "master_branch": "main"},
    ),
    ("fork", "ForkEvent", {"action": "forked", "forkee": {"id": 8}}, {"forkee": {"id": 8, "full_name": "a/n"}}),
    (
        "wiki",
        "GollumEvent",
        {"pages": [{"sha": "b" * 40}, {"sha": SHA}]},
        {"pages": [{"sha": SHA, "page_name": "Home"}, {"sha": "b" * 40}]},
    ),
]


@pytest.mark.parametrize(("event_type", "feed", "webhook"), [one[1:] for one in SAME], ids=[one[0] for one in SAME])
def test_feed_and_webhook_agree(event_type: str, feed: dict[str, Any], webhook: dict[str, Any]) -> None:
    first = natural_key(event(event_type, feed))
    assert first is not None
    assert first == natural_key(event(event_type, webhook))
    assert first in possible_keys(event(event_type, webhook, at="2026-11-22T12:00:05Z"))
    assert first in possible_keys(event(event_type, webhook, at="2026-11-22T11:59:55Z"))


@pytest.mark.parametrize("at", ["2026-11-22T12:00:06Z", "2026-11-22T11:59:54Z"])
def test_what_is_dated_further_apart_happened_again(at: str) -> None:
    closed = {"action": "closed", "issue": {"number": 1}}
    assert natural_key(event("IssuesEvent", closed)) not in possible_keys(event("IssuesEvent", closed, at=at))


def test_what_happens_once_is_known_whenever_it_is_dated() -> None:
    created = {"action": "created", "comment": {"id": 5}}
    later = event("IssueCommentEvent", created, at="2026-11-25T12:00:00Z")
    assert natural_key(event("IssueCommentEvent", created)) == natural_key(later)
    assert possible_keys(later) == (natural_key(later),)
    opened = event("IssuesEvent", {"action": "opened", "issue": {"number": 1}, "assignee": {"login": "ada"}})
    assert natural_key(opened) == natural_key(event("IssuesEvent", {"action": "opened", "issue": {"number": 1}}))


@pytest.mark.parametrize("login", ["Ada", "ada", "ADA"])
def test_logins_are_the_same_in_any_letter_case(login: str) -> None:
    """Ids are made of these keys: they stay what they are."""
    star = event("WatchEvent", {}, actor=login)
    member = event("MemberEvent", {"action": "added", "member": {"login": login}})
    assignee = event("IssuesEvent", {"action": "assigned", "issue": {"number": 4}, "assignee": {"login": login}})
    assert natural_key(star) == "WatchEvent\no/n\nada\n2026-11-22T12:00:00Z"
    assert natural_key(member) == "MemberEvent\no/n\nada\nadded\n2026-11-22T12:00:00Z"
    assert natural_key(assignee) == "IssuesEvent\no/n\n4\nassigned\nada\n2026-11-22T12:00:00Z"


def test_a_form_without_a_time_is_known_by_the_day() -> None:
    member = {"action": "added", "member": {"login": "bob"}}
    undated = natural_key(event("MemberEvent", member, at="2026-11-22T18:00:00Z"), dated=False)
    assert undated == natural_key(event("MemberEvent", member, at="2026-11-22T19:00:00Z"), dated=False)
    assert undated in possible_keys(event("MemberEvent", member))
    assert undated not in possible_keys(event("MemberEvent", member, at="2026-11-23T00:00:06Z"))


def test_keys_at_the_edge_of_the_calendar() -> None:
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        told = event("PublicEvent", {}, at=at)
        assert possible_keys(told)[0] == natural_key(told)


def test_a_release_and_its_pre_release_are_two_happenings() -> None:
    def key(action: str, *, prerelease: bool) -> str | None:
        return natural_key(event("ReleaseEvent", {"action": action, "release": {"id": 1, "prerelease": prerelease}}))

    assert key("published", prerelease=False) == key("released", prerelease=False)
    assert key("published", prerelease=True) == key("prereleased", prerelease=True)
    assert key("published", prerelease=True) != key("released", prerelease=False)


def test_a_publication_is_known_by_the_key_of_earlier_versions_too() -> None:
    release = {"id": 1, "published_at": "2026-11-22T12:00:00Z"}
    told = event("ReleaseEvent", {"action": "published", "release": release}, at="2026-11-22T12:00:03Z")
    earlier = natural_key(event("ReleaseEvent", {"action": "published", "release": {"id": 1}}))
    assert possible_keys(told) == (natural_key(told), earlier)
    again = {**release, "published_at": "2026-11-23T12:00:00Z"}
    assert natural_key(event("ReleaseEvent", {"action": "released", "release": again})) not in possible_keys(told)


DIFFERENT: list[tuple[str, Event, Event]] = [
    ("repository", event("PublicEvent", {}), event("PublicEvent", {}, repo="o/other")),
    ("head", event("PushEvent", {"ref": "r", "head": SHA}), event("PushEvent", {"ref": "r", "head": "b" * 40})),
    ("time", event("WatchEvent", {"action": "started"}), event("WatchEvent", {}, at="2026-11-22T13:00:00Z")),
    (
        "made again",
        event("CreateEvent", {"ref": "v1", "ref_type": "tag"}),
        event("CreateEvent", {"ref": "v1", "ref_type": "tag"}, at="2026-11-22T12:00:01Z"),
    ),
    (
        "deleted again",
        event("DeleteEvent", {"ref": "v1", "ref_type": "tag"}),
        event("DeleteEvent", {"ref": "v1", "ref_type": "tag"}, at="2026-11-22T12:00:01Z"),
    ),
    ("made public again", event("PublicEvent", {}), event("PublicEvent", {}, at="2026-11-22T12:00:01Z")),
    (
        "edited again",
        event("IssueCommentEvent", {"action": "edited", "comment": {"id": 5}}),
        event("IssueCommentEvent", {"action": "edited", "comment": {"id": 5}}, at="2026-11-22T12:00:01Z"),
    ),
    (
        "another head",
        event("PullRequestEvent", {"action": "synchronize", "number": 1, "pull_request": {"head": {"sha": SHA}}}),
        event("PullRequestEvent", {"action": "synchronize", "number": 1, "pull_request": {"head": {"sha": "b" * 40}}}),
    ),
    (
        "pushed back",
        event("PushEvent", {"ref": "r", "head": SHA}),
        event("PushEvent", {"ref": "r", "head": SHA}, at="2026-11-22T14:00:00Z"),
    ),
    ("actor", event("WatchEvent", {}), event("WatchEvent", {}, actor="grace")),
    (
        "action",
        event("IssuesEvent", {"action": "opened", "issue": {"number": 1}}),
        event("IssuesEvent", {"action": "closed", "issue": {"number": 1}}),
    ),
    (
        "label",
        event("IssuesEvent", {"action": "labeled", "issue": {"number": 1}, "label": {"name": "bug"}}),
        event("IssuesEvent", {"action": "labeled", "issue": {"number": 1}, "label": {"name": "help"}}),
    ),
    (
        "assignee",
        event("PullRequestEvent", {"action": "assigned", "number": 1, "assignee": {"login": "ada"}}),
        event("PullRequestEvent", {"action": "assigned", "number": 1, "assignee": {"login": "bob"}}),
    ),
    (
        "closed again",
        event("IssuesEvent", {"action": "closed", "issue": {"number": 1}}),
        event("IssuesEvent", {"action": "closed", "issue": {"number": 1}}, at="2026-11-22T15:00:00Z"),
    ),
    *(
        (
            f"reviewer ({action})",
            event("PullRequestEvent", {"action": action, "number": 1, of: one}),
            event("PullRequestEvent", {"action": action, "number": 1, **other}),
        )
        for action in ("review_requested", "review_request_removed")
        for of, one, other in [
            ("requested_reviewer", {"login": "ada"}, {"requested_reviewer": {"login": "bob"}}),
            ("requested_team", {"slug": "ada"}, {"requested_reviewer": {"login": "ada"}}),
            ("requested_team", {"slug": "ada"}, {"requested_team": {"slug": "bob"}}),
        ]
    ),
    *(
        (
            f"{field} completed again",
            event(event_type, {"action": "completed", field: {"id": 1}}),
            event(event_type, {"action": "completed", field: {"id": 1}}, at="2026-11-22T12:00:01Z"),
        )
        for event_type, field in (("CheckRunEvent", "check_run"), ("CheckSuiteEvent", "check_suite"))
    ),
    (
        "published again",
        event("ReleaseEvent", {"action": "published", "release": {"id": 1, "published_at": "2026-11-22T12:00:00Z"}}),
        event("ReleaseEvent", {"action": "published", "release": {"id": 1, "published_at": "2026-11-22T12:00:01Z"}}),
    ),
    (
        "attempt",
        event("WorkflowRunEvent", {"action": "completed", "workflow_run": {"id": 1, "run_attempt": 1}}),
        event("WorkflowRunEvent", {"action": "completed", "workflow_run": {"id": 1, "run_attempt": 2}}),
    ),
    (
        "member",
        event("MemberEvent", {"action": "added", "member": {"login": "ada"}}),
        event("MemberEvent", {"action": "added", "member": {"login": "bob"}}),
    ),
]


@pytest.mark.parametrize(("one", "other"), [pair[1:] for pair in DIFFERENT], ids=[pair[0] for pair in DIFFERENT])
def test_another_happening_has_another_key(one: Event, other: Event) -> None:
    assert natural_key(one) is not None
    assert natural_key(one) != natural_key(other)


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("ReleaseEvent", {"action": "published", "release": {"id": 1}}),
        ("DeploymentEvent", {"action": "created", "deployment": {"id": 1}}),
        ("DeploymentStatusEvent", {"action": "created", "deployment_status": {"id": 1}}),
        ("CheckRunEvent", {"action": "completed", "check_run": {"id": 1}}),
        ("CheckSuiteEvent", {"action": "completed", "check_suite": {"id": 1}}),
        ("WorkflowJobEvent", {"action": "completed", "workflow_job": {"id": 1}}),
        ("DiscussionEvent", {"action": "created", "discussion": {"number": 1}}),
        ("DeleteEvent", {"ref": "v1", "ref_type": "tag"}),
        ("CreateEvent", {"ref": None, "ref_type": "repository"}),
        ("StatusEvent", {"id": 1, "state": "success"}),
    ],
)
def test_what_else_is_known_again(event_type: str, payload: dict[str, Any]) -> None:
    assert natural_key(event(event_type, payload)) == natural_key(event(event_type, payload | {"more": 1}))
    assert natural_key(event(event_type, payload)) is not None


@pytest.mark.parametrize(
    "unclear",
    [
        event("PushEvent", {"ref": "refs/heads/main"}),
        event("DeleteEvent", {}),
        event("ForkEvent", {"forkee": {"id": "x"}}),
        event("ReleaseEvent", {"action": "published"}),
        event("WatchEvent", {}, actor=""),
        event("GollumEvent", {"pages": []}),
        event("SparkleEvent", {}),
    ],
)
def test_a_record_that_says_too_little_has_no_key(unclear: Event) -> None:
    assert natural_key(unclear) is None


def test_ids_made_from_keys_are_marked_and_stable() -> None:
    assert derived_id("k") == derived_id("k") != derived_id("l")
    assert derived_id("k").startswith(DERIVED)
    assert len(derived_id("\ud800")) == len(DERIVED) + 40


@pytest.mark.parametrize(
    ("activity_type", "event_type", "feed"),
    [
        ("push", "PushEvent", {"ref": "refs/heads/x", "head": SHA}),
        ("force_push", "PushEvent", {"ref": "refs/heads/x", "head": SHA}),
        ("branch_creation", "CreateEvent", {"ref": "x", "ref_type": "branch"}),
        ("branch_deletion", "DeleteEvent", {"ref": "x", "ref_type": "branch"}),
    ],
)
def test_an_activity_is_the_event_that_the_feed_shows(
    activity_type: str, event_type: str, feed: dict[str, Any]
) -> None:
    activity = PushActivity(7, "refs/heads/x", "b" * 40, SHA, "2026-11-22T12:00:03Z", activity_type, "ada")
    made = event_from_activity("O/N", activity)
    assert (made.event_type, made.repo_name, made.actor_login) == (event_type, "o/n", "ada")
    assert natural_key(made) in possible_keys(event(event_type, feed))
    assert made.id == derived_id(natural_key(made) or "")
    assert made.facts.ref == "refs/heads/x"
    ends = {"before": "b" * 40, "head": SHA, "activity_type": activity_type}
    full = {} if event_type == "PushEvent" else {"full_ref": "refs/heads/x"}
    assert json.loads(made.payload) == feed | ends | full
    assert event_type != "PushEvent" or made.facts.action == activity_type
