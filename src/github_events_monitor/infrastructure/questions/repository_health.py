"""`repository_health`: how healthy a repository is, by components that explain themselves."""

from collections.abc import Iterator
from typing import ClassVar

from ...answers import Envelope
from ...insights.repository_health import HEALTH_FACTS, HealthInputs, assess_health
from ...insights.results import Component, HealthResult
from ..gc_pause import without_garbage_collection
from .context import QuestionContext, Subject
from .lines import known, number, span, standing
from .query import Repo, WindowedQuery
from .question import Endpoint, Question
from .reading import HISTORY_DAYS, read_rows, read_snapshot
from .windows import Asked, days_before, previous


class RepositoryHealthQuery(WindowedQuery):
    """Whose health."""

    default_hours: ClassVar[int] = 720

    repo: Repo


class RepositoryHealth(HealthResult, Envelope):
    """Health of one repository."""


async def answer(context: QuestionContext, query: RepositoryHealthQuery) -> RepositoryHealth:
    """Return the health of a repository; kept as that day's result where the window reaches to the present."""
    asked = query.window(context.now())
    subject = await context.look_up(query.repo, asked, kinds=("threads", "events", "commits"))
    with without_garbage_collection():
        result = await _assess(context, subject, asked)
    await context.results.keep_health(subject, asked, result)
    return RepositoryHealth(**context.envelope(subject, asked), **dict(result))


async def _assess(context: QuestionContext, subject: Subject, asked: Asked) -> HealthResult:
    since = min(previous(asked.span).since, days_before(asked.span.until, HISTORY_DAYS))
    activity, authorship = await read_rows(context, subject, since, asked.span.until, facts=HEALTH_FACTS)
    if not (activity or authorship):
        context.refuse_emptiness(subject, asked)
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
    score = "not known (null)" if answer.health_score is None else f"{answer.health_score:g} of 100"
    sure = "" if answer.confidence is None else f" at confidence {answer.confidence:.2f}"
    unknown = sum(part.score is None for part in answer.components)
    parts = f"{unknown} of {len(answer.components)} components unknown"
    return f"{answer.repo}: health {score}{sure}, {parts}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: RepositoryHealth) -> Iterator[str]:
    """Yield the answer as text."""
    yield from standing(answer)
    yield f"Took part: {answer.people} people, {answer.bots} bots, {answer.ai_assistants} AI assistants."
    trend = answer.trend
    change = "" if trend.change is None else f" ({trend.change:+g} against {number(trend.previous_score)})"
    yield f"Trend: {trend.direction or 'unknown'}{change}. {trend.explanation}"
    yield from map(component_line, answer.components)
    yield from (f"Recommendation: {line}" for line in answer.recommendations)


def component_line(part: Component) -> str:
    """Return a component in one line."""
    score = "unknown" if part.score is None else f"score {part.score:.2f}"
    sample = "" if part.sample_size is None else f", of {part.sample_size}"
    value = "" if part.value is None else f", {number(part.value)} {part.unit}"
    return f"{part.name}: {score}{value}{sample}, weight {part.weight:g}. {part.explanation}"


REPOSITORY_HEALTH = Question(
    name="repository_health",
    title="Repository health",
    description="Health score (0-100; null when too little is known) with its components and their sample sizes, the "
    "trend against the window before, and recommendations. Formulas: resource github-events://formulas.",
    query=RepositoryHealthQuery,
    answer_type=RepositoryHealth,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/metrics/repository-health", tag="metrics"),),
    text_bytes=3_950,
    position=30,
)
