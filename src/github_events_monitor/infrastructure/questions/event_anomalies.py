"""`event_anomalies`: spikes, drops and bursts that chance does not explain."""

from collections.abc import Iterator
from typing import ClassVar

from ...answers import Envelope
from ...insights.patterns import PatternInputs, find_anomalies
from ...insights.results import Anomaly, AnomalyResult
from ...text import count_of
from ..gc_pause import without_garbage_collection
from .context import QuestionContext, Subject
from .lines import known, name_of, number, quoted, span, status_lines
from .query import Repo, WindowedQuery
from .question import Endpoint, Question
from .reading import fit
from .windows import Asked, days_before

PATTERN_DAYS = 60
"""How far before a window events are read to learn what is usual."""


class EventAnomaliesQuery(WindowedQuery):
    """Whose anomalies."""

    default_hours: ClassVar[int] = 168

    repo: Repo


class EventAnomalies(AnomalyResult, Envelope):
    """Unusual activity in one repository."""


async def answer(context: QuestionContext, query: EventAnomaliesQuery) -> EventAnomalies:
    """Return anomalies, each kept as it was found where the window reaches to the present."""
    asked = query.window(context.now())
    subject = await context.look_up(query.repo, asked)
    with without_garbage_collection():
        result = await find(context, subject, asked)
    context.raise_if_outage_found_nothing(subject, asked, result.anomalies)
    await context.results.keep_anomalies(subject, asked, result)
    return fit(EventAnomalies(**context.envelope(subject, asked), **dict(result)), "anomalies")


async def find(context: QuestionContext, subject: Subject, asked: Asked) -> AnomalyResult:
    """Return what is unusual in a window, against the sixty days before. Raises where nothing at all is known."""
    since = days_before(asked.span.since, PATTERN_DAYS)
    activity = await context.manager.events.get_activity(subject.key, since, asked.span.until, facts=())
    if not activity:
        context.raise_if_nothing_known(subject, asked)
    return find_anomalies(
        PatternInputs(
            since=asked.span.since,
            until=asked.span.until,
            activity=activity,
            events_known=context.settled(subject, "events", asked),
            bot_logins=context.bots,
        )
    )


def summarise(answer: EventAnomalies) -> str:
    """Return the answer in one line."""
    tested = (
        f"{count_of(len(answer.anomalies), 'anomaly')} in {count_of(answer.tested_buckets, 'test')} of hours and days"
    )
    if not (answer.anomalies or answer.tested_buckets):
        tested = "whether anything is unusual is not known"
    return f"{answer.repo}: {tested}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: EventAnomalies) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    if answer.explanation:
        yield answer.explanation
    yield from map(_line, answer.anomalies)


def _line(found: Anomaly) -> str:
    by = f" by {name_of(found.actor_login)}" if found.actor_login else ""
    size = f"{found.observed} against {number(found.expected)} expected (p {found.p_value:.2g}, of {found.sample_size})"
    evidence = f" Evidence: {', '.join(found.evidence)}" if found.evidence else ""
    why = quoted(found.explanation, 300)
    return (
        f"{found.type} of {found.event_type}{by} in the {found.bucket} from {found.started_at}: {size}. {why}{evidence}"
    )


EVENT_ANOMALIES = Question(
    name="event_anomalies",
    title="Event anomalies",
    description="Spikes, drops and bursts of activity that chance does not explain, against the repository's own "
    "history.",
    query=EventAnomaliesQuery,
    answer_type=EventAnomalies,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/metrics/event-anomalies", tag="metrics"),),
    position=100,
)
