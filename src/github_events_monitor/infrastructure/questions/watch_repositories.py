"""`watch_repositories`: the list of repositories that are polled in the background."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from ...answers import Answer, Problem
from ...errors import Forbidden, MonitorError, NotFound, Unreachable
from ...text import clean
from .context import QuestionContext, check_repos
from .query import MAX_REPOSITORIES, Query
from .question import Endpoint, Question
from .sizes import MAX_BYTES, how_many_fit
from .windows import ask


class WatchRepositoriesQuery(Query):
    """What to change; nothing shows the list."""

    add: Annotated[tuple[str, ...], Field(description="owner/name each", max_length=MAX_REPOSITORIES)] = ()
    remove: Annotated[
        tuple[str, ...],
        Field(description="owner/name each; nothing stored is deleted", max_length=MAX_REPOSITORIES),
    ] = ()


class WatchList(Answer):
    """Repositories that are polled in the background; `errors` for those that could not be added."""

    watching: tuple[str, ...]
    errors: dict[str, Problem] = Field(default_factory=dict)
    note: str | None = None


async def answer(context: QuestionContext, query: WatchRepositoriesQuery) -> WatchList:
    """Change the watch list, and return it; a repository that cannot be found is not added, and `errors` says so."""
    if (query.add or query.remove) and not context.may_watch:
        raise Forbidden("this server is read-only (READ_ONLY): its watch list is not changed from here")
    refused: dict[str, MonitorError] = dict(check_repos([*query.add, *query.remove]))
    removed = [(await context.stored(repo)).key for repo in query.remove if repo not in refused]
    subjects = {
        subject.key: subject for subject in [await context.stored(repo) for repo in query.add if repo not in refused]
    }
    problems = await _verify(context, [key for key, subject in subjects.items() if subject.state is None])
    await context.manager.collector_state.unwatch(removed)
    names = [subject.presenter.full_name for key, subject in subjects.items() if key not in problems]
    await context.manager.collector_state.watch([(await context.stored(name)).key for name in names])
    errors = {clean(name, 80, one_line=True): Problem.of(problem) for name, problem in refused.items()}
    errors |= {subjects[key].presenter.full_name: Problem.of(problem) for key, problem in problems.items()}
    return watch_list(await context.watching(), errors)


async def _verify(context: QuestionContext, unknown: list[str]) -> dict[str, MonitorError]:
    """Return why repositories that were never collected cannot be watched.

    Each is collected, in as many rounds as it takes: a change may be waited for longer than an answer.
    """
    left, failed = list(unknown), dict[str, MonitorError]()
    span = ask(context.now(), hours=24).span
    while left:
        problems = await context.refresh(left, span, None, ())
        failed |= {key: problem for key, problem in problems.items() if problem is not None}
        collected = {key for key in left if (await context.stored(key)).state is not None}
        settled = collected | {key for key in left if isinstance(failed.get(key), Forbidden | NotFound)}
        failed = {key: problem for key, problem in failed.items() if key not in collected}
        left = [key for key in left if key not in settled]
        if not settled:
            break
    unsure = {key: Unreachable(f"whether {key} exists could not be checked; try again later") for key in left}
    return {**unsure, **failed}


def watch_list(watching: Sequence[str], errors: Mapping[str, Problem]) -> WatchList:
    """Return the watch list and what was not put on it, as far as both fit, and a note on the rest."""
    problems = list(errors.items())
    told = dict(problems[: how_many_fit([[name, it.to_wire()] for name, it in problems], MAX_BYTES // 2)])
    listed = watching[: how_many_fit(watching, MAX_BYTES // 2 - 500)]
    cut = [
        f"{len(shown)} of {len(all_)} {what}"
        for what, shown, all_ in (("watched repositories", listed, watching), ("errors", told, problems))
        if len(shown) < len(all_)
    ]
    note = f"The answer was too long; it shows the first {', '.join(cut)}." if cut else None
    return WatchList(watching=tuple(listed), errors=told, note=note)


def summarise(answer: WatchList) -> str:
    """Return the answer in one line."""
    failed = f" Not added: {len(answer.errors)}." if answer.errors else ""
    return " ".join(filter(None, (f"Watching {len(answer.watching)} repositories.{failed}", answer.note)))


def lines(answer: WatchList) -> Iterator[str]:
    """Yield the answer as text."""
    yield f"Now {answer.now}."
    yield from (f"Watching {name}" for name in answer.watching)
    yield from (f"Not added: {name}: {problem.code}: {problem.message}" for name, problem in answer.errors.items())


WATCH_REPOSITORIES = Question(
    name="watch_repositories",
    title="Watch list",
    description="Change or (without arguments) show the list of repositories that are polled in the background. One "
    "that GitHub does not know is not added.",
    query=WatchRepositoriesQuery,
    answer_type=WatchList,
    answer=answer,
    summarise=summarise,
    lines=lines,
    effect="changes",
    endpoints=(Endpoint(method="POST", path="/watch", tag="operations"),),
    position=150,
)
