"""What the questions about pull requests and issues share: which threads, in which order, as of which moment."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from msgspec.structs import replace
from pydantic import Field

from ...answers import AnswerModel, Coverage, Window
from ...insights.results import DurationBuckets, ThreadSeries
from ...insights.series import thread_durations, thread_series
from ...insights.thread_turns import TURN_TYPES, Was, as_turned, may_have_been_closed, turns_of
from ...insights.threads import first_response_hours, summarise, waiting_for
from ...instants import shift
from ...people import kind_of
from ...records import Span, Thread
from ...text import clean, first_few
from .context import QuestionContext, Subject
from .coverage import add_note, outage_note
from .cursors import Page, write_cursor
from .lines import by_time, hours_of
from .persons import note_unknown_person
from .query import PagedQuery, Person, Repo
from .sizes import MAX_BYTES, how_many_fit, wire_size
from .thread_notes import standing_note, unread_note
from .windows import Asked

KIND = "threads"
MAX_TITLE = 120
MAX_NAMES = 5

Sort = Literal["updated", "created", "waiting"]
_EARLIEST = "2008-02-01T00:00:00Z"
"""GitHub opened later: knowledge that begins so early has no older thread to miss."""


class Summary(AnswerModel):
    """Counts of the window, and medians with the number of threads they come from; None where there are none.

    open: at the end of the window. closed: without being merged. Medians in hours. waiting_for_review: of the open
    ones. series and durations: the same by time, and how long it took.
    """

    open: int
    opened: int
    merged: int | None = None
    closed: int
    median_hours_to_first_response: float | None
    first_response_sample: int
    median_hours_to_merge: float | None = None
    merge_sample: int | None = None
    waiting_for_review: int | None = None
    series: ThreadSeries
    durations: DurationBuckets


class ThreadsQuery(PagedQuery):
    """Which threads; the window is for those that ended and for all, and for the summary."""

    default_hours: ClassVar[int] = 720

    repo: Repo
    state: str = "open"
    author: Annotated[Person, Field(description="login")] = None


QueryT = TypeVar("QueryT", bound=ThreadsQuery)
ItemT = TypeVar("ItemT", bound=AnswerModel)


class Listing(NamedTuple, Generic[ItemT]):
    """A page of threads: what stands around it, how many match, those shown, the window's counts, what comes next."""

    envelope: dict[str, Any]
    total: int
    shown: tuple[ItemT, ...]
    summary: Summary
    next_cursor: str | None


async def list_threads(
    context: QuestionContext,
    question: str,
    page: Page[QueryT],
    kind: str,
    *,
    sort: Sort,
    matches: Callable[[Thread], bool],
    present: Callable[[Thread, str, frozenset[str]], ItemT],
    people: Sequence[str | None] = (),
    explain: Callable[[Sequence[Thread]], str | None] = lambda _threads: None,
) -> Listing[ItemT]:
    """Return a page of the threads of a kind that match, as of the end of the window, in the order asked for.

    people: whom the question names besides the author. explain: returns why none matches, from all threads.
    The record is collected first where it is stale and no cursor fixes what was known. Raises the `GitHubError` for
    which nothing is known.
    """
    query, asked, until = page.query, page.asked, page.asked.span.until
    first = page.after is None
    subject = await (context.look_up(query.repo, asked, kinds=[KIND]) if first else context.stored(query.repo))
    stored = await context.manager.threads.get_threads(subject.key, asked.span.since)
    of_kind = [thread for thread in stored if thread.kind == kind and thread.created_at < until]
    threads, doubtful = await _as_they_were(context, subject.key, of_kind, until)
    author = (query.author or "").lower()
    rows = [
        (_position(thread, sort, until, context.bots), thread)
        for thread in threads
        if _is_in_state(thread, query.state, asked)
        and (not author or (thread.author_login or "").lower() == author)
        and matches(thread)
    ]
    rows.sort(key=lambda row: row[0])
    coverage = _coverage(context, subject, asked, query.state)
    ended = standing_note(subject.state, (thread for _, thread in rows), until)
    coverage = add_note(coverage, ended, _reopened_note(doubtful), unread_note(threads, asked.span.since, context.bots))
    if not rows:
        context.raise_if_nothing_known(subject, asked, KIND, others_stored=bool(threads))
        logins = {login for thread in stored for login in _people(thread)}
        for person in (query.author, *people):
            coverage = await note_unknown_person(context, coverage, [subject], asked, person, logins)
        coverage = add_note(coverage, explain(threads))
    left = [row for row in rows if page.after is None or row[0] > page.after]
    shown = [present(thread, until, context.bots) for _, thread in left[: query.size]]
    summary = _summary(threads, kind, asked.span, context.bots)
    shown = shown[: how_many_fit(shown, MAX_BYTES - 1_500 - wire_size(summary.to_wire()))]
    return Listing(
        {**context.envelope(subject, asked), "coverage": coverage},
        len(rows),
        tuple(shown),
        summary,
        write_cursor(question, page, left[len(shown) - 1][0]) if len(shown) < len(left) else None,
    )


async def _as_they_were(
    context: QuestionContext, key: str, threads: Sequence[Thread], until: str
) -> tuple[list[Thread], list[Thread]]:
    """Return threads as they were at an instant, and those of which it is not known whether they were closed then."""
    changed = [thread for thread in threads if may_have_been_closed(thread, until)]
    if not changed:
        return [as_of(thread, until) for thread in threads], []
    first, last = min(thread.created_at for thread in changed), max(thread.updated_at for thread in changed)
    types, facts = {TURN_TYPES[thread.kind] for thread in changed}, ("action", "number")
    events = context.manager.events
    turns = turns_of(
        await events.get_activity(key, first, shift(last, timedelta(minutes=1)), event_types=types, facts=facts)
    )
    numbers = {thread.number for thread in changed}
    found = [
        as_turned(thread, as_of(thread, until), turns.get(thread.number, ()), until)
        if thread.number in numbers
        else Was(as_of(thread, until))
        for thread in threads
    ]
    return [was.thread for was in found], [was.thread for was in found if not was.known]


def _reopened_note(doubtful: Sequence[Thread]) -> str | None:
    """Return which of those shown as open may have been closed then."""
    if not doubtful:
        return None
    shown = first_few([f"#{thread.number}" for thread in doubtful], MAX_NAMES)
    return f"Shown as open, but reopened at some time, and may have been closed then: {shown}."


def _people(thread: Thread) -> Iterator[str]:
    """Yield the logins in a thread."""
    replied = (reply.author_login for reply in thread.replies)
    yield from filter(None, (thread.author_login, thread.merged_by, *(thread.reviewers or ()), *replied))


def _summary(threads: Sequence[Thread], kind: str, span: Span, bots: frozenset[str]) -> Summary:
    counted, merges = summarise(threads, *span, bots), kind == "pull_request"
    return Summary(
        open=counted.open,
        opened=counted.opened,
        merged=counted.merged if merges else None,
        closed=counted.closed,
        median_hours_to_first_response=counted.first_response_hours,
        first_response_sample=counted.first_response_sample,
        median_hours_to_merge=counted.merge_hours if merges else None,
        merge_sample=counted.merge_sample if merges else None,
        waiting_for_review=sum(waiting_for(one, bots) == "review" for one in threads) if merges else None,
        series=thread_series(threads, span),
        durations=thread_durations(threads, span, bots),
    )


def as_of(thread: Thread, until: str) -> Thread:
    """Return the thread as it was at an instant, as far as that is known: what closed later was open then.

    GitHub tells its decision, whose review is asked for and how many comments there are of the present alone.
    """
    later = [reply for reply in thread.replies if reply.created_at >= until]
    changes: dict[str, Any] = {}
    if later:
        changes["replies"] = tuple(reply for reply in thread.replies if reply.created_at < until)
    reviews_unknown = thread.updated_at >= until and not thread.reviews_complete
    if reviews_unknown or any(reply.kind == "review" for reply in later):
        changes["review_decision"] = None
    ended = thread.merged_at or thread.closed_at
    if ended is not None and ended >= until:
        changes |= {"state": "open"} | dict.fromkeys(_ENDING)
    was = replace(thread, **changes) if changes else thread
    return replace(was, **_as_known(was)) if thread.updated_at > until else was


_ENDING = ("closed_at", "closed_by", "merged_at", "merged_by", "state_reason")


def _as_known(thread: Thread) -> dict[str, Any]:
    """Return what can be said of a thread that changed after the instant that it is looked at from."""
    times = (reply.created_at for reply in thread.replies)
    comments = sum(reply.kind == "comment" for reply in thread.replies) if thread.comments_complete else None
    return {
        "updated_at": max(thread.created_at, thread.closed_at or "", *times),
        "reviewers": None,
        "comments": comments,
    }


def _is_in_state(thread: Thread, state: str, asked: Asked) -> bool:
    since, until = asked.span
    if state == "all":
        return thread.state == "open" or thread.updated_at >= since
    if state == "merged":
        return thread.merged_at is not None and since <= thread.merged_at < until
    if state == "closed":
        return thread.state == "closed" and thread.closed_at is not None and since <= thread.closed_at < until
    return thread.state == "open"


def _position(thread: Thread, sort: Sort, until: str, bots: frozenset[str]) -> tuple[str, str]:
    """Return a key by which text sorts as the order says: newest first, or (waiting) the longest wait first.

    Nobody waits in those that ended: they come last.
    """
    number = f"{thread.number:012d}"
    if sort == "waiting":
        words = [reply.created_at for reply in thread.replies]
        rank = "2" if thread.state != "open" else "0" if waiting_for(thread, bots) in {"review", None} else "1"
        return rank + max([thread.created_at, *words]), number
    at = thread.created_at if sort == "created" else min(thread.updated_at, until)
    return _descending(at), number


def _descending(instant: str) -> str:
    """Return text that sorts the other way round than the instant does."""
    return "".join(chr(0x69 - ord(char)) if char.isdecimal() else char for char in instant)


def _coverage(context: QuestionContext, subject: Subject, asked: Asked, state: str) -> Coverage:
    """Return what is known of the record in the window; of open threads also what may be missing that is older."""
    known = context.known(subject, KIND)
    older = None
    if state in {"open", "all"} and known and known[0].since > _EARLIEST:
        older = f"Of the time before {known[0].since} not all are known: open ones last changed then may be missing."
    unavailable = None
    if not context.manager.threads.available:
        unavailable = "The table of issues and pull requests is missing: github-events-monitor database create adds it."
    return add_note(context.coverage(subject, asked, KIND), outage_note(subject.problem), older, unavailable)


def common_fields(thread: Thread, until: str, bots: frozenset[str]) -> dict[str, Any]:
    """Return the fields that rows of pull requests and of issues share, cleaned and cut."""
    hours = first_response_hours(thread, until, bots)
    kind = kind_of(thread.author_login, None, None, thread.author_type, bots) if thread.author_login else "person"
    return {
        "number": thread.number,
        "title": clean(thread.title, MAX_TITLE, one_line=True) if thread.title is not None else None,
        "author_login": name(thread.author_login),
        "is_bot": kind == "bot",
        "ai_assistant": kind == "ai_assistant",
        "state": thread.state,
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "closed_at": thread.closed_at,
        "comments": thread.comments,
        "first_response_hours": round(hours, 1) if hours is not None else None,
        "labels": names(thread.labels),
    }


def name(login: str | None) -> str | None:
    """Return a login, cleaned and cut."""
    return clean(login, 80, one_line=True) if login is not None else None


def names(values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the first few of several names, cleaned and cut."""
    return None if values is None else tuple(clean(value, 60, one_line=True) for value in values[:MAX_NAMES])


def summary_line(summary: Summary) -> str:
    """Return the counts and medians of a summary in one line."""
    merged = "" if summary.merged is None else f", {summary.merged} merged"
    waiting = "" if summary.waiting_for_review is None else f" ({summary.waiting_for_review} waiting for review)"
    counts = f"{summary.open} open{waiting}, {summary.opened} opened{merged}, {summary.closed} closed"
    answer = f"median hours to first response {hours_of(summary.median_hours_to_first_response)}"
    answered = f"{answer} (of {summary.first_response_sample})"
    merging = f", to merge {hours_of(summary.median_hours_to_merge)} (of {summary.merge_sample})"
    return f"All in the window: {counts}; {answered}{'' if summary.merge_sample is None else merging}."


def summary_lines(summary: Summary, coverage: Coverage, window: Window) -> Iterator[str]:
    """Yield a summary as text: counts and medians, then by time, then how long it took."""
    yield summary_line(summary)
    series, took = summary.series, summary.durations
    kinds = [("opened", series.opened), ("merged", series.merged), ("closed", series.closed)]
    shown = [(kind, values) for kind, values in kinds if any(values)]
    if shown or any(series.open):
        shown.insert(0, ("open at the end", series.open))
    yield from by_time(shown, series.unit, series.start, coverage, window)
    for name, values in (("first response", took.first_response), ("merge", took.merge)):
        if any(values):
            ends = (
                f"{first} to {last} h" for first, last in zip((0, *took.up_to_hours), took.up_to_hours, strict=False)
            )
            parts = [f"{stretch}: {count}" for stretch, count in zip((*ends, "longer"), values, strict=False)]
            yield f"Time to {name}: {', '.join(parts)}."
