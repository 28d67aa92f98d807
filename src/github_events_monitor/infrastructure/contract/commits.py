"""What can be asked of commits."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import InvalidInput
from ...records import Authorship, Commit, CommitFile, CommitMessage, CommitRecord, CommitSummary, repo_key
from .. import wire
from .connection import DatabaseConnection
from .types import CommitPage, CommitQuery, Position


class CommitsRepository(ABC):
    """Commits by (repository, sha), their files and their summaries.

    Storing a commit again merges: `branches` are united (`branches.replaced_on` takes one away), unknown details (None)
    never replace known ones, and a record of GitHub's listings ("api") replaces one from a webhook, which replaces one
    known only from a push payload, never the other way round.
    """

    def __init__(self, connection: DatabaseConnection) -> None:
        self._connection = connection

    async def insert_commits(self, commits: Iterable[CommitRecord | Mapping[str, Any]]) -> int:
        """Store commits with what is known around them and return how many were really new.

        A commit, its files and its summary are written together or not at all (`files` None leaves stored ones alone).
        A dict is the form of `wire.commit_from_dict`. Raises `InvalidInput` before anything is written.
        """
        records = wire.commits_from(commits)
        if not records:
            return 0
        await self._connection.open()
        return await self._insert(records)

    async def get_commit(self, repo: str, sha: str) -> CommitRecord | None:
        """Return one commit with files (by filename) and summary; `sha` may be a prefix of 7 or more hex digits.

        None when there is none. Raises `InvalidInput` when the prefix fits several, naming two of them.
        """
        prefix = wire.check_sha(sha)
        await self._connection.open()
        shas = await self._resolve(repo_key(repo), prefix)
        if len(shas) > 1 and prefix not in shas:
            raise InvalidInput(f"{sha} fits several commits ({shas[0]}, {shas[1]}); give more digits")
        if not shas:
            return None
        return await self._get(repo_key(repo), prefix if prefix in shas else shas[0])

    async def get_commits(
        self,
        repo: str,
        since: str,
        until: str,
        *,
        branch: str | None = None,
        limit: int = 100,
        after: Position | None = None,
    ) -> list[CommitRecord]:
        """Return a page of commits with summaries (`files` None), by `commit_date` descending, then sha ascending.

        branch: only those seen on it; None is all.
        """
        wire.check_limit(limit)
        await self._connection.open()
        return await self._page(CommitQuery(repo_key(repo), since, until, branch, limit, after))

    async def count_commits(self, repo: str, since: str, until: str, *, branch: str | None = None) -> int:
        """Return how many commits `get_commits` would give without limit."""
        await self._connection.open()
        return await self._count(CommitQuery(repo_key(repo), since, until, branch))

    async def get_page(
        self, repo: str, since: str, until: str, *, branch: str | None, limit: int, after: Position | None
    ) -> CommitPage:
        """Return what `get_commits` and `count_commits` give, both from one read."""
        wire.check_limit(limit)
        await self._connection.open()
        return await self._counted_page(CommitQuery(repo_key(repo), since, until, branch, limit, after))

    async def get_authorship(self, repo: str, since: str, until: str, *, branch: str | None = None) -> list[Authorship]:
        """Return the narrow rows of a window, oldest first (`commit_date`, then sha)."""
        await self._connection.open()
        return await self._authorship(CommitQuery(repo_key(repo), since, until, branch))

    async def get_summaries(self, repo: str, since: str, until: str) -> list[tuple[Commit, CommitSummary | None]]:
        """Return every commit of a window with its summary, oldest first: for reports and recomputing."""
        await self._connection.open()
        return await self._summaries(repo_key(repo), since, until)

    async def get_messages(self, repo: str, since: str, until: str) -> list[CommitMessage]:
        """Return the messages of a window's commits, oldest first (`commit_date`, then sha)."""
        await self._connection.open()
        return await self._messages(repo_key(repo), since, until)

    async def get_known_shas(self, repo: str, shas: Iterable[str]) -> set[str]:
        """Return those of the full shas that are stored for the repository, read consistently."""
        await self._connection.open()
        return await self._known(repo_key(repo), list(dict.fromkeys(shas)))

    async def get_without_details(self, repo: str, limit: int) -> list[str]:
        """Return shas of commits from GitHub whose details were never fetched, newest first."""
        wire.check_limit(limit)
        await self._connection.open()
        return await self._without_details(repo_key(repo), limit)

    async def get_files(self, repo: str, shas: Sequence[str]) -> dict[str, list[CommitFile]]:
        """Return files of commits, by sha, each list by filename; a commit without stored files is absent."""
        await self._connection.open()
        return await self._files(repo_key(repo), shas)

    async def delete_before(self, instant: str) -> int:
        """Remove commits older than an instant with their files and summaries, and return how many; as for events."""
        await self._connection.open()
        return await self._delete_before(instant)

    @abstractmethod
    async def _insert(self, commits: Sequence[CommitRecord]) -> int: ...
    @abstractmethod
    async def _resolve(self, repo: str, prefix: str) -> list[str]:
        """Return at most two shas that begin with the prefix, in order."""

    @abstractmethod
    async def _get(self, repo: str, sha: str) -> CommitRecord | None: ...
    @abstractmethod
    async def _page(self, query: CommitQuery) -> list[CommitRecord]: ...
    @abstractmethod
    async def _counted_page(self, query: CommitQuery) -> CommitPage: ...
    @abstractmethod
    async def _count(self, query: CommitQuery) -> int: ...
    @abstractmethod
    async def _authorship(self, query: CommitQuery) -> list[Authorship]: ...
    @abstractmethod
    async def _summaries(self, repo: str, since: str, until: str) -> list[tuple[Commit, CommitSummary | None]]: ...
    @abstractmethod
    async def _messages(self, repo: str, since: str, until: str) -> list[CommitMessage]: ...
    @abstractmethod
    async def _known(self, repo: str, shas: Sequence[str]) -> set[str]: ...
    @abstractmethod
    async def _without_details(self, repo: str, limit: int) -> list[str]: ...
    @abstractmethod
    async def _files(self, repo: str, shas: Sequence[str]) -> dict[str, list[CommitFile]]: ...
    @abstractmethod
    async def _delete_before(self, instant: str) -> int: ...
