"""Clients are told when something new was stored for a repository, in both eras of the protocol."""

from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated
from mcp.types import ResourceUpdatedNotification

from github_events_monitor.mcp_server import mcp
from tests.fake_github import commit, event
from tests.integration.mcp.conftest import World
from tests.integration.mcp.sessions import answer, connect

# The client warns that the newer era has no resources/subscribe: here the older one is meant.
pytestmark = pytest.mark.filterwarnings(r"ignore:resources/(un)?subscribe:mcp.shared.exceptions.MCPDeprecationWarning")

URI = "github-events://repositories/Octo/hello/commits?hours=48"


def push(world: World, number: int) -> None:
    world.repository.commits.insert(0, commit(number, world.now))
    happened = event(number, "WatchEvent", "eve", world.now, {"action": "started"}, "octo/Hello")
    world.repository.events.insert(0, happened)


@pytest.mark.parametrize("transport", ["memory-2025", "stdio", "streamable-http", "sse"])
async def test_a_subscriber_of_the_older_era_is_told_until_it_unsubscribes(transport: str, world: World) -> None:
    send, received = anyio.create_memory_object_stream[str](100)

    async def note(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            await send.send(str(message.params.uri))

    with send, received:
        async with connect(transport, mode="legacy", message_handler=note) as client:
            assert client.server_capabilities.resources is not None
            assert client.server_capabilities.resources.subscribe
            await client.subscribe_resource(URI)
            await client.subscribe_resource("github-events://repositories/octo/other/commits")
            await answer(client, "collect_now", repos=["octo/hello"])
            with anyio.fail_after(5):
                assert await received.receive() == URI
            await client.unsubscribe_resource(URI)
            await answer(client, "watch_repositories")
            while received.statistics().current_buffer_used:
                assert received.receive_nowait() == URI
            push(world, 800)
            assert (await answer(client, "collect_now", repos=["octo/hello"]))["repositories"][0]["new_commits"] == 1
            assert received.statistics().current_buffer_used == 0


@pytest.mark.parametrize("transport", ["memory-2026", "stdio", "streamable-http"])
async def test_a_listener_of_the_newer_era_is_told_with_the_uri_it_asked_for(transport: str, world: World) -> None:
    async with connect(transport) as client, client.listen(resource_subscriptions=[URI]) as stream:
        await answer(client, "collect_now", repos=["octo/hello"])
        with anyio.fail_after(5):
            assert await anext(aiter(stream)) == ResourceUpdated(uri=URI)


@pytest.mark.parametrize("path", ["commits/octo/hello/0123456", "nonsense", "repositories/octo/hello/stars"])
async def test_what_never_changes_cannot_be_subscribed_to(world: World, path: str) -> None:
    async with connect("memory-2025") as client:
        with pytest.raises(MCPError, match=r"invalid: .* is not a resource that changes"):
            await client.subscribe_resource(f"github-events://{path}")


async def test_subscriptions_end_with_their_session(world: World) -> None:
    async with connect("memory-2025") as old, connect("memory-2026") as new:
        await old.subscribe_resource(URI)
        await old.subscribe_resource("github-events://status")
        async with new.listen(resource_subscriptions=[URI]):
            assert mcp.subscriptions.count() == 3
    assert mcp.subscriptions.count() == 0
