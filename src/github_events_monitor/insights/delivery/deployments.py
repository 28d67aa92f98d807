"""Deployments, from stored rows and from webhook events (the Events API sends none).

https://docs.github.com/en/rest/deployments/deployments, https://docs.github.com/en/rest/deployments/statuses
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from ... import observations
from ...instants import seconds_between
from ...records import Activity, MetricRow

SAME_DEPLOYMENT_SECONDS = 600
"""An event and a row of the same commit and environment this close together are one deployment."""

MAX_EVIDENCE = 5

FAILED = frozenset({"failure", "error"})
DELIVERED = frozenset({"success", "inactive", None})
"""inactive: a later one took its place; None: no status is known."""


class Deployment(NamedTuple):
    """A deployment and its last status before the end of the window."""

    created_at: str
    id: str
    environment: str | None
    sha: str | None
    state: str | None
    state_at: str | None
    evidence: tuple[str, ...]


def read_deployments(activity: Iterable[Activity], rows: Iterable[MetricRow], until: str) -> tuple[Deployment, ...]:
    """Return deployments created before `until`, oldest first; later statuses are not looked at."""
    groups: defaultdict[_Group, list[Deployment]] = defaultdict(list)
    stored = {row.id: row for row in (_from_row(row, until) for row in rows) if row and row.created_at < until}
    for deployment in stored.values():
        groups[deployment.sha, deployment.environment].append(deployment)
    events = {row.id: row for row in activity if row.created_at < until}.values()
    for row in sorted((row for row in events if row.event_type == "DeploymentEvent"), key=_when):
        group = groups[row.sha, row.subject]
        if not any(_is_near(row.created_at, known.created_at) for known in group):
            group.append(Deployment(row.created_at, row.id, row.subject, row.sha, None, None, (f"event:{row.id}",)))
    for row in sorted((row for row in events if row.event_type == "DeploymentStatusEvent"), key=_when):
        _apply(groups[row.sha, row.subject], row)
    return tuple(
        sorted((deployment for group in groups.values() for deployment in group), key=lambda d: (d.created_at, d.id))
    )


_Group = tuple[str | None, str | None]
"""Commit and environment."""


def _when(row: Activity) -> tuple[str, str]:
    return row.created_at, row.id


def _from_row(row: MetricRow, until: str) -> Deployment | None:
    known = observations.Deployment.from_row(row)
    if known is None:
        return None
    state, state_at = known.state, known.state_at
    if state_at and state_at >= until:
        state, state_at = None, None
    evidence = (known.evidence,) if known.evidence else ()
    return Deployment(known.created_at, known.id, known.environment, known.sha, state, state_at, evidence)


def _is_near(one: str, other: str) -> bool:
    return abs(seconds_between(one, other)) <= SAME_DEPLOYMENT_SECONDS


def _apply(group: list[Deployment], status: Activity) -> None:
    """Give a status to the latest deployment of the group; one that nobody saw created begins with it."""
    before = [deployment for deployment in group if deployment.created_at <= status.created_at]
    if not before:
        before = [Deployment(status.created_at, status.id, status.subject, status.sha, None, None, ())]
        group += before
    latest = max(before, key=lambda deployment: (deployment.created_at, deployment.id))
    if latest.state_at is None or latest.state_at <= status.created_at:
        evidence = (*latest.evidence, f"event:{status.id}")[-MAX_EVIDENCE:]
        changed = latest._replace(state=status.action, state_at=status.created_at, evidence=evidence)
        group[group.index(latest)] = changed
