"""Where commits are known with their numbers but without their files: GraphQL gives only the numbers.

The stretches are kept in the ledger, and files are fetched for them newest first, as far as each pass can.
"""

from collections.abc import Collection, Iterable, Sequence

from ..instants import SECOND, shift
from ..records import Commit, Span
from .pass_state import PassState

KIND = "commits/without_files"


def note_without_files(state: PassState, commits: Iterable[Commit]) -> None:
    """Remember that the numbers of commits came without their files. One that changed none has nothing to fetch."""
    times = [commit.commit_date for commit in commits if commit.additions is not None and commit.files_changed != 0]
    if times:  # a commit may be dated in the future, where nothing can be known
        state.learn(KIND, Span(min(times), min(shift(max(times), SECOND), state.now())))


async def find_without_files(state: PassState, limit: int) -> list[Commit]:
    """Return the newest of these commits, at most so many; what of the stretches is done by now is forgotten."""
    found: list[Commit] = []
    for span in reversed(state.known(KIND)):
        rows = await state.manager.commits.get_commits(state.repo, *span, limit=limit)
        commits = [row.commit for row in rows]
        known = await state.manager.commits.get_files(state.repo, [commit.sha for commit in commits])
        found += [commit for commit in commits if commit.files_changed != 0 and commit.sha not in known]
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
    spans = state.known(KIND)
    state.know(KIND, *(Span(span.since, min(span.until, instant)) for span in spans))
