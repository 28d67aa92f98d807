"""What happened once is there once, also where it came under two names of a repository and by two ways."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.transfer import copy_items, export_items, import_files
from tests.unit.transfer.records import a_push, an_event, write

OLD, NEW = "Octo/Old-Name", "Octo/New-Name"
ALWAYS = ("2011-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
AT = "2024-03-05T14:00:00Z"
Way = Callable[[DatabaseManager, str, Path], Awaitable[None]]


def clock() -> datetime:
    return datetime(2024, 3, 5, 14, 0, 20, tzinfo=UTC)


ISSUE = {"number": 1, "title": "t", "user": {"login": "mona"}, "created_at": AT, "closed_at": AT}
HAPPENINGS: list[tuple[str, str, dict[str, Any]]] = [
    ("issues", "IssuesEvent", {"action": "opened", "issue": {**ISSUE, "state": "open"}}),
    ("issues", "IssuesEvent", {"action": "closed", "issue": {**ISSUE, "state": "closed"}}),
    ("member", "MemberEvent", {"action": "added", "member": {"login": "eve"}}),
    ("watch", "WatchEvent", {"action": "started"}),
]


async def by_archive(manager: DatabaseManager, name: str, folder: Path) -> None:
    place = {"repo": {"id": 9, "name": name}}
    lines = [
        an_event(0, kind, payload=payload) | place | {"id": str(number)}
        for number, (_, kind, payload) in enumerate(HAPPENINGS, 5)
    ]
    push = a_push(0, "a" * 40) | place | {"created_at": "2024-03-05T14:00:03Z"}
    await import_files(manager, [write(folder / "archive.json", *lines, push)])


async def by_webhook(manager: DatabaseManager, name: str, folder: Path) -> None:
    repository = {"id": 9, "full_name": name, "default_branch": "main", "pushed_at": 1709647200}
    about = {"repository": repository, "sender": {"login": "mona"}}
    pushed = {"ref": "refs/heads/main", "before": "0" * 40, "after": "a" * 40, "commits": []}
    for kind, payload in [*((kind, payload) for kind, _, payload in HAPPENINGS), ("push", pushed)]:
        body = orjson.dumps(payload | about)
        await receive_webhook(manager, clock, kind, f"{kind}-{payload.get('action')}", body)


async def both(manager: DatabaseManager, name: str, folder: Path) -> None:
    await by_webhook(manager, name, folder)
    await by_archive(manager, name, folder)


async def counts(manager: DatabaseManager) -> dict[str, dict[str, int]]:
    found = [await manager.events.count_by_type(name, *ALWAYS) for name in (OLD, NEW)]
    return {name: one for name, one in zip((OLD, NEW), found, strict=True) if one}


ONCE = {"IssuesEvent": 2, "MemberEvent": 1, "WatchEvent": 1, "PushEvent": 1}


@pytest.mark.parametrize("names", [(OLD, NEW), (NEW, OLD)], ids="->".join)
@pytest.mark.parametrize(
    "ways", [(by_archive, by_webhook), (by_webhook, by_archive), (both, by_archive), (by_webhook, both)]
)
@pytest.mark.parametrize("direct", [False, True], ids=["export", "migrate"])
async def test_an_export_under_another_name_brings_nothing_twice(
    manager: DatabaseManager, tmp_path: Path, names: tuple[str, str], ways: tuple[Way, Way], *, direct: bool
) -> None:
    theirs, ours = names
    await ways[1](manager, ours, tmp_path)
    async with get_sqlite_manager(":memory:") as origin:
        await ways[0](origin, theirs, tmp_path)
        exported = tmp_path / "export.jsonl"
        with io.BytesIO() as out:
            await export_items(origin, out)
            await asyncio.to_thread(exported.write_bytes, out.getvalue())
        for again in (False, True):
            report = await (copy_items(origin, manager) if direct else import_files(manager, [exported]))
            assert await counts(manager) == {ours: ONCE}
            assert not again or report.stored == 0
    assert await manager.collector_state.get_alias(theirs) == ours.lower()
    await by_archive(manager, theirs, tmp_path)
    assert await counts(manager) == {ours: ONCE}


@pytest.mark.parametrize("ways", [(by_archive, by_webhook), (by_webhook, by_archive), (both, both)])
async def test_two_ways_under_two_names_bring_nothing_twice(
    manager: DatabaseManager, tmp_path: Path, ways: tuple[Way, Way]
) -> None:
    for name, way in zip((OLD, NEW), ways, strict=True):
        await way(manager, name, tmp_path)
    assert list((await counts(manager)).values()) == [ONCE]
