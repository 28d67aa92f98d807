"""Commit summaries of older rules computed again: the rules may change with a release, stored commits stay.

No network is involved. A commit without details is analysed from its message alone, as it was at ingestion.
"""

from collections.abc import Awaitable, Callable, Sequence

from ..infrastructure.database_interface import DatabaseManager, Position, retrying_longer
from ..insights.commits import RULES_VERSION, analyse_commit
from ..instants import FIRST, LAST
from ..records import CommitRecord, repo_key

Progress = Callable[[float, float | None, str], Awaitable[None]]

_ALWAYS = (FIRST, LAST)
_BATCH = 500
_MAX_REPOSITORIES = 1_000_000


async def analyse_again(
    manager: DatabaseManager, repos: Sequence[str] = (), *, progress: Progress | None = None
) -> int:
    """Recompute summaries that are missing or of older rules, of some repositories or of all; return how many."""
    keys = [repo_key(repo) for repo in repos]
    if not keys:
        keys = [known.repo_name for known in await manager.collector_state.get_repositories(limit=_MAX_REPOSITORIES)]
    done = 0
    for number, key in enumerate(keys):
        if progress:
            await progress(number, len(keys), key)
        with retrying_longer():
            done += await _one_repository(manager, key)
    return done


async def _one_repository(manager: DatabaseManager, repo: str) -> int:
    done, after = 0, None
    while True:
        page = await manager.commits.get_commits(repo, *_ALWAYS, limit=_BATCH, after=after)
        stale = [record for record in page if record.summary is None or record.summary.rules < RULES_VERSION]
        if stale:
            await _renew(manager, repo, stale)
        done += len(stale)
        if len(page) < _BATCH:
            return done
        after = _position(page[-1])


async def _renew(manager: DatabaseManager, repo: str, stale: Sequence[CommitRecord]) -> None:
    files = await manager.commits.get_files(repo, [record.commit.sha for record in stale])
    renewed = []
    for commit in (record.commit for record in stale):
        changed = files.get(commit.sha, () if commit.files_changed == 0 else None)
        renewed.append(CommitRecord(commit=commit, summary=analyse_commit(commit, changed)))
    await manager.commits.insert_commits(renewed)


def _position(record: CommitRecord) -> Position:
    return record.commit.commit_date, record.commit.sha
