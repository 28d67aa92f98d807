"""The server as a process: what it writes, how it ends, what it refuses."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.mcp_support.stdio import LONGEST
from tests.integration.mcp.conftest import World
from tests.integration.mcp.sessions import PROGRAM, listening
from tests.integration.mcp.test_http import INITIALIZE


def start_stdio() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ask(process: "subprocess.Popen[bytes]", message: Mapping[str, Any]) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_only_protocol_is_on_stdout_and_it_ends_with_its_input(world: World) -> None:
    process = start_stdio()
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    assert process.stdin is not None
    process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    call = {"name": "recent_commits", "arguments": {"repo": "octo/hello"}}
    answered = ask(process, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})
    assert answered["result"]["structuredContent"]["repo"] == "octo/Hello"
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, b"")


def test_sigterm_ends_a_stdio_server_whose_client_stays(world: World) -> None:
    process = start_stdio()
    ask(process, INITIALIZE)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.communicate()


@pytest.mark.parametrize("transport", ["sse", "streamable-http"])
def test_sigterm_ends_an_http_server_with_an_open_stream(transport: str, world: World) -> None:
    with listening(transport) as (url, process):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as stream:
            path = "/sse" if transport == "sse" else "/mcp"
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
            assert stream.recv(15) == (b"HTTP/1.1 200 OK" if transport == "sse" else b"HTTP/1.1 400 Ba")
            process.send_signal(signal.SIGTERM)
            out, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == b""
    assert b"Traceback" not in log
    assert b"ERROR" not in log


def run(**environment: str) -> "subprocess.CompletedProcess[str]":
    settings = {**os.environ, "MCP_TRANSPORT": "streamable-http", **environment}
    return subprocess.run(PROGRAM, env=settings, capture_output=True, text=True, timeout=30, check=False)


def test_a_port_in_use_is_one_line(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(PORT=str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "Address already in use; set HOST and PORT" in ended.stderr


def test_strangers_are_not_let_in_without_a_token(world: World) -> None:
    ended = run(HOST="0.0.0.0")
    assert ended.returncode == 2
    assert "API_TOKEN" in ended.stderr


def test_importing_the_server_opens_and_reads_nothing(world: World) -> None:
    program = (
        "import logging, sys\n"
        "from github_events_monitor.mcp_server import mcp\n"
        "assert not {'aiobotocore', 'botocore'} & set(sys.modules)\n"
        "assert logging.getLogger().handlers == []\n"
    )
    environment = {**os.environ, "PORT": "not a port", "DATABASE_PATH": "/nonexistent/folder/x.db"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=30)


def test_a_bad_setting_ends_the_program_before_it_speaks(world: World) -> None:
    ended = run(POLL_INTERVAL="often")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "POLL_INTERVAL='often' is not accepted" in ended.stderr


def test_without_a_usable_database_it_comes_up_and_its_tools_say_so(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DATABASE_PATH", str(tmp_path / "file" / "events.db"))
    process = start_stdio()
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    assert process.stdin is not None
    process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    call = {"name": "recent_commits", "arguments": {"repo": "octo/hello"}}
    result = ask(process, {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})["result"]
    assert result["isError"]
    assert "choose another DATABASE_PATH" in result["content"][0]["text"]
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"Traceback" not in log


@pytest.mark.parametrize("name", ["fifo", "none/monitor.log"])
def test_a_bad_log_file_is_said_and_done_without(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "none").touch()
    monkeypatch.setenv("LOG_FILE", str(tmp_path / name))
    process = start_stdio()
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    _, log = process.communicate(timeout=20)
    assert (process.returncode, b"LOG_FILE=" in log, b"going on without it" in log) == (0, True, True)


def test_over_stdio_it_comes_up_without_targets_that_it_cannot_use_and_over_http_it_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "slak://hushhush/x")
    process = start_stdio()
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"starting without notifications: NOTIFY_URLS: the library apprise does not accept the URL slak" in log
    assert b"hushhush" not in log
    ended = run()
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "slak" in ended.stderr


def test_a_strangers_env_file_changes_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=trace\nMCP_TRANSPORT=sse\n")
    process = start_stdio()
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_reset_of_its_input_is_its_end_and_a_non_blocking_input_is_read(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    theirs.setblocking(False)
    process = subprocess.Popen(PROGRAM, stdin=theirs.fileno(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    theirs.close()
    assert process.stdout is not None
    ours.sendall(b"\xef\xbb\xbf" + json.dumps(INITIALIZE).encode() + b"\n")
    assert json.loads(process.stdout.readline())["id"] == INITIALIZE["id"]
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with RST
    ours.close()
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"Traceback" not in log


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (b"hello", -32700, "not JSON"),
        (b'{"jsonrpc":"2.0"}', -32600, "not a JSON-RPC 2.0 message"),
        (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]', -32600, "one message a line"),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, "text or a whole number"),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, "text or a whole number"),
    ],
)
def test_a_line_that_is_no_message_gets_an_error(world: World, line: bytes, code: int, words: str) -> None:
    process = start_stdio()
    ask(process, INITIALIZE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + b"\n")
    process.stdin.flush()
    refused = json.loads(process.stdout.readline())
    assert (refused["id"], refused["error"]["code"]) == (None, code)
    assert words in refused["error"]["message"]
    assert ask(process, {"jsonrpc": "2.0", "id": 8, "method": "ping"})["id"] == 8
    process.communicate(timeout=20)
    assert process.returncode == 0


NOTE = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def lines(*messages: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def test_what_was_asked_before_the_end_of_the_input_is_answered(world: World) -> None:
    process = start_stdio()
    asked = lines(INITIALIZE, NOTE, call(2, "recent_commits", repo="octo/hello"), call(3, "trending_repositories"))
    out, log = process.communicate(asked.removesuffix(b"\n"), timeout=30)
    answers = {answer["id"]: answer for answer in map(json.loads, out.splitlines())}
    assert answers[2]["result"]["structuredContent"]["repo"] == "octo/Hello"
    assert not answers[3]["result"]["isError"]
    assert process.returncode == 0
    assert b"Traceback" not in log


def test_a_client_that_reads_no_more_has_left(world: World) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert process.stdin is not None
    process.stdin.write(lines(INITIALIZE, NOTE, call(2, "trending_repositories")))
    process.stdin.flush()
    assert process.wait(20) == 0
    _, log = process.communicate()
    for word in (b"Traceback", b"ERROR", b"error:", b"Exception"):
        assert word not in log


@pytest.mark.parametrize("ending", ["end of the input", "SIGTERM"])
def test_a_client_that_does_not_read_cannot_keep_it_from_leaving(world: World, ending: str) -> None:
    process = start_stdio()
    ask(process, INITIALIZE)
    assert process.stdin is not None
    process.stdin.write(lines(NOTE, *({"jsonrpc": "2.0", "id": number, "method": "tools/list"} for number in range(9))))
    process.stdin.flush()
    if ending == "SIGTERM":
        process.send_signal(signal.SIGTERM)
    else:
        process.stdin.close()
    assert process.wait(20) == 0
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def test_an_interrupt_while_it_starts_leaves_no_traceback(world: World) -> None:
    interrupting = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'github_events_monitor.mcp_support.declarations':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from github_events_monitor.__main__ import main\n"
        "sys.argv = ['github-events-monitor']\n"
        "main()"
    )
    ended = subprocess.run([sys.executable, "-c", interrupting], capture_output=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_a_byte_order_mark_before_any_line_is_read_over(world: World) -> None:
    process = start_stdio()
    mark = b"\xef\xbb\xbf"
    out, _ = process.communicate(mark + lines(INITIALIZE) + mark + lines(call(2, "trending_repositories")), timeout=30)
    assert sorted(json.loads(line)["id"] for line in out.splitlines()) == [INITIALIZE["id"], 2]


def test_a_client_that_never_reads_stderr_stops_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    program = (
        "import logging\n"
        "from github_events_monitor import logs\n"
        "configure = logs.configure\n"
        "def talkative(*given, **named):\n"
        "    configure(*given, **named)\n"
        "    for number in range(3000):\n"
        "        logging.getLogger('x').warning('line %s %s', number, 'x' * 100)\n"
        "from github_events_monitor.terminal import running\n"
        "running.configure = talkative\n"
        "from github_events_monitor.cli import main\n"
        "raise SystemExit(main([]))"
    )
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.close()
    assert process.wait(20) == 0
    written = process.stderr.read()
    assert b"line 0 " in written
    assert b"line 2999 " not in written
    assert all(line.endswith(b"x" * 100) for line in written.splitlines() if b"line " in line)
    process.stdout.close()
    process.stderr.close()


def test_what_keeps_it_from_serving_is_told_at_its_end_although_the_client_only_said_hello(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What answers questions is opened when the client has its first answer."""
    monkeypatch.setenv("TARGET_REPOSITORIES", "@me")
    process = start_stdio()
    assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "github-events-monitor"
    _, log = process.communicate(timeout=20)
    assert (process.returncode, log.count(b"\n")) == (2, 1)
    assert b"needs a token" in log


def test_a_client_that_reads_late_gets_whole_answers_and_a_line_without_end_is_refused(world: World) -> None:
    process = start_stdio()
    ask(process, INITIALIZE)
    assert process.stdin is not None
    asked = [{"jsonrpc": "2.0", "id": number, "method": "tools/list"} for number in range(2, 42)]
    process.stdin.write(lines(NOTE, *asked))
    process.stdin.write(b"x" * (LONGEST + 1) + b"\n")
    out, _ = process.communicate(timeout=60)
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(out) > 40 * 20_000
    assert sorted(answer["id"] for answer in answers if "result" in answer) == [*range(2, 42)]
    assert "longer than" in next(answer["error"]["message"] for answer in answers if "error" in answer)
    assert process.returncode == 0
