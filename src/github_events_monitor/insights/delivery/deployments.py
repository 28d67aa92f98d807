"""Deployments, from stored rows and from webhook events (the Events API sends none).

https://docs.github.com/en/rest/deployments/deployments, https://docs.github.com/en/rest/deployments/statuses
"""

from collections.abc import Iterable
from typing import NamedTuple

from ... import observations
from ...instants import seconds_between
from ...records import Activity, MetricRow
from ..rows import in_order

SAME_DEPLOYMENT_SECONDS = 600
"""An event that does not name its deployment, and a row of the same commit and environment, are one so close together.
"""

MAX_EVIDENCE = 5

_REPLACED = "inactive"
FAILED = frozenset({"failure", "error"})
DELIVERED = frozenset({"success", _REPLACED})
"""inactive: a later one took its place. Without a status it is not known how a deployment ended."""
_STAGES: dict[str | None, int] = {None: 0, "success": 2, **dict.fromkeys(FAILED, 2), _REPLACED: 3}
"""What follows what of statuses of one second; all others are on the way (1)."""


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
    """Return deployments created before `until`, oldest first; later statuses are not looked at.

    Two that have ids of their own are never one, however close together: a retry follows a failed one.
    """
    found = {row.id: row for row in (_from_row(row, until) for row in rows) if row and row.created_at < until}
    unmatched = dict(found)
    events = in_order(row for row in activity if row.created_at < until)
    for row in events:
        if row.event_type == "DeploymentEvent":
            known = found.get(str(row.number)) if row.number else _nearest(row, unmatched.values())
            if known is None:
                name = str(row.number or row.id)
                found[name] = Deployment(row.created_at, name, row.subject, row.sha, None, None, (f"event:{row.id}",))
            else:
                unmatched.pop(known.id, None)
    for row in events:
        if row.event_type == "DeploymentStatusEvent":
            known = found.get(str(row.number)) if row.number else _latest(row, found.values())
            if known is None and row.action == _REPLACED:
                continue  # it was made earlier, and is told of because another one took its place
            if known is None:
                known = Deployment(row.created_at, str(row.number or row.id), row.subject, row.sha, None, None, ())
            found[known.id] = _with_status(known, row)
    return tuple(sorted(found.values(), key=lambda deployment: (deployment.created_at, deployment.id)))


def _from_row(row: MetricRow, until: str) -> Deployment | None:
    known = observations.Deployment.from_row(row)
    if known is None:
        return None
    state, state_at = known.state, known.state_at
    if state_at and state_at >= until:
        state, state_at = None, None
    evidence = (known.evidence,) if known.evidence else ()
    return Deployment(known.created_at, known.id, known.environment, known.sha, state, state_at, evidence)


def _nearest(event: Activity, rows: Iterable[Deployment]) -> Deployment | None:
    """Return the row, not matched yet, that an event without an id of a deployment tells of."""
    apart = [
        (abs(seconds_between(event.created_at, row.created_at)), row.id, row)
        for row in rows
        if (row.sha, row.environment) == (event.sha, event.subject)
    ]
    nearest = min(apart, key=lambda found: found[:2], default=None)
    return nearest[2] if nearest and nearest[0] <= SAME_DEPLOYMENT_SECONDS else None


def _latest(status: Activity, deployments: Iterable[Deployment]) -> Deployment | None:
    """Return the latest deployment of the same commit and environment that was created before a status."""
    before = [
        deployment
        for deployment in deployments
        if (deployment.sha, deployment.environment) == (status.sha, status.subject)
        and deployment.created_at <= status.created_at
    ]
    return max(before, key=lambda deployment: (deployment.created_at, deployment.id), default=None)


def _with_status(deployment: Deployment, status: Activity) -> Deployment:
    if _progress(deployment.state, deployment.state_at) > _progress(status.action, status.created_at):
        return deployment
    evidence = (*deployment.evidence, f"event:{status.id}")[-MAX_EVIDENCE:]
    return deployment._replace(state=status.action, state_at=status.created_at, evidence=evidence)


def _progress(state: str | None, at: str | None) -> tuple[str, int]:
    return at or "", _STAGES.get(state, 1)
