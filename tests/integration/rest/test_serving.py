"""The server as a process: how it starts, who it answers, how it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engines import free_port
from tests.fake_github import FakeGitHub

from .conftest import hello

ROOT = Path(__file__).parents[3]


@contextmanager
def server(folder: Path, *command: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The API as users start it from the checkout, or another server of it; ended with SIGTERM if it still runs."""
    port = int(environment.get("PORT") or free_port())
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(command or ["src.github_events_monitor.api"])],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "DATABASE_PATH": str(folder / "events.db"),
                "GITHUB_API_URL": "http://127.0.0.1:9",
                "PORT": str(port),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield process, port
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                written, _ = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert written == ""


def ask(
    port: int, method: str, path: str, body: object = None, where: str = "127.0.0.1", **headers: str
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(where, port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": "application/json", **named}
        connection.request(method, path, json.dumps(body) if body is not None else None, sent)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def wait_until_it_listens(process: "subprocess.Popen[str]", port: int, *, no_more: bool = False) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if (probe.connect_ex(("127.0.0.1", port)) == 0) != no_more:
                return
        time.sleep(0.05)
    raise AssertionError("the server ended, or listens still" if no_more else "the server did not start")


def run(folder: Path, **environment: str) -> tuple[int, str]:
    """Exit code and stderr of a server that cannot start."""
    with server(folder, **environment) as (process, _):
        process.wait(timeout=30)
    return process.returncode, (folder / "log").read_text()


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"HOST": "0.0.0.0"}, 2, "API_TOKEN"),
        ({"POLL_INTERVAL": "soon"}, 2, "POLL_INTERVAL='soon'"),
        (
            {"DATABASE_PROVIDER": "dynamodb", "DYNAMODB_ENDPOINT_URL": "http://localhost:8765", "PORT": "8765"},
            2,
            "PORT=8765",
        ),
    ],
)
def test_it_refuses_to_start_with_settings_that_would_not_do(
    tmp_path: Path, environment: dict[str, str], code: int, said: str
) -> None:
    status, text = run(tmp_path, **environment)
    assert (status, len(text.splitlines())) == (code, 1)
    assert said in text


def test_a_port_in_use_and_a_broken_database_are_one_line_each(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, text = run(tmp_path, PORT=str(taken.getsockname()[1]))
    assert (status, len(text.splitlines())) == (1, 1)
    broken = tmp_path / "events.db"
    broken.write_bytes(b"this is no database" * 100)
    status, text = run(tmp_path)
    assert (status, len(text.splitlines())) == (1, 1)
    assert "events.db" in text
    assert broken.read_bytes() == b"this is no database" * 100


def test_a_database_that_does_not_answer_yet_makes_it_unhealthy_not_dead(tmp_path: Path) -> None:
    elsewhere = {"DATABASE_PROVIDER": "dynamodb", "DYNAMODB_ENDPOINT_URL": "http://127.0.0.1:9"}
    with server(tmp_path, **elsewhere) as (process, port):
        wait_until_it_listens(process, port)
        status, body = ask(port, "GET", "/health")
        assert status == 503
        assert json.loads(body)["database"]["status"] == "unhealthy"


@pytest.mark.parametrize("command", [("api",), ("serve", "--transport", "streamable-http")])
def test_a_database_that_never_answers_makes_it_unhealthy_soon(tmp_path: Path, command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are taken, and nothing is said
        elsewhere = {
            "DATABASE_PROVIDER": "dynamodb",
            "DYNAMODB_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        with server(tmp_path, "src.github_events_monitor", *command, **elsewhere) as (process, port):
            wait_until_it_listens(process, port)
            answers = [ask(port, "GET", "/health")]  # waits for the imports, too
            began = time.monotonic()
            answers += [ask(port, "GET", "/health") for _ in range(3)]
            assert time.monotonic() - began < 5
        log = (tmp_path / "log").read_text()
    assert [status for status, _ in answers] == [503] * 4
    assert "the database did not answer within 2.5 s" in answers[0][1]
    assert "starting before the database has answered" in log


def test_who_is_answered_and_that_mcp_is_served_beside_rest(tmp_path: Path) -> None:
    names = {"ALLOWED_HOSTS": "monitor.example,https://pages.example,127.0.0.1", "API_TOKEN": "marked-token"}
    with server(tmp_path, **names) as (process, port):
        wait_until_it_listens(process, port)
        token = {"Authorization": "Bearer marked-token"}
        assert ask(port, "GET", "/metrics/trending", **token)[0] == 200
        assert ask(port, "GET", "/metrics/trending", Host="monitor.example", **token)[0] == 200
        assert ask(port, "GET", "/metrics/trending", Origin="https://pages.example", **token)[0] == 200
        assert ask(port, "GET", "/metrics/trending", Host="evil.example", **token)[0] == 403
        assert ask(port, "GET", "/metrics/trending", Origin="https://evil.example", **token)[0] == 403
        assert ask(port, "GET", "/health", Host="10.0.0.7")[0] == 200
        initialize = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        }
        accepted = {"Accept": "application/json, text/event-stream", **token}
        status, text = ask(port, "POST", "/mcp", initialize, **accepted)
        assert status == 200
        assert "github-events-monitor" in text
        assert ask(port, "POST", "/mcp", initialize, Accept="application/json, text/event-stream")[0] == 401
    assert process.returncode == 0
    assert "marked-token" not in (tmp_path / "log").read_text()


def test_under_another_server_the_app_protects_itself(tmp_path: Path) -> None:
    port = str(free_port())
    command = ("uvicorn", "src.github_events_monitor.api:app", "--no-access-log", "--host", "0.0.0.0", "--port", port)
    with server(tmp_path, *command, PORT=port, HOST="0.0.0.0", ALLOWED_HOSTS="") as (process, at):
        wait_until_it_listens(process, at)
        assert ask(at, "GET", "/metrics/trending")[0] == 200
        assert ask(at, "GET", "/metrics/trending", Host="evil.example")[0] == 403
        assert ask(at, "POST", "/collect", {"repos": []}, Origin="https://evil.example")[0] == 403
        assert ask(at, "GET", "/monitoring/commits", Sec_Fetch_Site="cross-site")[0] == 403
        outside = next((name for name in addresses() if not name.startswith("127.")), None)
        if outside is not None:  # where this machine has an address that others see
            status, text = ask(at, "GET", "/metrics/trending", where=outside, Host=f"127.0.0.1:{at}")
            assert (status, "API_TOKEN" in text) == (403, True)
            assert ask(at, "GET", "/health", where=outside)[0] == 200


def addresses() -> list[str]:
    """This machine's own addresses."""
    return [str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]


def test_told_to_stop_it_finishes_what_it_began(tmp_path: Path) -> None:
    github = FakeGitHub(hello())
    asked, stopping = threading.Event(), threading.Event()

    def slow(path: str) -> None:
        if path.endswith("/events"):
            asked.set()
            stopping.wait(30)

    github.faults.append(slow)
    with github.serve() as url, server(tmp_path, GITHUB_API_URL=url) as (process, port):
        wait_until_it_listens(process, port)
        answers: list[tuple[int, str]] = []
        body = {"repos": ["octo/hello"]}
        client = threading.Thread(target=lambda: answers.append(ask(port, "POST", "/collect", body)))
        client.start()
        assert asked.wait(20)
        process.send_signal(signal.SIGTERM)
        wait_until_it_listens(process, port, no_more=True)
        stopping.set()
        client.join(30)
        assert process.wait(30) == 0
    assert [status for status, _ in answers] == [200]
    assert json.loads(answers[0][1])["repositories"][0]["new_events"] == 5
