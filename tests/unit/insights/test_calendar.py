"""Dates at the edge of the calendar: people make commits of the years 1, 1970 and 9999."""

from datetime import datetime, timedelta, timezone

import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.insights.deployments import DeploymentInputs, measure_deployments
from github_events_monitor.insights.developers import rank_developers
from github_events_monitor.insights.patterns import PatternInputs, find_anomalies
from github_events_monitor.insights.repository_health import HealthInputs, assess_health
from github_events_monitor.insights.security import SecurityInputs, assess_security
from github_events_monitor.instants import FIRST, LAST, business_hours, normalise_instant, shift
from github_events_monitor.records import Commit, CommitMessage, Span

from .builders import commit, issue, june, pull, push, release

EDGES = [FIRST, "0001-01-02T00:00:00Z", "1970-01-01T00:00:00Z", june(3), "9999-12-31T00:00:00Z", LAST]
WINDOWS = [
    (FIRST, "0001-01-15T00:00:00Z"), ("1970-01-01T00:00:00Z", "1970-02-01T00:00:00Z"), (june(1), june(30)),
    ("9999-12-01T00:00:00Z", LAST),
]  # fmt: skip


@pytest.mark.parametrize(("since", "until"), WINDOWS)
def test_nothing_overflows_and_nothing_else_is_lost(since: str, until: str) -> None:
    rows = [one for n, at in enumerate(EDGES, 1) for one in (push(at), issue(at, n), pull(at, 10 + n), release(at, at))]
    authorship = [commit(at, sha=at) for at in EDGES]
    commits = [(Commit(sha=at, repo_name="o/r", commit_date=at, author_login="ann"), None) for at in EDGES]
    known = (Span(FIRST, LAST),)
    inside = sum(since <= at < until for at in EDGES)
    health = assess_health(
        HealthInputs(
            since=since, until=until, activity=rows, authorship=authorship, events_known=known, commits_known=known
        )
    )
    assert health.people == (inside > 0)
    [*people] = rank_developers(rows, authorship, since=since, until=until).developers
    assert sum(found.contributions["commits"] for found in people) == inside
    report = assess_security(
        SecurityInputs(
            since=since, until=until, activity=rows, commits=commits, files=dict.fromkeys(EDGES, ()), events_known=known
        )
    )
    assert report.risk_level is not None
    find_anomalies(PatternInputs(since=since, until=until, activity=rows, events_known=known))
    find_anomalies(PatternInputs(since=since, until=until, activity=rows))
    messages = [CommitMessage(at, at, "") for at in EDGES]
    delivered = measure_deployments(DeploymentInputs(since=since, until=until, activity=rows, commits=messages))
    assert delivered.total_releases == inside


def test_an_instant_does_not_leave_the_calendar() -> None:
    day = timedelta(days=1)
    assert (shift(FIRST, -day), shift(LAST, day), shift(LAST, -day)) == (FIRST, LAST, "9999-12-30T23:59:59Z")
    assert business_hours(FIRST, "0001-01-09T00:00:00Z") == 6 * 24
    for outside in ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"):
        with pytest.raises(InvalidInput):
            normalise_instant(outside)
    with pytest.raises(InvalidInput):
        normalise_instant(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
