"""`watch_repositories`: the list of repositories that are polled in the background."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from ...answers import Answer, AnswerModel, Problem
from ...errors import Forbidden, InvalidInput, MonitorError, NotFound, Unreachable
from ...records import Pattern
from ...text import clean, count_of, first_few
from ...watch_words import is_pattern, parse_watch_word, word_of
from ..watch_list import check_repos, resolve_watched, resolver
from .context import QuestionContext
from .query import MAX_REPOSITORIES, Query
from .question import Endpoint, Question
from .sizes import MAX_BYTES, how_many_fit
from .windows import ask

MAX_ABSENT = 10
"""Words named in an answer of those that were to be removed and were not on the list."""


class WatchRepositoriesQuery(Query):
    """What to change; nothing shows the list."""

    add: Annotated[
        tuple[str, ...],
        Field(description="owner/name, owner/*, @me, @starred; !… takes out", max_length=MAX_REPOSITORIES),
    ] = ()
    remove: Annotated[
        tuple[str, ...],
        Field(description="owner/name or a pattern each; nothing stored is deleted", max_length=MAX_REPOSITORIES),
    ] = ()


class WatchedPattern(AnswerModel):
    """A word that stands for several repositories: how many, since when that is known, what came or went since."""

    pattern: str
    repositories: int | None
    resolved_at: str | None
    note: str | None = None


class WatchList(Answer):
    """Repositories that are polled in the background; `errors` for those that could not be added."""

    watching: tuple[str, ...]
    patterns: tuple[WatchedPattern, ...] = ()
    errors: dict[str, Problem] = Field(default_factory=dict)
    note: str | None = None


async def answer(context: QuestionContext, query: WatchRepositoriesQuery) -> WatchList:
    """Change the watch list, and return it; a repository that cannot be found is not added, and `errors` says so."""
    if (query.add or query.remove) and not context.may_watch:
        raise Forbidden("this server is read-only (READ_ONLY): its watch list is not changed from here")
    added, removed = _sorted_out(query.add), _sorted_out(query.remove)
    refused = {**added.refused, **removed.refused}
    gone = [(await context.stored(repo)).key for repo in (*removed.names, *added.taken_out)]
    before, removed_keys = (await context.watch_list() if query.remove else None), gone[: len(removed.names)]
    await context.watch_patterns(removed.patterns, watched=False)
    await context.manager.collector_state.unwatch(gone)
    refused |= await _add_patterns(context, added.patterns)
    refused = {**await resolve_watched(context.manager.collector_state, context.targets, context.resolve), **refused}
    subjects = {subject.key: subject for subject in [await context.stored(repo) for repo in added.names]}
    problems = await _verify(context, [key for key, subject in subjects.items() if subject.state is None])
    names = [subject.presenter.full_name for key, subject in subjects.items() if key not in problems]
    await context.manager.collector_state.watch([(await context.stored(name)).key for name in names])
    errors = {clean(name, 80, one_line=True): Problem.of(problem) for name, problem in refused.items()}
    errors |= {subjects[key].presenter.full_name: Problem.of(problem) for key, problem in problems.items()}
    watched = await context.watch_list()
    shown = watch_list(list(watched.names.values()), errors, watched.patterns)
    if before is None:
        return shown
    listed = {*before.names, *(pattern.word for pattern in before.patterns)}
    absent = [word for word in (*removed_keys, *map(word_of, removed.patterns)) if word not in listed]
    return shown.model_copy(update={"note": " ".join(filter(None, (shown.note, _absent_note(absent)))) or None})


def _absent_note(words: Sequence[str]) -> str | None:
    """Return what was to be removed and was not on the list."""
    return f"Not on the list before: {first_few(words, MAX_ABSENT)}." if words else None


class _Words(NamedTuple):
    """What words are: names, patterns, single names taken out with an exclamation mark, and what is neither."""

    names: list[str]
    patterns: list[str]
    taken_out: list[str]
    refused: dict[str, MonitorError]


def _sorted_out(words: Sequence[str]) -> _Words:
    found = _Words([], [], [], {})
    for word in words:
        try:
            parsed = parse_watch_word(word) if is_pattern(word) else None
        except InvalidInput as error:
            found.refused[word] = error
            continue
        if parsed is None:
            found.names.append(word)
        elif parsed.kind == "without" and not parsed.key.endswith("*"):
            found.taken_out.append(parsed.key)
        else:
            found.patterns.append(word)
    bad = check_repos(found.names)
    return found._replace(names=[name for name in found.names if name not in bad], refused={**found.refused, **bad})


async def _add_patterns(context: QuestionContext, words: Sequence[str]) -> dict[str, MonitorError]:
    """Put patterns on the list, those that GitHub knows; return by word why the others are not."""
    if not words:
        return {}
    found = await resolver(context.resolve)(words)
    problems = {word: error for word, error in found.items() if isinstance(error, MonitorError)}
    await context.watch_patterns([word for word in words if word not in problems], watched=True)
    return problems


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


def watch_list(watching: Sequence[str], errors: Mapping[str, Problem], patterns: Sequence[Pattern] = ()) -> WatchList:
    """Return the watch list and what was not put on it, as far as both fit, and a note on the rest."""
    behind = [_shown(pattern) for pattern in patterns]
    behind = behind[: how_many_fit(behind, MAX_BYTES // 5)]
    problems = list(errors.items())
    problems_shown = dict(problems[: how_many_fit([[name, it.to_wire()] for name, it in problems], MAX_BYTES // 3)])
    listed = watching[: how_many_fit(watching, MAX_BYTES // 3)]
    cut = [
        f"{len(shown)} of {len(all_)} {what}"
        for what, shown, all_ in (("watched repositories", listed, watching), ("errors", problems_shown, problems))
        if len(shown) < len(all_)
    ]
    note = f"The answer was too long; it shows the first {', '.join(cut)}." if cut else None
    return WatchList(watching=tuple(listed), patterns=tuple(behind), errors=problems_shown, note=note)


def _shown(pattern: Pattern) -> WatchedPattern:
    without = pattern.word.startswith("!")
    return WatchedPattern(
        pattern=pattern.word,
        repositories=None if without or pattern.resolved_at is None else len(pattern.repos),
        resolved_at=pattern.resolved_at,
        note=clean(pattern.note, 300, one_line=True) if pattern.note else None,
    )


def summarise(answer: WatchList) -> str:
    """Return the answer in one line."""
    failed = f" Not added: {len(answer.errors)}." if answer.errors else ""
    return " ".join(filter(None, (f"Watching {count_of(len(answer.watching), 'repository')}.{failed}", answer.note)))


def lines(answer: WatchList) -> Iterator[str]:
    """Yield the answer as text."""
    yield f"Now {answer.now}."
    yield from map(pattern_line, answer.patterns)
    yield from (f"Watching {name}" for name in answer.watching)
    yield from (f"Not added: {name}: {problem.code}: {problem.message}" for name, problem in answer.errors.items())


def pattern_line(row: WatchedPattern) -> str:
    """Return a pattern in one line."""
    if row.pattern.startswith("!"):
        return f"Pattern {row.pattern}: takes out"
    if row.resolved_at is None:
        return f"Pattern {row.pattern}: not resolved yet{f'; {row.note}' if row.note else ''}"
    stands = f"{count_of(row.repositories or 0, 'repository')} on {row.resolved_at[:10]}"
    return f"Pattern {row.pattern}: {stands}{f'; {row.note}' if row.note else ''}"


WATCH_REPOSITORIES = Question(
    name="watch_repositories",
    title="Watch list",
    description="Change or (without arguments) show the list of repositories that are polled in the background. One "
    "that GitHub does not know is not added. owner/* and @me are resolved again every day.",
    query=WatchRepositoriesQuery,
    answer_type=WatchList,
    answer=answer,
    summarise=summarise,
    lines=lines,
    effect="changes",
    endpoints=(Endpoint(method="POST", path="/watch", tag="operations"),),
    position=150,
)
