"""Sessions with the server: in this process by both eras of the protocol, and with a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.types import CallToolResult, TextContent

from github_events_monitor.mcp_server import mcp
from tests.engines import free_port

MEMORY = ("memory-2026", "memory-2025")
TRANSPORTS = (*MEMORY, "stdio", "sse", "streamable-http")
PROGRAM = [sys.executable, "-m", "github_events_monitor"]


@asynccontextmanager
async def connect(transport: str = "memory-2026", **options: Any) -> AsyncIterator[Client]:
    """A client of a server that reads this process's environment."""
    if transport in MEMORY:
        mode = "legacy" if transport == "memory-2025" else "auto"
        async with Client(mcp, **{"mode": mode, **options}) as client:
            yield client
    elif transport == "stdio":
        parameters = StdioServerParameters(command=PROGRAM[0], args=PROGRAM[1:], env=dict(os.environ))
        async with Client(parameters, **options) as client:
            yield client
    else:
        with listening(transport) as (url, _):
            where = sse_client(f"{url}/sse") if transport == "sse" else f"{url}/mcp"
            async with Client(where, **options) as client:
                yield client


@contextmanager
def listening(transport: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server process on a free loopback port; ended by SIGTERM when the test did not end it."""
    port = free_port()
    settings = {**os.environ, "MCP_TRANSPORT": transport, "PORT": str(port), **environment}
    process = subprocess.Popen(PROGRAM, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def size_of(result: CallToolResult) -> int:
    """Bytes of the larger of text and structure (as compact JSON): a client shows its model one of the two."""
    return max(len(text_of(result).encode()), len(orjson.dumps(result.structured_content)))


async def answer(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers, which has to be well."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    structure: dict[str, Any] = result.structured_content
    return structure
