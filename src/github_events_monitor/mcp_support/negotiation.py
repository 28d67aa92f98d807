"""What the specification permits and the SDK refuses: `/mcp/`, and an `Accept` header that names one type only.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server: the client
MUST name application/json and text/event-stream. Clients that name one of them, or none, get an answer that they read.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOTH = b"application/json, text/event-stream"
_JSON = {"application/json", "application/*", "*/*"}
_STREAM = {"text/event-stream", "text/*", "*/*"}
_STREAM_METHOD = "subscriptions/listen"
"""Of 2026-07-28: what it answers is a stream of notifications that never ends."""


class AnyAccept:
    """The streamable HTTP app of the SDK for clients of either kind."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        whole = {**scope, "path": "/mcp", "raw_path": b"/mcp"} if scope["path"] == "/mcp/" else scope
        headers = Headers(scope=scope)
        wanted = {part.partition(";")[0].strip().lower() for part in headers.get("accept", "").split(",")} - {""}
        if not wanted or wanted & _STREAM:
            await self._app(_accepting_both(whole), receive, send)
        elif wanted & _JSON and scope["method"] == "POST" and headers.get("mcp-method") != _STREAM_METHOD:
            await self._app(_accepting_both(whole), receive, _AsJSON(scope, receive, send))
        else:
            await self._app(whole, receive, send)


def _accepting_both(scope: Scope) -> Scope:
    rest = [(name, value) for name, value in scope["headers"] if name != b"accept"]
    return {**scope, "headers": [*rest, (b"accept", BOTH)]}


class _AsJSON:
    """Sends the one answer that an event stream ends with as JSON, and leaves out the notifications before it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._start: Message = {}
        self._body: bytearray | None = None

    async def __call__(self, message: Message) -> None:
        """Take a message of ASGI."""
        if message["type"] == "http.response.start":
            self._start = message
            if Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream"):
                self._body = bytearray()
                return
        if self._body is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(bytes(self._body))

    async def _finish(self, stream: bytes) -> None:
        answers = [found for found in _messages(stream) if "id" in found and ("result" in found or "error" in found)]
        kept = {
            name.decode(): value.decode()
            for name, value in self._start["headers"]
            if name.lower().startswith(b"mcp-") or name.lower() == b"vary"
        }
        content = json.dumps(answers[-1], separators=(",", ":")) if answers else ""
        response = Response(content, self._start["status"], kept, media_type="application/json")
        await response(self._scope, self._receive, self._send)


def _messages(stream: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of an event stream: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    for event in stream.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = b"\n".join(_data(event.split(b"\n")))
        found = json.loads(data) if data else None
        if isinstance(found, dict):
            yield found


def _data(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.startswith(b"data:"):
            yield line[5:].removeprefix(b" ")
