"""An export names its repositories' ids at its end: where a name is another one's here, nothing of it is mixed in."""

import io
from pathlib import Path

import pytest

from github_events_monitor.errors import DataFileError
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.records import RepositoryState
from github_events_monitor.transfer import copy_items, export_items, import_files

ALWAYS = ("2011-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
SAID = r"has octo/hello as repository 7, and here that name is another one's \(8\): nothing was stored; leave it out"


async def remember(manager: DatabaseManager, **ids: int) -> None:
    for name, number in ids.items():
        repo = f"octo/{name}"
        await manager.collector_state.save_states(
            [RepositoryState(repo_name=repo, full_name=repo, repository_id=number)]
        )
        row = {"id": f"{name}-{number}", "event_type": "WatchEvent", "created_at": "2024-03-05T14:00:00Z"}
        await manager.events.insert_events([{**row, "repo_name": repo}])


@pytest.mark.parametrize("suffix", ["jsonl", "direct"])
async def test_another_repository_of_the_name_is_refused_before_anything_is_stored(
    manager: DatabaseManager, tmp_path: Path, suffix: str
) -> None:
    await remember(manager, hello=8)

    async def bring(repo: str | None) -> int:
        if suffix == "direct":
            return (await copy_items(origin, manager, repo=repo)).stored
        out = io.BytesIO()
        await export_items(origin, out)
        file = tmp_path / f"export.{suffix}"
        file.write_bytes(out.getvalue())
        return (await import_files(manager, [file], repos=[repo] if repo else None)).stored

    async with get_sqlite_manager(":memory:") as origin:
        await remember(origin, hello=7, other=9)
        for repo in (None, "Octo/Hello"):
            with pytest.raises(DataFileError, match=SAID):
                await bring(repo)
        counts = [await manager.events.count_by_type(f"octo/{name}", *ALWAYS) for name in ("hello", "other")]
        assert counts == [{"WatchEvent": 1}, {}]
        assert await bring("octo/other") == 2
    assert await manager.events.count_by_type("octo/other", *ALWAYS) == {"WatchEvent": 1}


async def test_the_same_repository_and_one_that_is_not_known_are_taken(
    manager: DatabaseManager, tmp_path: Path
) -> None:
    await remember(manager, hello=7)
    async with get_sqlite_manager(":memory:") as origin:
        await remember(origin, hello=7, other=9)
        assert (await copy_items(origin, manager)).stored == 2
