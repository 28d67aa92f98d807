"""`import`, `export`, `migrate` and `analyse`."""

import gzip
import sqlite3
import stat
from pathlib import Path

import orjson
import pytest

from tests.engines import free_port
from tests.fake_github import NOW, FakeGitHub, event

from .conftest import Run

EVENTS = [event(number, "WatchEvent", "ada", NOW, {"action": "started"}) for number in range(1, 4)] + [
    event(4, "WatchEvent", "bob", NOW, {"action": "started"}, repo="octo/other")
]
LINES = b"".join(orjson.dumps(row) + b"\n" for row in EVENTS)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "events.json.gz"
    path.write_bytes(gzip.compress(LINES))
    return path


def test_importing_twice_adds_nothing(run: Run, archive: Path) -> None:
    first = run("import", archive, "--json").json
    assert (first["read"], first["stored"], first["already_there"], first["skipped"]) == (4, 4, 0, 0)
    second = run("import", archive, "--json").json
    assert (second["read"], second["stored"], second["already_there"], second["skipped"]) == (4, 0, 4, 0)


def test_only_named_repositories_are_kept(run: Run, archive: Path) -> None:
    answer = run("import", archive, "--repo", "OCTO/other", "--json").json
    assert (answer["read"], answer["stored"], answer["skipped"]) == (4, 1, 3)


def test_only_events_of_named_types_are_kept(run: Run, archive: Path) -> None:
    answer = run("import", archive, "--type", "ForkEvent", "--json").json
    assert (answer["read"], answer["stored"], answer["skipped"]) == (4, 0, 4)
    assert run("import", archive, "--type", "ForkEvent", "--type", "WatchEvent", "--json").json["stored"] == 4
    result = run("import", archive, "--type", "stars")
    assert (result.code, result.err) == (
        2,
        "error: 'stars' is not an event type; did you mean 'StarEvent'?\n",
    )


def test_an_empty_file_among_others_is_passed_over(run: Run, archive: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.json.gz"
    empty.write_bytes(gzip.compress(b"\n"))
    result = run("import", empty, archive, "--json")
    assert (result.code, result.json["stored"], result.json["empty"]) == (0, 4, [str(empty)])
    assert result.err == f"skipped {empty}: it is empty\n"
    alone = run("import", empty, empty)
    assert (alone.code, alone.out) == (1, "")
    assert alone.err == f"error: {empty}, {empty} are empty; name a file with events or an export\n"


def test_standard_input_is_read_for_a_dash(run: Run) -> None:
    result = run("import", "-", stdin=LINES)
    assert result.code == 0, result.err
    assert result.out.startswith("read 4  stored 4  already there 0  skipped 0\n")


def test_a_broken_line_is_named_and_skipped(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(LINES + b"{broken\n")
    result = run("import", path, "--json")
    assert (result.code, result.json["stored"], result.json["skipped"]) == (0, 4, 1)
    assert "line 5" in result.err


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" * 20, b"name,stars\nvscode,1\n"])
def test_a_file_of_another_kind_is_refused_in_a_line(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    result = run("import", path)
    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1
    assert "other" in result.err


def test_a_missing_file_is_wrong_usage(run: Run) -> None:
    result = run("import", "nowhere.json")
    assert result.code == 2
    assert result.err == "error: nowhere.json does not exist; check the path\n"


def test_an_export_is_private_and_imports_into_another_database(run: Run, archive: Path, tmp_path: Path) -> None:
    run("import", archive)
    assert run("export", "all.jsonl").code == 0
    assert stat.S_IMODE((tmp_path / "all.jsonl").stat().st_mode) == 0o600
    first = orjson.loads((tmp_path / "all.jsonl").read_bytes().splitlines()[0])
    assert (first["format"], first["version"]) == ("github-events-monitor", 1)
    answer = run("import", "all.jsonl", "--json", DATABASE_PATH="other.db").json
    assert answer["stored"] == answer["read"] >= 4
    again = run("export", DATABASE_PATH="other.db").out.splitlines()[1:]
    assert again == (tmp_path / "all.jsonl").read_text().splitlines()[1:]


def test_a_failed_export_leaves_the_file_that_was_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_text("precious")
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    result = run("export", "all.jsonl", DATABASE_PATH="broken.db")
    assert result.code == 1
    assert len(result.err.splitlines()) == 1
    assert (tmp_path / "all.jsonl").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.glob("all*")) == ["all.jsonl"]


def test_an_export_of_a_database_that_is_not_there_makes_none(run: Run, tmp_path: Path) -> None:
    assert run("export", DATABASE_PATH="none.db").code == 2
    assert not (tmp_path / "none.db").exists()


def test_a_source_without_tables_is_refused_and_none_are_made(
    run: Run, dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PROVIDER", "dynamodb")
    monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", dynamodb_endpoint)
    monkeypatch.setenv("DYNAMODB_TABLE_PREFIX", "mistyped-")
    url = f"dynamodb://us-east-1/mistyped-?endpoint_url={dynamodb_endpoint}"
    for command in (("export",), ("analyse",), ("migrate", "--from", url, "--to", "sqlite:///copy.db")):
        result = run(*command)
        assert result.code == 2
        assert result.err.startswith("error: there is no database dynamodb://")
        assert len(result.err.splitlines()) == 1
    assert {table["status"] for table in run("database", "info", "--json").json["tables"].values()} == {"missing"}


def test_an_engine_that_does_not_answer_is_one_line(run: Run, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PROVIDER", "dynamodb")
    monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    for command in (("export",), ("import", archive), ("analyse",)):
        result = run(*command)
        assert (result.code, len(result.err.splitlines())) == (1, 1), result.err


def test_a_missing_file_leaves_no_database_behind(run: Run, tmp_path: Path) -> None:
    assert run("import", "nowhere.json", DATABASE_PATH="typo.db").code == 2
    assert not (tmp_path / "typo.db").exists()


def test_tables_of_a_part_may_be_named_with_commas(run: Run, archive: Path) -> None:
    run("import", archive)
    tables = [
        orjson.loads(line)["table"] for line in run("export", "--tables", "commits,events").out.splitlines()[1:-1]
    ]
    assert set(tables) == {"events"}
    assert run("export", "--tables", "events,stars").code == 2


def test_migrate_copies_and_can_be_run_again(run: Run, archive: Path) -> None:
    run("import", archive)
    urls = ("--from", "sqlite:///github_events.db", "--to", "sqlite:///copy.db")
    assert run("migrate", *urls, "--json").json["stored"] >= 4
    assert run("migrate", *urls, "--json").json["stored"] == 0
    assert run("migrate", "--from", "postgres://x", "--to", "sqlite:///copy.db").code == 2


def test_summaries_of_older_rules_are_renewed_and_then_left_alone(run: Run, github: FakeGitHub) -> None:
    run("collect", "octo/hello")
    before = _summaries()
    with sqlite3.connect("github_events.db") as db:
        db.execute("DELETE FROM commit_summaries")
    assert run("analyse").err == "analysed 3 commits\n"
    assert _summaries() == before
    assert run("analyse", "octo/hello").err == "analysed 0 commits\n"


def _summaries() -> list[tuple[object, ...]]:
    db = sqlite3.connect("github_events.db")
    try:
        return sorted(db.execute("SELECT * FROM commit_summaries").fetchall())
    finally:
        db.close()
