"""`developer_activity`: who did what, in one repository or by one person across repositories."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from ...answers import Answer, Coverage, Window
from ...insights.contributions import NO_CONTRIBUTIONS
from ...insights.developers import DEVELOPER_FACTS, rank_developers, rank_person
from ...insights.first_responses import first_responses
from ...insights.results import Developer, DeveloperResult
from ...records import Activity, Authorship, Span
from ...text import count_of
from ..gc_pause import without_garbage_collection
from .context import QuestionContext, Subject
from .coverage import add_note, covers, join_coverage
from .lines import counts, flags, hours_of, known, name_of, participants, quoted, span, status_lines_of
from .persons import MAX_ASKED, Found, find_person, note_unknown_person
from .query import Person, WindowedQuery
from .question import Endpoint, Question
from .reading import HISTORY_DAYS, has_events, read_rows
from .sizes import shorten
from .windows import Asked, days_before

MAX_REPOSITORIES = 50
"""Repositories that are read for one person."""


class DeveloperActivityQuery(WindowedQuery):
    """Whose work, and where."""

    default_hours: ClassVar[int] = 720

    repo: Annotated[str | None, Field(description="owner/name; this or actor is needed")] = None
    actor: Annotated[Person, Field(description="login, name or e-mail, across the stored repositories")] = None

    @model_validator(mode="after")
    def _somewhere(self) -> "DeveloperActivityQuery":
        if not self.repo and not self.actor:
            raise ValueError("name a repo (owner/name), an actor (login), or both")
        return self


class DeveloperActivity(DeveloperResult, Answer):
    """Who did what, in one repository (`repo`) or by one person across repositories (`actor`)."""

    repo: str | None
    repo_url: str | None
    actor: str | None
    window: Window
    coverage: Coverage


async def answer(context: QuestionContext, query: DeveloperActivityQuery) -> DeveloperActivity:
    """Return who did what; the whole ranking is kept as that day's result."""
    asked, actor = query.window(context.now()), query.actor
    found = None if query.repo else await find_person(context, actor or "", asked)
    if found is None:
        subjects = [await context.look_up(query.repo or "", asked)]
    else:
        subjects = list((await context.stored_all(found.repos[:MAX_REPOSITORIES])).values())
    with without_garbage_collection():
        result = await _rank(context, subjects, asked, query)
    about: dict[str, Any]
    if found is None:
        (subject,) = subjects
        context.raise_if_outage_found_nothing(subject, asked, result.developers, result.bots, result.ai_assistants)
        about = context.envelope(subject, asked)
        if not actor:
            await context.results.keep_developers(subject, asked, result)
    else:
        coverage = join_coverage({s.presenter.full_name: context.coverage(s, asked, "events") for s in subjects})
        coverage = add_note(coverage, _left_out(found))
        about = {"repo": None, "repo_url": None, "window": asked.window, "coverage": coverage}
    if not (result.developers or result.bots or result.ai_assistants):
        searched = subjects
        if found is not None:
            searched = list((await context.stored_all(found.searched[:MAX_ASKED])).values())
        about["coverage"] = await note_unknown_person(context, about["coverage"], searched, asked, actor)
    return _fit(DeveloperActivity(**about, actor=actor, **dict(result)))


async def _rank(
    context: QuestionContext, subjects: Sequence[Subject], asked: Asked, query: DeveloperActivityQuery
) -> DeveloperResult:
    stretch = Span(days_before(asked.span.since, HISTORY_DAYS), asked.span.until)
    rows = {
        subject.presenter.full_name: await read_rows(
            context, subject, stretch, facts=DEVELOPER_FACTS, without=NO_CONTRIBUTIONS
        )
        for subject in subjects
    }
    found = any(map(any, rows.values()))
    if query.repo and not found and not await has_events(context, subjects[0], stretch):
        context.raise_if_nothing_known(subjects[0], asked)
    before = Span(stretch.since, asked.span.since)
    known = all(covers(context.settled(subject, "events", asked), *before) for subject in subjects)
    judged: dict[str, Any] = {
        **asked.span._asdict(),
        "bot_logins": context.bots,
        "history_known": known,
        "responses": await _first_responses(context, subjects, rows, asked),
    }
    if query.repo is None:
        return rank_person(query.actor or "", rows, **judged)
    [(activity, authorship)] = rows.values()
    return rank_developers(activity, authorship, actor=query.actor, **judged)


async def _first_responses(
    context: QuestionContext,
    subjects: Sequence[Subject],
    rows: Mapping[str, tuple[Sequence[Activity], Sequence[Authorship]]],
    asked: Asked,
) -> dict[str, list[float]]:
    """Return who answered first, of all repositories together."""
    found: dict[str, list[float]] = {}
    for subject in subjects:
        threads = await context.manager.threads.get_threads(subject.key, asked.span.since)
        activity, authorship = rows[subject.presenter.full_name]
        answers = first_responses(activity, authorship, threads, **asked.span._asdict(), bot_logins=context.bots)
        for key, hours in answers.items():
            found.setdefault(key, []).extend(hours)
    return found


def _left_out(found: Found) -> str | None:
    """Return what was not looked at."""
    if not found.repos:
        return "Nothing of this person is stored for this window."
    if len(found.repos) > MAX_REPOSITORIES:
        return f"{MAX_REPOSITORIES} of the {len(found.repos)} repositories with this person are counted."
    return (
        f"Commits of the first {len(found.searched)} stored repositories were looked through." if found.more else None
    )


def _fit(answer: DeveloperActivity) -> DeveloperActivity:
    shown, note = shorten(answer, "developers", "bots", "ai_assistants")
    return shown.model_copy(update={"coverage": add_note(shown.coverage, note)}) if note else shown


def summarise(answer: DeveloperActivity) -> str:
    """Return the answer in one line."""
    found = participants(answer.total_people, len(answer.bots), len(answer.ai_assistants))
    where = answer.repo or "All stored repositories"
    who = f", by {quoted(answer.actor, 80)}" if answer.actor else ""
    said = known(answer.coverage, joined=answer.repo is None, of="events")
    return f"{where}{who}: {found}, {span(answer.window)}. {said}"


def lines(answer: DeveloperActivity) -> Iterator[str]:
    """Yield the answer as text, people first."""
    yield from status_lines_of(answer.now, answer.coverage, answer.repo)
    everyone = (*answer.developers, *answer.bots, *answer.ai_assistants)
    unknown = [row for row in everyone if row.new_contributor is None]
    if unknown:
        who = "they" if len(unknown) == len(everyone) else "those marked with a question mark"
        yield f"Whether {who} are new here is unknown: too little is known of the time before."
    for title, rows in (("People", answer.developers), ("Bots", answer.bots), ("AI assistants", answer.ai_assistants)):
        if rows:
            yield f"{title}:"
        yield from (_line(row, some_known=len(unknown) < len(everyone)) for row in rows)


def _line(row: Developer, *, some_known: bool) -> str:
    new = flags(("new here", row.new_contributor), ("new here?", row.new_contributor is None and some_known))
    where = f", in {', '.join(row.repositories)}" if row.repositories else ""
    did = counts(row.contributions)
    hours = f" (median {hours_of(row.median_first_response_hours)} h)"
    first = flags((f"{count_of(row.first_responses, 'first response')}{hours}", row.first_responses))
    when = f"{row.first_seen} to {row.last_seen}"
    return f"{name_of(row.login)}: {count_of(row.total, 'contribution')} ({did}), {when}{first}{new}{where}"


DEVELOPER_ACTIVITY = Question(
    name="developer_activity",
    title="Developer activity",
    description="Who did what, by kind of contribution: in one repository, or one login across repositories. People, "
    "bots and AI assistants are listed apart.",
    query=DeveloperActivityQuery,
    answer_type=DeveloperActivity,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/metrics/developer-productivity", tag="metrics"),),
    position=80,
)
