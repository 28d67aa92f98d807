"""Who may speak HTTP to the server, in which words, and the server as a part of another application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from github_events_monitor.mcp_server import mcp
from github_events_monitor.mcp_support.transports import MountedServer, http_app
from github_events_monitor.settings import Settings
from tests.integration.mcp.conftest import World
from tests.issuer import AUDIENCE, listening_issuer

BASE = "http://127.0.0.1:8000"
ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of what `serve --transport streamable-http` serves."""
    chosen = Settings.load(**settings)
    app = http_app(mcp, "streamable-http", chosen)
    with mcp.sharing.using(chosen):
        async with mcp.session_manager.run():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=ACCEPT) as client:
                yield client


async def ask(client: httpx.AsyncClient, path: str = "/mcp", **headers: str) -> httpx.Response:
    return await client.post(path, json=INITIALIZE, headers=headers)


async def test_the_token_is_asked_for_where_there_is_one(world: World) -> None:
    async with serving(api_token="s3cret") as client:
        without = await ask(client)
        wrong = await ask(client, Authorization="Bearer s3cre")
        right = await ask(client, Authorization="bearer s3cret")
    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert wrong.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert "s3cret" not in without.text + wrong.text


async def test_the_head_of_a_stream_begins_none(world: World) -> None:
    chosen = Settings.load()
    transport = httpx.ASGITransport(http_app(mcp, "sse", chosen))
    with mcp.sharing.using(chosen):
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            assert (await client.head("/sse")).status_code == 405
            assert (await client.head("/health")).status_code == 200


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {"Host": "127.0.0.1:8000"}, 200),
        ({}, {"Host": "localhost"}, 200),
        ({}, {"Host": "evil.example"}, 403),
        ({}, {"Origin": "http://localhost:6274"}, 200),
        ({}, {"Origin": "https://evil.example"}, 403),
        ({"host": "0.0.0.0", "api_token": "t"}, {"Host": "evil.example"}, 403),
        ({"host": "10.1.2.3", "api_token": "t"}, {"Host": "10.1.2.3:8000"}, 200),
        ({"allowed_hosts": ("monitor.example",)}, {"Host": "monitor.example"}, 200),
        ({"allowed_hosts": ("monitor.example",)}, {"Host": "monitor.example:8443"}, 200),
        ({"allowed_hosts": ("monitor.example:8443",)}, {"Host": "monitor.example:8000"}, 403),
        ({"allowed_hosts": ("monitor.example",)}, {"Host": "127.0.0.1:8000"}, 403),
        (
            {"allowed_hosts": ("127.0.0.1", "https://app.example")},
            {"Host": "127.0.0.1:8000", "Origin": "https://app.example"},
            200,
        ),
    ],
)
async def test_host_and_origin_are_checked(
    world: World, settings: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    async with serving(**settings) as client:
        answered = await ask(client, Authorization="Bearer t", **headers)
    assert answered.status_code == status


async def test_a_part_of_another_app_can_be_started_again_and_again(world: World) -> None:
    for _ in range(2):
        async with (
            MountedServer(mcp).running(Settings.load()) as app,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, headers=ACCEPT) as client,
        ):
            assert (await ask(client)).status_code == 200


@pytest.mark.parametrize(
    ("accept", "answered_with"),
    [
        ("application/json", "application/json"),
        ("application/json; q=1, text/html", "application/json"),
        ("text/event-stream", "text/event-stream"),
        ("application/json, text/event-stream", "text/event-stream"),
        ("*/*", "text/event-stream"),
        ("", "text/event-stream"),
    ],
)
@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_one_accepted_type_suffices(world: World, path: str, accept: str, answered_with: str) -> None:
    async with serving() as client:
        begun = await ask(client, path, Accept=accept)
        assert begun.status_code == 200
        assert begun.headers["content-type"].partition(";")[0] == answered_with
        assert '"github-events-monitor"' in begun.text
        session = {"Accept": accept, "Mcp-Session-Id": begun.headers["mcp-session-id"]}
        ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert (await client.post(path, json=ready, headers=session)).status_code == 202
        call = {"name": "collect_now", "arguments": {"repos": ["octo/hello"]}, "_meta": {"progressToken": 1}}
        request = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
        collected = await client.post(path, json=request, headers=session)
        assert collected.status_code == 200
        if answered_with == "application/json":  # the answer alone, without the progress before it
            assert collected.json()["id"] == 2
            assert collected.json()["result"]["structuredContent"]["repositories"][0]["status"] == "collected"
        else:
            assert "notifications/progress" in collected.text


async def test_a_type_that_is_not_spoken_is_refused(world: World) -> None:
    async with serving() as client:
        assert (await ask(client, Accept="text/html")).status_code == 406
        assert (await client.get("/mcp", headers={"Accept": "application/json"})).status_code == 406


PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,last-event-id,mcp-method,mcp-name,"
    "mcp-protocol-version,mcp-session-id",
    "Sec-Fetch-Site": "cross-site",
}


@pytest.mark.parametrize(
    ("allowed", "page"),
    [
        (("127.0.0.1", "https://app.example"), "https://app.example"),
        (("127.0.0.1", "HTTPS://App.Example"), "https://app.example"),
        (("127.0.0.1", "localhost"), "http://localhost:3000"),
    ],
)
async def test_a_page_of_an_allowed_host_asks_and_reads(world: World, allowed: tuple[str, ...], page: str) -> None:
    async with serving(allowed_hosts=allowed, api_token="s3cret") as client:
        asked = await client.options("/mcp", headers={**PREFLIGHT, "Origin": page})
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, page)
        answered = await ask(client, Origin=page, Authorization="Bearer s3cret", **{"Sec-Fetch-Site": "cross-site"})
        assert (answered.status_code, answered.headers["access-control-allow-origin"]) == (200, page)
        assert "Mcp-Session-Id" in answered.headers["access-control-expose-headers"]
        refused = await ask(client, Origin=page)  # and reads why, too
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, page)


async def test_other_pages_are_refused_before_anything_else(world: World) -> None:
    async with serving(allowed_hosts=("127.0.0.1", "https://app.example"), api_token="s3cret") as client:
        for page in ("https://evil.example", "http://app.example", "null"):
            asked = await client.options("/mcp", headers={**PREFLIGHT, "Origin": page})
            assert (asked.status_code, "access-control-allow-origin" in asked.headers) == (403, False)


async def test_health_is_served_to_those_without_a_token(world: World) -> None:
    async with serving(api_token="s3cret") as client:
        healthy = await client.get("/health", headers={"Host": "10.0.0.7"})
        assert (healthy.status_code, healthy.json()["status"]) == (200, "ok")
        assert (await client.head("/health")).status_code == 200


async def test_tokens_of_an_issuer_and_where_clients_find_it(world: World) -> None:
    with listening_issuer() as issuer:
        async with serving(oidc_issuer=issuer.url, oidc_audience=AUDIENCE) as client:
            refused = await ask(client)
            metadata = f"{BASE}/.well-known/oauth-protected-resource/mcp"
            assert (refused.status_code, refused.headers["www-authenticate"]) == (
                401,
                f'Bearer resource_metadata="{metadata}"',
            )
            described = (await client.get(metadata)).json()
            assert (described["resource"], described["authorization_servers"]) == (f"{BASE}/mcp", [issuer.url])
            ada = {"Authorization": f"Bearer {issuer.token()}"}
            begun = await ask(client, **ada)
            assert begun.status_code == 200
            for wrong in (issuer.token(aud="another"), issuer.token(exp=1), "a.b.c"):
                assert (await ask(client, Authorization=f"Bearer {wrong}")).status_code == 401
            session = {"Mcp-Session-Id": begun.headers["mcp-session-id"]}
            ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            eve = {"Authorization": f"Bearer {issuer.token(sub='eve')}"}
            assert (await client.post("/mcp", json=ready, headers=session | eve)).status_code == 404
            assert (await client.post("/mcp", json=ready, headers=session | ada)).status_code == 202


async def test_where_there_is_no_issuer_there_is_no_metadata(world: World) -> None:
    async with serving() as client:
        assert (await client.get("/.well-known/oauth-protected-resource")).status_code == 404
