"""How the program is called: help everywhere, exit codes, errors in one line."""

import subprocess
import sys
import time

import pytest

from github_events_monitor import __version__

from .conftest import SECRET, Run

COMMANDS = (
    "serve", "api", "report", "pulls", "issues", "collect", "import", "export", "migrate", "analyse", "doctor",
    "database", "database test", "database create", "database info", "database delete",
    "watch", "watch add", "watch remove", "watch list",
)  # fmt: skip


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"github-events-monitor {__version__}\n", "")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: github-events-monitor")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("bogus", "'bogus'"),
        ("report", "OWNER/NAME"),
        ("report octo/hello --hour 3", "--hours"),
        ("report octo/hello --hours 9000", "8760"),
        ("report octo/hello --hours 0", "error: --hours must be at least 1; see"),
        ("report octo/hello --hours x", "error: --hours must be a whole number; see"),
        ("install bogus", "error: 'bogus' is not one of 'claude-desktop'"),
        ("report -Ada-/notes", "put -- before a name that begins with a dash"),
        ("report octohello", "owner/name"),
        ("serve --transport carrier-pigeon", "carrier-pigeon"),
        ("api --port 0", "--port"),
        ("migrate --from sqlite:///a.db", "--to"),
        ("database", "command"),
        ("database create --tag novalue", "name=value"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(run: Run, arguments: str, said: str) -> None:
    result = run(*arguments.split())
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert said in result.err


@pytest.mark.parametrize("command", ["", "serve", "api", "report octo/hello", "doctor", "database test", "watch"])
def test_a_bad_setting_ends_every_command_with_2(run: Run, command: str) -> None:
    result = run(*command.split(), POLL_INTERVAL="soon", GITHUB_TOKEN=SECRET)
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: POLL_INTERVAL='soon' is not accepted; give whole seconds, 0 to 86400\n"


@pytest.mark.parametrize("command", ["api", "serve --transport sse", "serve --transport streamable-http"])
def test_no_port_is_opened_to_strangers_without_a_token(run: Run, command: str) -> None:
    result = run(*command.split(), "--host", "0.0.0.0")
    assert result.code == 2
    assert "API_TOKEN" in result.err


def test_the_port_of_a_local_dynamodb_is_refused(run: Run) -> None:
    result = run("api", DATABASE_PROVIDER="dynamodb", DYNAMODB_ENDPOINT_URL="http://localhost:8000")
    assert result.code == 2
    assert "PORT" in result.err
    assert "DYNAMODB_ENDPOINT_URL" in result.err


def test_a_log_file_that_cannot_be_written_is_a_bad_setting(run: Run) -> None:
    result = run("watch", LOG_FILE="/proc/none/monitor.log")
    assert result.code == 2
    assert result.err.startswith("error: LOG_FILE=")


def test_a_broken_database_is_one_line_and_a_traceback_only_for_debugging(run: Run) -> None:
    with open("broken.db", "wb") as file:
        file.write(b"no database at all" * 100)
    result = run("watch", DATABASE_PATH="broken.db")
    assert result.code == 1
    assert len(result.err.splitlines()) == 1
    assert "Traceback" in run("watch", DATABASE_PATH="broken.db", LOG_LEVEL="DEBUG").err


def test_starting_imports_nothing_slow() -> None:
    slow = "{'mcp', 'fastapi', 'aiobotocore', 'botocore', 'httpx', 'pydantic', 'rich', 'github_events_monitor.runtime'}"
    check = f"import sys, github_events_monitor.cli; print(*{slow} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert (found.stdout.strip(), found.stderr) == ("", "")


def test_ctrl_c_ends_quietly_with_130() -> None:
    """A GitHub that never answers, interrupted: the connection is opened to a socket that nobody reads."""
    script = (
        "import os, signal, socket, sys, threading\n"
        "deaf = socket.create_server(('127.0.0.1', 0))\n"
        "def interrupt():\n"
        "    connection, _ = deaf.accept()\n"
        "    connection.recv(1)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    connection.recv(1_000_000)\n"
        "threading.Thread(target=interrupt, daemon=True).start()\n"
        "os.environ.update(GITHUB_API_URL=f'http://127.0.0.1:{deaf.getsockname()[1]}', DATABASE_PATH=':memory:')\n"
        "from github_events_monitor.cli import main\n"
        "sys.exit(main(['collect', 'octo/hello']))\n"
    )
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
    assert time.monotonic() - started < 10
