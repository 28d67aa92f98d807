"""Exports are strangers' files: what one spoiled row comes to is the same on every provider."""

from typing import Any

import pytest

from github_events_monitor.errors import InvalidInput, MonitorError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.wire import commit_to_dict, event_to_dict
from tests.integration.conftest import NOW

from .builders import REPO, at, commit, event, exported, sha

LONG = "a" * 1_000_000
CREDITS = "fix\n" + "".join(f"\nCo-authored-by: Neo {n} <n{n}@example.org>" for n in range(400))
BRANCHES = ["b" * 200 + str(number) for number in range(3_000)]
FILE = {"commit_sha": sha(1), "repo_name": REPO, "filename": "a"}
HEALTH = {"repo_name": REPO}
MOMENTS = ("last_collected_at", "taken_over_at", "commits_floor")
NO_MOMENTS = ("", "0", "2025-13-45T00:00:00Z", "../x", "0001-01-01T00:00:00+14:00", "\ud800")
TRACKING: dict[str, Any] = {
    "repo_name": REPO,
    "full_name": "Octo/Spoon",
    "repository_id": 7,
    "ledger": {"spans": {"events": [[at(0), at(59)]], "commits": [[at(0), at(59)]]}},
    "last_collected_at": at(59),
}
SPOILED_TRACKING: list[dict[str, Any]] = [
    *({name: moment} for name in MOMENTS for moment in NO_MOMENTS),
    *({"ledger": {"spans": {"events": [[moment, at(59)]]}}} for moment in NO_MOMENTS),
    *({"ledger": {"spans": {kind: [[at(0), at(59)]]}}} for kind in ("a" * 2_000, "\ud800", "\0")),
    {"repo_name": "someone/else"}, {"repo_name": "../x"}, {"full_name": "../x"}, {"full_name": ""},
    {"repository_id": -1}, {"repository_id": 0}, {"repository_id": 2**63}, {"repository_id": 10**40},
    {"default_branch": "\ud800"}, {"default_branch": ""}, {"sources": ["\ud800"]}, {"sources": [LONG]},
]  # fmt: skip
ALERT = {"repo_name": REPO, "metric_type_date": "alert#1", "data": {}}

SPOILED_COMMITS: list[dict[str, Any]] = [
    {"message": LONG}, {"message": CREDITS}, {"branches": BRANCHES}, {"author_name": LONG},
    {"author_login": "\ud800"}, {"parents": ["\ud800"]}, {"parents": [LONG]}, {"sha": [[[]]]}, {"sha": 10**40},
    {"authored_at": LONG},
]  # fmt: skip

THREAD: dict[str, Any] = {
    "repo_name": REPO, "number": 1, "kind": "issue", "state": "open", "created_at": at(0), "updated_at": at(0),
}  # fmt: skip
SPOILED_THREADS: list[dict[str, Any]] = [
    {"title": LONG}, {"title": "a" * 1_025}, {"head_sha": "a" * 1_025}, {"labels": [LONG]}, {"reviewers": BRANCHES},
    {"labels": BRANCHES[:900]}, {"replies": [["1", "comment", at(0), LONG]]}, {"number": 10**40},
    {"replies": [["1", "comment", at(0), "a" * 256]]}, {"replies": [["1", "review", at(0), "\ud800"]]},
]  # fmt: skip

ROWS: list[tuple[str, dict[str, Any]]] = [
    *(("commits", commit_to_dict(commit(1)) | spoiled) for spoiled in SPOILED_COMMITS),
    *(("commit_files", FILE | {"filename": name}) for name in ("", "\ud800", LONG)),
    *(("commit_summaries", FILE | {"text": text}) for text in ("\ud800", LONG)),
    *(("repository_health_metrics", HEALTH | {"daily": {day: result}}) for day, result in (
        ("2025-03-10", {"\ud800": 1}), ("2025-03-10", None), ("2025-03-10", {"x": LONG}), (LONG, {}), ("#x", {}))),
    *(("repository_health_metrics", HEALTH | {"tracking": TRACKING | spoiled}) for spoiled in SPOILED_TRACKING),
    *(("threads", THREAD | spoiled) for spoiled in SPOILED_THREADS),
    *(("security_metrics", ALERT | {"data": {"x": text}}) for text in (LONG, "\ud800", "\\ud800")),
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


@pytest.mark.parametrize("spoiled", SPOILED_TRACKING, ids=range(len(SPOILED_TRACKING)))
async def test_what_an_export_says_is_known_is_checked_field_by_field(spoiled: dict[str, Any]) -> None:
    async with get_sqlite_manager(":memory:") as manager:
        with pytest.raises(InvalidInput) as refused:
            await manager.write_items(
                [TableItem("repository_health_metrics", HEALTH | {"tracking": TRACKING | spoiled})]
            )
        assert "\n" not in refused.value.message
        assert await exported(manager) == []


@pytest.mark.parametrize("moment", ["2025-03-10", "2025-03-10T12:00:00", "2025-03-10T13:00:00+01:00"])
async def test_a_moment_in_another_form_leaves_every_question_answered(manager: DatabaseManager, moment: str) -> None:
    row = HEALTH | {"tracking": TRACKING | dict.fromkeys(MOMENTS, moment), "watched": True}
    await manager.write_items([TableItem("repository_health_metrics", row)])
    service = DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW))
    for question in ("whats_new", "monitor_commits"):
        assert (await service.ask_by_name(question, {})).to_wire()


async def test_a_long_word_is_not_quoted_whole() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        with pytest.raises(InvalidInput) as refused:
            await manager.write_items([TableItem("commits", commit_to_dict(commit(1)) | {"source": LONG})])
    assert len(refused.value.message) < 1_000


async def test_the_sign_of_kelvin_is_no_k(manager: DatabaseManager) -> None:
    row = event_to_dict(event("1", at(1), actor_login="\u212aelvin"))
    await manager.write_items([TableItem("events", row)])
    assert not await manager.events.get_events(REPO, at(0), at(59), actor="kelvin")
