"""`repository_health`: how healthy a repository is, by components that explain themselves; or several side by side."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ...answers import Answer, AnswerModel, Coverage, Link, Problem, Window
from ...errors import InvalidInput, MonitorError
from ...insights.contributions import NO_CONTRIBUTIONS
from ...insights.health.rules import MINIMUM_KNOWN_SHARE
from ...insights.repository_health import HEALTH_FACTS, HealthInputs, assess_health
from ...insights.results import Component, HealthResult, Trend
from ...records import Span
from ...text import clean, unit_of
from ..gc_pause import without_garbage_collection
from ..watch_list import check_repos
from .context import QuestionContext, Subject
from .coverage import add_note, join_coverage, outage_note
from .lines import MAX_TEXT_BYTES, known, number, participants, span, status_lines
from .query import MAX_REPOSITORIES, WindowedQuery
from .question import Endpoint, Question
from .reading import HISTORY_DAYS, has_events, read_rows, read_snapshot
from .subject_notes import record_refusal
from .windows import Asked, days_before, previous

LISTED = ("threads", "events", "commits")
KINDS = (*LISTED, "releases", "workflow_runs", "advisories", "community_profile")
COMPARED = (2, 10)
"""How many repositories can be compared."""


class RepositoryHealthQuery(WindowedQuery):
    """Whose health."""

    default_hours: ClassVar[int] = 720

    repo: Annotated[str | None, Field(description="owner/name; this or repos is needed")] = None
    repos: Annotated[
        tuple[str, ...] | None, Field(description="owner/name each, 2 to 10, compared", max_length=MAX_REPOSITORIES)
    ] = None

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if bool(self.repo) == bool(self.repos):
            raise ValueError("name one repo (owner/name), or repos (2 to 10 of them, compared side by side)")
        return self


class ComparedComponent(AnswerModel):
    """A component of one of several repositories; its weight and explanation are in that one's own answer."""

    value: float | None
    score: float | None


class ComparedHealth(AnswerModel):
    """One of several repositories; `error` in place of the rest where nothing is known of it."""

    repo: str
    health_score: float | None = None
    confidence: float | None = None
    direction: Literal["up", "down", "flat"] | None = None
    components: dict[str, ComparedComponent] = Field(default_factory=dict)
    complete: bool = False
    recommendation: Link = None
    error: Problem | None = None


class RepositoryHealth(HealthResult, Answer):
    """Health of one repository; or of several in `repositories`, in the order asked for, and nothing else then."""

    repo: str | None
    repo_url: str | None
    window: Window
    coverage: Coverage
    repositories: Annotated[tuple[ComparedHealth, ...], Field(exclude_if=lambda rows: not rows)] = ()


async def answer(context: QuestionContext, query: RepositoryHealthQuery) -> RepositoryHealth:
    """Return the health of a repository, or of several.

    It is kept as that day's result where the window reaches to the present.
    """
    asked = query.window(context.now())
    if query.repos:
        return await _compare(context, query.repos, asked)
    subject = await context.look_up(query.repo or "", asked, kinds=KINDS)
    result = await _kept(context, subject, asked)
    envelope = context.envelope(subject, asked)
    refusal = record_refusal(subject.state)
    unread = f"Issues and pull requests are not read: {refusal}." if refusal else None
    coverage = add_note(envelope["coverage"], _left_out(result), unread)
    return RepositoryHealth(**{**envelope, "coverage": coverage}, **dict(result))


def _left_out(result: HealthResult) -> str | None:
    """Return how many issues and pull requests are not known well enough, in words; a token lets one pass read all."""
    parts = [f"{part.left_out} from {part.name}" for part in result.components if part.left_out]
    if not parts:
        return None
    return f"Issues and pull requests whose replies are not all read yet are left out: {', '.join(parts)}."


async def _kept(context: QuestionContext, subject: Subject, asked: Asked) -> HealthResult:
    with without_garbage_collection():
        result = await _assess(context, subject, asked)
    await context.results.keep_health(subject, asked, result)
    return result


async def _compare(context: QuestionContext, repos: Sequence[str], asked: Asked) -> RepositoryHealth:
    """Return several repositories side by side. Raises `InvalidInput` for too few or too many."""
    chosen = await context.choose(repos)
    names = list({name.strip().lower(): name for name in chosen.names}.values())
    least, most = COMPARED
    if not least <= (named := len(names) + len(chosen.problems)) <= most:
        raise InvalidInput(f"repos takes {least} to {most} repositories to compare, not {named}")
    refused = {**chosen.problems, **check_repos(names)}
    subjects = await context.look_up_all([name for name in names if name not in refused], asked, LISTED)
    rows = [await _compared(context, subject, asked) for subject in subjects]
    rows += [ComparedHealth(repo=clean(name, 80), error=Problem.of(problem)) for name, problem in refused.items()]
    coverage = join_coverage({s.presenter.full_name: context.coverage(s, asked, "events") for s in subjects})
    stored = (subject.problem for subject, row in zip(subjects, rows, strict=False) if row.error is None)
    outage = next(filter(None, map(outage_note, stored)), None)
    coverage = add_note(coverage, outage, _unread_note(context, subjects, asked))
    return RepositoryHealth(
        repo=None,
        repo_url=None,
        window=asked.window,
        coverage=coverage,
        health_score=None,
        confidence=None,
        components=(),
        trend=Trend(direction=None, previous_score=None, change=None, explanation="Each repository has its own."),
        recommendations=(),
        people=None,
        bots=None,
        ai_assistants=None,
        repositories=tuple(rows),
    )


def _unread_note(context: QuestionContext, subjects: Sequence[Subject], asked: Asked) -> str | None:
    """Return of which repositories neither the record of issues and pull requests nor all events are known."""
    names = [
        subject.presenter.full_name
        for subject in subjects
        if subject.state
        and not context.coverage(subject, asked, "threads").from_
        and (record_refusal(subject.state) or not context.coverage(subject, asked, "events").complete)
    ]
    return f"Issues and pull requests are not read of: {', '.join(names)}." if names else None


async def _compared(context: QuestionContext, subject: Subject, asked: Asked) -> ComparedHealth:
    name = subject.presenter.full_name
    try:
        result = await _kept(context, subject, asked)
    except MonitorError as error:
        return ComparedHealth(repo=name, error=Problem.of(error))
    return ComparedHealth(
        repo=name,
        health_score=result.health_score,
        confidence=result.confidence,
        direction=result.trend.direction,
        components={part.name: ComparedComponent(value=part.value, score=part.score) for part in result.components},
        complete=context.coverage(subject, asked, "events").complete,
        recommendation=result.recommendations[0] if result.recommendations else None,
    )


async def _assess(context: QuestionContext, subject: Subject, asked: Asked) -> HealthResult:
    since = min(previous(asked.span).since, days_before(asked.span.until, HISTORY_DAYS))
    stretch = Span(since, asked.span.until)
    activity, authorship = await read_rows(context, subject, stretch, facts=HEALTH_FACTS, without=NO_CONTRIBUTIONS)
    if not (activity or authorship or await has_events(context, subject, stretch)):
        context.raise_if_nothing_known(subject, asked)
    return assess_health(
        HealthInputs(
            since=asked.span.since,
            until=asked.span.until,
            activity=activity,
            authorship=authorship,
            releases=await context.manager.metrics.get_metrics("deployment_metrics", subject.key, prefix="release:"),
            snapshot=await read_snapshot(context, subject, asked),
            threads=await context.manager.threads.get_threads(subject.key, since),
            threads_known=context.settled(subject, "threads", asked),
            events_known=context.settled(subject, "events", asked),
            commits_known=context.settled(subject, "commits", asked),
            releases_known=context.known(subject, "releases"),
            bot_logins=context.bots,
            stored_score=await _stored_score(context, subject, asked),
        )
    )


async def _stored_score(context: QuestionContext, subject: Subject, asked: Asked) -> float | None:
    """Return the health score kept from the day on which the window begins, for a window of the same length."""
    day = asked.span.since[:10]
    stored = (await context.manager.metrics.get_health(subject.key, day, day)).get(day, {})
    return stored.get("health_score") if stored.get("hours") == asked.window.hours else None


def summarise(answer: RepositoryHealth) -> str:
    """Return the answer in one line."""
    if answer.repositories:
        ranked = sorted(
            (row for row in answer.repositories if row.health_score is not None),
            key=lambda row: (-(row.health_score or 0), row.repo),
        )
        order = ", ".join(f"{row.repo} {row.health_score:g}" for row in ranked) or "none of them has a known score"
        unknown = len(answer.repositories) - len(ranked)
        rest = f"; {unknown} not known" if unknown and ranked else ""
        whole = f"Health of {len(answer.repositories)} repositories: {order}{rest}, {span(answer.window)}."
        return f"{whole} {known(answer.coverage, joined=True, of='events')}"
    score = "not known (null)" if answer.health_score is None else f"{answer.health_score:g} of 100"
    sure = "" if answer.confidence is None else f" at confidence {answer.confidence:.2f}"
    if answer.health_score is None and answer.confidence is not None:
        sure += f" ({MINIMUM_KNOWN_SHARE:.2f} is needed)"
    unknown = sum(part.score is None for part in answer.components)
    parts = f"{unknown} of {len(answer.components)} components unknown"
    return f"{answer.repo}: health {score}{sure}, {parts}, {span(answer.window)}. {known(answer.coverage, of='events')}"


def lines(answer: RepositoryHealth) -> Iterator[str]:
    """Yield the answer as text."""
    if answer.repositories:
        yield from _side_by_side(answer)
        return
    yield from status_lines(answer)
    yield f"Took part: {participants(answer.people, answer.bots, answer.ai_assistants)}."
    trend = answer.trend
    change = "" if trend.change is None else f" ({trend.change:+g} against {number(trend.previous_score)})"
    yield f"Trend: {trend.direction or 'unknown'}{change}. {trend.explanation}"
    yield from map(component_line, answer.components)
    yield from (f"Recommendation: {line}" for line in answer.recommendations)


def _side_by_side(answer: RepositoryHealth) -> Iterator[str]:
    """Yield a line for each repository, and one for each component with all of their values."""
    yield f"Now {answer.now}."
    good = [row for row in answer.repositories if row.error is None]
    for row in good:
        needed = f" ({MINIMUM_KNOWN_SHARE:.2f} is needed)" if row.health_score is None else ""
        sure = "" if row.confidence is None else f", confidence {row.confidence:.2f}{needed}"
        partial = "" if row.complete else ", not completely known"
        advice = f". Recommendation: {row.recommendation}" if row.recommendation else ""
        yield f"{row.repo}: {number(row.health_score)}{sure}, trend {row.direction or 'unknown'}{partial}{advice}"
    for name in good[0].components if good else ():
        parts = [(row.repo, row.components[name]) for row in good]
        yield f"{name}: " + "; ".join(f"{repo} {_cell(part)}" for repo, part in parts)
    if any(part.score is None for row in good for part in row.components.values()):
        yield "Why a component is unknown: repository_health of that repository by itself says it."
    yield from (f"{row.repo}: {row.error.code}: {row.error.message}" for row in answer.repositories if row.error)


def _cell(part: ComparedComponent) -> str:
    return "unknown" if part.score is None else f"score {part.score:.2f} (value {number(part.value)})"


def component_line(part: Component) -> str:
    """Return a component in one line."""
    score = "unknown" if part.score is None else f"score {part.score:.2f}"
    sample = "" if part.sample_size is None else f", of {part.sample_size}"
    value = "" if part.value is None else f", {number(part.value)} {unit_of(part.value, part.unit)}"
    return f"{part.name}: {score}{value}{sample}, weight {part.weight:g}. {part.explanation}"


REPOSITORY_HEALTH = Question(
    name="repository_health",
    title="Repository health",
    description="Health score (0-100; null when too little is known) with its components and their sample sizes, the "
    "trend against the window before, and recommendations; or several repos side by side. Formulas: resource "
    "github-events://formulas.",
    query=RepositoryHealthQuery,
    answer_type=RepositoryHealth,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/metrics/repository-health", tag="metrics"),),
    text_bytes=lambda answer: MAX_TEXT_BYTES if answer.repositories else 3_950,
    position=30,
)
