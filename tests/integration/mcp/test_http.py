"""Who may speak HTTP to the server, and the server as a part of another application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from github_events_monitor.mcp_server import mcp
from github_events_monitor.mcp_support.transports import MountedServer
from github_events_monitor.settings import Settings
from tests.integration.mcp.conftest import World

ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@asynccontextmanager
async def mounted(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    endpoint = MountedServer(mcp)
    async with endpoint.running(Settings.load(**settings)):
        transport = httpx.ASGITransport(endpoint)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=ACCEPT) as client:
            yield client


async def ask(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.post("/mcp", json=INITIALIZE, headers=headers)


async def test_the_token_is_asked_for_where_there_is_one(world: World) -> None:
    async with mounted(api_token="s3cret") as client:
        without = await ask(client)
        wrong = await ask(client, Authorization="Bearer s3cre")
        right = await ask(client, Authorization="bearer s3cret")
    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert wrong.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert "s3cret" not in without.text + wrong.text


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {"Host": "127.0.0.1:8000"}, 200),
        ({}, {"Host": "localhost"}, 200),
        ({}, {"Host": "evil.example"}, 421),
        ({}, {"Origin": "http://localhost:6274"}, 200),
        ({}, {"Origin": "https://evil.example"}, 403),
        ({"host": "0.0.0.0", "api_token": "t"}, {"Host": "evil.example"}, 421),
        ({"host": "10.1.2.3", "api_token": "t"}, {"Host": "10.1.2.3:8000"}, 200),
        ({"allowed_hosts": ("monitor.example",)}, {"Host": "monitor.example"}, 200),
        ({"allowed_hosts": ("monitor.example",)}, {"Host": "monitor.example:8443"}, 200),
        ({"allowed_hosts": ("monitor.example:8443",)}, {"Host": "monitor.example:8000"}, 421),
        ({"allowed_hosts": ("monitor.example",)}, {"Host": "127.0.0.1:8000"}, 421),
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
    async with mounted(**settings) as client:
        answered = await ask(client, Authorization="Bearer t", **headers)
    assert answered.status_code == status


async def test_outside_of_a_lifespan_it_says_so(world: World) -> None:
    transport = httpx.ASGITransport(MountedServer(mcp))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answered = await ask(client)
    assert answered.status_code == 503
    assert "lifespan" in answered.json()["message"]


async def test_it_can_be_started_again_and_again(world: World) -> None:
    for _ in range(2):
        async with mounted() as client:
            assert (await ask(client)).status_code == 200
