"""The program as its user runs it: arguments and environment in; exit code, stdout and stderr out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
import stamina

from github_events_monitor import cli
from github_events_monitor.settings import Settings
from tests.fake_github import FakeGitHub, FakeRepository, commit, event

SECRET = "ghp_markedmarkedmarked0123456789abcdefgh"


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def environment(logging_as_before: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing of the developer's settings, and an empty folder."""
    for name in (*Settings.model_fields, "aws_default_region", "no_color", "force_color"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("DATABASE_PATH", "github_events.db")
    monkeypatch.chdir(tmp_path)
    stamina.set_testing(True, attempts=2)
    yield
    stamina.set_testing(False)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("report", "octo/hello", POLL_INTERVAL="60")`; `stdin=` takes bytes."""

    def run(*arguments: str | Path, stdin: bytes = b"", **variables: str) -> Result:
        out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdin", TextIOWrapper(BytesIO(stdin)))
            patch.setattr("sys.stdout", out)
            patch.setattr("sys.stderr", err)
            for name, value in variables.items():
                patch.setenv(name, value)
            code = cli.main([str(argument) for argument in arguments])
        return Result(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))

    return run


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """A GitHub on loopback with two repositories, named by GITHUB_API_URL."""
    fake = FakeGitHub(hello(), FakeRepository("octo/empty", id=8))
    with fake.serve() as url:
        monkeypatch.setenv("GITHUB_API_URL", url)
        yield fake


def hello() -> FakeRepository:
    """Three commits and three events of the last hours; one text that looks like markup of a terminal page."""
    now = datetime.now(UTC)
    repository = FakeRepository("Octo/Hello")
    repository.events = [
        event(2, "IssuesEvent", "ada", now - timedelta(hours=5), {"action": "opened", "issue": {"number": 1}}),
        event(3, "IssueCommentEvent", "bob", now - timedelta(hours=3), {"action": "created", "issue": {"number": 1}}),
        event(4, "WatchEvent", "eve", now - timedelta(hours=2), {"action": "started"}),
    ]
    repository.branches["main"] = [
        commit(3, now - timedelta(hours=1), parents=(2,), message="feat!: [bold red]drop[/] the old [link=x] form"),
        commit(2, now - timedelta(hours=2), parents=(1,), author="bob"),
        commit(1, now - timedelta(hours=3), author="renovate[bot]"),
    ]
    return repository
