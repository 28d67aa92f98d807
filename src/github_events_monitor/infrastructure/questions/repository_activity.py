"""`repository_activity`: a repository's events, newest first, and how many of each type; and the counts alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ...answers import Envelope
from ...github.events import check_types
from ...insights.results import ActivitySeries
from ...insights.series import activity_series, weekday_hours
from ...insights.threads import THREAD_TYPES
from ...insights.workflow_runs import RUN_TYPES
from ...records import Event, Thread
from ...text import count_of
from ..database_interface import Position
from .context import QuestionContext, Subject
from .coverage import add_note
from .cursors import Page, open_page, write_cursor
from .lines import by_time, counts, cursor_line, flags, known, name_of, quoted, span, status_lines
from .matching import Words, has_words, matching
from .persons import note_unknown_person
from .presenter import EventAnswer
from .query import PagedQuery, Person, Repo, WindowedQuery
from .question import Endpoint, Question
from .reading import has_events
from .sizes import MAX_BYTES, how_many_fit, wire_size
from .windows import Asked

NAME = "repository_activity"


class RepositoryActivityQuery(PagedQuery):
    """Which events."""

    repo: Repo
    event_types: Annotated[
        tuple[str, ...] | None,
        AfterValidator(check_types),
        Field(description="such as PushEvent, IssuesEvent; default: all", examples=["PushEvent,IssuesEvent"]),
    ] = None
    actor: Annotated[Person, Field(description="login")] = None
    query: Words = None


WeekdayHours = tuple[tuple[int | None, ...], ...]
"""Events by weekday (Monday first) and hour (UTC); null where it is not known."""


class RepositoryActivity(Envelope):
    """Events of one repository, newest first; counts are of the whole window.

    weekday_hours: left out where the series is by hour, which has the same.
    """

    total_events: int
    counts_by_type: dict[str, int]
    series: ActivitySeries
    weekday_hours: Annotated[WeekdayHours, Field(exclude_if=lambda days: not days)] = ()
    events: tuple[EventAnswer, ...]
    next_cursor: str | None = None


class EventCountsQuery(WindowedQuery):
    """Whose events."""

    repo: Repo


class EventCounts(Envelope):
    """Events of one repository by type, by time, and by weekday (Monday first) and hour (UTC)."""

    total_events: int
    counts_by_type: dict[str, int]
    series: ActivitySeries
    weekday_hours: WeekdayHours


async def answer(context: QuestionContext, query: RepositoryActivityQuery) -> RepositoryActivity:
    """Return a page of events, and the counts of the whole window.

    Raises `InvalidInput`, or the `GitHubError` for which nothing is known of the window.
    """
    page = open_page(NAME, query, context.now())
    query = page.query
    if page.after is None:
        subject = await context.look_up(query.repo, page.asked, kinds=["events"])
    else:
        subject = await context.stored(query.repo)
    if query.query:
        counts, found = await _search(context, subject, page)
    else:
        counts = await _count(context, subject, page.asked, query.event_types, query.actor)
        found = await _read(context, subject, page, query.size + 1, page.after)
    series = activity_series(page.asked.span, counts)
    by_weekday = () if series.unit == "hour" else _by_weekday(context, subject, page.asked, query.event_types, counts)
    threads = await _threads_of(context, subject, found[: query.size])
    shown = [subject.presenter.event(event, threads.get(event.facts.number or 0)) for event in found[: query.size]]
    shown = shown[: how_many_fit(shown, MAX_BYTES - 1_500 - wire_size(series.to_wire()) - wire_size(by_weekday))]
    last = (shown[-1].created_at, shown[-1].id) if len(shown) < len(found) else None
    counted = _by_type(counts)
    about = _envelope(context, subject, page.asked, query.event_types, counted["counts_by_type"])
    if not counted["total_events"]:
        about["coverage"] = await note_unknown_person(context, about["coverage"], [subject], page.asked, query.actor)
    return RepositoryActivity(
        **about,
        **counted,
        series=series,
        weekday_hours=by_weekday,
        events=tuple(shown),
        next_cursor=write_cursor(NAME, page, last) if last else None,
    )


async def _read(
    context: QuestionContext,
    subject: Subject,
    page: Page[RepositoryActivityQuery],
    limit: int,
    after: Position | None,
) -> list[Event]:
    types, actor = page.query.event_types, page.query.actor
    return await context.manager.events.get_events(
        subject.key, *page.asked.span, event_types=types, actor=actor, limit=limit, after=after
    )


async def _search(
    context: QuestionContext, subject: Subject, page: Page[RepositoryActivityQuery]
) -> tuple[dict[tuple[str, str], int], list[Event]]:
    """Return how many events by hour and type have the words in their title, and those of the page and one more."""

    async def read(limit: int, after: Position | None) -> list[Event]:
        events = await _read(context, subject, page, limit, after)
        titled.update(await _titles(context, subject, events))
        return events

    titled: dict[str, str] = {}
    found = await matching(
        read, lambda e: has_words(titled.get(e.id), page.query.query), lambda e: (e.created_at, e.id)
    )
    rest = found if page.after is None else [event for event in found if (event.created_at, event.id) < page.after]
    counts = Counter((event.created_at[:13], event.event_type) for event in found)
    return counts, rest[: page.query.size + 1]


async def _titles(context: QuestionContext, subject: Subject, events: Sequence[Event]) -> Mapping[str, str]:
    """Return the titles of events as answers show them, by id."""
    threads = await _threads_of(context, subject, events)
    shown = [subject.presenter.event(event, threads.get(event.facts.number or 0)) for event in events]
    return {event.id: event.title for event in shown}


async def answer_counts(context: QuestionContext, query: EventCountsQuery) -> EventCounts:
    """Return how many events of each type a repository had."""
    asked = query.window(context.now())
    subject = await context.look_up(query.repo, asked, kinds=["events"])
    counts = await _count(context, subject, asked, None, None)
    counted = _by_type(counts)
    return EventCounts(
        **_envelope(context, subject, asked, None, counted["counts_by_type"]),
        **counted,
        series=activity_series(asked.span, counts),
        weekday_hours=_by_weekday(context, subject, asked, None, counts),
    )


async def _count(
    context: QuestionContext, subject: Subject, asked: Asked, types: Sequence[str] | None, actor: str | None
) -> dict[tuple[str, str], int]:
    found = await context.manager.events.count_by_hour(subject.key, *asked.span, event_types=types, actor=actor)
    if not found:
        others = bool(types or actor) and await has_events(context, subject, asked.span)
        context.raise_if_nothing_known(subject, asked, _kind(types), others_stored=others)
    return found


def _by_weekday(
    context: QuestionContext,
    subject: Subject,
    asked: Asked,
    types: Sequence[str] | None,
    counts: Mapping[tuple[str, str], int],
) -> WeekdayHours:
    return weekday_hours(counts, asked.span, context.settled(subject, _kind(types), asked))


def _by_type(counts: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    found = Counter[str]()
    for (_, event_type), count in counts.items():
        found[event_type] += count
    ranked = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    return {"total_events": found.total(), "counts_by_type": ranked}


async def _threads_of(context: QuestionContext, subject: Subject, events: Sequence[Event]) -> Mapping[int, Thread]:
    """Return the record of the issues and pull requests that events are about: payloads since 2025-10 lack titles."""
    numbers = {event.facts.number for event in events if event.event_type in THREAD_TYPES}
    known = numbers - {None}
    return await context.manager.threads.get_threads_by_number(subject.key, filter(None, known)) if known else {}


def _kind(types: Sequence[str] | None) -> str:
    """Return the kind of coverage that counts for an answer: the feed never has workflow runs."""
    return "workflow_runs" if types and {*types} <= {*RUN_TYPES} else "events"


def _envelope(
    context: QuestionContext, subject: Subject, asked: Asked, types: Sequence[str] | None, counted: Mapping[str, int]
) -> dict[str, Any]:
    kind = _kind(types)
    about = context.envelope(subject, asked, kind)
    runs = context.coverage(subject, asked, "workflow_runs")
    if kind == "events" and any(name in counted for name in RUN_TYPES) and not runs.complete:
        known = f"from {runs.from_} to {runs.to}" if runs.from_ else "by deliveries alone"
        about["coverage"] = add_note(about["coverage"], f"Workflow runs are known {known}.")
    return about


def summarise(answer: RepositoryActivity) -> str:
    """Return the answer in one line."""
    shown = f"{len(answer.events)} of " if answer.next_cursor else ""
    kinds = f" of {count_of(len(answer.counts_by_type), 'type')}" if answer.counts_by_type else ""
    found = count_of(answer.total_events, "event")
    return f"{answer.repo}: {shown}{found}{kinds}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: RepositoryActivity) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    yield f"By type: {counts(answer.counts_by_type)}."
    yield from series_lines(answer)
    yield from weekday_lines(answer.weekday_hours)
    yield from map(_line, answer.events)
    yield from cursor_line(answer.next_cursor)


def _line(event: EventAnswer) -> str:
    action = f" {event.action}" if event.action else ""
    author = event.author_login
    marks = flags(("bot", event.is_bot), ("AI assistant", event.ai_assistant), (f"opened by {name_of(author)}", author))
    return f"{event.created_at} {event.event_type}{action} {name_of(event.actor_login)}{marks}: {quoted(event.title)}"


def summarise_counts(answer: EventCounts) -> str:
    """Return the answer in one line."""
    return f"{answer.repo}: {count_of(answer.total_events, 'event')}, {span(answer.window)}. {known(answer.coverage)}"


def count_lines(answer: EventCounts) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    yield f"By type: {counts(answer.counts_by_type)}."
    yield from series_lines(answer)
    yield from weekday_lines(answer.weekday_hours)


def weekday_lines(weekday_hours: WeekdayHours) -> Iterator[str]:
    """Yield events by weekday and hour as text; nothing where they are left out or there are none."""
    if not any(map(any, weekday_hours)):
        return
    days = zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), weekday_hours, strict=False)
    if any(None in hours for hours in weekday_hours):
        yield "By weekday and hour (? is unknown):"
    for day, hours in days:
        yield f"{day} by hour (UTC): {' '.join('?' if count is None else str(count) for count in hours)}"


def series_lines(answer: RepositoryActivity | EventCounts) -> Iterator[str]:
    """Yield the series of counts as text, one line for each type; nothing where there is nothing to count."""
    series = answer.series
    yield from by_time(series.counts.items(), series.unit, series.start, answer.coverage, answer.window)


REPOSITORY_ACTIVITY = Question(
    name=NAME,
    title="Repository activity",
    description="Events of a repository, newest first (pushes, pull requests, issues, releases, stars…), and counts by "
    "type of the whole window.",
    query=RepositoryActivityQuery,
    answer_type=RepositoryActivity,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/events/recent", tag="events"),),
    position=60,
)

EVENT_COUNTS = Question(
    name="event_counts",
    title="Event counts",
    description="How many events of each type a repository had.",
    query=EventCountsQuery,
    answer_type=EventCounts,
    answer=answer_counts,
    summarise=summarise_counts,
    lines=count_lines,
    endpoints=(Endpoint(method="GET", path="/metrics/event-counts", tag="metrics"),),
    is_tool=False,
    position=61,
)
