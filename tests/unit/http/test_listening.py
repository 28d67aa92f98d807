"""Connections that bring too little, too late or too many; the app is a few lines here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from github_events_monitor.http import listening
from github_events_monitor.http.listening import make_server, open_port

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"


begun: asyncio.Queue[None] = asyncio.Queue()
"""Requests whose head has come."""


async def answer(request: Request) -> PlainTextResponse:
    begun.put_nowait(None)
    if "unread" not in request.headers:
        await request.body()
    return PlainTextResponse("done")


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    server = make_server(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])]))
    with open_port("127.0.0.1", 0) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


async def request(connection: Connection) -> bytes:
    """Ask whole and return the answer."""
    reader, writer = connection
    writer.write(HEAD + b"12345")
    answered = await reader.readuntil(b"done")
    return answered.partition(b"\r\n")[0]


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(20):
            return await reader.read() == b""
    except ConnectionError:
        return True


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HEAD_WITHIN", 0.05)
    monkeypatch.setattr(listening, "BODY_ENDS_WITHIN", 0.05)


@pytest.mark.parametrize("part", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n", HEAD, HEAD + b"1234"])
@pytest.mark.parametrize("asked_before", [0, 1, 2])
async def test_each_request_of_a_connection_has_its_deadline(part: bytes, asked_before: int) -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(asked_before):
            assert await request((reader, writer)) == b"HTTP/1.1 200 OK"
        writer.write(part)
        assert await is_closed(reader)
        writer.close()


async def test_a_body_that_the_app_did_not_read_has_a_deadline_too() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD.replace(b"\r\n\r\n", b"\r\nUnread: 1\r\n\r\n") + b"1")
        assert b"done" in await reader.readuntil(b"done")
        assert await is_closed(reader)
        writer.close()


async def test_the_oldest_idle_connection_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(listening, "HEAD_WITHIN", 60.0)
    async with serving() as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        newest = await asyncio.open_connection("127.0.0.1", port)
        assert await request(newest) == b"HTTP/1.1 200 OK"
        assert await is_closed(idle[0][0])
        assert await request(idle[1]) == b"HTTP/1.1 200 OK"
        for _, writer in (*idle, newest):
            writer.close()


async def test_where_none_is_idle_a_new_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(listening, "HEAD_WITHIN", 60.0)
    monkeypatch.setattr(listening, "BODY_ENDS_WITHIN", 60.0)
    while not begun.empty():
        begun.get_nowait()
    async with serving() as port:
        busy = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _, writer in busy:
            writer.write(HEAD + b"1")
        for _ in busy:
            await begun.get()
        reader, third = await asyncio.open_connection("127.0.0.1", port)
        assert await is_closed(reader)
        for each, writer in busy:
            writer.write(b"2345")
            assert b"done" in await each.readuntil(b"done")
            writer.close()
        third.close()
