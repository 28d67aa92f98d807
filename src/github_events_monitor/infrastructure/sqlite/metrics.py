"""Results and observations in SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from ...jsontext import dump_json, load_json
from ...records import MetricRow
from ..contract.export_rows import METRIC_KEYS
from ..database_interface import RESERVED, MetricsRepository, MetricTable
from .connection import SQLiteConnection

DAYS_KEPT = 400


class SQLiteMetrics(MetricsRepository):
    """See the contract in `database_interface`."""

    def __init__(self, connection: SQLiteConnection) -> None:
        super().__init__(connection)
        self._db = connection

    async def _save(self, table: MetricTable, rows: Sequence[MetricRow]) -> int:
        return await self._db.write(lambda db: save_rows(db, table, rows))

    async def _rows(self, table: MetricTable, key: str, prefix: str) -> list[MetricRow]:
        if key.startswith(RESERVED):
            return []
        first, second = METRIC_KEYS[table]
        sql = (
            f"SELECT {second}, data FROM {table} WHERE {first} = ? AND {second} >= ? AND {second} < ? ORDER BY {second}"
        )
        values = (key, prefix, prefix + "\U0010ffff")
        return await self._db.read(
            lambda db: [MetricRow(key=key, sort=sort, data=load_json(data)) for sort, data in db.execute(sql, values)]
        )

    async def _save_health(self, repo: str, day: str, result: dict[str, Any]) -> None:
        await self._db.write(lambda db: save_daily(db, repo, read_daily(db, repo) | {day: result}))

    async def _health(self, repo: str) -> dict[str, dict[str, Any]]:
        return await self._db.read(lambda db: read_daily(db, repo))


def save_rows(db: sqlite3.Connection, table: MetricTable, rows: Iterable[MetricRow], *, replace: bool = True) -> int:
    """Store metric rows in the caller's transaction and return how many were written."""
    first, second = METRIC_KEYS[table]
    sql = f"INSERT OR {'REPLACE' if replace else 'IGNORE'} INTO {table} ({first}, {second}, data) VALUES (?, ?, ?)"
    return db.executemany(sql, [(row.key, row.sort, dump_json(row.data).decode()) for row in rows]).rowcount


def read_daily(db: sqlite3.Connection, repo: str) -> dict[str, dict[str, Any]]:
    """Return a repository's health results by day."""
    row = db.execute("SELECT daily FROM repository_health_metrics WHERE repo_name = ?", (repo,)).fetchone()
    return {} if row is None else load_json(row[0])


def save_daily(db: sqlite3.Connection, repo: str, daily: dict[str, dict[str, Any]]) -> None:
    """Replace a repository's health results, the latest `DAYS_KEPT` of them."""
    kept = {day: daily[day] for day in sorted(daily)[-DAYS_KEPT:]}
    db.execute("INSERT OR REPLACE INTO repository_health_metrics VALUES (?, ?)", (repo, dump_json(kept).decode()))
