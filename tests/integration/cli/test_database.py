"""`database test|create|info|delete`, on every engine (or the one that DATABASE_PROVIDER names)."""

import os
from itertools import count
from pathlib import Path

import pytest

from github_events_monitor.infrastructure.database_interface import TABLES
from tests.engines import free_port

from .conftest import Run

_numbers = count(1)
PROVIDER = os.environ.get("DATABASE_PROVIDER")


@pytest.fixture(params=[PROVIDER] if PROVIDER else ["sqlite", "dynamodb"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The settings of an engine without tables."""
    settings = {"DATABASE_PROVIDER": request.param, "DATABASE_PATH": str(tmp_path / "events.db")}
    if request.param == "dynamodb":
        settings |= {
            "DYNAMODB_ENDPOINT_URL": request.getfixturevalue("dynamodb_endpoint"),
            "DYNAMODB_TABLE_PREFIX": f"cli-{os.getpid()}-{next(_numbers)}-",
            "AWS_ACCESS_KEY_ID": "dummy",
            "AWS_SECRET_ACCESS_KEY": "dummy",
        }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return str(request.param)


def test_the_life_of_a_database(run: Run, engine: str) -> None:
    tested = run("database", "test")
    assert tested.code == 0, tested.err
    created = run("database", "create", "--json")
    assert created.code == 0, created.err
    assert set(created.json) == set(TABLES)
    again = run("database", "create", "--json")
    assert (again.code, set(again.json.values())) == (0, {"exists"})
    about = run("database", "info", "--json").json
    assert about["provider"] == engine
    assert list(about["tables"]) == list(TABLES)
    shown = run("database", "info")
    assert all(name in shown.out.replace("\n", "") for name in ("events", "repository_health_metrics"))
    assert run("database", "delete", "--yes").code == 0
    assert run("database", "test").code == 0


def test_neither_a_look_nor_a_deletion_makes_a_database(run: Run, engine: str, tmp_path: Path) -> None:
    about = run("database", "info", "--json")
    assert about.code == 0
    assert {table["status"] for table in about.json["tables"].values()} == {"missing"}
    assert run("database", "info").code == 0
    assert run("database", "delete", "--yes").err == "there were no tables to delete\n"
    assert not (tmp_path / "events.db").exists()


def test_deleting_is_refused_where_nobody_can_be_asked(run: Run, engine: str) -> None:
    run("database", "create")
    result = run("database", "delete")
    assert result.code == 2
    assert "--yes" in result.err
    assert set(run("database", "create", "--json").json.values()) == {"exists"}


def test_deleting_asks_and_does_as_it_is_told(run: Run, engine: str) -> None:
    run("database", "create")
    assert run("database", "delete", stdin=b"n\n").code == 1
    assert set(run("database", "create", "--json").json.values()) == {"exists"}
    assert run("database", "delete", stdin=b"y\n").code == 0
    assert set(run("database", "create", "--json").json.values()) == {"created"}
    run("database", "delete", "--yes")


def test_an_endpoint_that_does_not_answer_is_named(run: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    keys = {"AWS_ACCESS_KEY_ID": "dummy", "AWS_SECRET_ACCESS_KEY": "dummy"}
    result = run("database", "test", DATABASE_PROVIDER="dynamodb", DYNAMODB_ENDPOINT_URL=url, **keys)
    assert (result.code, result.out) == (1, "")
    assert url in result.err
    assert len(result.err.splitlines()) == 1


def test_options_of_dynamodb_are_refused_by_sqlite(run: Run) -> None:
    result = run("database", "create", "--deletion-protection")
    assert result.code == 2
    assert "deletion_protection" in result.err


def test_cost_is_estimated_for_dynamodb_at_stated_prices(run: Run, engine: str) -> None:
    tables_missing = run("database", "info", "--cost")
    assert tables_missing.code == 2
    run("database", "create")
    result = run("database", "info", "--cost")
    if engine == "sqlite":
        assert result.code == 2
        assert "DynamoDB" in result.err
    else:
        assert result.code == 0, result.err
        assert "per million" in result.out
        assert run("database", "info", "--cost", "--json").json["cost"]["monthly_usd"]["events"] == 0
    run("database", "delete", "--yes")


def test_a_check_counts_all_tables_and_finds_nothing_wrong(run: Run, engine: str) -> None:
    assert run("database", "create").code == 0
    checked = run("database", "check", "--json")
    assert (checked.code, checked.json["provider"], checked.json["problems"]) == (0, engine, [])
    assert set(checked.json["tables"]) == set(TABLES)
    assert {table["items"] for table in checked.json["tables"].values()} == {0}
    assert run("database", "check").code == 0


def test_a_backup_is_a_file_or_a_sentence_that_says_how_else(run: Run, engine: str, tmp_path: Path) -> None:
    assert run("database", "create").code == 0
    made = run("database", "backup", "copy.db")
    if engine == "dynamodb":
        assert (made.code, made.err.count("\n")) == (2, 1)
        assert "github-events-monitor export" in made.err
        assert "--point-in-time-recovery" in made.err
        return
    copy = tmp_path / "copy.db"
    assert (made.code, copy.stat().st_mode & 0o777) == (0, 0o600)
    again = run("database", "backup", "copy.db")
    assert (again.code, "--force" in again.err) == (2, True)
    assert run("database", "backup", "--force", "copy.db").code == 0
    assert run("database", "check", DATABASE_PATH=str(copy)).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "events.db"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", [("database", "backup", "--force", "link"), ("export", "link")])
def test_what_is_written_goes_through_no_link(run: Run, engine: str, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert run("database", "create").code == 0
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("kept")
    link.symlink_to(victim)
    assert run(*command).code == 0
    assert (victim.read_text(), link.is_symlink(), link.stat().st_mode & 0o777) == ("kept", False, 0o600)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_check_names_damage_and_no_rows(run: Run, engine: str, tmp_path: Path) -> None:
    assert run("database", "create").code == 0
    path = tmp_path / "events.db"
    data = bytearray(path.read_bytes())
    data[8_192 * 3 :] = bytes(255 - byte for byte in data[8_192 * 3 :])
    path.write_bytes(data)
    checked = run("database", "check", "--json")
    assert (checked.code, bool(checked.json["problems"])) == (1, True)
    refused = run("database", "backup", "copy.db")
    assert (refused.code, refused.err.count("\n"), "damaged" in refused.err) == (1, 1, True)
    assert not (tmp_path / "copy.db").exists()
    unsound = run("analyse")
    assert (unsound.code, unsound.err.count("\n"), unsound.err.startswith("error: ")) == (1, 1, True)
