"""`whats_new`: what changed across repositories since a reader last asked, and what needs a person."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from ...answers import Window
from ...errors import DatabaseError
from ...instants import format_instant, normalise_instant
from ...records import Span
from ...text import count_of
from ..watch_list import check_repos
from .context import QuestionContext
from .lines import counts, name_of, quoted
from .news import Attention, News, RepositoryNews, WhatsNew
from .news_fitting import fit
from .news_gathering import KINDS, gather
from .query import MAX_REPOSITORIES, Query, Repos
from .question import Endpoint, Question
from .sizes import MAX_BYTES, how_many_fit
from .windows import Asked, ask

__all__ = ["KINDS", "WHATS_NEW", "Attention", "News", "RepositoryNews", "WhatsNew", "gather"]

MAX_SHOWN = 3
"""Titles of each kind of news that are shown of a repository."""
TEXT_BYTES = 7_900
NOTE_BYTES = 300
"""What is left of them for what an answer says of itself."""
_NOTHING = (
    "No repository is watched: name some in repos, or have some watched (watch_repositories, TARGET_REPOSITORIES)."
)
_AT = {
    "checks_failing": ", last failed",
    "pull_request_unanswered": ", opened",
    "pull_request_waiting": ", last updated",
    "review_requested": ", last updated",
    "your_pull_request": ", last updated",
    "release": ", published",
}
"""What the instant of a kind of attention is; of others when it was."""


class WhatsNewQuery(Query):
    """Whose news, for whom, since when."""

    repos: Repos = None
    since: Annotated[
        str | None, Field(description="instant or date; default: when this reader asked last, else 24 hours ago")
    ] = None
    reader: Annotated[str, Field(description="who asks; each reader has a mark of its own")] = "default"


async def answer(context: QuestionContext, query: WhatsNewQuery) -> WhatsNew:
    """Return what is new; a reader's mark moves on only when the whole answer was given, and can be kept.

    Where a repository fails, the mark stays, and what was shown of the others is remembered nevertheless.
    """
    given = None if query.since is None else normalise_instant(query.since)
    chosen, since = await asyncio.gather(context.choose(query.repos), _since(context, query.reader, given))
    names = chosen.names[:MAX_REPOSITORIES]
    asked = _window(context, since)
    refused = {**chosen.problems, **check_repos(names)}
    reader = query.reader if query.since is None else None
    found = await gather(context, names, refused, asked, MAX_SHOWN, reader)
    nothing = None if names or refused else _NOTHING
    left = len(chosen.names) - len(names)
    more = f"{left} more repositories are not looked at; name them in repos." if left else None
    whole = WhatsNew(
        since=since,
        until=asked.window.until,
        attention=tuple(found.attention),
        repositories=tuple(found.news),
        quiet=tuple(found.quiet[: how_many_fit(found.quiet, MAX_BYTES // 4)]),
        errors=found.errors,
        next_since=asked.window.until,
    )
    fitted = fit(whole, text_size, TEXT_BYTES - NOTE_BYTES)
    complete, unkept = found.whole and fitted.whole and not (more or found.errors), None
    if fitted.whole and names and reader is not None and context.may_watch:
        mark = asked.window.until if complete else since
        try:
            await context.manager.collector_state.save_reader_mark(reader, mark, found.seen)
        except DatabaseError as error:
            unkept = f"The reader's mark could not be kept: {error.message}."
    looks = (
        f"Failing checks or advisories of {count_of(found.unobserved, 'repository')} are not known yet (collect_now)."
    )
    rest = "This is not all." if reader is None else "The reader's mark stays, for this is not all."
    unfinished = rest if names and not complete else None
    known = looks if found.unobserved else None
    said = nothing, known, _refused(found.refused), _unread(found.unread), fitted.note, more, unkept or unfinished
    return fitted.answer.model_copy(update={"note": " ".join(filter(None, said)) or None})


def _refused(reasons: Mapping[str, str]) -> str | None:
    """Return of which repositories GitHub lets no issues and pull requests be read: they may have more news."""
    if not reasons:
        return None
    return f"{_records_of(list(reasons))} are not read: {next(iter(reasons.values()))}."


def _unread(names: Sequence[str]) -> str | None:
    """Return of which repositories no issues and pull requests were read yet."""
    return f"{_records_of(names)} were not read yet for this time; collect_now reads them." if names else None


def _records_of(names: Sequence[str]) -> str:
    more = f" (and of {count_of(len(names) - 1, 'other repository')})" if len(names) > 1 else ""
    return f"Issues and pull requests of {names[0]}{more}"


async def _since(context: QuestionContext, reader: str, given: str | None) -> str:
    if given is not None:
        return given
    mark = await context.manager.collector_state.get_reader_mark(reader)
    day, now = format_instant(context.now() - timedelta(days=1)), format_instant(context.now())
    return day if mark is None else min(mark, now)


def _window(context: QuestionContext, since: str) -> Asked:
    """Return the window, which is empty where the same reader asks twice in a second."""
    now = format_instant(context.now())
    if since == now:
        return Asked(Window(hours=1, since=now, until=now), Span(now, now), True)
    return ask(context.now(), hours=24, since=since)


def summarise(answer: WhatsNew) -> str:
    """Return the answer in one line."""
    looks, failed = len(answer.attention), f", {len(answer.errors)} failed" if answer.errors else ""
    news = sum(bool(part.counts) for part in answer.repositories)
    unknown = len(answer.repositories) - news
    line = (
        f"{count_of(looks, 'thing')} {'needs' if looks == 1 else 'need'} attention;"
        f" {count_of(news, 'repository')} with news, {len(answer.quiet)} quiet"
        f"{f', {unknown} not known' if unknown else ''}{failed}, {answer.since} to {answer.until}."
    )
    return " ".join(filter(None, (line, answer.note)))


def text_size(answer: WhatsNew) -> int:
    """Return the bytes that the whole text of an answer takes."""
    return sum(len(line.encode()) + 1 for line in (summarise(answer), *lines(answer)))


def lines(answer: WhatsNew) -> Iterator[str]:
    """Yield the answer as text."""
    again = f"Ask next with since={answer.next_since}, or as the same reader."
    if answer.errors or any(part.note for part in answer.repositories):
        left_out = f"since={answer.next_since} would leave out what is not known yet"
        again = f"Ask next as the same reader, or with since={answer.since}; {left_out}."
    yield f"Now {answer.now}. {again}"
    for one in answer.attention:
        at = f"{_AT.get(one.kind, ' at')} {one.at}" if one.at else ""
        yield f"! {one.repo} {one.kind}: {one.reason}{at}"
    for part in answer.repositories:
        names = ", ".join(map(name_of, part.newcomers)) if part.newcomers is not None else "unknown"
        new = f"; newcomers {names}{part.newcomers_note}" if names else ""
        said = counts(part.counts) if part.counts else "no news known"
        yield f"{part.repo}: {said}{new}{f'. {part.note}' if part.note else ''}"
        for kind, rows in part.first.items():
            left = part.counts.get(kind, 0) - len(rows)
            more = f"; and {left} more" if left > 0 else ""
            yield f"  {kind}: {'; '.join(_shown(row, answer.since) for row in rows)}{more}"
    if answer.quiet:
        yield f"Quiet: {', '.join(answer.quiet)}"
    yield from (f"Failed: {name}: {problem.code}: {problem.message}" for name, problem in answer.errors.items())


def _shown(row: News, since: str) -> str:
    """Return a title; with its time where it happened before the window and was learned late."""
    return f"{quoted(row.title, 90)}{f' at {row.at}' if row.at and row.at < since else ''}"


WHATS_NEW = Question(
    name="whats_new",
    title="What's new",
    description="What changed across repositories since this reader asked last, and what needs a person: failing "
    "checks, severe findings, pull requests that wait for you or for anybody, anomalies, releases. Start here for "
    '"anything new?".',
    query=WhatsNewQuery,
    answer_type=WhatsNew,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/whats-new", tag="digest"),),
    text_bytes=TEXT_BYTES,
    position=5,
)
