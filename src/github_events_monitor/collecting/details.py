"""Statistics and files of commits, newest first, as far as the budget goes; a later pass fills in the rest."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from ..errors import Forbidden, GitHubError, InvalidInput, NotFound, Unreachable
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..github.commits import MAX_LISTED_FILES, CommitDetails, parse_commit_details
from ..insights.commits import lists_all
from ..instants import SECOND, shift
from ..ledger import WITHOUT_FILES
from ..records import Commit, CommitFile, Span
from ..side_by_side import side_by_side
from .pass_state import PassState

CHUNK = 20
"""Commits with files that are stored together."""

LISTED = 100

FILES_A_PAGE = 300
"""Files of a commit on a page: https://docs.github.com/en/rest/commits/commits#get-a-commit"""

FILES_A_PASS = 100
"""Commits with known numbers whose files are fetched in one pass: a person waits for the first pass."""

AHEAD, AHEAD_AT_ONCE = 24, 4
"""Of those so many at most, and of the budget no more than a quarter, while listings are still read; so many at once,
for the pages of listings, which follow one another, are not to wait for them."""

_OUTAGE = 3
"""When this many fail and none succeeds, the cause is GitHub and no single commit."""


async def collect_details(state: PassState, store: Callable[[], Awaitable[None]]) -> None:
    """Fill in what the listing does not have; `store` keeps what was learned so far. Ends when the budget is spent."""
    limit = state.budget.left + LISTED + len(state.repository.refused)
    bare = await state.manager.commits.get_without_details(state.repo, limit)
    files_left = FILES_A_PASS - state.files_ahead
    most = max(0, min(state.budget.left, files_left)) if state.thorough else 0  # a question waits for numbers alone
    counted = await find_without_files(state, most + 1) if most > 0 else []
    counted, more = counted[:most], len(counted) > most
    due = [sha for sha in bare if state.may_ask(_name(sha))]
    if state.with_token and len(due) > state.budget.left > 0:
        await _collect_statistics(state, frozenset(due[state.budget.left - 1 :]))
    asked = [commit.sha for commit in counted if state.may_ask(_name(commit.sha)) and commit.sha not in {*bare}]
    known = await state.manager.commits.get_files(state.repo, asked) if asked else {}
    due += sorted(asked, key=lambda sha: sha in known)  # large commits read in part do not keep the others waiting
    details = _Details(state, store, known=known)
    await side_by_side([partial(details.collect, sha) for sha in due])
    details.finish(more=more)
    settle(state, counted, details.settled | {commit.sha for commit in counted if commit.sha not in {*due}})
    note_without_files(state, details.parts)


async def fetch_ahead(state: PassState) -> None:
    """Fill in the newest commits of those listed so far, while listings are still read; nothing is stored.

    What fails or is left over `collect_details` does.
    """
    budget = state.budget.share(min(AHEAD, state.budget.left // 4))
    newest = sorted((record.commit for record in state.commits.values()), key=_age, reverse=True)[: budget.left]
    details = _Details(state, None, budget)
    due = [commit.sha for commit in newest if state.may_ask(_name(commit.sha))]
    with suppress(GitHubError, InvalidInput, BudgetSpent):
        await side_by_side([partial(details.collect, sha) for sha in due], AHEAD_AT_ONCE)
    state.files_ahead = len(details.settled)
    note_without_files(state, details.parts)


def settle_ahead(state: PassState) -> None:
    """Forget, once the listing was read, that the newest commits lack their files: those that were fetched ahead."""
    counted = {sha: record for sha, record in state.commits.items() if record.commit.additions is not None}
    done = {
        sha
        for sha, record in counted.items()
        if record.commit.files_changed == 0 or (record.files is not None and not _is_part(record.commit, record.files))
    }
    settle(state, [record.commit for record in counted.values()], done)


def _age(commit: Commit) -> tuple[str, str]:
    return commit.commit_date, commit.sha


class _Details:
    """Commits fetched concurrently; what is fetched is stored while others are still asked for.

    store: None leaves that to the caller. known: the files of commits that were read in part before.
    """

    def __init__(
        self,
        state: PassState,
        store: Callable[[], Awaitable[None]] | None,
        budget: RequestBudget | None = None,
        *,
        known: Mapping[str, Sequence[CommitFile]] = {},
    ) -> None:
        self._state, self._store, self._budget, self._known = state, store, budget or state.budget, known
        self._storing = self._spent = self._succeeded = False
        self._denied: dict[str, GitHubError] = {}
        self.settled: set[str] = set()
        """What was fetched, or refused and will be asked for later."""
        self.parts: list[Commit] = []
        """What was fetched in part."""

    async def collect(self, sha: str) -> None:
        """Fetch one commit. Raises what has nothing to do with this commit alone."""
        state = self._state
        if self._spent:
            return
        state.modified = True
        try:
            known = self._known.get(sha, ())
            details = await fetch_details(state.client, state.repo, state.asked_name, sha, self._budget, known)
        except BudgetSpent:
            self._spent = True
        except (NotFound, InvalidInput) as error:  # gone since it was listed, after a force push
            state.remember_refusal(_name(sha), error)
            self.settled.add(sha)
        except (Forbidden, Unreachable) as error:
            self._denied[sha] = error
            if len(self._denied) >= _OUTAGE and not self._succeeded:
                raise
        else:
            self._succeeded = True
            state.add_commit(details.commit, details.files)
            if _is_part(details.commit, details.files) and len(details.files) > len(known):
                self._spent = self._spent or self._budget.left == 0
                self.parts.append(details.commit)
            else:
                self.settled.add(sha)
            state.forget_refusal(_name(sha))
            await self._store_some()

    async def _store_some(self) -> None:
        if self._store is None or len(self._state.commits) < CHUNK or self._storing:
            return
        self._storing = True
        await self._store()
        self._storing = False

    def finish(self, *, more: bool) -> None:
        """Remember which commits GitHub could not give (diffs that are too large), and say what is left."""
        for sha, error in self._denied.items():
            self._state.remember_refusal(_name(sha), error)
            self.settled.add(sha)
        if self._denied:
            reason = next(iter(self._denied.values())).message
            self._state.notes.append(f"details of {len(self._denied)} commits are asked for again later: {reason}")
        if self._spent or more:
            self._state.postpone("statistics and files of older commits follow in later passes")


def _name(sha: str) -> str:
    return f"commit:{sha}"


def _is_part(commit: Commit, files: Sequence[CommitFile]) -> bool:
    """Return whether some of a commit's files were read, and GitHub lists more."""
    return 0 < len(files) < MAX_LISTED_FILES and not lists_all(commit, files)


async def fetch_details(
    client: GitHubClient, key: str, name: str, sha: str, budget: RequestBudget, known: Sequence[CommitFile] = ()
) -> CommitDetails:
    """Return one commit of the repository that GitHub calls `name`, as a record under `key`. Raises `GitHubError`.

    known: files of it that were read before; it is read on behind them.
    """
    answers = await client.fetch_commit(name, sha, budget=budget, page=len(known) // FILES_A_PAGE + 1)
    if answers[0].status == "empty_repository":
        raise NotFound(f"{name} has no commits yet")
    complete = answers[-1].next_url is None
    details = parse_commit_details(key, *(answer.body for answer in answers), complete=complete)
    if details is None:
        raise NotFound(f"GitHub's answer for commit {sha} of {name} has no sha or date")
    if not known:
        return details
    files = tuple({file.filename: file for file in (*known, *details.files)}.values())
    exact = len(files) if complete and len(files) < MAX_LISTED_FILES else None
    return CommitDetails(replace(details.commit, files_changed=exact), files)


async def _collect_statistics(state: PassState, shas: Collection[str]) -> None:
    """A hundred commits' numbers for one request, for those whose files are out of reach. REST goes on without it."""
    branch = state.repository.default_branch
    try:
        page = await state.client.fetch_history(state.asked_name, default_branch=branch, budget=state.budget)
    except GitHubError:
        return
    found = [commit for commit in page.commits if commit.sha in shas and commit.additions is not None]
    for commit in found:
        state.add_commit(commit)
    note_without_files(state, found)


def note_without_files(state: PassState, commits: Iterable[Commit]) -> None:
    """Remember that the numbers of commits came without their files. One that changed none has nothing to fetch."""
    times = [commit.commit_date for commit in commits if commit.additions is not None and commit.files_changed != 0]
    if times:  # a commit may be dated in the future, where nothing can be known
        state.learn(WITHOUT_FILES, Span(min(times), min(shift(max(times), SECOND), state.now())))


async def find_without_files(state: PassState, limit: int) -> list[Commit]:
    """Return the newest of these commits, at most `limit`; stretches that are done by now are forgotten."""
    found: list[Commit] = []
    for span in reversed(state.known(WITHOUT_FILES)):
        rows = await state.manager.commits.get_commits(state.repo, *span, limit=limit)
        commits = [row.commit for row in rows]
        known = await state.manager.commits.get_files(state.repo, [commit.sha for commit in commits])
        found += [
            commit
            for commit in commits
            if commit.files_changed != 0 and (commit.sha not in known or _is_part(commit, known[commit.sha]))
        ]
        if not found:
            _forget(state, _end_of(commits) if len(rows) == limit else span.since)
        if len(rows) == limit:
            break
    return found[:limit]


def _end_of(commits: Sequence[Commit]) -> str:
    """Return down to when a page is whole; its last second may go on behind it, unless that is all there is."""
    first, last = commits[0].commit_date, commits[-1].commit_date
    return last if first == last else shift(last, SECOND)


def settle(state: PassState, wanting: Sequence[Commit], done: Collection[str]) -> None:
    """Forget the stretches down to the newest commit whose files are still to be fetched."""
    left = [commit.commit_date for commit in wanting if commit.sha not in done]
    asked = [commit.commit_date for commit in wanting]
    if asked:
        _forget(state, shift(max(left), SECOND) if left else min(asked))


def _forget(state: PassState, instant: str) -> None:
    """Forget what is not older than an instant."""
    spans = state.known(WITHOUT_FILES)
    state.know(WITHOUT_FILES, *(Span(span.since, min(span.until, instant)) for span in spans))
