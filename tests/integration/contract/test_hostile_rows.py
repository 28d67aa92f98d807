"""Exports are strangers' files: what one spoiled row comes to is the same on every provider."""

from typing import Any

import pytest

from github_events_monitor.errors import MonitorError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.infrastructure.wire import commit_to_dict

from .builders import REPO, at, commit, exported, sha

LONG = "a" * 1_000_000
CREDITS = "fix\n" + "".join(f"\nCo-authored-by: Neo {n} <n{n}@example.org>" for n in range(400))
BRANCHES = ["b" * 200 + str(number) for number in range(3_000)]
FILE = {"commit_sha": sha(1), "repo_name": REPO, "filename": "a"}
HEALTH = {"repo_name": REPO}
ALERT = {"repo_name": REPO, "metric_type_date": "alert#1", "data": {}}

SPOILED_COMMITS: list[dict[str, Any]] = [
    {"message": LONG}, {"message": CREDITS}, {"branches": BRANCHES}, {"author_name": LONG},
    {"author_login": "\ud800"}, {"parents": [LONG]}, {"sha": [[[]]]}, {"sha": 10**40}, {"authored_at": LONG},
]  # fmt: skip

ROWS: list[tuple[str, dict[str, Any]]] = [
    *(("commits", commit_to_dict(commit(1)) | spoiled) for spoiled in SPOILED_COMMITS),
    *(("commit_files", FILE | {"filename": name}) for name in ("", "\ud800", LONG)),
    *(("commit_summaries", FILE | {"text": text}) for text in ("\ud800", LONG)),
    *(("repository_health_metrics", HEALTH | {"daily": {day: result}}) for day, result in (
        ("2025-03-10", None), ("2025-03-10", {"x": LONG}), (LONG, {}), ("#x", {}))),
    ("security_metrics", ALERT | {"data": {"x": LONG}}),
]  # fmt: skip


async def outcome(manager: DatabaseManager, item: TableItem) -> str | dict[str, int]:
    try:
        return await manager.write_items([item])
    except MonitorError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(("table", "row"), ROWS, ids=range(len(ROWS)))
async def test_a_spoiled_row_has_one_outcome(manager: DatabaseManager, table: str, row: dict[str, Any]) -> None:
    item = TableItem(table, row)
    async with get_sqlite_manager(":memory:") as other:
        assert await outcome(manager, item) == await outcome(other, item)
        assert await exported(manager) == await exported(other)


async def test_the_sign_of_kelvin_is_no_k(manager: DatabaseManager) -> None:
    row = commit_to_dict(commit(1, author_name="\u212aelvin"))
    await manager.write_items([TableItem("commits", row)])
    assert await manager.commits.count_commits(REPO, at(0), at(59), author="kelvin") == 0
