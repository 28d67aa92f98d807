"""Stored results, and the memory of the collector."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...instants import normalise_instant, shift
from ...records import Lease, MetricRow, RepositoryState, Span, repo_key
from .. import wire
from .connection import DatabaseConnection
from .vocabulary import LONGEST_LEASE, KnownRepository, MetricTable


class MetricsRepository(ABC):
    """Stored results and observations, and the collector's memory of each repository.

    Results are absolute: saving a row again replaces it. The `sort` of a row is, by table,
    developer_metrics `owner/name#YYYY-MM-DD` (key: the login, lower-case); security_metrics `type#instant#id`;
    event_patterns `type#instant`; deployment_metrics the deployment's or release's id (keys: the repository).
    """

    def __init__(self, connection: DatabaseConnection) -> None:
        self._connection = connection

    async def save_metrics(self, table: MetricTable, rows: Iterable[MetricRow]) -> int:
        """Store rows of one of the tables with a sort key; answers how many were written."""
        checked = wire.metrics_from(rows)
        if not checked:
            return 0
        await self._connection.open()
        return await self._save(table, checked)

    async def get_metrics(
        self,
        table: MetricTable,
        key: str,
        *,
        prefix: str = "",
        first: str = "",
        last: str = "",
        limit: int | None = None,
    ) -> list[MetricRow]:
        """Rows of a key in order of `sort`: those that begin with `prefix` and lie in first <= sort <= last."""
        wire.check_limit(limit)
        await self._connection.open()
        found = await self._rows(table, key.lower(), prefix)
        chosen = [row for row in found if row.sort >= first and (not last or row.sort <= last)]
        return chosen[:limit]

    async def save_health(self, repo: str, day: str, result: Mapping[str, Any]) -> None:
        """Keep a repository's health result of a day (YYYY-MM-DD), replacing that day's; the last 400 days are kept."""
        await self._connection.open()
        await self._save_health(repo_key(repo), day, dict(result))

    async def get_health(self, repo: str, first: str, last: str) -> dict[str, dict[str, Any]]:
        """Stored health results by day, first <= day <= last, in order."""
        await self._connection.open()
        stored = await self._health(repo_key(repo))
        return {day: stored[day] for day in sorted(stored) if first <= day <= last}

    async def get_state(self, repo: str) -> RepositoryState | None:
        """What is remembered about a repository, read consistently; null when it was never collected or imported."""
        await self._connection.open()
        return (await self._states([repo_key(repo)])).get(repo_key(repo))

    async def get_states(self, repos: Iterable[str]) -> dict[str, RepositoryState]:
        """States by key; unknown repositories are absent."""
        keys = list(dict.fromkeys(repo_key(repo) for repo in repos))
        await self._connection.open()
        return await self._states(keys)

    async def save_states(self, states: Iterable[RepositoryState]) -> None:
        """Store states outside a collecting pass (an import's ledger); also registers the repositories."""
        await self._connection.open()
        await self._save_states(list(states))

    async def get_archive_hours(self) -> tuple[Span, ...]:
        """The whole hours of GH Archive that were imported for all repositories: see `coverage.with_archive`."""
        await self._connection.open()
        return await self._archive_hours()

    async def add_archive_hours(self, *hours: Span) -> None:
        """Remember such hours, once all of their events are stored."""
        await self._connection.open()
        await self._add_archive_hours(hours)

    async def forget_before(self, instant: str) -> None:
        """Nothing older than the instant counts as known any more; said before such records are removed."""
        await self._connection.open()
        await self._forget_before(normalise_instant(instant))

    async def acquire_lease(self, repo: str, owner: str, now: str, expires_at: str) -> Lease | None:
        """Take the right to collect a repository; null while somebody else's lease has not expired at `now`.

        The same owner gets it again. Every success has a higher epoch than any lease before it. A lease that ends more
        than `LONGEST_LEASE` after `now` was taken under a clock that ran ahead, and keeps nobody out.
        """
        await self._connection.open()
        return await self._acquire(repo_key(repo), owner, now, expires_at, shift(now, LONGEST_LEASE))

    async def release_lease(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it is somebody else's by now."""
        await self._connection.open()
        await self._release(lease)

    async def watch(self, repos: Iterable[str]) -> None:
        """Put repositories on the watch list (and forget that they were ever taken off it)."""
        await self._connection.open()
        await self._mark([repo_key(repo) for repo in repos], True)

    async def unwatch(self, repos: Iterable[str]) -> None:
        """Take repositories off; remembered, so that TARGET_REPOSITORIES does not bring them back."""
        await self._connection.open()
        await self._mark([repo_key(repo) for repo in repos], False)

    async def get_watch_list(self) -> dict[str, bool]:
        """Every repository ever put on or taken off the list, by key in order: true is watched, false is taken off."""
        await self._connection.open()
        return await self._watch_list()

    async def save_alias(self, alias: str, repo: str) -> None:
        """Remember that a name stands for the repository stored under another key (a rename)."""
        await self._connection.open()
        await self._save_alias(repo_key(alias), repo_key(repo))

    async def get_alias(self, name: str) -> str | None:
        """The key under which a renamed repository is stored, or null."""
        await self._connection.open()
        return await self._alias(repo_key(name))

    async def get_repositories(self, prefix: str = "", limit: int = 100) -> list[KnownRepository]:
        """Repositories of which something is stored, by key, those that begin with a prefix (any letter case)."""
        wire.check_limit(limit)
        await self._connection.open()
        return await self._repositories(prefix.lower(), limit)

    @abstractmethod
    async def _save(self, table: MetricTable, rows: Sequence[MetricRow]) -> int: ...
    @abstractmethod
    async def _rows(self, table: MetricTable, key: str, prefix: str) -> list[MetricRow]: ...
    @abstractmethod
    async def _save_health(self, repo: str, day: str, result: dict[str, Any]) -> None: ...
    @abstractmethod
    async def _health(self, repo: str) -> dict[str, dict[str, Any]]: ...
    @abstractmethod
    async def _states(self, repos: Sequence[str]) -> dict[str, RepositoryState]: ...
    @abstractmethod
    async def _save_states(self, states: Sequence[RepositoryState]) -> None: ...
    @abstractmethod
    async def _archive_hours(self) -> tuple[Span, ...]: ...
    @abstractmethod
    async def _add_archive_hours(self, hours: Sequence[Span]) -> None: ...
    @abstractmethod
    async def _forget_before(self, instant: str) -> None: ...
    @abstractmethod
    async def _acquire(self, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None: ...
    @abstractmethod
    async def _release(self, lease: Lease) -> None: ...
    @abstractmethod
    async def _mark(self, repos: Sequence[str], watched: bool) -> None: ...
    @abstractmethod
    async def _watch_list(self) -> dict[str, bool]: ...
    @abstractmethod
    async def _save_alias(self, alias: str, repo: str) -> None: ...
    @abstractmethod
    async def _alias(self, name: str) -> str | None: ...
    @abstractmethod
    async def _repositories(self, prefix: str, limit: int) -> list[KnownRepository]: ...
