"""`install`: the server in a client's own file, and nothing else changed there."""

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor.terminal.clients import files
from github_events_monitor.terminal.clients.places import CLIENTS

from .conftest import SECRET, Run

NAME = "github-events-monitor"
FILES = {
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "claude-code": ".claude.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".config/Code/User/mcp.json",
    "gemini-cli": ".gemini/settings.json",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own, as on Linux, and the program where pip would put it."""
    for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "GEMINI_CLI_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_PATH", "github_events.db")
    folder = tmp_path / "home"
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr(sys, "platform", "linux")
    script = tmp_path / "bin" / NAME
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr(sys, "argv", [str(script)])
    for file in FILES.values():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
    return folder


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.bak"))


@pytest.mark.parametrize("client", CLIENTS)
def test_the_server_is_added_to_the_others(run: Run, home: Path, tmp_path: Path, client: Any) -> None:
    path, servers = home / FILES[client], CLIENTS[client].servers
    before = f'{{\n    "theme": "dark",\n    "{servers}": {{\n        "other": {{"command": "x"}}\n    }}\n}}\n'
    path.write_text(before)
    path.chmod(0o644)
    result = run("install", client, "--repos", "octo/hello,octo/empty", "--repos", "ada/notes")
    assert (result.code, result.err) == (0, "")
    written = json.loads(path.read_text())
    entry = written[servers].pop(NAME)
    assert written == json.loads(before)
    assert entry.get("type") == ("stdio" if client in {"claude-code", "vscode"} else None)
    assert (entry["command"], entry["args"]) == (str(tmp_path / "bin" / NAME), [])
    assert entry["env"] == {
        "DATABASE_PATH": str(Path.cwd() / "github_events.db"),
        "TARGET_REPOSITORIES": "octo/hello,octo/empty,ada/notes",
    }
    (backup,) = backups(path)
    assert (backup.read_text(), stat.S_IMODE(backup.stat().st_mode)) == (before, 0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    for said in (str(path), str(backup), entry["command"], f"undo: {NAME} install {client} --remove"):
        assert said in result.out

    again = run("install", client)
    assert (again.code, len(backups(path))) == (0, 1)
    assert "nothing to do" in again.out

    removed = run("install", client, "--remove")
    assert (removed.code, path.read_text()) == (0, before)
    assert "nothing to do" in run("install", client, "--remove").out


@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_that_is_not_there_is_made_for_its_owner_alone(run: Run, home: Path, client: Any) -> None:
    path = home / FILES[client]
    assert "nothing to do" in run("install", client, "--remove").out
    assert not path.exists()
    assert run("install", client, DATABASE_PATH="events.db").code == 0
    entry = json.loads(path.read_text())[CLIENTS[client].servers][NAME]
    assert entry["env"] == {"DATABASE_PATH": str(Path.cwd() / "events.db")}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent).count(path.name) == len(
        [name for name in os.listdir(path.parent) if path.name in name]
    )


def test_a_dry_run_shows_the_entry_and_writes_nothing(run: Run, home: Path) -> None:
    path = home / FILES["cursor"]
    path.write_text("{}")
    result = run("install", "cursor", "--dry-run", "--repos", "octo/hello")
    assert result.code == 0
    assert "octo/hello" in result.out
    assert "nothing was changed" in result.out
    assert (path.read_text(), backups(path)) == ("{}", [])
    run("install", "cursor")
    assert "would remove" in run("install", "cursor", "--remove", "--dry-run").out
    assert NAME in path.read_text()


def test_a_token_is_written_only_when_asked_for_and_shown_never(run: Run, home: Path) -> None:
    path = home / FILES["claude-desktop"]
    path.write_text("{}")
    path.chmod(0o644)
    without = run("install", "claude-desktop", GITHUB_TOKEN=SECRET)
    assert SECRET not in path.read_text() + without.out
    assert "--with-token" in without.out
    result = run("install", "claude-desktop", "--with-token", GITHUB_TOKEN=SECRET)
    assert result.code == 0
    assert json.loads(path.read_text())["mcpServers"][NAME]["env"]["GITHUB_TOKEN"] == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in result.out + result.err
    refused = run("install", "claude-desktop", "--with-token")
    assert refused.code == 2
    assert "GITHUB_TOKEN" in refused.err


def test_what_a_user_added_to_the_entry_stays(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_PATH")
    path = home / FILES["claude-code"]
    env = {"DATABASE_PATH": "/data/events.db", "GITHUB_TOKEN": SECRET, "LOG_LEVEL": "DEBUG"}
    path.write_text(json.dumps({"mcpServers": {NAME: {"command": "/old", "timeout": 9, "env": env}}}))
    result = run("install", "claude-code", "--repos", "octo/hello")
    entry = json.loads(path.read_text())["mcpServers"][NAME]
    assert (entry["timeout"], entry["env"]) == (9, {**env, "TARGET_REPOSITORIES": "octo/hello"})
    assert entry["command"] != "/old"
    assert SECRET not in result.out
    run("install", "claude-code", DATABASE_PATH="/elsewhere.db")
    assert json.loads(path.read_text())["mcpServers"][NAME]["env"]["DATABASE_PATH"] == "/elsewhere.db"


def test_settings_of_the_shell_that_say_where_data_is_are_written(run: Run, home: Path) -> None:
    variables = {
        "DATABASE_PROVIDER": "dynamodb",
        "AWS_REGION": "eu-west-1",
        "DYNAMODB_TABLE_PREFIX": "team-",
        "GITHUB_API_URL": "https://github.example.com/api/v3",
        "BOT_LOGINS": "a, b",
    }
    run("install", "cursor", AWS_SECRET_ACCESS_KEY="hidden", **variables)
    entry = json.loads((home / FILES["cursor"]).read_text())["mcpServers"][NAME]
    assert entry["env"] == {**variables, "BOT_LOGINS": "a,b"}


@pytest.mark.parametrize("client", ["vscode", "cursor", "gemini-cli"])
def test_comments_stay(run: Run, home: Path, client: Any) -> None:
    path = home / FILES[client]
    before = f'\ufeff// mine\n{{\n  "{CLIENTS[client].servers}": {{\n    "other": {{}}, // the other\n  }},\n}}\n'
    path.write_text(before, encoding="utf-8")
    assert run("install", client).code == 0
    after = path.read_text(encoding="utf-8")
    assert after.startswith(before.partition("  },\n")[0])
    assert NAME in after
    assert run("install", client, "--remove").code == 0
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("client", "broken", "said"),
    [
        ("claude-desktop", b'{\n  "mcpServers": {\n  },\n}', "line [34]"),
        ("claude-desktop", b"{\n  // a comment\n}", "line 2"),
        ("vscode", b'{\n  "servers": {', "line 2"),
        ("vscode", b'{\n  "servers": [] // none\n}', "line 2"),
        ("cursor", b'{\n\n"a": "\xff"}', "line 3"),
    ],
)
def test_a_broken_file_is_refused_in_one_line_and_left_alone(
    run: Run, home: Path, client: Any, broken: bytes, said: str
) -> None:
    path = home / FILES[client]
    path.write_bytes(broken)
    for options in ([], ["--remove"], ["--dry-run"]):
        result = run("install", client, *options)
        assert (result.code, result.out) == (1, "")
        assert result.err.count("\n") == 1
        assert re.search(said, result.err)
        assert str(path) in result.err
    assert (path.read_bytes(), backups(path)) == (broken, [])


def test_wrong_words_are_refused(run: Run, home: Path) -> None:
    assert run("install", "notepad").code == 2
    assert run("install", "cursor", "--repos", "no repository").code == 2
    assert run("install", "cursor", "--remove", "--with-token", GITHUB_TOKEN=SECRET).code == 2
    assert not (home / FILES["cursor"]).exists()


def test_a_link_stays_a_link(run: Run, home: Path, tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.json", home / FILES["gemini-cli"]
    real.write_text("{}")
    path.symlink_to(real)
    assert run("install", "gemini-cli").code == 0
    assert path.is_symlink()
    assert NAME in real.read_text()


def test_a_file_that_another_program_writes_meanwhile_is_not_overwritten(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / FILES["claude-code"]
    path.write_text("{}")
    back_up = files.back_up

    def slowly(*arguments: Any) -> Path:
        path.write_text('{"theirs": 1}')
        return back_up(*arguments)

    monkeypatch.setattr(files, "back_up", slowly)
    result = run("install", "claude-code")
    assert result.code == 1
    assert "run this again" in result.err
    assert path.read_text() == '{"theirs": 1}'
    assert [name for name in os.listdir(home) if name.endswith("tmp")] == []


def test_a_file_that_cannot_be_written_is_said(run: Run, home: Path) -> None:
    path = home / FILES["cursor"]
    path.parent.rmdir()
    path.parent.write_text("a file where the folder should be")
    result = run("install", "cursor")
    assert result.code == 1
    assert str(path) in result.err
