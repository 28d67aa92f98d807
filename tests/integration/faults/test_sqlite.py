"""SQLite where it cannot work: one clear sentence, nothing of the file changed, and all of it there afterwards."""

import asyncio
import ctypes
import hashlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from github_events_monitor.errors import DatabaseError, DatabaseUnreachable
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.event_anomalies import EVENT_ANOMALIES
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.infrastructure.sqlite.opening import checkpoint
from tests.fake_github import NOW, FakeGitHub, event
from tests.integration.collecting.conftest import World, build, hello
from tests.integration.faults.killing import WORK
from tests.integration.faults.program import PROGRAM, Ended, contents, environment, finish, run, start

_DROP_FROM_BOUNDING_SET, _OVERRIDE_PERMISSIONS = 24, 1


def as_anybody() -> None:
    """Permissions hold for root too from the next program on: https://man7.org/linux/man-pages/man7/capabilities.7.html"""
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _OVERRIDE_PERMISSIONS, 0, 0, 0)


def in_64_kilobytes() -> None:
    """No file may grow beyond this, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))


def collect(folder: Path, url: str, preparing: Callable[[], None] | None = None) -> Ended:
    process = subprocess.Popen(
        [*PROGRAM, "collect", "octo/hello"],
        env=environment(folder, GITHUB_API_URL=url, GITHUB_TOKEN="token"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=preparing,  # noqa: PLW1509 - it only makes one system call
    )
    return finish(process)


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("Dear diary, " * 1_000)


def other_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE songs (title TEXT)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE _meta (key TEXT PRIMARY KEY, value)")
        db.execute("INSERT INTO _meta VALUES ('schema_version', 999)")
        db.commit()


def ours(path: Path) -> None:
    """A database with a repository in it."""

    async def fill() -> None:
        world = build(FakeGitHub(hello()))
        manager = get_sqlite_manager(str(path), clock=world.clock)
        world.store_in(manager)
        await world.collector.collect(["octo/hello"])
        await manager.close()

    asyncio.run(fill())


def cut(path: Path) -> None:
    ours(path)
    path.write_bytes(path.read_bytes()[:-20_000])


def scribbled_over(path: Path) -> None:
    ours(path)
    data = bytearray(path.read_bytes())
    data[8_192:] = bytes(255 - byte for byte in data[8_192:])
    path.write_bytes(data)


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "said", "code"),
    [
        (text, "is not an SQLite database", 1),
        (other_tables, "holds tables of another program", 1),
        (newer, "newer version", 1),
        (cut, "is damaged", 1),
        (scribbled_over, "is damaged", 1),
        (a_folder, "is a folder", 2),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_left_as_it_is(
    make: Callable[[Path], None], said: str, code: int, tmp_path: Path
) -> None:
    path = tmp_path / "events.db"
    make(path)
    before = fingerprints(tmp_path)
    with FakeGitHub(hello()).serve() as url:
        ended = collect(tmp_path, url)
    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.decode().count("\n") == 1
    assert said in ended.err.decode()
    assert str(path) in ended.err.decode()
    after = fingerprints(tmp_path)
    assert {name: after[name] for name in before} == before


def fingerprints(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


@contextmanager
def mode(path: Path, permissions: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(permissions)
    try:
        yield
    finally:
        path.chmod(before)


@pytest.mark.parametrize("what", ["file", "folder", "folder without a file"])
def test_what_is_read_only_is_said_to_be(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    if what != "folder without a file":
        ours(folder / "events.db")
    before = fingerprints(folder)
    target, permissions = (folder / "events.db", 0o400) if what == "file" else (folder, 0o500)
    with FakeGitHub(hello()).serve() as url, mode(target, permissions):
        process = collect(folder, url, as_anybody)
    assert (process.code, process.out) == (1, b"")
    assert process.err.decode().count("\n") == 1
    assert str(folder / "events.db") in process.err.decode()
    assert any(words in process.err.decode() for words in ("is read-only", "cannot be opened", "cannot be used"))
    assert fingerprints(folder) == before


def test_a_disk_that_fills_up_while_collecting_costs_nothing_that_was_stored(tmp_path: Path) -> None:
    ours(tmp_path / "events.db")
    before = contents(tmp_path / "events.db")
    repository = hello()
    repository.events[:0] = [event(100 + n, "WatchEvent", f"fan{n}", NOW, {"action": "started"}) for n in range(250)]
    with FakeGitHub(repository).serve() as url:
        ended = collect(tmp_path, url, in_64_kilobytes)
    assert ended.code == 1
    assert ended.err.decode().count("\n") == 1
    assert "events.db" in ended.err.decode()
    after = contents(tmp_path / "events.db")
    assert all(before[table] <= after[table] for table in WORK)


async def fill_up(manager: SQLiteManager, reported: list[int]) -> None:
    """Store events one by one, counting those that were reported stored."""
    while True:
        row = {"id": f"x{reported[0]}", "event_type": "X", "payload": {"n": os.urandom(999).hex()}}
        reported[0] += await manager.events.insert_events([row])


async def test_a_full_database_is_said_to_be_and_goes_on_when_there_is_room(world: World, tmp_path: Path) -> None:
    manager = SQLiteManager(str(tmp_path / "events.db"), clock=world.clock)
    world.store_in(manager)
    await manager.initialize()
    await manager.connection.maintain(lambda db: db.execute("PRAGMA max_page_count=40").fetchall())
    with pytest.raises(DatabaseError, match=r"disk of .* is full; what was stored before is intact"):
        await fill_up(manager, reported := [0])
    stored = (await manager.describe())["tables"]["events"]["items"]
    assert stored == reported[0] > 0
    await manager.connection.maintain(lambda db: db.execute("PRAGMA max_page_count=1000000").fetchall())
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, row.new_events) == ("collected", 5)
    await manager.close()
    assert len(contents(tmp_path / "events.db")["events"]) == stored + 5


@contextmanager
def write_lock(path: Path) -> Iterator[None]:
    """Another program in the middle of a transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


async def test_while_another_process_writes_questions_are_answered_and_collecting_says_why_not(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "events.db"
    manager = SQLiteManager(str(path), clock=world.clock, busy_timeout=0.2)
    world.store_in(manager)
    await world.collector.collect(["octo/hello"])
    with write_lock(path):
        with pytest.raises(DatabaseUnreachable, match="is locked by another process; try again"):
            await world.collector.collect(["octo/hello"])
        found = await manager.commits.get_commits("octo/hello", "2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z", limit=9)
    assert len(found) == 5
    world.pass_time(minutes=10)
    assert (await world.collector.collect(["octo/hello"])).repositories[0].status == "not_modified"
    await manager.close()


async def test_every_question_is_answered_from_a_file_that_may_not_be_written_to(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.db"
    async with SQLiteManager(str(path), clock=world.clock) as manager:
        world.store_in(manager)
        await world.collector.collect(["octo/hello"])
    before = fingerprints(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # file modes do not bind root, under whom tests may run
    world.pass_time(minutes=30)
    async with SQLiteManager(str(path), clock=world.clock) as manager:
        world.store_in(manager)
        service = DatabaseService(QuestionContext(manager=manager, clock=world.clock, refresh=world.collector.refresh))
        newest = await service.ask(RECENT_COMMITS, repo="octo/hello", since="2026-11-01")
        assert "is read-only" in (newest.coverage.note or "")
        about: dict[str, Any] = {"repo": "octo/hello", "repos": ["octo/hello"], "sha": newest.commits[0].sha}
        for question in questions():
            names = about.keys() & question.query.model_fields.keys()
            names -= {"repos"} if "repo" in names else set()
            if question.name not in {"collect_now", "status"}:
                query = question.query.read({name: about[name] for name in names}, question.name)
                await service.answer(question, query, may_watch=False)  # as with READ_ONLY
        news = await service.ask(WHATS_NEW, repos=["octo/hello"])
        assert "The reader's mark could not be kept" in (news.note or "")
    assert fingerprints(tmp_path) == before


@pytest.mark.parametrize("stale", [False, True])
async def test_while_another_process_writes_insights_are_answered_and_kept_by_the_next_question(
    world: World, tmp_path: Path, *, stale: bool
) -> None:
    path = tmp_path / "events.db"
    manager = SQLiteManager(str(path), clock=world.clock, busy_timeout=0.2)
    world.store_in(manager)
    await world.collector.collect(["octo/hello"])
    refresh = world.collector.refresh
    service = DatabaseService(QuestionContext(manager=manager, clock=world.clock, refresh=refresh if stale else None))
    world.pass_time(minutes=30 if stale else 1)
    insights: tuple[Any, ...] = (
        REPOSITORY_HEALTH,
        DEVELOPER_ACTIVITY,
        SECURITY_REPORT,
        EVENT_ANOMALIES,
        DEPLOYMENT_METRICS,
    )
    with write_lock(path):
        answers = [await service.ask(question, repo="octo/hello") for question in insights]
    assert [answer.repo for answer in answers] == ["Octo/Hello"] * len(insights)
    assert not contents(path)["developer_metrics"]
    world.pass_time(minutes=30)
    await service.ask(DEVELOPER_ACTIVITY, repo="octo/hello")
    assert contents(path)["developer_metrics"]
    await manager.close()


def test_several_programs_on_one_file_store_each_record_once_and_count_it_once(tmp_path: Path) -> None:
    env = environment(tmp_path, GITHUB_TOKEN="token")
    with FakeGitHub(hello()).serve() as url:
        together = [
            start(PROGRAM, "collect", "octo/hello", "--json", env=env | {"GITHUB_API_URL": url}, cwd=tmp_path)
            for _ in range(3)
        ]
        ended = [finish(process) for process in together]
    assert [one.code for one in ended] == [0, 0, 0], ended
    rows = [orjson.loads(one.out)["repositories"][0] for one in ended]
    assert sum(row["new_events"] for row in rows) == 5
    assert sum(row["new_commits"] for row in rows) == 5
    found = contents(tmp_path / "events.db")
    assert (len(found["events"]), len(found["commits"])) == (5, 5)


def test_an_import_beside_a_collection_loses_nothing_of_either(tmp_path: Path) -> None:
    env = environment(tmp_path, GITHUB_TOKEN="token")
    archive = tmp_path / "hour.json"
    row = event(7, "WatchEvent", "ada", NOW, {"action": "started"}, "o/r")
    line = json.dumps(row).replace('"7"', '"9%05d"').encode() + b"\n"
    archive.write_bytes(b"".join(line % number for number in range(20_000)))
    with FakeGitHub(hello()).serve() as url:
        importing = start(PROGRAM, "import", str(archive), env=env, cwd=tmp_path)
        collected = run("collect", "octo/hello", env=env | {"GITHUB_API_URL": url}, cwd=tmp_path)
        imported = finish(importing)
    assert (collected.code, imported.code) == (0, 0), (collected.err, imported.err)
    assert len(contents(tmp_path / "events.db")["events"]) == 20_005


def test_the_database_its_log_and_an_export_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    env = environment(folder, LOG_FILE=str(folder / "logs" / "monitor.log"), GITHUB_TOKEN="token")
    before = os.umask(0)
    try:
        with FakeGitHub(hello()).serve() as url:
            assert run("collect", "octo/hello", env=env | {"GITHUB_API_URL": url}, cwd=tmp_path).code == 0
        assert run("export", str(folder / "export.jsonl"), env=env, cwd=tmp_path).code == 0
    finally:
        os.umask(before)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"events.db", "monitor.log", "export.jsonl"}
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in files} == {path.name: "0o600" for path in files}


async def test_health_keeps_the_locks_so_that_another_program_leaves_the_log(tmp_path: Path) -> None:
    """A file that is opened and closed beside SQLite ends all locks of its process on it."""
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.initialize()
        await manager.connection.maintain(lambda db: checkpoint(db, 5.0))
        assert (await manager.health_check())["status"] == "healthy"
        log = os.stat(f"{path}-wal").st_ino
        asked = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM events').fetchone()"
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", asked, path)
        assert await other.wait() == 0
        assert os.stat(f"{path}-wal").st_ino == log
        assert (await manager.health_check())["status"] == "healthy"
