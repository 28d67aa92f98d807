"""Opening and closing a database file: what is made, what is refused, and that nothing stays behind."""

import asyncio
import gc
import hashlib
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from github_events_monitor.errors import (
    DatabaseError,
    DatabaseUnreachable,
    InvalidInput,
    MonitorError,
    SchemaMismatch,
    UnusablePath,
)
from github_events_monitor.infrastructure.database_factory import DatabaseFactory, get_sqlite_manager
from github_events_monitor.infrastructure.sqlite import schema
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.records import Thread

EVENT = {"id": "1", "event_type": "WatchEvent", "repo_name": "o/r", "created_at": "2025-03-10T12:00:00Z"}


def connections() -> set[threading.Thread]:
    """The threads of open connections."""
    return {thread for thread in threading.enumerate() if "connection" in thread.name}


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_what_was_there_before_is_made_private(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, side = tmp_path / "e.db", tmp_path / "e.db-wal"
    for file in (path, side):
        file.touch()
        file.chmod(0o644)
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
        assert {path.stat().st_mode & 0o777, side.stat().st_mode & 0o777} == {0o600}
    assert f"others than its owner could read {path}" in caplog.text


async def test_every_folder_that_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with get_sqlite_manager(str(tmp_path / "a/b/e.db")):
            modes = [(tmp_path / folder).stat().st_mode & 0o777 for folder in ("a", "a/b")]
    finally:
        os.umask(before)
    assert modes == [0o700, 0o700]


async def test_folders_are_made_and_the_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
        for file in path.parent.iterdir():
            assert file.stat().st_mode & 0o777 == 0o600, file
        assert {file.name for file in path.parent.iterdir()} == {"events.db", "events.db-wal", "events.db-shm"}
    assert [file.name for file in path.parent.iterdir()] == ["events.db"]


async def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    path = str(tmp_path / "events.db")
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
    async with get_sqlite_manager(str(path)) as manager:
        assert await manager.events.get_event("1") is not None
        assert await manager.create_tables() == dict.fromkeys(await manager.delete_tables(), "exists")


async def test_a_database_in_memory_starts_empty_after_closing() -> None:
    manager = get_sqlite_manager(":memory:")
    await manager.events.insert_events([EVENT])
    await manager.close()
    assert await manager.events.get_event("1") is None
    await manager.close()


async def test_the_settings_that_protect_the_data_are_on(tmp_path: Path) -> None:
    async with get_sqlite_manager(str(tmp_path / "events.db")) as manager:

        def pragmas(db: sqlite3.Connection) -> list[int]:
            return [
                db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("synchronous", "query_only", "wal_autocheckpoint")
            ]

        assert await manager.connection.write(pragmas) == [2, 0, 0]
        assert (await manager.connection.read(pragmas))[1] == 1
        assert (await manager.describe())["journal_mode"] == "wal"


@pytest.mark.parametrize(
    "content", [b"this is not a database, but it is long enough to be read as one" * 40, b"\x00" * 5000]
)
async def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    before = fingerprint(path)
    with pytest.raises(DatabaseError) as raised:
        await get_sqlite_manager(str(path)).initialize()
    assert str(path) in raised.value.message
    assert fingerprint(path) == before
    assert os.listdir(tmp_path) == ["notes.txt"]


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT)")
    db.close()
    before = fingerprint(path)
    manager = get_sqlite_manager(str(path))
    with pytest.raises(SchemaMismatch, match="another program"):
        await manager.events.insert_events([EVENT])
    assert fingerprint(path) == before
    assert (await manager.health_check())["status"] == "unhealthy"


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.connection.write(lambda db: db.execute("UPDATE _meta SET value = 99").rowcount)
    before = fingerprint(path)
    with pytest.raises(SchemaMismatch, match="newer version"):
        await get_sqlite_manager(str(path)).initialize()
    assert fingerprint(path) == before


async def test_an_older_schema_is_brought_forward_with_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "events.db")
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
    step = ("ALTER TABLE events ADD COLUMN note TEXT", "UPDATE events SET note = 'old'")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    async with get_sqlite_manager(str(path)) as manager:
        notes = await manager.connection.read(lambda db: db.execute("SELECT id, note FROM events").fetchall())
        assert notes == [("1", "old")]
        assert (await manager.describe())["schema_version"] == len(schema.MIGRATIONS)


async def test_a_file_of_the_first_schema_answers_the_same_questions(tmp_path: Path) -> None:
    path, payload = tmp_path / "events.db", b'{"action":"started","text":"' + b"words " * 50 + b'"}'
    stored = zstandard.ZstdCompressor(write_checksum=False).compress(payload)
    with closing(sqlite3.connect(path)) as db, db:
        for statement in schema.MIGRATIONS[0]:
            db.execute(statement)
        db.execute("INSERT INTO _meta VALUES ('schema_version', 1)")
        columns = "id, event_type, repo_name, actor_login, created_at, payload"
        for number, hour in enumerate(("2025-03-10T05", "2025-03-10T06", "2025-03-11T00")):
            event = (str(number), "WatchEvent", "o/r", "Mona", f"{hour}:30:00Z", stored)
            db.execute(f"INSERT INTO events ({columns}) VALUES (?, ?, ?, ?, ?, ?)", event)
            db.execute("INSERT INTO _hourly VALUES (?, 'o/r', 1)", (hour,))
    async with get_sqlite_manager(str(path)) as manager:
        window = ("2025-03-10T00:00:00Z", "2025-03-12T00:00:00Z")
        assert await manager.events.get_trending(*window, 5) == [("o/r", 3)]
        assert await manager.events.get_repositories_of("mona", *window) == ["o/r"]
        first = await manager.events.get_event("0")
        assert first is not None
        assert first.payload == payload


async def test_a_file_of_the_version_before_gains_the_table_of_threads(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path)) as db, db:
        for statement in (*schema.MIGRATIONS[0], *schema.MIGRATIONS[1]):
            db.execute(statement)
        db.execute("INSERT INTO _meta VALUES ('schema_version', 2)")
    thread = Thread(
        repo_name="o/r",
        number=7,
        kind="issue",
        state="open",
        created_at="2025-03-10T00:00:00Z",
        updated_at="2025-03-10T00:00:00Z",
    )
    async with get_sqlite_manager(str(path)) as manager:
        assert await manager.threads.save_threads([thread]) == 1
        assert (await manager.create_tables())["threads"] == "exists"
        assert (await manager.describe())["tables"]["threads"]["items"] == 1
    async with get_sqlite_manager(str(path)) as manager:
        assert await manager.threads.get_threads("o/r") == [thread]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "events.db")
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("DELETE FROM events", "CREATE NONSENSE")))
        with pytest.raises(DatabaseError):
            await get_sqlite_manager(path).initialize()
    async with get_sqlite_manager(str(path)) as manager:
        assert await manager.events.get_event("1") is not None
        assert (await manager.describe())["schema_version"] == len(schema.MIGRATIONS)


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusablePath, match="is a folder; DATABASE_PATH must") as caught:
        await get_sqlite_manager(str(tmp_path)).initialize()
    assert caught.value.exit_code == 2


async def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnusablePath, match=r"cannot be used.*DATABASE_PATH"):
        await get_sqlite_manager(str(tmp_path / "file" / "events.db")).initialize()


async def test_a_read_only_file_is_read_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events([EVENT])
    before = fingerprint(path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # file modes do not bind root, under whom tests may run
    async with get_sqlite_manager(str(path)) as manager:
        assert (await manager.connection.health())["status"] == "healthy"
        assert await manager.events.get_event(str(EVENT["id"])) is not None
        with pytest.raises(DatabaseError, match="is read-only; allow writing"):
            await manager.events.insert_events([{**EVENT, "id": "2"}])
    assert fingerprint(path) == before
    assert os.listdir(tmp_path) == ["events.db"]


async def test_a_read_only_file_that_another_program_writes_to_shows_what_that_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as writing:
        await writing.events.insert_events([EVENT])
        with monkeypatch.context() as patched:
            patched.setattr(os, "access", lambda *_: False)
            reading = get_sqlite_manager(str(path))
            await reading.initialize()
        await writing.events.insert_events([{**EVENT, "id": "2"}])
        assert await reading.events.get_event("2") is not None
        await reading.close()


async def test_a_read_only_file_that_another_program_begins_to_write_to_is_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, writes = tmp_path / "events.db", os.access
    async with get_sqlite_manager(str(path)) as first:
        await first.events.insert_events([EVENT])
    reading = get_sqlite_manager(str(path))
    for number in ("2", "3"):
        monkeypatch.setattr(os, "access", lambda *_: False)  # no log is there: nobody writes
        assert await reading.events.get_event("1") is not None
        monkeypatch.setattr(os, "access", writes)
        async with get_sqlite_manager(str(path)) as writing:
            await writing.events.insert_events([{**EVENT, "id": number}])
            monkeypatch.setattr(os, "access", lambda *_: False)
            found = await asyncio.gather(*(reading.events.get_event(name) for name in ("1", number, number)))
            assert None not in found
            await reading.close()
    assert await reading.events.get_event("3") is not None
    path.unlink()
    with pytest.raises(DatabaseError, match="was removed or replaced"):
        await reading.events.get_event("1")
    await reading.close()


async def test_a_read_only_file_of_an_earlier_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE _meta SET value = 1 WHERE key = 'schema_version'")
        db.commit()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SchemaMismatch, match="is read-only and was written by an earlier version"):
        await get_sqlite_manager(str(path)).initialize()


async def test_a_damaged_file_is_one_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    async with get_sqlite_manager(str(path)) as manager:
        await manager.events.insert_events(
            [{**EVENT, "id": str(number), "payload": {"n": "x" * 300}} for number in range(2000)]
        )
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))
    before = fingerprint(path)
    manager = get_sqlite_manager(str(path))
    with pytest.raises(DatabaseError, match="damaged"):
        await manager.events.get_events_by_type("WatchEvent")
    await manager.close()
    assert fingerprint(path) == before


async def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.touch()
    async with get_sqlite_manager(str(path)) as manager:
        assert await manager.events.insert_events([EVENT]) == 1


def test_a_manager_serves_one_event_loop_after_another(tmp_path: Path) -> None:
    manager = get_sqlite_manager(str(tmp_path / "events.db"))

    async def many() -> int:
        return sum(await asyncio.gather(*(manager.events.insert_events([{**EVENT, "id": str(n)}]) for n in range(5))))

    assert asyncio.run(many()) == 5
    assert asyncio.run(many()) == 0
    asyncio.run(manager.close())
    assert asyncio.run(many()) == 0
    asyncio.run(manager.close())


def test_a_manager_that_nobody_closed_ends_its_threads(tmp_path: Path) -> None:
    async def use() -> None:
        manager = get_sqlite_manager(str(tmp_path / "events.db"))
        await manager.events.insert_events([EVENT])

    before = connections()
    asyncio.run(use())
    gc.collect()
    for thread in connections() - before:
        thread.join(10)
    assert connections() <= before


def test_a_loop_that_ends_during_a_question_does_not_end_the_connection(tmp_path: Path) -> None:
    manager = get_sqlite_manager(str(tmp_path / "events.db"))
    started, release = threading.Event(), threading.Event()

    def slow(_: sqlite3.Connection) -> None:
        started.set()
        release.wait(10)

    async def leave() -> None:
        await manager.initialize()
        question = asyncio.create_task(manager.connection.read(slow))
        await asyncio.to_thread(started.wait, 10)
        question.cancel()

    asyncio.run(leave())
    release.set()
    assert asyncio.run(manager.events.get_event("1")) is None
    asyncio.run(manager.close())


async def test_closing_ends_the_threads(tmp_path: Path) -> None:
    before = connections()
    async with get_sqlite_manager(str(tmp_path / "events.db")):
        assert len(connections() - before) == 2
    assert connections() <= before


async def test_a_failed_opening_leaves_no_thread(tmp_path: Path) -> None:
    before = connections()
    manager = get_sqlite_manager(str(tmp_path))
    for _ in range(3):
        with pytest.raises(MonitorError):
            await manager.initialize()
    for thread in connections() - before:
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_the_tables_of_others_survive_deleting_ours(tmp_path: Path) -> None:
    path = str(tmp_path / "events.db")
    async with get_sqlite_manager(str(path)) as manager:
        await manager.connection.write(lambda db: db.execute("CREATE TABLE mine (a)").rowcount)
        await manager.delete_tables()
    db = sqlite3.connect(path)
    assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("mine",)]
    db.close()


async def test_health_of_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    found = await get_sqlite_manager(str(tmp_path)).health_check()
    assert found["status"] == "unhealthy"
    assert "is a folder" in found["error"]
    assert "tables_found" not in found


async def test_options_for_creating_tables_are_refused() -> None:
    async with get_sqlite_manager(":memory:") as manager:
        with pytest.raises(InvalidInput, match="no option"):
            await manager.create_tables(deletion_protection=True)


def test_the_factory_names_what_it_accepts() -> None:
    made = DatabaseFactory.create({"provider": "sqlite", "db_path": ":memory:", "retention_days": None})
    assert isinstance(made, SQLiteManager)
    with pytest.raises(InvalidInput, match="sqlite and dynamodb"):
        DatabaseFactory.create({"provider": "oracle"})
    with pytest.raises(InvalidInput, match=r"'path'.*db_path"):
        DatabaseFactory.create({"provider": "sqlite", "path": "x"})
    with pytest.raises(InvalidInput, match=r"'db_path'.*table_prefix"):
        DatabaseFactory.create({"provider": "dynamodb", "db_path": "x"})


async def test_a_closed_connection_says_so() -> None:
    manager = get_sqlite_manager(":memory:")
    with pytest.raises(DatabaseUnreachable, match="closed"):
        await manager.connection.read(schema.present)
