"""Stored results and observations."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...records import MetricRow, repo_key
from .. import wire
from .connection import DatabaseConnection
from .types import MetricTable


class MetricsRepository(ABC):
    """Stored results and observations.

    Results are absolute: saving a row again replaces it. The `sort` of a row is, by table,
    developer_metrics `owner/name#YYYY-MM-DD` (key: the login, lower-case); security_metrics `type#instant#id`;
    event_patterns `type#instant`; deployment_metrics the deployment's or release's id (keys: the repository).
    """

    def __init__(self, connection: DatabaseConnection) -> None:
        self._connection = connection

    async def save_metrics(self, table: MetricTable, rows: Iterable[MetricRow]) -> int:
        """Store rows of one of the tables with a sort key and return how many were written."""
        checked = wire.metrics_from(rows)
        if not checked:
            return 0
        await self._connection.open()
        return await self._save(table, checked)

    async def get_metrics(self, table: MetricTable, key: str, *, prefix: str = "", first: str = "") -> list[MetricRow]:
        """Return rows of a key in order of `sort`: those that begin with `prefix` and are not before `first`."""
        await self._connection.open()
        return [row for row in await self._rows(table, key.lower(), prefix) if row.sort >= first]

    async def save_health(self, repo: str, day: str, result: Mapping[str, Any]) -> None:
        """Keep a repository's health result of a day (YYYY-MM-DD), replacing that day's; the last 400 days are kept."""
        await self._connection.open()
        await self._save_health(repo_key(repo), day, dict(result))

    async def get_health(self, repo: str, first: str, last: str) -> dict[str, dict[str, Any]]:
        """Return stored health results by day, first <= day <= last, in order."""
        await self._connection.open()
        stored = await self._health(repo_key(repo))
        return {day: stored[day] for day in sorted(stored) if first <= day <= last}

    @abstractmethod
    async def _save(self, table: MetricTable, rows: Sequence[MetricRow]) -> int: ...
    @abstractmethod
    async def _rows(self, table: MetricTable, key: str, prefix: str) -> list[MetricRow]: ...
    @abstractmethod
    async def _save_health(self, repo: str, day: str, result: dict[str, Any]) -> None: ...
    @abstractmethod
    async def _health(self, repo: str) -> dict[str, dict[str, Any]]: ...
