"""Whatever GitHub (or somebody who pretends to be GitHub) puts into a field, only documented errors come out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import InvalidInput, Unreachable
from github_events_monitor.github import resources
from github_events_monitor.github.activity import parse_activity
from github_events_monitor.github.commits import parse_commit_details, parse_commits, parse_push_commits
from github_events_monitor.github.events import parse_event, parse_events
from github_events_monitor.github.facts import extract_facts
from github_events_monitor.github.graphql.commits import parse_history
from github_events_monitor.github.natural_keys import natural_key
from github_events_monitor.github.workflow_runs import parse_workflow_runs
from github_events_monitor.records import Facts
from tests.properties import examples

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.just([]),
    st.just({}),
    st.just([None, 7, "x", {}]),
)
TYPES = st.sampled_from(
    [
        "PushEvent",
        "PullRequestEvent",
        "IssuesEvent",
        "IssueCommentEvent",
        "CreateEvent",
        "ReleaseEvent",
        "MemberEvent",
        "GollumEvent",
        "ForkEvent",
        "StatusEvent",
        "DeploymentStatusEvent",
        "WorkflowRunEvent",
        "CheckRunEvent",
        "WatchEvent",
    ]
)

FULL: dict[str, Any] = {
    "action": "closed",
    "id": 1,
    "number": 1,
    "ref": "refs/heads/x",
    "ref_type": "branch",
    "full_ref": "refs/heads/x",
    "head": "a" * 40,
    "after": "a" * 40,
    "forced": True,
    "state": "success",
    "context": "ci",
    "sha": "a" * 40,
    "commits": [{"sha": "a" * 40, "message": "m", "timestamp": "2026-01-01T00:00:00Z", "author": {"name": "n"}}],
    "issue": {"number": 1, "user": {"login": "ada"}},
    "pull_request": {"number": 1, "merged": True, "user": {"login": "ada"}, "head": {"sha": "b"}},
    "comment": {"id": 1},
    "release": {"id": 1, "tag_name": "v1"},
    "member": {"login": "bob"},
    "forkee": {"id": 1},
    "pages": [{"sha": "c"}],
    "label": {"name": "bug"},
    "deployment": {"id": 1, "sha": "d", "ref": "main", "environment": "production"},
    "deployment_status": {"id": 1, "state": "success"},
    "workflow_run": {"id": 1, "name": "CI", "conclusion": "success"},
    "check_run": {"id": 1, "name": "lint", "check_suite": {"head_branch": "x"}},
}
RECORD: dict[str, Any] = {
    "id": "1",
    "type": "PushEvent",
    "actor": {"login": "ada"},
    "repo": {"id": 1, "name": "octo/hello"},
    "payload": FULL,
    "created_at": "2026-01-01T00:00:00Z",
}


@st.composite
def spoiled(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """The record with some of its fields, at any depth, missing or replaced by something odd."""
    result: dict[str, Any] = {}
    for name, value in whole.items():
        fate = draw(st.sampled_from(["keep", "keep", "keep", "drop", "odd", "deeper"]))
        if fate == "odd":
            result[name] = draw(ODD)
        elif fate == "deeper" and isinstance(value, dict):
            result[name] = draw(spoiled(value))
        elif fate != "drop":
            result[name] = value
    return result


def storable(value: object) -> bool:
    return value is None or isinstance(value, int) or (isinstance(value, str) and value.encode("utf-8") != b"")


@examples(300)
@given(event_type=TYPES, payload=spoiled(FULL))
def test_facts_are_always_storable(event_type: str, payload: dict[str, Any]) -> None:
    facts = extract_facts(event_type, json.dumps(payload).encode())
    assert isinstance(facts, Facts)
    assert all(map(storable, facts))


@examples(300)
@given(record=spoiled(RECORD))
def test_a_record_is_an_event_or_refused(record: dict[str, Any]) -> None:
    for form in (record, json.dumps(record).encode()):
        try:
            event, _ = parse_event(form, now="2026-01-01T00:00:00Z")
        except InvalidInput as refused:
            refused.message.encode("utf-8")
            continue
        json.loads(event.payload)
        assert storable(event.actor_login)
        assert natural_key(event) != ""
        for commit in parse_push_commits(event):
            assert len(commit.sha) == 40


@examples(200)
@given(
    raw=st.one_of(
        st.binary(max_size=40),
        st.just(json.dumps(RECORD).encode()).flatmap(
            lambda whole: st.builds(lambda cut: whole[:cut], st.integers(0, len(whole) - 1))
        ),
    )
)
def test_bytes_that_are_no_record_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_event(raw)


PARSERS: list[Callable[[bytes], object]] = [
    parse_events,
    resources.parse_repository,
    parse_activity,
    resources.parse_releases,
    resources.parse_deployments,
    resources.parse_deployment_statuses,
    lambda body: parse_workflow_runs("octo/hello", body, "main"),
    resources.parse_community_profile,
    resources.parse_security_advisories,
    resources.parse_branches,
    lambda body: parse_history("octo/hello", body, "main"),
    lambda body: parse_commits("octo/hello", body, "main"),
    lambda body: parse_commit_details("octo/hello", body),
]
ROW: dict[str, Any] = {
    "id": 1,
    "sha": "a" * 40,
    "full_name": "octo/hello",
    "commit": {"author": {"name": "n", "date": "2026-01-01T00:00:00Z"}, "committer": {"date": "2026-01-01"}},
    "author": {"login": "ada"},
    "parents": [{"sha": "b" * 40}],
    "files": [{"filename": "x"}],
    "stats": {"additions": 1},
    "tag_name": "v1",
    "name": "main",
    "timestamp": "2026-01-01T00:00:00Z",
    "ref": "refs/heads/main",
    "ghsa_id": "GHSA-1",
    "state": "success",
    "workflow_runs": [
        {"id": 1, "name": "CI", "head_branch": "main", "conclusion": "failure", "updated_at": "2026-01-01T00:00:00Z"},
    ],
    "data": {"repository": {"object": {"history": {"nodes": [{"oid": "a"}], "pageInfo": {"endCursor": "x"}}}}},
}


@examples(200)
@given(row=spoiled(ROW), listed=st.booleans())
def test_every_parser_answers_or_says_nonsense(row: dict[str, Any], listed: bool) -> None:
    body = json.dumps([row, row] if listed else row).encode()
    for parse in PARSERS:
        try:
            parse(body)
        except Unreachable:
            continue
