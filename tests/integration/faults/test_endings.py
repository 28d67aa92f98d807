"""Servers and commands that are ended while they work: promptly, in silence, the database sound and free."""

import contextlib
import json
import signal
import sqlite3
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engines import free_port
from tests.fake_github import FakeGitHub
from tests.integration.collecting.conftest import hello
from tests.integration.faults.program import PROGRAM, Process, contents, environment, finish, start
from tests.integration.mcp.sessions import wait_for_port

PROMPTLY = 12
"""Seconds, on a machine that does much else."""

HURRIED = [
    sys.executable,
    "-c",
    "from github_events_monitor.http import listening\n"
    "listening.GRACE = 1\n"
    "from github_events_monitor.cli import main\n"
    "raise SystemExit(main())",
]
"""The program, with a second instead of ten for requests that had begun."""

INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
NOISE = (b"Traceback", b"never retrieved", b"was destroyed", b"never awaited", b"ERROR", b"ResourceWarning")


class SlowGitHub(FakeGitHub):
    """Answers the repository at once, and its commits when `gate` opens; `asked` is set when somebody waits there."""

    def __init__(self) -> None:
        super().__init__(hello())
        self.gate, self.asked = threading.Event(), threading.Event()
        self.faults.append(self._wait)

    def _wait(self, path: str) -> None:
        if path.endswith("/commits"):
            self.asked.set()
            self.gate.wait(60)

    @contextmanager
    def open_for_business(self) -> Iterator[str]:
        """Yield its URL; no request is left waiting at the end."""
        with self.serve() as url:
            try:
                yield url
            finally:
                self.gate.set()


@pytest.fixture
def slow() -> Iterator[tuple[SlowGitHub, str]]:
    github = SlowGitHub()
    with github.open_for_business() as url:
        yield github, url


class Session:
    """A client of a stdio server, word by word."""

    def __init__(self, process: Process) -> None:
        self.process, self._number = process, 0
        self.answer(self.send("initialize", INITIALIZE))
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def send(self, method: str, params: dict[str, Any]) -> int:
        self._number += 1
        self._write({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return self._number

    def call(self, tool: str, **arguments: Any) -> int:
        return self.send("tools/call", {"name": tool, "arguments": arguments})

    def answer(self, number: int) -> Any:
        """The answer to that message; what else is said meanwhile is passed over."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            message = json.loads(line)
            if message.get("id") == number and "method" not in message:
                return message["result"]
        raise AssertionError("the server ended")


def holder_of(path: Path) -> str:
    """Return who holds the repository; empty where nobody does, whether or not a row of it is left."""
    with closing(sqlite3.connect(path)) as db:
        row = db.execute(
            "SELECT data FROM event_patterns WHERE repo_name = '#state#octo/hello' AND event_pattern_detected = 'lease'"
        ).fetchone()
    return str(json.loads(row[0])["owner"]) if row else ""


def quiet(log: bytes) -> bool:
    return not any(word in log for word in NOISE)


@pytest.mark.parametrize("ending", ["closed stdin", "SIGTERM", "SIGINT"])
def test_a_stdio_server_ends_in_the_middle_of_a_collection(
    ending: str, slow: tuple[SlowGitHub, str], tmp_path: Path
) -> None:
    github, url = slow
    process = start(PROGRAM, env=environment(tmp_path, GITHUB_API_URL=url, LOG_LEVEL="INFO"), cwd=tmp_path, stdin=-1)
    session = Session(process)
    session.call("collect_now", repos=["octo/hello"])
    assert github.asked.wait(20)
    if ending != "closed stdin":
        process.send_signal(getattr(signal, ending))
        assert process.wait(PROMPTLY) == 0
    ended = finish(process, PROMPTLY)
    assert ended.code == 0
    assert quiet(ended.err), ended.err
    assert holder_of(tmp_path / "events.db") == ""
    contents(tmp_path / "events.db")


@pytest.mark.parametrize("command", ["api", "serve --transport streamable-http", "serve --transport sse"])
def test_an_http_server_ends_while_it_polls(command: str, slow: tuple[SlowGitHub, str], tmp_path: Path) -> None:
    github, url = slow
    port = free_port()
    settings = environment(
        tmp_path, GITHUB_API_URL=url, PORT=str(port), TARGET_REPOSITORIES="octo/hello", POLL_INTERVAL="1"
    )
    process = start(PROGRAM, *command.split(), env=settings, cwd=tmp_path)
    wait_for_port(port, process)
    assert github.asked.wait(20)
    process.send_signal(signal.SIGTERM)
    ended = finish(process, PROMPTLY)
    assert (ended.code, ended.out) == (0, b"")
    assert quiet(ended.err), ended.err
    assert holder_of(tmp_path / "events.db") == ""
    contents(tmp_path / "events.db")


def test_the_rest_api_ends_while_somebody_waits_for_a_collection(slow: tuple[SlowGitHub, str], tmp_path: Path) -> None:
    github, url = slow
    port = free_port()
    process = start(HURRIED, "api", env=environment(tmp_path, GITHUB_API_URL=url, PORT=str(port)), cwd=tmp_path)
    wait_for_port(port, process)
    body = b'{"repos": ["octo/hello"]}'
    asking = urllib.request.Request(f"http://127.0.0.1:{port}/collect", body, {"Content-Type": "application/json"})

    def ask() -> None:
        with contextlib.suppress(OSError), urllib.request.urlopen(asking, timeout=30):
            pass

    client = threading.Thread(target=ask)
    client.start()
    assert github.asked.wait(20)
    process.send_signal(signal.SIGTERM)
    ended = finish(process, PROMPTLY)
    client.join()
    assert ended.code == 0
    assert b"never retrieved" not in ended.err
    assert holder_of(tmp_path / "events.db") == ""


def test_other_calls_are_answered_while_one_waits_for_github(slow: tuple[SlowGitHub, str], tmp_path: Path) -> None:
    github, url = slow
    process = start(PROGRAM, env=environment(tmp_path, GITHUB_API_URL=url), cwd=tmp_path, stdin=-1)
    session = Session(process)
    waiting = session.call("collect_now", repos=["octo/hello"])
    assert github.asked.wait(20)
    assert not session.answer(session.call("trending_repositories"))["isError"]
    assert session.answer(session.call("watch_repositories"))["structuredContent"]["watching"] == []
    github.gate.set()
    collected = session.answer(waiting)["structuredContent"]
    assert collected["repositories"][0]["new_commits"] == 0 or collected["repositories"][0]["status"] == "collected"
    assert finish(process, PROMPTLY).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_interrupted_says_so_by_its_exit_code_and_holds_nothing(
    number: int, slow: tuple[SlowGitHub, str], tmp_path: Path
) -> None:
    github, url = slow
    process = start(PROGRAM, "collect", "octo/hello", env=environment(tmp_path, GITHUB_API_URL=url), cwd=tmp_path)
    assert github.asked.wait(20)
    process.send_signal(number)
    ended = finish(process, PROMPTLY)
    assert ended.code == 128 + number
    assert quiet(ended.err), ended.err
    assert holder_of(tmp_path / "events.db") == ""
    contents(tmp_path / "events.db")
