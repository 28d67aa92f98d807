"""GitHub's event ids started over: a stranger under a known id is kept, once, wherever it comes from."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.transfer import export_items, import_files
from tests.unit.transfer.records import an_event, write

ALWAYS = ("2011-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
STAR = an_event(0, repo="other/thing", id="9173303554", created_at="2019-02-22T10:00:00Z")
RELEASE = an_event(0, "ReleaseEvent", id="9173303554", created_at="2026-11-20T09:00:00Z", payload={})
FORK = an_event(0, "ForkEvent", id="9173303554", created_at="2026-11-20T09:00:00Z", payload={})


async def ids(manager: DatabaseManager) -> set[tuple[str, str]]:
    found = [row async for row in manager.read_items(["events"])]
    return {(row.item["id"], row.item["event_type"]) for row in found}


@pytest.mark.parametrize("order", [[STAR, RELEASE], [RELEASE, STAR]])
async def test_files_of_two_eras_keep_both(manager: DatabaseManager, tmp_path: Path, order: Sequence[object]) -> None:
    files = [write(tmp_path / f"{number}.json", one) for number, one in enumerate(order)]
    assert (await import_files(manager, files)).stored == 2
    assert (await import_files(manager, files[::-1])).stored == 0
    assert await manager.events.count_by_type("octo/hello", *ALWAYS) == {"ReleaseEvent": 1}
    assert await manager.events.count_by_type("other/thing", *ALWAYS) == {"WatchEvent": 1}
    second = "2026-11-20T09:00:00Z" if order[1] is RELEASE else "2019-02-22T10:00:00Z"
    assert {one for one, _ in await ids(manager)} == {"9173303554", f"9173303554@{second}"}


async def test_strangers_in_one_file_are_kept_too(manager: DatabaseManager, tmp_path: Path) -> None:
    file = write(tmp_path / "all.json", STAR, RELEASE, FORK, RELEASE)
    report = await import_files(manager, [file])
    assert (report.read, report.stored) == (4, 3)
    assert (await import_files(manager, [file])).stored == 0


async def test_an_export_and_what_was_exported_know_one_another(manager: DatabaseManager, tmp_path: Path) -> None:
    early, late = write(tmp_path / "1.json", STAR), write(tmp_path / "2.json", RELEASE, FORK)
    await import_files(manager, [early, late])
    kept, out = await ids(manager), io.BytesIO()
    await export_items(manager, out)
    exported = tmp_path / "export.jsonl"
    exported.write_bytes(out.getvalue())
    async with get_sqlite_manager(":memory:") as copy:
        assert (await import_files(copy, [exported])).by_table["events"] == 3
        assert await ids(copy) == kept
        assert (await import_files(copy, [late, early])).stored == 0
    async with get_sqlite_manager(":memory:") as other:
        await import_files(other, [late, early])
        assert (await import_files(other, [exported])).by_table.get("events", 0) == 0
        assert len(await ids(other)) == 3
