"""`status`: what the program is and does at this moment."""

from collections.abc import Iterator
from typing import Any

from ...answers import Answer, AnswerModel, RateLimitStatus
from ...errors import Unreachable
from ...text import count_of
from .context import QuestionContext
from .query import Query
from .question import Endpoint, Question
from .sizes import MAX_BYTES, how_many_fit

MAX_WATCHED = 200
MAX_COUNTED = 1_000
"""Stored repositories that are counted; more are not known by number (null)."""


class StatusQuery(Query):
    """Nothing to choose."""


class GitHubStatus(AnswerModel):
    """How GitHub is asked, and what is left of its budget."""

    api_url: str
    token: bool
    rate_limit: RateLimitStatus


class WatchedRepository(AnswerModel):
    """A watched repository and how fresh it is; None was never collected."""

    repo: str
    last_collected_at: str | None
    error: str | None = None


class Status(Answer):
    """Database, GitHub budget, what is watched and how fresh, version; no secrets."""

    version: str
    database: dict[str, Any]
    github: GitHubStatus
    watching: tuple[str, ...]
    repositories: tuple[WatchedRepository, ...]
    stored_repositories: int | None = None
    poll_interval: int
    note: str | None = None


async def answer(context: QuestionContext, query: StatusQuery) -> Status:  # noqa: ARG001 - as every question
    """Return the status."""
    if context.status is None:
        raise Unreachable("nothing here knows the program's status; ask a running server")
    watching = await context.watching()
    subjects = (await context.stored_all(watching[:MAX_WATCHED])).values()
    rows = [
        WatchedRepository(
            repo=subject.presenter.full_name,
            last_collected_at=subject.state.last_collected_at if subject.state else None,
            error=subject.state.error_code if subject.state else None,
        )
        for subject in subjects
    ]
    rows = rows[: how_many_fit(rows, MAX_BYTES // 2)]
    names = watching[: how_many_fit(watching, MAX_BYTES // 3)]
    cut = (
        f"The first {len(rows)} of {len(watching)} watched repositories are shown."
        if len(rows) < len(watching)
        else None
    )
    stored = len(await context.manager.collector_state.get_repositories(limit=MAX_COUNTED + 1))
    return Status(
        **await context.status(),
        watching=tuple(names),
        repositories=tuple(rows),
        stored_repositories=stored if stored <= MAX_COUNTED else None,
        note=cut,
    )


def summarise(answer: Status) -> str:
    """Return the answer in one line."""
    database = f"database {answer.database.get('provider')} {answer.database.get('status')}"
    return " ".join(
        filter(None, (f"Version {answer.version}; {database}; watching {len(answer.watching)}.", answer.note))
    )


def lines(answer: Status) -> Iterator[str]:
    """Yield the answer as text."""
    limit = answer.github.rate_limit
    left = "not known yet" if limit.remaining is None else f"{limit.remaining} of {limit.limit} until {limit.reset_at}"
    every = answer.poll_interval
    yield f"Now {answer.now}. {f'Polled every {every} s' if every else 'Nothing is polled in the background'}."
    yield "Database: " + ", ".join(f"{name} {value}" for name, value in answer.database.items())
    token = "with a token" if answer.github.token else "without a token"
    yield f"GitHub: {answer.github.api_url}, {token}; requests left: {left}."
    stored = (
        f"more than {MAX_COUNTED} repositories"
        if answer.stored_repositories is None
        else count_of(answer.stored_repositories, "repository")
    )
    yield f"Stored: records of {stored}; watched: {len(answer.watching)}."
    for row in answer.repositories:
        fresh = f"last collected {row.last_collected_at}" if row.last_collected_at else "never collected"
        yield f"{row.repo}: {fresh}{f', last attempt failed: {row.error}' if row.error else ''}"


STATUS = Question(
    name="status",
    title="Status",
    description="Database, GitHub budget left, what is stored and watched and how fresh it is, version.",
    query=StatusQuery,
    answer_type=Status,
    answer=answer,
    summarise=summarise,
    lines=lines,
    effect="reads",
    endpoints=(Endpoint(method="GET", path="/status", tag="operations"),),
    position=160,
)
