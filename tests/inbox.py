"""An HTTP server that takes what the library apprise sends."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Inbox(NamedTuple):
    """What arrived at `url`, whose password is `secret`."""

    url: str
    secret: str
    messages: list[dict[str, Any]]


@contextmanager
def open_inbox() -> Iterator[Inbox]:
    messages: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            messages.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Inbox(f"json://me:hushhush@127.0.0.1:{server.server_port}", "hushhush", messages)
        server.shutdown()
