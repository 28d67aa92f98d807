"""`deployment_metrics`: releases, deployments, and the four DORA keys as proxies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from ...answers import Envelope
from ...insights.delivery.releases import gone_releases
from ...insights.deployments import DELIVERY_TYPES, DeploymentInputs, measure_deployments, missing_note
from ...insights.results import DeploymentAnswer, DeploymentResult, DoraKey, ReleaseAnswer, WorkflowRunsResult
from ...instants import SECOND, shift
from ...records import Refusal
from ...text import count_of, first_few, unit_of
from ..gc_pause import without_garbage_collection
from .context import QuestionContext, Subject
from .coverage import add_note
from .lines import known, name_of, number, quoted, span, status_lines
from .query import Repo, WindowedQuery
from .question import Endpoint, Question
from .reading import fit, has_events, read_snapshot
from .windows import Asked

KINDS = ("events", "commits", "releases", "deployments", "workflow_runs")


class DeploymentMetricsQuery(WindowedQuery):
    """Whose releases and deployments."""

    default_hours: ClassVar[int] = 2160

    repo: Repo


class DeploymentMetrics(DeploymentResult, Envelope):
    """Releases and deployments of one repository."""


async def answer(context: QuestionContext, query: DeploymentMetricsQuery) -> DeploymentMetrics:
    """Return releases, deployments and the four keys; kept as that day's result."""
    asked = query.window(context.now())
    subject = await context.look_up(query.repo, asked, kinds=KINDS)
    with without_garbage_collection():
        result, gone, lacks = await _measure(context, subject, asked)
    context.raise_if_outage_found_nothing(subject, asked, result.releases, result.deployments)
    await context.results.keep_deployments(subject, asked, result)
    envelope = context.envelope(subject, asked)
    coverage = add_note(envelope["coverage"], _gone_note(gone), *lacks)
    envelope["coverage"] = coverage.model_copy(update={"complete": coverage.complete and not lacks})
    return fit(DeploymentMetrics(**envelope, **dict(result)), "releases", "deployments")


def _gone_note(gone: Sequence[str]) -> str | None:
    """Return which releases are not counted, because they are there no more."""
    if not gone:
        return None
    return f"Not counted, for they were deleted or made drafts since: {first_few(list(map(name_of, gone)), 5)}."


def _lacks(inputs: DeploymentInputs, result: DeploymentResult, refused: Mapping[str, Refusal]) -> Sequence[str]:
    """Return what may be missing of releases and deployments, in words."""
    releases, deployments = missing_note(inputs, "release"), missing_note(inputs, "deployment")
    if result.total_releases is None and not inputs.releases_known:
        releases = _refused("Releases", refused) or (
            "Releases were not listed yet: how many there are is unknown; collect_now lists them."
        )
    if result.total_deployments is None and not inputs.deployments_known:
        deployments = _refused("Deployments", refused) or (
            "Deployments were never listed, which takes a token and requests left: how many there are is unknown."
        )
    return [note for note in (releases, deployments) if note]


def _refused(what: str, refused: Mapping[str, Refusal]) -> str | None:
    refusal = refused.get(what.lower())
    return f"{what} were not listed, how many there are is unknown: {refusal.reason}." if refusal else None


class _Measured(NamedTuple):
    """Releases and deployments with the keys, the tags of releases that are there no more, and what may be missing."""

    result: DeploymentResult
    gone: Sequence[str]
    lacks: Sequence[str]


async def _measure(context: QuestionContext, subject: Subject, asked: Asked) -> _Measured:
    manager = context.manager
    since, until = asked.span
    activity = await manager.events.get_activity(
        subject.key,
        since,
        shift(until, SECOND),  # a release may have been deleted in this very second
        event_types=DELIVERY_TYPES,
    )
    commits = await manager.commits.get_messages(subject.key, *asked.span)
    rows = await manager.metrics.get_metrics("deployment_metrics", subject.key)
    if not (activity or commits or rows or await has_events(context, subject, asked.span)):
        context.raise_if_nothing_known(subject, asked)
    gone = [release.tag for release in gone_releases(activity, rows, *asked.span)]
    inputs = DeploymentInputs(
        since=asked.span.since,
        until=asked.span.until,
        activity=activity,
        commits=commits,
        rows=rows,
        events_known=context.settled(subject, "events", asked),
        releases_known=context.known(subject, "releases"),
        deployments_known=context.known(subject, "deployments"),
        runs_known=context.settled(subject, "workflow_runs", asked),
        default_branch=subject.default_branch,
        repo_url=subject.presenter.repo_url,
        snapshot=await read_snapshot(context, subject, asked),
    )
    result = measure_deployments(inputs)
    return _Measured(result, gone, _lacks(inputs, result, subject.state.refused if subject.state else {}))


def summarise(answer: DeploymentMetrics) -> str:
    """Return the answer in one line."""
    counted = ((answer.total_releases, "release"), (answer.total_deployments, "deployment"))
    found = ", ".join(f"{noun}s not known" if total is None else count_of(total, noun) for total, noun in counted)
    bands = ", ".join(f"{key.name} {key.band or 'unknown'}" for key in answer.dora)
    said = known(answer.coverage, of="events")
    return f"{answer.repo}: {found}; {bands}; {span(answer.window)}. {said}"


def lines(answer: DeploymentMetrics) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    yield from map(_key, answer.dora)
    yield from _runs(answer.workflow_runs)
    yield from map(_release, answer.releases)
    yield from map(_deployment, answer.deployments)


def _key(key: DoraKey) -> str:
    value = "unknown" if key.value is None else f"{number(key.value)} {unit_of(key.value, key.unit)}"
    return f"{key.name}: {value}, band {key.band or 'unknown'}, of {key.sample_size}. {key.explanation}"


def _runs(runs: WorkflowRunsResult | None) -> Iterator[str]:
    yield f"Workflow runs: {runs.explanation if runs else 'unknown.'}"
    for one in runs.failing if runs else ():
        longer = "" if one.since_known else " or longer"
        on = f" on {one.sha[:10]}" if one.sha else ""
        on += f" of branch {quoted(one.branch, 60)}" if one.branch else ""
        known_as = "" if one.workflow_id is None else f", id {one.workflow_id},"
        yield f"Workflow {quoted(one.workflow, 80)}{known_as} fails since {one.since}{longer}{on}"


def _release(row: ReleaseAnswer) -> str:
    kind = "Pre-release" if row.prerelease else "Release"
    return f"{kind} {quoted(row.tag, 80)} at {row.published_at} by {name_of(row.author_login)}"


def _deployment(row: DeploymentAnswer) -> str:
    where = quoted(row.environment, 80) if row.environment else "unknown environment"
    sha = f" of {row.sha[:10]}" if row.sha else ""
    return f"Deployment {row.id}{sha} to {where} at {row.created_at}: {row.state or 'state unknown'}"


DEPLOYMENT_METRICS = Question(
    name="deployment_metrics",
    title="Deployment metrics",
    description="Releases, deployments, failing workflows, and the four DORA keys as far as GitHub's records can stand "
    "for them, with their bands.",
    query=DeploymentMetricsQuery,
    answer_type=DeploymentMetrics,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/metrics/release-deployment", tag="metrics"),),
    position=110,
)
