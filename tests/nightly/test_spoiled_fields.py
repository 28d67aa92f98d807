"""A repository of which one field after the other is spoiled, in everything that GitHub answers about it.

All questions are asked over HTTP after each collection, of it and of a sound one beside it: what is spoiled is one
repository's matter, nothing is a defect, and what is told of the sound one stays as it was.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from github_events_monitor.api import create_app
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.runtime import build_runtime
from tests.engines import free_port
from tests.fake_github import NOW, FakeGitHub, Reply, event, iso
from tests.integration.faults.program import PROGRAM, environment, finish, start
from tests.integration.mcp.sessions import wait_for_port
from tests.integration.rest.conftest import World, close, hello, settings
from tests.unit.github.test_tolerance import FULL, TYPES

from .test_hostile import fill

SOUND, SPOILED = "octo/hello", "octo/spoiled"
HOSTILE: tuple[Any, ...] = (
    None, True, -1, 2**64, 10**40, 1e308, "x" * 1_000_000, "\0", "\ud800", "\u202e", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "../../x", {}, {"x": {"y": []}}, [], [[[[]]]], [None, 1, "x"],
)  # fmt: skip
ACROSS = {"status", "whats_new", "trending_repositories"}
"""What is told of all repositories together, or of this moment alone."""


def names_in(value: Any) -> Iterator[str]:
    """Every name of a field, at any depth."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from names_in(inner)


def spoil(value: Any, name: str, hostile: Any) -> Any:
    """The value with this field spoiled wherever it occurs."""
    if isinstance(value, dict):
        return {key: hostile if key == name else spoil(inner, name, hostile) for key, inner in value.items()}
    return [spoil(inner, name, hostile) for inner in value] if isinstance(value, list) else value


class SpoilingGitHub(FakeGitHub):
    """Answers about the spoiled repository with `hostile` as the value of `field`, and with no ETag."""

    def __init__(self) -> None:
        spoiled = hello()
        spoiled.full_name, spoiled.id = SPOILED, 8
        kinds: list[str] = list(TYPES.elements)  # type: ignore[attr-defined]
        spoiled.events += [event(100 + number, kind, "ada", NOW, FULL) for number, kind in enumerate(kinds)]
        fill(spoiled)
        super().__init__(hello(), spoiled)
        self.field, self.hostile = "", None
        self.fields: set[str] = set()

    def answer(self, method: str, url: str, headers: dict[str, str]) -> Reply:
        status, sent, body = super().answer(method, url, {**headers, "if-none-match": ""})
        if SPOILED not in url or status != 200:
            return status, sent, body
        found = json.loads(body)
        self.fields |= {*names_in(found)}
        if self.field:
            body = json.dumps(spoil(found, self.field, self.hostile)).replace("1e+308", "1e+388").encode()
        return status, {name: value for name, value in sent.items() if name.lower() != "etag"}, body


def addresses(repo: str) -> list[str]:
    """Where everything is asked about a repository."""
    found = []
    for question in questions():
        names = question.query.schema()["properties"]
        given = {"repo" if "repo" in names else "repos": repo, "hours": 100, "state": "all", "until": iso(NOW)}
        query = "&".join(f"{name}={value}" for name, value in given.items() if name in names)
        for endpoint in question.endpoints:
            if endpoint.method == "GET" and question.name not in ACROSS and "{" not in endpoint.path:
                found.append(f"{endpoint.path}?{query}")
    return found


async def answers(world: World, repo: str) -> dict[str, httpx.Response]:
    """What is answered about a repository at once, with health asked beside it."""
    paths = ["/health", *addresses(repo)]
    found = await asyncio.gather(*(world.http.get(path, headers={"Prefer": "wait=0"}) for path in paths))
    assert found[0].status_code == 200
    return dict(zip(paths[1:], found[1:], strict=True))


async def told(world: World) -> dict[str, Any]:
    """What is told of the sound repository, but for the time of the answer."""
    return {path: answer.json() | {"now": None} for path, answer in (await answers(world, SOUND)).items()}


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda value: repr(value)[:20])
async def test_a_spoiled_field_is_the_matter_of_its_repository(hostile: Any) -> None:
    github = SpoilingGitHub()
    chosen = settings(github_api_url=github.base)
    world: World
    runtime = build_runtime(chosen, clock=lambda: world.now, transport=github.transport())
    app = create_app(chosen, runtime)
    world = World(
        github, app, runtime, httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")
    )
    github.clock = lambda: world.now
    try:
        await world.http.post("/collect", json={"repos": [SOUND, SPOILED]})
        world.pass_time(hours=30)  # a window that is over is told alike whenever it is asked about
        before = await told(world)
        for field in sorted(github.fields):
            github.field, github.hostile = field, hostile
            world.pass_time(minutes=2)  # so that what may be asked in a minute is never spent
            collected = await world.http.post("/collect", json={"repos": [SPOILED]})
            assert collected.status_code == 200, (field, collected.text[:500])
            for path, answer in (await answers(world, SPOILED)).items():
                said = answer.json()
                assert answer.status_code < 500 or said["code"] in {"unreachable", "rate_limited"}, (field, path, said)
                assert "unexpected" not in answer.text, (field, path, said)
        assert await told(world) == before
    finally:
        await close(world)


SLICES = 4
"""Of the fields; one program visits as many as a GitHub may be asked for within a minute."""


@pytest.mark.parametrize("part", range(SLICES))
def test_a_server_collects_what_is_spoiled_over_a_socket_and_answers(part: int, tmp_path: Path) -> None:
    github, port = SpoilingGitHub(), free_port()
    with github.serve() as url:
        env = environment(tmp_path, GITHUB_API_URL=url, GITHUB_TOKEN="token", PORT=str(port))
        process = start(PROGRAM, "api", env=env, cwd=tmp_path)
        try:
            wait_for_port(port, process)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
                visit(http, github, part)
        finally:
            process.terminate()
            ended = finish(process)
    assert (ended.code, b"ERROR" in ended.err, b"Traceback" in ended.err) == (0, False, False), ended.err[-2_000:]


def visit(http: httpx.Client, github: SpoilingGitHub, part: int) -> None:
    """Have one field after the other collected, each with another hostile value, and ask everything."""
    assert http.post("/collect", json={"repos": [SOUND, SPOILED]}).status_code == 200
    for number, field in enumerate(sorted(github.fields)[part::SLICES], part):
        github.field, github.hostile = field, HOSTILE[number % len(HOSTILE)]
        collected = http.post("/collect", json={"repos": [SPOILED]})
        assert collected.status_code == 200, (field, collected.text[:500])
        assert http.get("/health").status_code == 200
        for path in addresses(SPOILED):
            answer = http.get(path, headers={"Prefer": "wait=0"})
            assert answer.status_code < 500 or answer.json()["code"] in {"unreachable", "rate_limited"}, (field, path)
            assert "unexpected" not in answer.text, (field, path, answer.text[:500])
    assert all(http.get(path, headers={"Prefer": "wait=0"}).status_code == 200 for path in addresses(SOUND))
