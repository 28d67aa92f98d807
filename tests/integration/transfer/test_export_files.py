"""Exports: what comes back equals what went in, and a cut or altered file is an error that says so."""

import contextlib
import gzip
import hashlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from github_events_monitor.errors import DataFileError, InvalidInput
from github_events_monitor.infrastructure.contract import spool
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import TABLES, DatabaseManager
from github_events_monitor.instants import format_instant
from github_events_monitor.jsontext import dump_sorted, load_json
from github_events_monitor.records import (
    Commit,
    CommitFile,
    CommitRecord,
    CommitSummary,
    Ledger,
    MetricRow,
    Reply,
    RepositoryState,
    Span,
    Thread,
)
from github_events_monitor.transfer import copy_items, export_items, import_files

AWKWARD: list[Any] = [
    None, [], "", 0, -1, True, 0.1, 1e-300, -0.0, 1.5e300, 2**63, -(2**70), 10**40, {"z": 1, "a": {"": None}},
    "é ẞ 漢字 🦊 \u202e \x00 \x7f \\ \" /", {"#": "#", "clé": ["\ud800"]},
]  # fmt: skip


def clock() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)


def _pull_request(repo: str) -> Thread:
    words = ('é ẞ 漢字 🦊 \u202e \x00 \x7f \\ " /', "")
    return Thread(
        repo_name=repo, number=2**53 if repo == "octo/hello" else 1, kind="pull_request", state="merged",
        created_at="2026-11-01T00:00:00Z", updated_at="2026-11-05T00:00:00Z", closed_at="2026-11-05T00:00:00Z",
        merged_at="2026-11-05T00:00:00Z", title=words[0], labels=words, reviewers=(), draft=False, additions=0,
        replies=(Reply("9" * 20, "review", "2026-11-02T00:00:00Z", None, None, "approved"),), comments=0,
    )  # fmt: skip


async def fill(manager: DatabaseManager) -> None:
    """Something in each of the tables, in each awkward form."""
    await manager.events.insert_events(
        {"id": f"e{number}", "event_type": "PushEvent", "repo_name": "octo/hello" if number % 2 else None,
         "created_at": f"2026-11-{number + 1:02}T00:00:00Z", "payload": payload}
        for number, payload in enumerate(AWKWARD)
    )  # fmt: skip
    summary = CommitSummary(
        text="Bug fix — “quoted”.", categories=("fix",), impact_score=30, reasons=("it says 'fix'",)
    )
    files = (CommitFile(filename="src/é.py", additions=1, deletions=0), CommitFile(filename="b", previous_filename="a"))
    for repo in ("octo/hello", "octo/fork"):
        commit = Commit(
            sha="1" * 40, repo_name=repo, commit_date="2026-11-05T00:00:00Z", message="fix\n\n🦊", branches=("main",)
        )
        await manager.commits.insert_commits([CommitRecord(commit=commit, files=files, summary=summary)])
    await manager.metrics.save_health("octo/hello", "2026-11-05", {"health_score": 71.5, "components": []})
    await manager.threads.save_threads([_pull_request("octo/hello"), _pull_request("octo/fork")])
    state = RepositoryState(
        repo_name="octo/hello", full_name="Octo/Hello", etags={"commits": "secret"},
        ledger=Ledger(spans={"events": (Span("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),)}),
    )  # fmt: skip
    await manager.collector_state.save_states([state])
    await manager.collector_state.watch(["octo/hello"])
    await manager.collector_state.acquire_lease("octo/hello", "me", "2026-11-05T00:00:00Z", "2026-11-05T00:01:00Z")
    await manager.metrics.save_metrics(
        "developer_metrics", [MetricRow(key="mona", sort="octo/hello#2026-11-05", data={"n": 10**30})]
    )
    for table in ("security_metrics", "event_patterns", "deployment_metrics"):
        await manager.metrics.save_metrics(table, [MetricRow(key="octo/hello", sort="x#1", data={"é": [0.1, None]})])


async def exported(manager: DatabaseManager, **options: Any) -> list[bytes]:
    out = io.BytesIO()
    await export_items(manager, out, clock=clock, **options)
    return out.getvalue().splitlines(keepends=True)


async def imported(manager: DatabaseManager, lines: Sequence[bytes]) -> dict[str, int]:
    report = await import_files(manager, ["-"], stdin=io.BytesIO(b"".join(lines)))
    return report.by_table


async def test_the_format_is_the_documented_one(manager: DatabaseManager) -> None:
    await fill(manager)
    lines = await exported(manager)
    first, last = load_json(lines[0]), load_json(lines[-1])
    provider = (await manager.health_check())["provider"]
    assert first == {
        "format": "github-events-monitor",
        "version": 1,
        "provider": provider,
        "exported_at": "2026-11-20T12:00:00Z",
    }
    assert last["end"] is True
    assert last["sha256"] == hashlib.sha256(b"".join(lines[1:-1])).hexdigest()
    assert sum(last["counts"].values()) == len(lines) - 2
    tables = [load_json(line)["table"] for line in lines[1:-1]]
    assert tables == sorted(tables, key=TABLES.index)
    assert b"secret" not in b"".join(lines)
    assert all(line == dump_sorted(load_json(line)) + b"\n" for line in lines)


async def test_what_comes_back_equals_what_went_in_through_any_engine_and_round(manager: DatabaseManager) -> None:
    async with (
        get_sqlite_manager(":memory:", clock=clock) as origin,
        get_sqlite_manager(":memory:", clock=clock) as end,
    ):
        await fill(origin)
        before = await exported(origin)
        counts = await imported(manager, before)
        assert sum(counts.values()) == len(before) - 2
        between = await exported(manager)
        await imported(end, between)
        after = await exported(end)
    assert sorted(before[1:-1]) == sorted(between[1:-1]) == sorted(after[1:-1])
    assert await imported(manager, before) == {}  # importing twice changes nothing
    assert sorted((await exported(manager))[1:-1]) == sorted(before[1:-1])


async def test_a_migration_copies_the_same_items(manager: DatabaseManager) -> None:
    async with get_sqlite_manager(":memory:", clock=clock) as origin:
        await fill(origin)
        report = await copy_items(origin, manager)
        again = await copy_items(origin, manager)
        assert sorted((await exported(manager))[1:-1]) == sorted((await exported(origin))[1:-1])
    assert report.read == report.stored == again.already_there


async def test_a_part_can_be_taken_when_writing_and_when_reading(manager: DatabaseManager) -> None:
    await fill(manager)
    part = await exported(manager, tables=["commits", "events"], since="2026-11-06", repo="octo/hello")
    kept = [load_json(line) for line in part[1:-1]]
    assert {(row["table"], row["item"]["repo_name"]) for row in kept} == {("events", "octo/hello")}
    assert all(row["item"]["created_at"] >= "2026-11-06" for row in kept)
    async with get_sqlite_manager(":memory:") as other:
        whole = io.BytesIO(b"".join(await exported(manager)))
        report = await import_files(other, ["-"], repos=["octo/fork"], stdin=whole)
        assert {line["item"]["repo_name"] for line in map(load_json, (await exported(other))[1:-1])} == {"octo/fork"}
        assert report.skipped == report.read - report.stored
    with pytest.raises(InvalidInput, match="no table 'stars'"):
        await exported(manager, tables=["stars"])


def item(table: str, **fields: Any) -> bytes:
    return dump_sorted({"table": table, "item": {"repo_name": "a/b", "commit_sha": "1" * 40, **fields}}) + b"\n"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda lines: lines[:-1], "line that ends an export is missing"),
        (lambda lines: [*lines[:-2], lines[-2][:20]], "line 17 is not JSON"),
        (lambda lines: [*lines[:3], *lines[4:]], "another number of items"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "check sum"),
        (lambda lines: [lines[0], lines[1].replace(b'"payload":null', b'"payload":true'), *lines[2:]], "check sum"),
        (lambda lines: [*lines, lines[1]], "comes after the line that ends"),
        (lambda lines: [*lines[:2], b'{"table":"stars","item":{}}\n', *lines[2:]], "not an item"),
        (
            lambda lines: [*lines[:2], b'{"table":"events","item":{"id":"x"}}\n', *lines[2:]],
            "'created_at'|'event_type'",
        ),
        (
            lambda lines: [*lines[:2], item("repository_health_metrics", tracking="\ud800"), *lines[2:]],
            "another number",
        ),
        (lambda lines: [*lines[:2], item("commit_files", filename="x", additions=10**20), *lines[2:]], "additions"),
        (lambda lines: [lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]], "newer version"),
    ],
)
async def test_a_cut_or_altered_file_is_an_error_that_says_so(damage: Any, reason: str, tmp_path: Path) -> None:
    async with get_sqlite_manager(":memory:", clock=clock) as origin, get_sqlite_manager(":memory:") as target:
        await fill(origin)
        lines = await exported(origin, tables=["events"])
        path = tmp_path / "export.json.gz"
        path.write_bytes(gzip.compress(b"".join(damage(lines))))
        with pytest.raises(DataFileError, match=reason) as caught:
            await import_files(target, [path])
        stored = len(await exported(target)) - 2
        assert "newer" in reason or f"; {stored} of its items had already been stored" in caught.value.message
        await imported(target, lines)  # the whole file can simply be imported then
        assert len(await exported(target)) == len(lines)


SPAN = Span("2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z")
MET = Span("2024-03-05T13:00:00Z", "2024-03-05T14:00:00Z"), Span("2024-03-05T15:00:00Z", "2024-03-05T16:00:00Z")
HOUR = Span("2024-03-05T13:00:00Z", "2024-03-05T16:00:00Z")


async def remember(manager: DatabaseManager) -> None:
    """Events and commits of a repository, all of which are known."""
    await fill(manager)
    ledger = Ledger(spans={"events": (SPAN,), "commits": (SPAN,), "commits:dev": (SPAN,), "archive": MET})
    state = RepositoryState(repo_name="octo/hello", ledger=ledger, last_collected_at=SPAN.until, sources=("gharchive",))
    await manager.collector_state.save_states([state])
    await manager.collector_state.add_archive_hours(Span(MET[0].until, MET[1].since))


async def known_spans(manager: DatabaseManager) -> dict[str, tuple[Span, ...]]:
    """What a database says is completely known of the repository."""
    state = await manager.collector_state.get_state("octo/hello")
    return {kind: spans for kind, spans in state.ledger.spans.items() if spans} if state else {}


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ({}, {"events": SPAN, "archive": HOUR, "commits": SPAN, "commits:dev": SPAN}),
        ({"since": "2026-11-05T00:00:00Z"}, dict.fromkeys(("events", "commits", "commits:dev"), ("2026-11-05", "10"))),
        ({"tables": ["events", "repository_health_metrics"]}, {"events": SPAN, "archive": HOUR}),
        ({"tables": ["commits", "repository_health_metrics"]}, {"commits": SPAN, "commits:dev": SPAN}),
        ({"tables": ["repository_health_metrics"]}, {}),
    ],
)
async def test_a_part_claims_to_know_no_more_than_it_holds(
    manager: DatabaseManager, part: dict[str, Any], known: dict[str, Any]
) -> None:
    wanted = {
        kind: (span if isinstance(span, Span) else Span(f"{span[0]}T00:00:00Z", f"2026-11-{span[1]}T00:00:00Z"),)
        for kind, span in known.items()
    }
    async with get_sqlite_manager(":memory:", clock=clock) as target, get_sqlite_manager(":memory:") as other:
        await remember(manager)
        await imported(target, await exported(manager, **part))
        assert await known_spans(target) == wanted
        state = await target.collector_state.get_state("octo/hello")
        assert state is not None
        assert (state.last_collected_at is None) == ("tables" in part)
        await copy_items(target, other)
        assert await known_spans(other) == {kind: spans for kind, spans in wanted.items() if kind}


async def test_what_is_learned_or_removed_during_an_export_is_not_claimed(manager: DatabaseManager) -> None:
    await remember(manager)
    later = Span("2026-11-10T00:00:00Z", "2026-11-12T00:00:00Z")
    learned = Ledger(spans={"events": (Span("2026-11-03T00:00:00Z", later.until),), "commits": (SPAN, later)})
    states = [RepositoryState(repo_name=repo, ledger=learned) for repo in ("octo/hello", "octo/late")]
    async with get_sqlite_manager(":memory:", clock=clock) as target:
        async for page in manager.read_pages():
            await target.write_items(page)
            if page and page[0].table == "commits":  # a collector is faster with later ones, and retention removes some
                await manager.collector_state.save_states(states)
        assert await known_spans(target) == {"events": (Span("2026-11-03T00:00:00Z", SPAN.until),), "commits": (SPAN,)}
        assert await target.collector_state.get_state("octo/late") is None


async def test_what_retention_removes_is_not_claimed(manager: DatabaseManager) -> None:
    await remember(manager)
    manager.retention_days = 300 * 365
    whole = [item async for item in manager.read_items(["repository_health_metrics"])]
    manager.retention_days = 1
    async with get_sqlite_manager(":memory:") as target:
        async for page in manager.read_pages():
            await target.write_items(page)
        cutoff = format_instant(manager.connection.clock() - timedelta(days=1))
        assert all(span.since >= cutoff for spans in (await known_spans(target)).values() for span in spans)
    assert whole


async def test_an_export_without_some_types_makes_no_events_known(manager: DatabaseManager) -> None:
    await remember(manager)
    whole = io.BytesIO(b"".join(await exported(manager)))
    async with get_sqlite_manager(":memory:") as target:
        await import_files(target, ["-"], stdin=whole, types=["WatchEvent"])
        assert set(await known_spans(target)) == {"commits", "commits:dev"}
        state = await target.collector_state.get_state("octo/hello")
        assert state is not None
        assert state.last_collected_at is None  # a question about events collects them
        whole.seek(0)
        await import_files(target, ["-"], stdin=whole)  # now all of them are there
        assert (await known_spans(target))["events"] == (SPAN,)
        whole.seek(0)
        assert (await import_files(target, ["-"], stdin=whole)).stored == 0


@pytest.mark.parametrize("damage", [lambda lines: lines[:-1], lambda lines: [lines[0], *lines[2:]]])
async def test_a_cut_or_altered_file_makes_nothing_known(manager: DatabaseManager, damage: Any) -> None:
    async with get_sqlite_manager(":memory:", clock=clock) as origin:
        await remember(origin)
        lines = await exported(origin)
    with pytest.raises(DataFileError, match=r"is cut|was altered"):
        await imported(manager, damage(lines))
    assert await manager.collector_state.get_state("octo/hello") is None
    assert sum((await imported(manager, lines)).values()) > 0
    assert "events" in await known_spans(manager)


async def test_no_room_for_what_has_to_wait_is_one_sentence(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await remember(manager)
    lines = await exported(manager)
    monkeypatch.setattr(spool, "_HELD_BYTES", 1)
    async with get_sqlite_manager(":memory:") as target:
        await imported(target, lines)
        assert await known_spans(target)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    async with get_sqlite_manager(":memory:") as target:
        with pytest.raises(DataFileError, match=r"finds no room in .*gone \(No such file or directory\); make some"):
            await imported(target, lines)


@pytest.fixture
def full_disk() -> Iterator[BinaryIO]:
    with Path("/dev/full").open("wb") as full:
        yield full
        with contextlib.suppress(OSError):
            full.close()


async def test_a_full_disk_while_exporting_is_one_sentence(full_disk: BinaryIO) -> None:
    async with get_sqlite_manager(":memory:", clock=clock) as manager:
        await fill(manager)
        with pytest.raises(DataFileError, match="No space left"):
            await export_items(manager, full_disk, clock=clock)
