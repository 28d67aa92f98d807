"""`collect_now`: a thorough pass over repositories, now."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from ...answers import Answer, AnswerModel, Flag, Problem, RateLimitStatus
from ...errors import Unreachable
from ...text import count_of
from .context import QuestionContext
from .query import Query, Repos
from .question import Endpoint, Question
from .sizes import shorten

CollectionStatus = Literal[
    "collected", "not_modified", "not_found", "rate_limited", "forbidden", "unreachable", "invalid"
]


class CollectNowQuery(Query):
    """What to collect."""

    repos: Repos = None
    dry_run: Annotated[bool, Field(strict=True, description="ask, but store nothing")] = False


class CollectedRepository(AnswerModel):
    """How collecting one repository went; `error` says why where it did not, `note` what is left for later."""

    repo: str
    status: CollectionStatus
    new_events: int = 0
    new_commits: int = 0
    requests: int = 0
    error: Problem | None = None
    note: str | None = None


class CollectNow(Answer):
    """One pass over repositories."""

    repositories: tuple[CollectedRepository, ...]
    requests_used: int
    rate_limit: RateLimitStatus
    dry_run: Flag = False
    note: str | None = None


async def answer(context: QuestionContext, query: CollectNowQuery) -> CollectNow:
    """Collect, and return how it went; of very many repositories as many as an answer holds."""
    if context.collect is None:
        raise Unreachable("nothing here collects from GitHub: what is stored is all there is")
    passed = await context.collect(query.repos, dry_run=query.dry_run, progress=context.progress)
    return fit_collection(passed)


def fit_collection(passed: CollectNow) -> CollectNow:
    """Return what of a pass over many repositories an answer can hold, and a note on the rest."""
    shown, cut = shorten(passed, "repositories")
    return shown.model_copy(update={"note": cut}) if cut else passed


def summarise(answer: CollectNow) -> str:
    """Return the answer in one line."""
    events = sum(row.new_events for row in answer.repositories)
    commits = sum(row.new_commits for row in answer.repositories)
    failed = sum(row.error is not None for row in answer.repositories)
    did = "Dry run, nothing stored: " if answer.dry_run else ""
    line = f"{did}{count_of(events, 'new event')}, {count_of(commits, 'new commit')} from {_repositories(answer)}"
    trouble = f"; {failed} failed" if failed else ""
    return " ".join(filter(None, (f"{line}{trouble}; {count_of(answer.requests_used, 'request')}.", answer.note)))


def _repositories(answer: CollectNow) -> str:
    return count_of(len(answer.repositories), "repository")


def lines(answer: CollectNow) -> Iterator[str]:
    """Yield the answer as text."""
    limit = answer.rate_limit
    left = "not known" if limit.remaining is None else f"{limit.remaining} of {limit.limit} until {limit.reset_at}"
    yield f"Now {answer.now}. GitHub requests left: {left}."
    for row in answer.repositories:
        said = f" {row.error.message}" if row.error else ""
        note = f" {row.note}" if row.note else ""
        counts = ((row.new_events, "new event"), (row.new_commits, "new commit"), (row.requests, "request"))
        found = ", ".join(count_of(number, what) for number, what in counts)
        yield f"{row.repo}: {row.status}; {found}.{said}{note}"


COLLECT_NOW = Question(
    name="collect_now",
    title="Collect now",
    description="Collect repositories from GitHub now, thoroughly, with progress notifications. Other tools collect by "
    "themselves what they need; this is for a full first pass or to be sure nothing is stale.",
    query=CollectNowQuery,
    answer_type=CollectNow,
    answer=answer,
    summarise=summarise,
    lines=lines,
    effect="adds",
    endpoints=(Endpoint(method="POST", path="/collect", tag="operations"),),
    position=50,
)
