"""Nonsense through the surfaces themselves: every call is answered, none with a crash."""

from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from github_events_monitor.mcp_server import mcp
from tests.integration.mcp.conftest import World, world
from tests.integration.mcp.sessions import connect, text_of
from tests.integration.rest.conftest import close, open_world
from tests.integration.security.bad import NAMES

__all__ = ["world"]

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    float("1e308"),
    "",
    " ",
    "24",
    "a" * 5000,
    "\x00",
    "\u202e",
    [],
    ["x"],
    [["octo/hello"]],
    [None],
    {},
    {"repo": "octo/hello"},
    '["octo/hello"]',
    "[" * 50_000,
    *(name for name in NAMES if name.isprintable()),
)
CODES = {"invalid", "not_found", "rate_limited", "forbidden", "unreachable"}


async def test_a_tool_called_with_nonsense_says_what_is_wrong(world: World) -> None:
    chance = Random(5)
    tools = {tool.name: list(tool.parameters["properties"]) for tool in mcp._tool_manager.list_tools()}
    async with connect() as client:
        for _ in range(400):
            name = chance.choice(list(tools))
            chosen = chance.sample([*tools[name], "bogus", "Repo"], k=chance.randrange(1, len(tools[name]) + 2))
            arguments = {argument: chance.choice(ODD) for argument in chosen}
            if chance.random() < 0.5 and "repo" in tools[name]:
                arguments["repo"] = "octo/hello"
            result = await client.call_tool(name, arguments)
            if result.is_error:
                assert text_of(result).partition(":")[0] in CODES, (name, arguments, text_of(result))
                assert len(text_of(result)) < 1_500
            else:
                assert result.structured_content is not None


PATHS = (
    "/commits/recent",
    "/commits/{}",
    "/commits/{}/files",
    "/events/recent",
    "/metrics/repository-health",
    "/metrics/event-counts",
    "/metrics/trending",
    "/metrics/developer-productivity",
    "/metrics/security-monitoring",
    "/metrics/event-anomalies",
    "/metrics/release-deployment",
    "/monitoring/commits",
    "/{}",
)
QUERIES = ("repo", "repos", "hours", "limit", "until", "cursor", "branch", "author", "actor", "event_types", "bogus")


async def test_a_page_asked_for_with_nonsense_says_what_is_wrong() -> None:
    chance, opened = Random(5), await open_world()
    odd = [str(value) for value in ODD if len(str(value)) < 9_000]
    for _ in range(400):
        path = chance.choice(PATHS).replace("{}", quote(chance.choice(odd), safe=""))
        query = {name: chance.choice(odd) for name in chance.sample(QUERIES, k=chance.randrange(5))}
        if chance.random() < 0.5:
            query["repo"] = "octo/hello"
        answer = await opened.http.get(path, params=query)
        assert answer.status_code in {200, 304, 400, 404, 422}, (path, query, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert len(answer.content) < 3_000, (path, query)
    await close(opened)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"repos": "x"}', b'{"repos": [1]}', b"\xff", b"[" * 50_000]
)
async def test_a_collection_asked_for_with_nonsense_says_what_is_wrong(body: bytes) -> None:
    opened = await open_world()
    answer = await opened.http.post("/collect", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400, 422}, answer.text
    assert len(answer.content) < 3_000
    await close(opened)
