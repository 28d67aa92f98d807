"""Questions about commits."""

from collections import Counter
from collections.abc import Sequence

from ...answers.commits import CommitAnswer, CommitDetails, MonitorCommits, MonitoredRepository, RecentCommits
from ...answers.shared import Coverage, Problem
from ...errors import GitHubError, InvalidInput, MonitorError, NotFound
from ...people import co_authors
from ...records import Authorship, CommitRecord, repo_key
from ...text import clean
from ..watch_list import watched
from ..wire import check_branch, check_sha
from .cache import remembered
from .freshness import outage_note, refuse_emptiness
from .presenting import add_note, analysis_of, present_analysis, present_file
from .questions import Questions, Subject, check_page_limit, check_person
from .sizes import MAX_BYTES, PAGE_BYTES, how_many_fit, shorten, wire_size
from .windows import Asked

MAX_REPOSITORIES = 100
MAX_AUTHORS = 10
MAX_FULL_MESSAGE = 4_000
MAX_BRANCH_SHOWN = 60
SHORTER_MESSAGES = (100, 72, 50)
"""Characters of messages where thirty commits with long ones would not fit into a page."""


class CommitQuestions(Questions):
    """Recent commits, one commit, commits across repositories."""

    @remembered
    async def recent_commits(
        self,
        repo: str,
        hours: int | None = None,
        limit: int | None = None,
        branch: str | None = None,
        author: str | None = None,
        until: str | None = None,
        cursor: str | None = None,
    ) -> RecentCommits:
        """A repository's commits, newest first; defaults: 24 hours, 30 commits, the default branch.

        Raises `InvalidInput`, or the `GitHubError` for which nothing is known of the window.
        """
        given = {
            "repo": repo_key(repo),
            "hours": hours,
            "limit": limit,
            "branch": check_branch(branch),
            "author": check_person("author", author),
            "until": until,
        }
        page = self._open_page("recent_commits", cursor, 24, given)
        size = check_page_limit(page.arguments["limit"], 30)
        branch, author, span = page.arguments["branch"], page.arguments["author"], page.asked.span
        asked = (
            self._look_up(repo, page.asked, branch=branch, kinds=["commits"]) if cursor is None else self._stored(repo)
        )
        subject = await asked
        wanted = _branch_filter(subject, branch)
        commits = self._desk.manager.commits
        total = await commits.count_commits(subject.key, *span, branch=wanted, author=author)
        found = await commits.get_commits(
            subject.key, *span, branch=wanted, author=author, limit=size + 1, after=page.after
        )
        coverage = self._commit_coverage(subject, page.asked, branch)
        if not total:
            _check_branch(subject, branch)
            refuse_emptiness(subject.presenter.full_name, coverage, subject.problem)
        shown = _page([subject.presenter.commit(record, wanted) for record in found[:size]], size)
        more = len(shown) < len(found)
        return RecentCommits(
            repo=subject.presenter.full_name,
            repo_url=subject.presenter.repo_url,
            window=page.asked.window,
            coverage=coverage,
            total_commits=total,
            commits=tuple(shown),
            next_cursor=self._next_cursor("recent_commits", page, (shown[-1].committed_at, shown[-1].sha))
            if more
            else None,
        )

    def _commit_coverage(self, subject: Subject, asked: Asked, branch: str | None) -> Coverage:
        default = subject.state.default_branch if subject.state else None
        kind = "commits" if branch in {None, default} else f"commits:{branch}"
        coverage = self._coverage(subject, asked, kind)
        unknown = (
            "The default branch is not known; commits of all branches are shown." if not (branch or default) else None
        )
        return add_note(coverage, outage_note(subject.problem), unknown)

    async def commit_details(self, repo: str, sha: str) -> CommitDetails:
        """One commit with its files; fetched from GitHub when they are not stored yet. Raises `NotFound` and others."""
        prefix, subject = check_sha(sha), await self._stored(repo)
        record = await self._desk.manager.commits.get_commit(subject.key, prefix)
        if self._desk.fetch_details and (record is None or not _has_details(record)):
            problem = await self._fetch_details(subject.key, record.commit.sha if record else prefix)
            subject = (await self._stored(repo))._replace(problem=problem)
            record = await self._desk.manager.commits.get_commit(subject.key, prefix)
        if record is None:
            raise subject.problem or NotFound(f"commit {prefix} of {subject.presenter.full_name} is not stored")
        return self._details(subject, record)

    async def _fetch_details(self, key: str, sha: str) -> MonitorError | None:
        try:
            await self._desk.fetch_details(key, sha) if self._desk.fetch_details else None
        except GitHubError as error:
            return error
        return None

    def _details(self, subject: Subject, record: CommitRecord) -> CommitDetails:
        commit, files = record.commit, record.files
        known = _has_details(record)
        shown = [present_file(file) for file in files or ()]
        fitting = shown[: how_many_fit(shown, MAX_BYTES - 3 * MAX_FULL_MESSAGE)]
        return CommitDetails(
            repo=subject.presenter.full_name,
            repo_url=subject.presenter.repo_url,
            commit=subject.presenter.commit(record, full=True),
            message=clean(commit.message, MAX_FULL_MESSAGE),
            co_authors=tuple(clean(name, 80) for name, _ in co_authors(commit.message))[:20],
            parents=commit.parents,
            files=tuple(fitting) if known else None,
            files_omitted=len(shown) - len(fitting),
            summary=present_analysis(analysis_of(record), full=True),
            note=None if known else (outage_note(subject.problem) or "Its files were not fetched yet."),
        )

    async def monitor_commits(
        self, repos: Sequence[str] | None = None, hours: int = 24, limit_per_repo: int = 10, until: str | None = None
    ) -> MonitorCommits:
        """Commits across repositories (null: all watched), which are put on the watch list when they exist."""
        asked, size = self._ask(hours, until), check_page_limit(limit_per_repo, 10, "limit_per_repo")
        names = list(repos or await self.watching())
        check_how_many(names)
        subjects = await self._look_up_all(names, asked, ["commits"])
        if repos:
            await self._desk.manager.collector_state.watch(
                s.key for s in subjects if s.state and not isinstance(s.problem, NotFound)
            )
        nothing = None if names else "No repository is watched; name some, or set TARGET_REPOSITORIES."
        watching = (await self.watching())[:MAX_REPOSITORIES]
        frame = MonitorCommits(window=asked.window, repositories=(), now_watching=tuple(watching), note=nothing)
        room = (MAX_BYTES - wire_size(frame.to_wire())) // max(len(subjects), 1)
        parts = [await self._monitored(subject, asked, size, room) for subject in subjects]
        answer, cut = shorten(frame.model_copy(update={"repositories": tuple(parts)}), "repositories")
        return answer.model_copy(update={"note": f"{cut} Ask for the others by themselves."}) if cut else answer

    async def _monitored(self, subject: Subject, asked: Asked, size: int, room: int) -> MonitoredRepository:
        """One repository in so many bytes: what is known of it first, then who made how many commits, then commits."""
        name, url = subject.presenter.full_name, subject.presenter.repo_url
        branch = _branch_filter(subject, None)
        authors = await self._desk.manager.commits.get_authorship(subject.key, *asked.span, branch=branch)
        coverage = self._commit_coverage(subject, asked, None)
        if not authors:
            try:
                refuse_emptiness(name, coverage, subject.problem)
            except MonitorError as error:
                return MonitoredRepository(repo=name, repo_url=url, error=Problem.of(error))
        found = await self._desk.manager.commits.get_commits(subject.key, *asked.span, branch=branch, limit=size)
        shown = [subject.presenter.commit(record, branch) for record in found]
        answer = MonitoredRepository(repo=name, repo_url=url, total_commits=len(authors), coverage=coverage)
        room -= wire_size(answer.to_wire())
        counts = list(_count_authors(authors).items())
        counts = counts[: how_many_fit(counts, room // 2, least=0)]
        shown = shown[: how_many_fit(shown, room - wire_size(counts), least=0)]
        return answer.model_copy(update={"authors": dict(counts), "commits": tuple(shown)})

    async def watching(self) -> list[str]:
        """Watched repositories in GitHub's spelling, by name."""
        return list((await watched(self._desk.manager.collector_state, self._desk.targets)).values())


def check_how_many(repos: Sequence[str]) -> None:
    """Raises `InvalidInput` for more repositories than one question may name."""
    if len(repos) > MAX_REPOSITORIES:
        raise InvalidInput(f"at most {MAX_REPOSITORIES} repositories at once, not {len(repos)}")


def _page(commits: list[CommitAnswer], size: int) -> list[CommitAnswer]:
    """The commits that fit. A page of thirty takes messages shorter first: in other scripts they take more bytes."""
    if size > 30:
        return commits[: how_many_fit(commits, MAX_BYTES)]
    for length in SHORTER_MESSAGES:
        if how_many_fit(commits, PAGE_BYTES) == len(commits):
            return commits
        commits = [commit.model_copy(update={"message": commit.message[:length].rstrip()}) for commit in commits]
    return commits[: how_many_fit(commits, PAGE_BYTES)]


def _has_details(record: CommitRecord) -> bool:
    return record.files is not None and record.commit.additions is not None


def _count_authors(rows: Sequence[Authorship]) -> dict[str, int]:
    counts = Counter(clean(row.author_login or row.author_name or "unknown", 80) for row in rows)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_AUTHORS])


def _branch_filter(subject: Subject, branch: str | None) -> str | None:
    return branch or (subject.state.default_branch if subject.state else None)


def _check_branch(subject: Subject, branch: str | None) -> None:
    """Refuse a branch nobody has seen, naming those that were."""
    state = subject.state
    if branch is None or state is None or subject.problem is not None:
        return
    known = {*state.branches, *(kind.partition(":")[2] for kind in state.ledger.spans if ":" in kind)}
    known |= {state.default_branch} if state.default_branch else set()
    if known and branch not in known:
        names = ", ".join(clean(name, MAX_BRANCH_SHOWN, one_line=True) for name in sorted(known)[:20])
        raise InvalidInput(f"{subject.presenter.full_name} has no branch {branch!r}; known: {names}")
