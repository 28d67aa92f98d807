"""A GitHub on a loopback port, and the environment that points the server under test at it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.fake_github import FakeGitHub, FakeRepository, commit, event

COMMITS, EVENTS = 45, 40

_numbers = count(1)


@dataclass
class World:
    github: FakeGitHub
    repository: FakeRepository
    now: datetime


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """octo/Hello with commits and events of the last hours; an empty database; no background polling."""
    now = datetime.now(UTC).replace(microsecond=0)
    repository = FakeRepository("octo/Hello")
    repository.commits.extend(
        commit(number, now - timedelta(minutes=10 * number - 5)) for number in range(1, COMMITS + 1)
    )
    repository.events.extend(
        event(number, "WatchEvent", "bob", now - timedelta(minutes=5 * number), {"action": "started"}, "octo/Hello")
        for number in range(1, EVENTS + 1)
    )
    github = FakeGitHub(repository)
    with github.serve() as url:
        for name in ("GITHUB_TOKEN", "TARGET_REPOSITORIES", "API_TOKEN", "ALLOWED_HOSTS", "HOST", "MCP_TRANSPORT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("GITHUB_API_URL", url)
        monkeypatch.setenv("POLL_INTERVAL", "0")
        monkeypatch.setenv("DATABASE_PATH", str(tmp_path / "events.db"))
        monkeypatch.setenv("DYNAMODB_TABLE_PREFIX", f"mcp-{os.getpid()}-{next(_numbers)}-")
        monkeypatch.chdir(tmp_path)
        yield World(github, repository, now)
