"""Serving over stdio, SSE and streamable HTTP. The runtime with its background polling lives as long as the server."""

import asyncio
from typing import Literal

from ..settings import Settings
from .server import MonitorServer
from .stdio import stdin_ending_on_signal

TransportName = Literal["stdio", "sse", "streamable-http"]


def serve(server: MonitorServer, transport: TransportName, settings: Settings) -> None:
    """Serve until the client leaves (stdio) or the program is stopped. Raises `MonitorError` where it cannot."""
    with server.sharing.using(settings):
        server.sharing.offered()  # a name in TOOLS that no tool has is said before anything is served
        if transport == "stdio":
            with stdin_ending_on_signal():
                asyncio.run(server.run_stdio_async())
            return
        from ..http.listening import listen  # noqa: PLC0415 - over stdio nobody needs HTTP, and its client waits
        from .transports import http_app  # noqa: PLC0415 - likewise

        listen(http_app(server, transport, settings), settings, server.sharing.runtime)
