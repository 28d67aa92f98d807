"""`monitor_commits`: commits across repositories, which are watched from then on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from ...answers import Answer, AnswerModel, Coverage, Problem, Window
from ...errors import MonitorError, NotFound
from ...records import Authorship
from ...text import clean, count_of
from ...watch_words import is_pattern
from ..watch_list import check_repos
from .context import QuestionContext, Subject
from .lines import freshness, gap_lines, known, span
from .presenter import CommitAnswer
from .query import MAX_REPOSITORIES, Limit, Repos, WindowedQuery
from .question import Endpoint, Question
from .recent_commits import author_counts, commit_coverage, commit_line
from .sizes import MAX_BYTES, how_many_fit, shorten, wire_size
from .windows import Asked

MAX_AUTHORS = 10


class MonitorCommitsQuery(WindowedQuery):
    """Whose commits."""

    repos: Repos = None
    limit_per_repo: Annotated[Limit, Field(description="commits of each at most")] = 10


class MonitoredRepository(AnswerModel):
    """One repository's commits; `error` in place of the rest where it failed."""

    repo: str
    repo_url: str | None
    total_commits: int | None = None
    commits: tuple[CommitAnswer, ...] = ()
    authors: dict[str, int] = Field(default_factory=dict)
    coverage: Coverage | None = None
    error: Problem | None = None


class MonitorCommits(Answer):
    """Commits across repositories."""

    window: Window
    repositories: tuple[MonitoredRepository, ...]
    now_watching: tuple[str, ...]
    note: str | None = None


async def answer(context: QuestionContext, query: MonitorCommitsQuery) -> MonitorCommits:
    """Return commits across repositories, which are put on the watch list when they exist and asking may do so."""
    asked = query.window(context.now())
    chosen = await context.choose(query.repos)
    names = chosen.names[:MAX_REPOSITORIES]
    refused = {**chosen.problems, **check_repos(names)}
    subjects = await context.look_up_all([name for name in names if name not in refused], asked, ["commits"])
    if query.repos and context.may_watch:
        words = [repo for repo in query.repos if repo not in refused]
        named = {(await context.stored(word)).key for word in words if not is_pattern(word)}
        found = [s.key for s in subjects if s.key in named and s.state and not isinstance(s.problem, NotFound)]
        await context.manager.collector_state.watch(found)
        await context.watch_patterns([word for word in words if is_pattern(word)], watched=True)
    nothing = None if names else "No repository is watched; name some, or set TARGET_REPOSITORIES."
    watching = await context.watching()
    watching = watching[: how_many_fit(watching, MAX_BYTES // 4)]
    frame = MonitorCommits(window=asked.window, repositories=(), now_watching=tuple(watching), note=nothing)
    room = (MAX_BYTES - wire_size(frame.to_wire())) // max(len(names), 1)
    parts = [
        MonitoredRepository(repo=clean(name, 80, one_line=True), repo_url=None, error=Problem.of(problem))
        for name, problem in refused.items()
    ]
    parts = [*[await _monitored(context, subject, asked, query.limit_per_repo, room) for subject in subjects], *parts]
    whole, cut = shorten(frame.model_copy(update={"repositories": tuple(parts)}), "repositories")
    return whole.model_copy(update={"note": f"{cut} Ask for the others by themselves."}) if cut else whole


async def _monitored(
    context: QuestionContext, subject: Subject, asked: Asked, size: int, room: int
) -> MonitoredRepository:
    """Return one repository within `room` bytes: what is known of it first, then authors, then commits."""
    name, url, branch = subject.presenter.full_name, subject.presenter.repo_url, subject.default_branch
    authors = await context.manager.commits.get_authorship(subject.key, *asked.span, branch=branch)
    coverage = commit_coverage(context, subject, asked, None)
    if not authors:
        try:
            context.raise_if_nothing_known(subject, asked, "commits")
        except MonitorError as error:
            return MonitoredRepository(repo=name, repo_url=url, error=Problem.of(error))
    found = await context.manager.commits.get_commits(subject.key, *asked.span, branch=branch, limit=size)
    shown = [subject.presenter.commit(record, branch) for record in found]
    part = MonitoredRepository(repo=name, repo_url=url, total_commits=len(authors), coverage=coverage)
    room -= wire_size(part.to_wire())
    counts = list(_count_authors(authors).items())
    counts = counts[: how_many_fit(counts, room // 2, least=0)]
    shown = shown[: how_many_fit(shown, room - wire_size(counts), least=0)]
    return part.model_copy(update={"authors": dict(counts), "commits": tuple(shown)})


def _count_authors(rows: Sequence[Authorship]) -> dict[str, int]:
    counted = Counter(clean(row.author_login or row.author_name or "unknown", 80) for row in rows)
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_AUTHORS])


def summarise(answer: MonitorCommits) -> str:
    """Return the answer in one line."""
    found = sum(part.total_commits or 0 for part in answer.repositories)
    failed = sum(part.error is not None for part in answer.repositories)
    partial = sum(part.coverage is not None and not part.coverage.complete for part in answer.repositories)
    commits = "commits not known" if 0 < failed == len(answer.repositories) else count_of(found, "commit")
    line = f"{commits} in {count_of(len(answer.repositories), 'repository')}, {span(answer.window)}"
    doubts = [f"{failed} failed" if failed else "", f"{partial} not completely known" if partial else ""]
    said = ", ".join(filter(None, (line, *doubts)))
    return " ".join(filter(None, (f"{said}. Watching {len(answer.now_watching)}.", answer.note)))


def lines(answer: MonitorCommits) -> Iterator[str]:
    """Yield the answer as text, repository by repository."""
    yield f"Now {answer.now}. Watching: {', '.join(answer.now_watching) or 'none'}."
    for part in answer.repositories:
        if part.error is not None:
            yield f"{part.repo}: {part.error.code}: {part.error.message}"
            continue
        fresh = f"; {freshness(part.coverage)}" if part.coverage else ""
        more = f", the newest {len(part.commits)} below" if len(part.commits) < (part.total_commits or 0) else ""
        found = count_of(part.total_commits or 0, "commit")
        by = f"; by {author_counts(part.authors)}" if part.authors else ""
        yield f"{part.repo}: {found}{more}{by}{fresh}."
        if part.coverage and not part.coverage.complete:
            yield f"{part.repo}: {known(part.coverage)}"
            yield from gap_lines(part.coverage, part.repo)
        yield from (commit_line(commit, 100) for commit in part.commits)


MONITOR_COMMITS = Question(
    name="monitor_commits",
    title="Monitor commits",
    description="Recent commits across repositories, and keep watching those named: they are polled in the background "
    "from now on. A repository that fails has error in place of commits.",
    query=MonitorCommitsQuery,
    answer_type=MonitorCommits,
    answer=answer,
    summarise=summarise,
    lines=lines,
    effect="adds",
    endpoints=(Endpoint(method="GET", path="/monitoring/commits", tag="commits"),),
    position=40,
)
