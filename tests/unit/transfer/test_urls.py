"""Databases named by URL."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import InvalidInput
from github_events_monitor.transfer.migrating import database_url, parse_database_url, same_database


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "DYNAMODB_TABLE_PREFIX", "EVENT_RETENTION_DAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DYNAMODB_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")


def test_sqlite_paths_are_relative_with_three_slashes_and_absolute_with_four() -> None:
    assert parse_database_url("sqlite:///data/my%20events.db")["db_path"] == "data/my events.db"
    assert parse_database_url("sqlite:////var/events.db")["db_path"] == "/var/events.db"


def test_dynamodb_has_region_prefix_and_endpoint_and_the_environment_s_credentials() -> None:
    config = parse_database_url("dynamodb://us-west-2/prod-events-?endpoint_url=http://localhost:8001")
    assert (config["provider"], config["region"], config["table_prefix"]) == ("dynamodb", "us-west-2", "prod-events-")
    assert config["endpoint_url"] == "http://localhost:8001"
    assert config["aws_secret_access_key"] == "s3cret"


def test_an_url_without_an_endpoint_means_aws_whatever_the_environment_says_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = parse_database_url("dynamodb://eu-west-1/")
    assert "'dynamodb://eu-west-1/' is AWS's DynamoDB" in caplog.text
    assert config["endpoint_url"] is None
    assert config["table_prefix"] == "github-events-"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "events.db",
        "sqlite://events.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgres://host/db",
        "dynamodb://us-east-1/a/b",
        "dynamodb://us-east-1/x?endpoint=http://localhost",
        "dynamodb://us-east-1/x?endpoint_url=localhost",
        "dynamodb://key:hidden@us-east-1/x",
        "dynamodb://[us-east-1/x",
    ],
)
def test_other_urls_are_refused_with_the_accepted_forms_and_without_secrets(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_database_url(url)
    assert "hidden" not in caught.value.message
    assert "s3cret" not in caught.value.message


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(NAMES.filter(lambda name: name != ":memory:" and "$" not in name))  # which may name a variable that is not set
def test_the_url_of_a_configuration_reads_back(path: str) -> None:
    config = {"provider": "sqlite", "db_path": f"/{path}"}
    assert parse_database_url(database_url(config))["db_path"] == f"/{path}"


def test_one_file_under_two_names_is_one_database() -> None:
    one, other = parse_database_url("sqlite:///a.db"), parse_database_url("sqlite:///x/../a.db")
    assert same_database(one, other)
    assert not same_database(one, parse_database_url("dynamodb://us-east-1/"))
