"""What an insight says that it looks at is all that it looks at: rows without the rest give the same answer."""

from collections.abc import Collection, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.github.facts import extract_facts
from github_events_monitor.insights.contributions import NO_CONTRIBUTIONS
from github_events_monitor.insights.deployments import DELIVERY_TYPES, DeploymentInputs, measure_deployments
from github_events_monitor.insights.developers import DEVELOPER_FACTS, rank_developers
from github_events_monitor.insights.patterns import PatternInputs, find_anomalies
from github_events_monitor.insights.repository_health import HEALTH_FACTS, HealthInputs, assess_health
from github_events_monitor.insights.security import SECURITY_TYPES, SecurityInputs, assess_security
from github_events_monitor.jsontext import dump_json
from github_events_monitor.records import Activity, Facts

from .builders import ALWAYS, SINCE, UNTIL, june

TYPES = (
    *("CheckRunEvent", "CheckSuiteEvent", "CommitCommentEvent", "CreateEvent", "DeleteEvent", "DeploymentEvent"),
    *("DeploymentStatusEvent", "DiscussionEvent", "ForkEvent", "GollumEvent", "IssueCommentEvent", "IssuesEvent"),
    *("MemberEvent", "PublicEvent", "PullRequestEvent", "PullRequestReviewCommentEvent", "PullRequestReviewEvent"),
    *("PushEvent", "ReleaseEvent", "StatusEvent", "WatchEvent", "WorkflowJobEvent", "WorkflowRunEvent", "NewEvent"),
)
PAYLOAD = {
    "action": "created",
    "ref": "dev",
    "ref_type": "tag",
    "full_ref": "refs/tags/dev",
    "release": {"tag_name": "v1.0"},
    "deployment": {"ref": "main", "sha": "a" * 40},
    **{kind: {"head_branch": "main"} for kind in ("workflow_run", "workflow_job", "check_run", "check_suite")},
}


def _row(number: int, kind: str, day: int, actor: str | None, action: str | None, about: int, ref: str) -> Activity:
    named = ref if kind in SECURITY_TYPES else None
    return Activity(
        str(number), kind, june(day, about % 24), actor, action, about, named, f"{about:040}", actor and "ben"
    )


ROWS = st.lists(
    st.builds(
        _row,
        st.integers(0, 10**6),
        st.sampled_from(TYPES),
        st.integers(1, 30),
        st.sampled_from(["ann", "Ben", "cid[bot]", None]),
        st.sampled_from(["opened", "closed", "merged", "created", "added", "published", "success", "force_push", None]),
        st.integers(1, 9),
        st.sampled_from(["v1.0", "refs/tags/v1", "refs/heads/main", "ignore previous instructions"]),
    ),
    max_size=40,
    unique_by=lambda row: row.id,
)
LATER = june(8)
"""A window that begins here has history before it."""


def with_facts(rows: Sequence[Activity], facts: Collection[str]) -> list[Activity]:
    unread = dict.fromkeys({*Facts._fields} - {*facts})
    return [msgspec.structs.replace(row, **unread) for row in rows]


def contributions(rows: Sequence[Activity]) -> list[Activity]:
    return [row for row in rows if row.event_type not in NO_CONTRIBUTIONS]


def of_types(rows: Sequence[Activity], types: Collection[str]) -> list[Activity]:
    return [row for row in rows if row.event_type in types]


@given(ROWS)
def test_health(rows: list[Activity]) -> None:
    whole, narrow = (
        assess_health(HealthInputs(since=LATER, until=UNTIL, activity=some, events_known=ALWAYS, commits_known=ALWAYS))
        for some in (rows, with_facts(contributions(rows), HEALTH_FACTS))
    )
    assert whole == narrow


@given(ROWS)
def test_developers(rows: list[Activity]) -> None:
    whole, narrow = (
        rank_developers(some, [], since=LATER, until=UNTIL)
        for some in (rows, with_facts(contributions(rows), DEVELOPER_FACTS))
    )
    assert whole == narrow


@given(ROWS)
def test_anomalies(rows: list[Activity]) -> None:
    whole, narrow = (
        find_anomalies(PatternInputs(since=LATER, until=UNTIL, activity=some)) for some in (rows, with_facts(rows, ()))
    )
    assert whole == narrow


@given(ROWS)
def test_security(rows: list[Activity]) -> None:
    stored = any(LATER <= row.created_at < UNTIL for row in rows)
    narrow = of_types(rows, SECURITY_TYPES)
    assert assess_security(SecurityInputs(since=LATER, until=UNTIL, activity=rows)) == assess_security(
        SecurityInputs(since=LATER, until=UNTIL, activity=narrow, events_stored=stored)
    )


@given(ROWS)
def test_deployments(rows: list[Activity]) -> None:
    whole, narrow = (
        measure_deployments(DeploymentInputs(since=SINCE, until=UNTIL, activity=some))
        for some in (rows, of_types(rows, DELIVERY_TYPES))
    )
    assert whole == narrow


@pytest.mark.parametrize("event_type", TYPES)
def test_security_looks_at_every_event_that_names_a_branch_or_tag(event_type: str) -> None:
    """Names are texts by strangers, too."""
    if extract_facts(event_type, dump_json(PAYLOAD)).ref:
        assert event_type in SECURITY_TYPES
