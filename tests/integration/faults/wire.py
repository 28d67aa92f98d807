"""A server that breaks HTTP itself, and a collector that asks it over real connections with short time-outs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from pydantic import SecretStr

from github_events_monitor.collecting.collector import Collector
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from tests.fake_github import FakeGitHub
from tests.integration.collecting.conftest import World, build

Trouble = Literal["drop", "reset", "cut", "drip", "hang", "garbage", "endless headers"]
TIMEOUT = 0.4
"""Seconds that one request may take here."""


class WireGitHub:
    """Passes honest answers of a fake on while `trouble` is null; `seen` has the head of every request."""

    def __init__(self, github: FakeGitHub) -> None:
        self.github = github
        self.trouble: Trouble | None = None
        self.seen: list[str] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Its base URL on loopback."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.github.base = f"http://127.0.0.1:{port}"
        async with server:
            yield self.github.base

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.seen.append(head)
            if self.trouble is None:
                writer.write(self._honest(head))
                await writer.drain()
            else:
                await self._break(self.trouble, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has given up, which is what these tests are about
        finally:
            writer.close()

    def _honest(self, head: str) -> bytes:
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        status, extra, body = self.github.answer(method, self.github.base + path, headers)
        shown = {**extra, "Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in shown.items()), "", ""]
        return "\r\n".join(lines).encode() + body

    async def _break(self, trouble: Trouble, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        json = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        match trouble:
            case "reset":
                writer.transport.abort()
            case "cut":
                writer.write(json + b'Content-Length: 5000\r\n\r\n[{"id": "1", "type')
            case "garbage":
                writer.write(b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n")
            case "hang":
                await reader.read()
            case "drip":
                writer.write(json + b"Content-Length: 100000000\r\n\r\n")
                await self._endlessly(b" " * 50, writer)
            case "endless headers":
                writer.write(json)
                await self._endlessly(b"X-More: and more\r\n" * 50, writer)

    async def _endlessly(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        while not writer.transport.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)


def asking(github: FakeGitHub, url: str, *, token: str = "token") -> World:
    """A world whose collector asks a URL over the network, a fraction of a second at a time."""
    world = build(github)
    client = GitHubClient(url, StaticToken(SecretStr(token), "test"), world.clock, timeout=TIMEOUT)
    world.collector = Collector(world.manager, client, clock=world.clock, with_token=True)
    context = QuestionContext(
        manager=world.manager,
        clock=world.clock,
        refresh=world.collector.refresh,
        fetch_details=world.collector.fetch_details,
    )
    world.service = DatabaseService(context)
    return world
