"""Releases and deployments of a window, and the four DORA keys as proxies: `measure_deployments`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar
from urllib.parse import quote

from ..instants import shift
from ..ledger import merge_spans, missing_spans
from ..observations import Snapshot
from ..records import Activity, CommitMessage, MetricRow, Span
from ..text import count_of
from .commit_messages import read_subject
from .delivery.deployments import DELIVERED, FAILED, Deployment, read_deployments
from .delivery.dora import MINIMUM, Delivery, Record, measure_keys
from .delivery.releases import Release, read_releases
from .results import DeploymentAnswer, DeploymentResult, ReleaseAnswer
from .workflow_runs import RUN_TYPES, measure_workflow_runs

DELIVERY_TYPES = frozenset({"DeploymentEvent", "DeploymentStatusEvent", "ReleaseEvent", *RUN_TYPES})
"""The events that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentInputs:
    """What delivery is judged from: stored instants, window since <= t < until.

    rows: of table deployment_metrics, listings of releases and deployments as far as they were read. activity, commits:
    of the window; of events those of `DELIVERY_TYPES` suffice.
    events_known, releases_known, deployments_known, runs_known: completely known spans, all but the first from
    listings; no feed of events tells of deployments or workflow runs. default_branch: whose runs count. repo_url: where
    people read the repository, to open what has no url of its own. snapshot: as it was seen at the end of the window.
    """

    since: str
    until: str
    activity: Sequence[Activity] = ()
    commits: Sequence[CommitMessage] = ()
    rows: Sequence[MetricRow] = ()
    events_known: Sequence[Span] = ()
    releases_known: Sequence[Span] = ()
    deployments_known: Sequence[Span] = ()
    runs_known: Sequence[Span] = ()
    default_branch: str | None = None
    repo_url: str | None = None
    snapshot: Snapshot | None = None


LISTED_EVERY = timedelta(days=2)
"""A listing that ends so shortly before the window does is as new as listings get."""

_Opened = TypeVar("_Opened", Release, Deployment)


def measure_deployments(inputs: DeploymentInputs) -> DeploymentResult:
    """Return releases and deployments, newest first, and the keys. Order and repetition of rows do not matter."""
    releases = [
        _openable(release, inputs.repo_url, f"releases/tag/{quote(release.tag, safe='')}")
        for release in read_releases(inputs.activity, inputs.rows, inputs.until)
    ]
    deployments = [
        _openable(deployment, inputs.repo_url, "deployments")
        for deployment in read_deployments(inputs.activity, inputs.rows, inputs.until)
    ]
    shown = [release for release in reversed(releases) if release.published_at >= inputs.since]
    deployed = [deployment for deployment in reversed(deployments) if deployment.created_at >= inputs.since]
    return DeploymentResult(
        total_releases=len(shown) if shown or not missing_note(inputs, "release") else None,
        total_deployments=len(deployed) if deployed or not missing_note(inputs, "deployment") else None,
        releases=tuple(map(_release_answer, shown)),
        deployments=tuple(map(_deployment_answer, deployed)),
        dora=measure_keys(_record(inputs, releases, deployments)),
        workflow_runs=measure_workflow_runs(
            inputs.activity, inputs.default_branch, inputs.since, inputs.until, inputs.runs_known, inputs.snapshot
        ),
    )


def _record(inputs: DeploymentInputs, releases: Sequence[Release], deployments: Sequence[Deployment]) -> Record:
    what, deliveries, unjudged = _deliveries(releases, deployments, inputs.since)
    first = min((delivery.at for delivery in (*deliveries, *unjudged)), default=inputs.until)
    commits = {commit.sha: commit for commit in inputs.commits if commit.commit_date < inputs.until}
    return Record(
        since=inputs.since,
        until=inputs.until,
        what=what,
        deliveries=deliveries,
        unjudged=[delivery for delivery in unjudged if delivery.at >= inputs.since],
        aside=_aside(deployments, inputs.since) if what == "releases" else "",
        commits=sorted((commit.commit_date, sha) for sha, commit in commits.items()),
        remedies=sorted(
            (commit.commit_date, sha)
            for sha, commit in commits.items()
            if commit.commit_date > first and _is_remedy(commit)
        ),
        gap=missing_note(inputs, "release" if what == "releases" else "deployment"),
        status_known=what != "releases" and any(deployment.state for deployment in deployments),
    )


def _deliveries(
    releases: Sequence[Release], deployments: Sequence[Deployment], since: str
) -> tuple[str, Sequence[Delivery], Sequence[Delivery]]:
    """Return what stands for a delivery, those that ended, and those of which it is not known.

    It is the first choice that is frequent enough in the window, else the most frequent.
    """
    final = [deployment for deployment in deployments if deployment.state in FAILED | DELIVERED]
    open_ended = [deployment for deployment in deployments if deployment.state is None]
    unjudged: dict[str, list[Delivery]] = {
        "production deployments": [_of_deployment(d) for d in open_ended if _is_production(d.environment)],
        "releases": [],
        "deployments": [_of_deployment(d) for d in open_ended],
    }
    choices = {
        "production deployments": [_of_deployment(d) for d in final if _is_production(d.environment)],
        "releases": [Delivery(r.published_at, r.evidence) for r in releases if not r.prerelease],
        "deployments": [_of_deployment(d) for d in final],
    }
    counts, more = _in_window(choices, since), _in_window(unjudged, since)
    enough = [what for what in choices if counts[what] >= MINIMUM["deployment_frequency"]]
    what = enough[0] if enough else max(counts, key=lambda name: (counts[name], more[name], name == "releases"))
    return what, choices[what], unjudged[what]


def _aside(deployments: Sequence[Deployment], since: str) -> str:
    untold = sum(deployment.state is None and deployment.created_at >= since for deployment in deployments)
    return f" Whether {count_of(untold, 'deployment')} without a known status succeeded is unknown." if untold else ""


def _in_window(choices: Mapping[str, Sequence[Delivery]], since: str) -> dict[str, int]:
    return {what: sum(delivery.at >= since for delivery in found) for what, found in choices.items()}


def _of_deployment(deployment: Deployment) -> Delivery:
    failed_at = (deployment.state_at or deployment.created_at) if deployment.state in FAILED else None
    return Delivery(deployment.created_at, deployment.evidence, failed_at)


def _is_production(environment: str | None) -> bool:
    name = (environment or "").lower()
    return "prod" in name and not any(word in name for word in ("pre-prod", "preprod", "non-prod", "nonprod"))


def _is_remedy(commit: CommitMessage) -> bool:
    subject = read_subject(commit.message)
    return subject.is_revert or subject.is_hotfix


def _openable(found: _Opened, repo_url: str | None, path: str) -> _Opened:
    """Return it without addresses elsewhere than on its GitHub, and with a page there where it has no other evidence.

    Rows may come from an export or another GitHub; the REST API is on the host itself, or in front of it on github.com.
    https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
    """
    if not repo_url:
        return found
    scheme, _, rest = repo_url.partition("://")
    host = rest.partition("/")[0]
    opens = ("event:", "commit:", f"{scheme}://{host}/", f"{scheme}://api.{host}/")
    kept = tuple(piece for piece in found.evidence if piece.startswith(opens))
    return found._replace(evidence=kept or (f"{repo_url}/{path}",))


def missing_note(inputs: DeploymentInputs, kind: Literal["release", "deployment"]) -> str:
    """Return a sentence about what may be missing, empty where nothing can be but what is newer than a listing."""
    listed = inputs.releases_known if kind == "release" else inputs.deployments_known
    known = merge_spans((*listed, *inputs.events_known)) if kind == "release" else listed
    missing = missing_spans(known, inputs.since, inputs.until)
    if listed and missing and missing[-1].until == inputs.until:
        newest = shift(inputs.until, -LISTED_EVERY)
        missing = tuple(span for span in missing if span.since < newest)
    if not missing:
        return ""
    return f"Not all {kind}s are known from {missing[0].since} to {missing[-1].until}: more may have been made."


def _release_answer(release: Release) -> ReleaseAnswer:
    return ReleaseAnswer(
        tag=release.tag,
        prerelease=release.prerelease,
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
