"""The REST app in process, over a database in memory, a GitHub in process, and a clock that moves when told."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import stamina
from fastapi import FastAPI

from github_events_monitor.api import create_app
from github_events_monitor.runtime import Runtime, build_runtime
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, event, iso

SECRET = "webhook-secret"
CLOSED = iso(NOW - timedelta(minutes=10))
"""The end of a window that is over."""


@dataclass
class World:
    """Everything a test about the REST API touches."""

    github: FakeGitHub
    app: FastAPI
    runtime: Runtime
    http: httpx.AsyncClient
    now: datetime = NOW

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        """The JSON of a GET that is answered with a status."""
        response = await self.http.get(path, params=params)
        assert response.status_code == status, response.text
        return response.json()

    async def deliver(self, kind: str, payload: dict[str, Any], delivery: str = "d-1") -> httpx.Response:
        """Send a webhook delivery, signed."""
        body = json.dumps(payload).encode()
        headers = {"X-GitHub-Event": kind, "X-GitHub-Delivery": delivery, **self.signed(body)}
        return await self.http.post("/webhooks/github", content=body, headers=headers)

    def signed(self, body: bytes) -> dict[str, str]:
        """The header with a body's signature."""
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def hello() -> FakeRepository:
    """Five events and three commits within two days."""
    repository = FakeRepository("Octo/Hello")
    at = [NOW - timedelta(hours=hours) for hours in (1, 3, 5, 24, 47)]
    repository.events = [
        event(5, "PushEvent", "ada", at[0], {"ref": "refs/heads/main", "head": "a" * 40}),
        event(
            4, "IssueCommentEvent", "bob", at[1], {"action": "created", "comment": {"id": 40}, "issue": {"number": 1}}
        ),
        event(3, "IssuesEvent", "ada", at[2], {"action": "opened", "issue": {"number": 1}}),
        event(2, "WatchEvent", "eve", at[3], {"action": "started"}),
        event(1, "CreateEvent", "ada", at[4], {"ref": "main", "ref_type": "branch"}),
    ]
    repository.branches["main"] = [
        commit(number, NOW - timedelta(hours=20 * (4 - number) - 18), parents=(number - 1,)) for number in (3, 2, 1)
    ]
    return repository


def settings(**changes: Any) -> Settings:
    """Settings that the machine's environment does not touch."""
    made: dict[str, Any] = {
        "database_path": ":memory:",
        "database_provider": "sqlite",
        "github_token": "github-secret-token",
        "github_webhook_secret": SECRET,
        "api_token": None,
        "allowed_hosts": (),
        "host": "127.0.0.1",
        "poll_interval": 300,
        **changes,
    }
    return Settings(_env_file=None, **made)


async def open_world(**changes: Any) -> World:
    github = FakeGitHub(hello())
    chosen = settings(github_api_url=github.base, **changes)
    world: World

    def clock() -> datetime:
        return world.now

    runtime = build_runtime(chosen, clock=clock, transport=github.transport())
    app = create_app(chosen, runtime)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")
    world = World(github, app, runtime, client)
    github.clock = clock
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    opened = await open_world()
    yield opened
    await close(opened)


async def close(world: World) -> None:
    await world.http.aclose()
    await world.runtime.client.aclose()
    await world.runtime.manager.close()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield
