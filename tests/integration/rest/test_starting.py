"""Servers as containers and supervisors see them: the image's own health check, and databases that fail late."""

import http.server
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from .test_serving import ROOT, ask, server, wait_until_it_listens

COMMANDS = [("api",), ("serve", "--transport", "streamable-http"), ("serve", "--transport", "sse")]
PROGRAM = "src.github_events_monitor"


def check(port: int) -> int:
    """Exit code of the very command of the HEALTHCHECK line; a proxy that is set is none for the container itself."""
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    (line,) = re.findall(r"^HEALTHCHECK [^[]*CMD (\[.*?\])$", text, re.MULTILINE | re.DOTALL)
    python, *arguments = json.loads(line)
    assert python == "python"
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, timeout=30, check=False
    ).returncode


@pytest.mark.parametrize("command", COMMANDS)
def test_the_images_health_check_asks_what_each_server_has(tmp_path: Path, command: tuple[str, ...]) -> None:
    public = {"HOST": "0.0.0.0", "API_TOKEN": "marked-token", "ALLOWED_HOSTS": "monitor.example"}
    with server(tmp_path, PROGRAM, *command, **public) as (process, port):
        wait_until_it_listens(process, port)
        assert check(port) == 0
    assert check(port) != 0
    task = (ROOT / "deploy" / "ecs-task-definition.json").read_text()
    assert (
        json.loads(task)["containerDefinitions"][0]["healthCheck"]["command"][-1]
        in (ROOT / "deploy" / "Dockerfile").read_text()
    )


@contextmanager
def refusing(after: float) -> Iterator[str]:
    """An endpoint that takes its time and then says that this is not allowed."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            stopping.wait(after)
            body = b'{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not authorized"}'
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    stopping = threading.Event()
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        stopping.set()
        listening.shutdown()
        thread.join()
        listening.server_close()


def until_logged(folder: Path, words: str) -> None:
    deadline = time.monotonic() + 30
    while words not in (folder / "log").read_text():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)


def errors_in(folder: Path) -> list[str]:
    return [line for line in (folder / "log").read_text().splitlines() if "cannot be used" in line]


@pytest.mark.parametrize("command", [("api",), ("serve", "--transport", "streamable-http")])
def test_a_database_that_refuses_late_is_said_once_and_in_every_answer(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with refusing(1.5) as url:
        elsewhere = {
            "DATABASE_PROVIDER": "dynamodb",
            "DYNAMODB_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "dummy",
            "AWS_SECRET_ACCESS_KEY": "dummy",
        }
        with server(tmp_path, PROGRAM, *command, **elsewhere) as (process, port):
            wait_until_it_listens(process, port)
            until_logged(tmp_path, "cannot be used")
            health, _ = ask(port, "GET", "/health")
            assert health == 503
            if command == ("api",):
                for path in (
                    "/commits/recent?repo=octo/hello",
                    "/events/recent?repo=octo/hello",
                    "/issues?repo=octo/hello",
                ):
                    status, body = ask(port, "GET", path)
                    assert (status, json.loads(body)["code"]) == (503, "internal"), body
            assert process.poll() is None
    assert len(errors_in(tmp_path)) == 1
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_file_that_another_program_has_locked_is_said_in_every_answer_until_it_lets_go(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE other (id)")
        other.execute("BEGIN EXCLUSIVE")
        with server(tmp_path, PROGRAM, "api") as (process, port):
            wait_until_it_listens(process, port)
            assert ask(port, "GET", "/health")[0] == 503
            status, body = ask(port, "GET", "/commits/recent?repo=octo/hello")
            assert (status, json.loads(body)["code"]) == (503, "unreachable"), body
            other.execute("COMMIT")
            other.close()
            assert process.poll() is None
    assert "Traceback" not in (tmp_path / "log").read_text()
