"""Releases and deployments of a window, and the four DORA keys as proxies: `measure_deployments`."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..answers.insights import DeploymentAnswer, DeploymentResult, ReleaseAnswer
from ..records import Activity, Commit, CommitSummary, MetricRow, Span
from .commit_messages import read_message
from .coverage import missing_spans
from .delivery.deployments import DELIVERED, FAILED, Deployment, read_deployments
from .delivery.dora import MINIMUM, Delivery, Record, measure_keys
from .delivery.releases import Release, read_releases

DELIVERY_TYPES = frozenset({"DeploymentEvent", "DeploymentStatusEvent", "ReleaseEvent"})
"""The events that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentInputs:
    """What delivery is judged from: stored instants, window since <= t < until.

    rows: of table deployment_metrics, whole listings of releases and deployments where they could be read. activity,
    commits: of the window; of events those of `DELIVERY_TYPES` suffice; commits with summaries where they were made.
    events_known: completely known spans.
    """

    since: str
    until: str
    activity: Sequence[Activity] = ()
    commits: Sequence[tuple[Commit, CommitSummary | None]] = ()
    rows: Sequence[MetricRow] = ()
    events_known: Sequence[Span] = ()


def measure_deployments(inputs: DeploymentInputs) -> DeploymentResult:
    """Releases and deployments, newest first, and the keys. Order and repetition of the rows do not matter."""
    releases = read_releases(inputs.activity, inputs.rows, inputs.until)
    deployments = read_deployments(inputs.activity, inputs.rows, inputs.until)
    shown = [release for release in reversed(releases) if release.published_at >= inputs.since]
    deployed = [deployment for deployment in reversed(deployments) if deployment.created_at >= inputs.since]
    return DeploymentResult(
        total_releases=len(shown),
        total_deployments=len(deployed),
        releases=tuple(map(_release_answer, shown)),
        deployments=tuple(map(_deployment_answer, deployed)),
        dora=measure_keys(_record(inputs, releases, deployments)),
    )


def _record(inputs: DeploymentInputs, releases: Sequence[Release], deployments: Sequence[Deployment]) -> Record:
    what, deliveries = _deliveries(releases, deployments, inputs.since)
    commits = {commit.sha: (commit, summary) for commit, summary in inputs.commits if commit.commit_date < inputs.until}
    return Record(
        since=inputs.since,
        until=inputs.until,
        what=what,
        deliveries=deliveries,
        commits=sorted((commit.commit_date, sha) for sha, (commit, _) in commits.items()),
        remedies=sorted((pair[0].commit_date, sha) for sha, pair in commits.items() if _is_remedy(pair[0])),
        gap=_gap(inputs, "release" if what == "releases" else "deployment"),
        status_known=what != "releases" and any(deployment.state for deployment in deployments),
    )


def _deliveries(
    releases: Sequence[Release], deployments: Sequence[Deployment], since: str
) -> tuple[str, Sequence[Delivery]]:
    """What stands for a delivery: the first choice that is frequent enough in the window, else the most frequent."""
    final = [deployment for deployment in deployments if deployment.state in FAILED | DELIVERED]
    choices = {
        "production deployments": [_of_deployment(d) for d in final if _is_production(d.environment)],
        "releases": [Delivery(r.published_at, r.evidence) for r in releases if not r.prerelease],
        "deployments": [_of_deployment(d) for d in final],
    }
    counts = {what: sum(d.at >= since for d in found) for what, found in choices.items()}
    enough = [what for what in choices if counts[what] >= MINIMUM["deployment_frequency"]]
    what = enough[0] if enough else max(counts, key=lambda name: (counts[name], name == "releases"))
    return what, choices[what]


def _of_deployment(deployment: Deployment) -> Delivery:
    failed_at = (deployment.state_at or deployment.created_at) if deployment.state in FAILED else None
    return Delivery(deployment.created_at, deployment.evidence, failed_at)


def _is_production(environment: str | None) -> bool:
    name = (environment or "").lower()
    return "prod" in name and not any(word in name for word in ("pre-prod", "preprod", "non-prod", "nonprod"))


def _is_remedy(commit: Commit) -> bool:
    message = read_message(commit.message)
    return message.is_revert or message.is_hotfix


def _gap(inputs: DeploymentInputs, kind: str) -> str:
    """Listings are complete by themselves; events only where collection had no gap."""
    missing = missing_spans(inputs.events_known, inputs.since, inputs.until)
    if not missing or any(row.data.get("kind") == kind for row in inputs.rows):
        return ""
    return f"Events are not completely known from {missing[0].since} to {missing[-1].until}: more may have happened."


def _release_answer(release: Release) -> ReleaseAnswer:
    return ReleaseAnswer(
        tag=release.tag,
        published_at=release.published_at,
        author_login=release.author_login,
        evidence=release.evidence,
    )


def _deployment_answer(deployment: Deployment) -> DeploymentAnswer:
    return DeploymentAnswer(
        id=deployment.id,
        environment=deployment.environment,
        sha=deployment.sha,
        created_at=deployment.created_at,
        state=deployment.state,
        evidence=deployment.evidence,
    )
