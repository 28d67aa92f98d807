"""What goes wrong, as application/problem+json, and never with a traceback or a secret in it."""

import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest

from github_events_monitor.api import create_app
from github_events_monitor.errors import DatabaseUnreachable
from github_events_monitor.http.middleware import MAX_BODY, MAX_DELIVERY
from tests.fake_github import NOW

from .conftest import World, close, open_world

FIELDS = {"type", "title", "status", "detail", "code", "message", "retry_at"}


def check(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a problem that is as it should be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body.keys() == FIELDS
    assert (body["status"], body["code"], body["detail"]) == (status, code, body["message"])
    return body


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/commits/recent?repo=octo/hello&hous=24", "did you mean 'hours'?"),
        ("/commits/recent", "repo is missing"),
        ("/commits/recent?repo=octo/hello&repo=octo/world", "repo is given more than once; it takes one value"),
        ("/commits/recent?repo=octo", "owner/name"),
        ("/commits/recent?repo=octo/hello&hours=0", "from 1 to 8760"),
        ("/commits/recent?repo=octo/hello&hours=9000", "from 1 to 8760"),
        ("/commits/recent?repo=octo/hello&hours=many", 'hours must be a whole number from 1 to 8760, not "many"'),
        (
            "/events/recent?repo=octo/hello&event_types=pushes",
            "'pushes' is not an event type; did you mean 'PushEvent'?",
        ),
        ("/commits/recent?repo=octo/hello&hours=2&since=2026-11-01", "give hours or since, not both"),
        ("/commits/recent?repo=octo/hello&limit=101", "from 1 to 100"),
        ("/commits/recent?repo=octo/hello&until=2030-01-01", "future"),
        ("/commits/recent?repo=octo/hello&until=soon", "ISO 8601"),
        ("/commits/recent?repo=octo/hello&cursor=abc", "cursor"),
        ("/commits/zzz?repo=octo/hello", "hexadecimal"),
        ("/metrics/developer-productivity", "actor"),
        ("/metrics/trending?repo=octo/hello", "no argument"),
    ],
)
async def test_bad_input_is_refused_in_a_sentence(world: World, path: str, said: str) -> None:
    assert said in check(await world.http.get(path), 422, "invalid")["message"]


async def test_a_list_may_come_one_by_one(world: World) -> None:
    together = (await world.http.get("/monitoring/commits?repos=octo/hello,octo/none")).json()
    apart = (await world.http.get("/monitoring/commits?repos=octo/hello&repos=octo/none")).json()
    assert [row["repo"] for row in apart["repositories"]] == [row["repo"] for row in together["repositories"]]
    assert len(apart["repositories"]) == 2


async def test_a_body_that_is_no_json_is_400_and_one_that_does_not_fit_422(world: World) -> None:
    json = {"Content-Type": "application/json"}
    check(await world.http.post("/collect", content=b"{", headers=json), 400, "invalid")
    check(await world.http.post("/collect", content=b"[]", headers=json), 422, "invalid")
    body = check(await world.http.post("/collect", json={"repo": ["a/b"]}), 422, "invalid")
    assert "did you mean 'repos'?" in body["message"]
    body = check(await world.http.post("/collect", json={"repos": 5}), 422, "invalid")
    assert body["message"] == "repos must be a list of texts, not 5"
    assert (await world.http.post("/collect", json={"repos": None})).status_code == 200


async def test_paths_and_methods_that_do_not_exist(world: World) -> None:
    check(await world.http.get("/commit/recent"), 404, "not_found")
    check(await world.http.get("/collect"), 405, "invalid")


async def test_a_repository_that_github_does_not_show_is_404(world: World) -> None:
    body = check(await world.http.get("/commits/recent?repo=octo/none"), 404, "not_found")
    assert "octo/none" in body["message"]


async def test_a_spent_limit_says_when_to_come_back(world: World) -> None:
    world.github.remaining = 0
    response = await world.http.get("/commits/recent?repo=octo/hello")
    body = check(response, 429, "rate_limited")
    assert body["retry_at"] == (NOW + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert int(response.headers["retry-after"]) == 3600


async def test_githubs_outage_is_502_only_where_nothing_is_stored(world: World) -> None:
    world.github.faults.append(lambda _: (503, {}, b"<html>unicorn</html>"))
    check(await world.http.get("/commits/recent?repo=octo/hello"), 502, "unreachable")
    world.github.faults.clear()
    await world.get("/commits/recent", repo="octo/hello")
    world.github.faults.append(lambda _: (503, {}, b"<html>unicorn</html>"))
    world.pass_time(minutes=20)
    assert "collecting failed" in (await world.get("/commits/recent", repo="octo/hello"))["coverage"]["note"]


async def test_a_forbidden_repository_is_403(world: World) -> None:
    world.github.fail(1, 403, body=b'{"message": "Resource not accessible by personal access token"}')
    check(await world.http.get("/commits/recent?repo=octo/hello"), 403, "forbidden")


async def test_a_database_that_does_not_answer_is_503_everywhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> None:
        raise DatabaseUnreachable("the database does not answer")

    async def unhealthy() -> dict[str, Any]:
        return {"status": "unhealthy", "provider": "sqlite", "error": "the database does not answer"}

    monkeypatch.setattr(world.runtime.manager.connection, "open", gone)
    monkeypatch.setattr(world.runtime.manager.connection, "health", unhealthy)
    check(await world.http.get("/metrics/trending"), 503, "unreachable")
    check(await world.http.post("/collect", json={"repos": ["octo/hello"]}), 503, "unreachable")
    health = await world.get("/health", 503)
    assert health == {"status": "error", "database": await unhealthy()}
    assert "github_events_monitor_database_up 0.0" in (await world.http.get("/prometheus")).text


async def test_a_defect_is_a_500_that_says_nothing_of_the_inside(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(world.runtime.manager.events), "get_trending", broken)
    with caplog.at_level(logging.ERROR):
        body = check(await world.http.get("/metrics/trending"), 500, "internal")
    assert "inside" not in str(body)
    assert "GET /metrics/trending failed" in caplog.text


async def test_settings_that_are_not_accepted_are_a_500_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PROVIDER", "marked-value")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://x") as client:
        body = check(await client.get("/health"), 500, "internal")
    assert "marked-value" not in str(body)


async def test_bodies_have_a_bound_whether_announced_or_not(world: World) -> None:
    announced = await world.http.post("/collect", headers={"Content-Length": str(MAX_BODY + 1)}, content=b"{}")
    check(announced, 413, "invalid")

    async def endless() -> Any:
        while True:
            yield b" " * 1_000_000

    check(await world.http.post("/collect", content=endless()), 413, "invalid")
    signed = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    announced = await world.http.post("/webhooks/github", headers={**signed, "Content-Length": str(MAX_DELIVERY + 1)})
    check(announced, 413, "invalid")
    check(await world.http.post("/webhooks/github", headers=signed, content=endless()), 413, "invalid")


async def test_without_the_token_nothing_but_health_is_answered() -> None:
    world = await open_world(api_token="marked-token")
    try:
        assert (await world.http.get("/health")).status_code == 200
        for path in ("/metrics/trending", "/docs", "/openapi.json", "/prometheus", "/mcp", "/nope"):
            refused = await world.http.get(path)
            check(refused, 401, "forbidden")
            assert refused.headers["www-authenticate"] == "Bearer"
        for wrong in ("Bearer marked-toke", "Bearer", "Basic marked-token", "Bearer märked"):
            refused = await world.http.get("/metrics/trending", headers={b"Authorization": wrong.encode()})
            check(refused, 401, "forbidden")
            assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        right = {"Authorization": "bearer marked-token"}
        assert (await world.http.get("/metrics/trending", headers=right)).status_code == 200
        unsigned = check(await world.http.post("/webhooks/github", content=b"{}"), 401, "forbidden")
        assert "X-Hub-Signature-256" in unsigned["message"]
    finally:
        await close(world)


async def test_no_answer_holds_a_secret() -> None:
    world = await open_world(api_token="marked-token")
    secrets = ("marked-token", "github-secret-token", "webhook-secret")
    world.http.headers["Authorization"] = "Bearer marked-token"
    try:
        for path in ("/health", "/openapi.json", "/prometheus", "/commits/recent?repo=octo/hello", "/nope", "/mcp"):
            response = await world.http.get(path)
            assert not any(secret in response.text + str(response.headers) for secret in secrets), path
    finally:
        await close(world)
