"""`trending_repositories`: stored repositories by number of events."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from ...answers import Answer, AnswerModel, Coverage, Window
from ...text import count_of
from .context import QuestionContext
from .coverage import add_note, join_coverage
from .lines import known, span, status_lines_of
from .query import Limit, WindowedQuery
from .question import Endpoint, Question


class TrendingRepositoriesQuery(WindowedQuery):
    """Over which time, and how many."""

    limit: Annotated[Limit, Field()] = 10


class TrendingRepository(AnswerModel):
    """A repository and its events in the window."""

    repo: str
    events: int


class TrendingRepositories(Answer):
    """Stored repositories by number of events, then name."""

    window: Window
    repositories: tuple[TrendingRepository, ...]
    coverage: Coverage


async def answer(context: QuestionContext, query: TrendingRepositoriesQuery) -> TrendingRepositories:
    """Return stored repositories by number of events in the window, then name."""
    asked = query.window(context.now())
    unsettled = await context.manager.collector_state.get_unsettled_states()  # before the index they are missing in
    ranked = await context.manager.events.get_trending(*asked.span, query.limit)
    states = await context.states([row.repo_name for row in ranked]) | unsettled
    subjects = [context.subject(row.repo_name, states.get(row.repo_name), row.repo_name) for row in ranked]
    unseen = [context.subject(key, state, key) for key, state in unsettled.items()]
    coverage = join_coverage(
        {s.presenter.full_name: context.coverage(s, asked, "events") for s in (*subjects, *unseen)}
    )
    return TrendingRepositories(
        window=asked.window,
        repositories=tuple(
            TrendingRepository(repo=subject.presenter.full_name, events=row.events)
            for subject, row in zip(subjects, ranked, strict=True)
        ),
        coverage=add_note(coverage, "Ranked among the repositories stored here, not all of GitHub."),
    )


def summarise(answer: TrendingRepositories) -> str:
    """Return the answer in one line."""
    found = len(answer.repositories)
    ranked = f"The {count_of(found, 'repository')} with most events" if found else "No repository with events"
    return f"{ranked}, {span(answer.window)}. {known(answer.coverage, joined=True)}"


def lines(answer: TrendingRepositories) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines_of(answer.now, answer.coverage, None)
    for place, row in enumerate(answer.repositories, 1):
        yield f"{place}. {row.repo}: {count_of(row.events, 'event')}"


TRENDING_REPOSITORIES = Question(
    name="trending_repositories",
    title="Trending repositories",
    description="The stored repositories with most events in the window. Only what is stored here is ranked, not "
    "all of GitHub.",
    query=TrendingRepositoriesQuery,
    answer_type=TrendingRepositories,
    answer=answer,
    summarise=summarise,
    lines=lines,
    effect="reads",
    endpoints=(Endpoint(method="GET", path="/metrics/trending", tag="metrics"),),
    position=70,
)
