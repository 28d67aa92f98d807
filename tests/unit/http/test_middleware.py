"""Bounds on bodies and time, as plain ASGI."""

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from github_events_monitor.http import middleware
from github_events_monitor.http.middleware import BodyLimit, ErrorBoundary


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, then waits for the client to leave."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


async def ask(app: ASGIApp, chunks: Iterable[bytes] = (b"",), path: str = "/commits/recent", **headers: str) -> Any:
    """(status, body) of an answer; a client whose chunks are spent sends nothing more."""
    sent: list[Message] = []
    waiting = iter(list(chunks))

    async def receive() -> Message:
        chunk = next(waiting, None)
        if chunk is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunk, "more_body": chunk != b""}

    async def send(message: Message) -> None:
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "headers": named}
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_a_body_within_the_bound_passes_whole() -> None:
    assert await ask(BodyLimit(read_all), [b"x" * 1000] * 3 + [b""]) == (200, b"3000")


async def test_a_body_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "MAX_BODY", 2500)
    status, body = await ask(BodyLimit(read_all), [b"x" * 1000] * 3 + [b""])
    assert (status, json.loads(body)["code"]) == (413, "invalid")


@pytest.mark.parametrize("length", ["-1", "many", "99999999999", "１"])
async def test_a_length_that_is_too_large_or_no_number_is_refused(length: str) -> None:
    assert (await ask(BodyLimit(never), content_length=length))[0] == 413


async def test_a_body_of_more_values_than_any_question_takes_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "MAX_VALUES", 20)
    assert (await ask(BodyLimit(read_all), [b"[1,1," * 4, b""]))[0] == 200
    status, body = await ask(BodyLimit(read_all), [b"[1,1," * 4] * 2 + [b""])
    assert (status, b"at most 20 values here" in body) == (413, True)


async def test_what_an_app_answers_to_a_body_that_it_did_not_get_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def catches_all(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await read_all(scope, receive, send)
        except Exception:  # noqa: BLE001 - as the SDK of MCP does
            await PlainTextResponse("it went wrong", 500)(scope, receive, send)

    monkeypatch.setattr(middleware, "MAX_VALUES", 20)
    status, body = await ask(BodyLimit(catches_all), [b"[1,1," * 8, b""])
    assert (status, b"at most 20 values here" in body) == (413, True)


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "BODY_WITHIN", 0.01)
    assert (await ask(BodyLimit(read_all), [b"x"]))[0] == 408


async def test_an_answer_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "ANSWER_WITHIN", 0.01)
    status, body = await ask(ErrorBoundary(never))
    assert (status, json.loads(body)["code"]) == (503, "unreachable")


async def test_collecting_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "ANSWER_WITHIN", 0.0)
    assert (await ask(ErrorBoundary(read_all), path="/collect"))[0] == 200


async def test_a_client_that_leaves_amid_its_body_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Message] = []

    async def read_body(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    with caplog.at_level(logging.INFO):
        scope = {"type": "http", "method": "POST", "path": "/collect", "headers": []}
        await ErrorBoundary(BodyLimit(read_body))(scope, receive, send)
    assert (caplog.text, sent) == ("", [])
