"""`recent_commits`: a repository's commits, newest first."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field
from pydantic.json_schema import SkipJsonSchema

from ...answers import Coverage, Envelope
from ...errors import InvalidInput, UnknownBranch
from ...records import CommitRecord
from ...text import clean, count_of
from ..database_interface import Position
from ..wire import check_branch
from .context import QuestionContext, Subject
from .coverage import add_note, outage_note
from .cursors import Page, open_page, write_cursor
from .lines import counts, cursor_line, flags, known, name_of, quoted, span, status_lines
from .matching import Path, Words, has_words, matching, on_path
from .persons import commits_by, note_unknown_person
from .presenter import CommitAnswer, analysis_of
from .query import PagedQuery, Person, Repo
from .question import Endpoint, Question
from .sizes import MAX_BYTES, PAGE_BYTES, fit_texts, how_many_fit
from .windows import Asked

NAME = "recent_commits"
MAX_BRANCH_SHOWN = 60
SHORTER_MESSAGES = (100, 72, 50, 30)
"""Characters of messages where thirty commits with long ones would not fit into a page."""
RISKS = ("low", "medium", "high")
PAGE_TEXT_BYTES = 5_900
"""What the text of a page of at most thirty commits may take."""

Read = Callable[[int, Position | None], Awaitable[list[CommitRecord]]]
"""Reads commits behind a position: their number, at most, and the position."""
_READ_PAGE = 500

Branch = Annotated[str | None, AfterValidator(check_branch), Field(description="default: the default branch")]


class RecentCommitsQuery(PagedQuery):
    """Which commits."""

    repo: Repo
    branch: Branch = None
    author: Annotated[Person, Field(description="login, name or e-mail; co-authored ones too")] = None
    path: Path = None
    query: Words = None
    min_risk: Literal["low", "medium", "high"] | None = None


class RecentCommits(Envelope):
    """Commits of one repository, newest first; `total_commits` counts all in the window.

    files_unknown: with `path`, how many more commits of the window there are whose files were not fetched yet.
    """

    total_commits: int
    commits: tuple[CommitAnswer, ...]
    files_unknown: Annotated[int | SkipJsonSchema[None], Field(exclude_if=lambda count: count is None)] = None
    next_cursor: str | None = None


async def answer(context: QuestionContext, query: RecentCommitsQuery) -> RecentCommits:
    """Return a page of commits.

    Raises `InvalidInput`, or the `GitHubError` for which nothing is known of the window.
    """
    page = open_page(NAME, query, context.now())
    query = page.query
    if page.after is None:
        subject = await context.look_up(query.repo, page.asked, branch=query.branch, kinds=["commits"])
    else:
        subject = await context.stored(query.repo)
    branch = query.branch or subject.default_branch
    by = await commits_by(context, subject, page.asked, branch, query.author) if query.author else None
    found = await _find(context, subject, page, branch, by)
    coverage = commit_coverage(context, subject, page.asked, query.branch)
    if not found.stored:
        counted = context.manager.commits.count_commits
        others = by is not None and bool(await counted(subject.key, *page.asked.span, branch=branch))
        _check_branch_exists(subject, query.branch, others_stored=others)
        context.raise_if_nothing_known(subject, page.asked, _kind(subject, query.branch), others_stored=others)
        coverage = await note_unknown_person(context, coverage, [subject], page.asked, query.author)
    shown = _page([subject.presenter.commit(record, branch) for record in found.commits[: query.size]], query.size)
    last = (shown[-1].committed_at, shown[-1].sha) if len(shown) < len(found.commits) else None
    return RecentCommits(
        repo=subject.presenter.full_name,
        repo_url=subject.presenter.repo_url,
        window=page.asked.window,
        coverage=coverage,
        total_commits=found.total,
        commits=tuple(shown),
        files_unknown=found.files_unknown,
        next_cursor=write_cursor(NAME, page, last) if last else None,
    )


class _Found(NamedTuple):
    """What matches a query.

    stored: commits of the window, of the author asked for. total: those of them that match. commits: those of the page
    and one more, if there is one. files_unknown: with a path, how many match otherwise, but their files are not known.
    """

    stored: int
    total: int
    commits: list[CommitRecord]
    files_unknown: int | None = None


async def _find(
    context: QuestionContext,
    subject: Subject,
    page: Page[RecentCommitsQuery],
    branch: str | None,
    by: frozenset[str] | None,
) -> _Found:
    """Return the commits of a page. by: shas of the author asked for."""
    query, asked, after, commits = page.query, page.asked, page.after, context.manager.commits

    async def read(limit: int, behind: Position | None) -> list[CommitRecord]:
        return await commits.get_commits(subject.key, *asked.span, branch=branch, limit=limit, after=behind)

    if not (query.query or query.min_risk or query.path):
        if by is not None:
            return _Found(len(by), len(by), await _read_of(read, by, query.size + 1, after))
        counted = await commits.get_page(subject.key, *asked.span, branch=branch, limit=query.size + 1, after=after)
        return _Found(counted.total, counted.total, counted.commits)
    stored = len(by) if by is not None else await commits.count_commits(subject.key, *asked.span, branch=branch)
    found, unknown = await matching(read, lambda record: _matches(record, query, by), _position), None
    if query.path:
        found, unknown = await on_path(commits, subject.key, found, query.path)
    rest = found if after is None else [record for record in found if _is_behind(_position(record), after)]
    return _Found(stored, len(found), rest[: query.size + 1], unknown)


async def _read_of(read: Read, shas: frozenset[str], limit: int, after: Position | None) -> list[CommitRecord]:
    """Return at most `limit` of these commits behind a position, reading no further than the last of them."""
    found: list[CommitRecord] = []
    while len(found) < limit:
        records = await read(_READ_PAGE, after)
        found += [record for record in records if record.commit.sha in shas]
        if len(records) < _READ_PAGE:
            break
        after = _position(records[-1])
    return found[:limit]


def _is_behind(position: Position, after: Position) -> bool:
    return position[0] < after[0] or (position[0] == after[0] and position[1] > after[1])


def _matches(record: CommitRecord, query: RecentCommitsQuery, by: frozenset[str] | None) -> bool:
    if (by is not None and record.commit.sha not in by) or not has_words(record.commit.message, query.query):
        return False
    return query.min_risk is None or RISKS.index(analysis_of(record).risk_level) >= RISKS.index(query.min_risk)


def _position(record: CommitRecord) -> Position:
    return record.commit.commit_date, record.commit.sha


def commit_coverage(context: QuestionContext, subject: Subject, asked: Asked, branch: str | None) -> Coverage:
    """Return what is known of a branch's commits (None: the default branch)."""
    unknown = None
    if not (branch or subject.default_branch):
        unknown = "The default branch is not known; commits of all branches are shown."
    coverage = context.coverage(subject, asked, _kind(subject, branch))
    if isinstance(subject.problem, UnknownBranch):
        known_until = context.known(subject, _kind(subject, branch))[-1:]
        read = f"as it was last read, at {known_until[0].until}" if known_until else "as far as it was pushed"
        coverage = add_note(coverage, f"{subject.problem.message}. It is gone, and is shown {read}.")
        return coverage.model_copy(update={"complete": coverage.complete and not asked.current})
    return add_note(coverage, outage_note(subject.problem), unknown)


def _kind(subject: Subject, branch: str | None) -> str:
    return "commits" if branch in {None, subject.default_branch} else f"commits:{branch}"


def _page(commits: list[CommitAnswer], size: int) -> list[CommitAnswer]:
    """Return the commits that fit. A page of thirty takes messages shorter first: in other scripts they take more."""
    if size > 30:
        return commits[: how_many_fit(commits, MAX_BYTES)]
    return fit_texts(commits, with_message, SHORTER_MESSAGES, PAGE_BYTES)


def with_message(commit: CommitAnswer, length: int) -> CommitAnswer:
    """Return the commit with its message cut to a number of characters, a plain prefix."""
    return commit.model_copy(update={"message": commit.message[:length].rstrip()})


def _check_branch_exists(subject: Subject, branch: str | None, *, others_stored: bool) -> None:
    """Refuse a branch that was never seen, or is gone and has nothing stored, naming those that there are."""
    state = subject.state
    if isinstance(subject.problem, UnknownBranch) and not others_stored:
        raise subject.problem
    if branch is None or state is None or subject.problem is not None:
        return
    seen = {*state.branches, *(kind.partition(":")[2] for kind in state.ledger.spans if ":" in kind)}
    seen |= {state.default_branch} if state.default_branch else set()
    if seen and branch not in seen:
        names = ", ".join(clean(name, MAX_BRANCH_SHOWN, one_line=True) for name in sorted(seen)[:20])
        raise InvalidInput(f"{subject.presenter.full_name} has no branch {branch!r}; known: {names}")


def summarise(answer: RecentCommits) -> str:
    """Return the answer in one line."""
    shown = f"{len(answer.commits)} of " if answer.next_cursor else ""
    found = count_of(answer.total_commits, "commit")
    if answer.files_unknown:
        found += f" known to match ({answer.files_unknown} not judged)"
    return f"{answer.repo}: {shown}{found}, {span(answer.window)}. {known(answer.coverage)}"


def lines(answer: RecentCommits) -> Iterator[str]:
    """Yield the answer as text. Messages give way where the whole of a page would be too long."""
    yield from status_lines(answer)
    if answer.files_unknown:
        more = count_of(answer.files_unknown, "more commit")
        fetching = "collect_now fetches more of them."
        yield f"The files of {more} are not known yet: whether these match is unknown. {fetching}"
    yield from commit_lines(
        answer.commits, PAGE_TEXT_BYTES - (1_060 if answer.files_unknown else 900) - len(answer.next_cursor or "")
    )
    yield from cursor_line(answer.next_cursor)


def commit_lines(commits: tuple[CommitAnswer, ...], budget: int) -> list[str]:
    """Return a line for each commit: sha, time, author, message, size, what it is.

    Up to thirty commits fit into the budget (bytes): messages are cut to what that leaves.
    """
    branches = {commit.branch for commit in commits}
    several = len(branches) > 1
    for length in (100, 72, 60, 50, 40, 30, 20):
        rows = [commit_line(commit, length, with_branch=several) for commit in commits]
        if len(commits) > 30 or sum(len(row.encode()) + 1 for row in rows) <= budget:
            break
    return (
        [f"On branch {quoted(branch, 60)}:" for branch in branches if branch and not several] + rows if rows else rows
    )


def commit_line(commit: CommitAnswer, length: int, *, with_branch: bool = False) -> str:
    """Return a commit in one line."""
    summary = commit.summary
    who = name_of(commit.author_login, commit.author_name)
    marks = flags(
        ("bot", commit.is_bot),
        ("AI assistant", commit.ai_assistant),
        *((category, True) for category in summary.categories),
        (f"{summary.risk_level} risk {summary.impact_score}", summary.risk_level != "low"),
        ("breaking", summary.breaking),
        ("security", summary.security_relevant),
        (f"on {quoted(commit.branch or '', 60)}", with_branch and commit.branch),
    )
    return f"{commit.sha[:10]} {commit.committed_at} {who}: {quoted(commit.message, length)} ({size_of(commit)}{marks})"


def size_of(commit: CommitAnswer) -> str:
    """Return how much a commit changed, in words."""
    if commit.additions is None or commit.deletions is None:
        return "size not fetched"
    files = "" if commit.files_changed is None else f", {count_of(commit.files_changed, 'file')}"
    return f"+{commit.additions} -{commit.deletions}{files}"


def author_counts(values: dict[str, int]) -> str:
    """Return who made how many commits, in one line."""
    return counts({name_of(None, name): count for name, count in values.items()})


RECENT_COMMITS = Question(
    name=NAME,
    title="Recent commits",
    description="Commits of a repository, newest first, with an analysis of each. total_commits counts all in the "
    "window. additions, deletions, files_changed are null until fetched; commit_details fetches them.",
    query=RecentCommitsQuery,
    answer_type=RecentCommits,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/commits/recent", tag="commits"),),
    position=10,
)
