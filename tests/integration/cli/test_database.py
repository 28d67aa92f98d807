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
