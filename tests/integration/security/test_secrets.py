"""Marked secrets in every variable that takes one: then everything the program emits is searched for the marks."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.infrastructure.database_factory import DatabaseFactory
from github_events_monitor.instants import system_clock
from github_events_monitor.runtime import build_runtime
from github_events_monitor.settings import Settings
from tests.engines import free_port
from tests.fake_github import FakeGitHub
from tests.integration.collecting.conftest import hello
from tests.integration.faults.program import PROGRAM, environment, finish, run, start
from tests.integration.faults.test_endings import Session
from tests.integration.mcp.sessions import wait_for_port

MARKS = {
    "GITHUB_TOKEN": "ghp_markedmarkedmarked0123456789abcdefgh",
    "API_TOKEN": "apimark-5b1e0c",
    "GITHUB_WEBHOOK_SECRET": "hookmark-77aa01",
    "AWS_ACCESS_KEY_ID": "AKIAMARKED0MARKED012",
    "AWS_SECRET_ACCESS_KEY": "awsmark+secret/0123456789012345678901234",
    "AWS_SESSION_TOKEN": "sessionmark-99ff00",
}
COMMANDS = ("collect octo/hello --json", "report octo/hello", "doctor", "database info")


def honest(github: FakeGitHub) -> None:
    pass


def echoing(github: FakeGitHub) -> None:
    """A proxy in between that repeats in its refusal what it was sent."""
    body = json.dumps({"message": f"Bad credentials: Bearer {MARKS['GITHUB_TOKEN']}"}).encode()
    github.fail(1_000, 401, body=body)


def found_in(*emitted: bytes | str) -> set[str]:
    """The variables whose mark is there."""
    text = b"\n".join(part.encode() if isinstance(part, str) else part for part in emitted).decode(errors="replace")
    return {name for name, mark in MARKS.items() if mark in text}


def files_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("mood", [honest, echoing])
def test_no_command_and_no_file_shows_a_secret(mood: Callable[[FakeGitHub], None], tmp_path: Path) -> None:
    github = FakeGitHub(hello())
    mood(github)
    with github.serve() as url:
        log = str(tmp_path / "monitor.log")
        env = environment(tmp_path, GITHUB_API_URL=url, LOG_LEVEL="DEBUG", LOG_FILE=log, **MARKS)
        ended = [run(*command.split(), env=env, cwd=tmp_path) for command in COMMANDS]
    assert any(one.err for one in ended)
    assert found_in(*(part for one in ended for part in (one.out, one.err)), *files_of(tmp_path)) == set()


def test_a_database_that_refuses_the_keys_shows_none_of_them(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    env = environment(
        tmp_path, DATABASE_PROVIDER="dynamodb", DYNAMODB_ENDPOINT_URL=endpoint, LOG_LEVEL="DEBUG", **MARKS
    )
    ended = run("database", "test", env=env, cwd=tmp_path)
    assert ended.code == 1
    assert b"127.0.0.1" in ended.err
    assert found_in(ended.out, ended.err) == set()


@pytest.mark.parametrize("mood", [honest, echoing])
def test_no_answer_of_the_mcp_server_shows_a_secret(mood: Callable[[FakeGitHub], None], tmp_path: Path) -> None:
    github = FakeGitHub(hello())
    mood(github)
    with github.serve() as url:
        env = environment(tmp_path, GITHUB_API_URL=url, LOG_LEVEL="DEBUG", **MARKS)
        process = start(PROGRAM, env=env, cwd=tmp_path, stdin=-1)
        session = Session(process)
        answers = [
            session.answer(session.call("collect_now", repos=["octo/hello"])),
            session.answer(session.call("recent_commits", repo="octo/hello")),
            session.answer(session.call("recent_commits", repo="octo/hello", cursor="x")),
            session.answer(session.call("security_report", repo="octo/hello")),
            session.answer(session.send("tools/list", {})),
            session.answer(session.send("resources/read", {"uri": "github-events://status"})),
        ]
        ended = finish(process)
    assert found_in(json.dumps(answers), ended.err, *files_of(tmp_path)) == set()


def test_no_page_of_the_rest_api_shows_a_secret(tmp_path: Path) -> None:
    github = FakeGitHub(hello())
    port = free_port()
    with github.serve() as url:
        env = environment(tmp_path, GITHUB_API_URL=url, LOG_LEVEL="DEBUG", PORT=str(port), **MARKS)
        process = start(PROGRAM, "api", env=env, cwd=tmp_path)
        wait_for_port(port, process)
        pages = []
        for token in ("", "wrong-token", MARKS["API_TOKEN"]):
            for path in (
                "/health",
                "/openapi.json",
                "/prometheus",
                "/commits/recent?repo=octo/hello",
                "/commits/recent?repo=x",
                "/nowhere",
            ):
                asked = urllib.request.Request(
                    f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}
                )
                pages.append(fetch(asked))
        echoing(github)
        pages.append(
            fetch(
                urllib.request.Request(
                    f"http://127.0.0.1:{port}/collect",
                    b'{"repos": ["octo/hello"]}',
                    {"Authorization": f"Bearer {MARKS['API_TOKEN']}", "Content-Type": "application/json"},
                )
            )
        )
        hook = urllib.request.Request(
            f"http://127.0.0.1:{port}/webhooks/github", b"{}", {"X-Hub-Signature-256": "sha256=00"}
        )
        pages.append(fetch(hook))
        process.terminate()
        ended = finish(process)
    assert any(b"Octo/Hello" in page or b"octo/hello" in page for page in pages)
    assert found_in(*pages, ended.out, ended.err, *files_of(tmp_path)) == set()


def fetch(asked: urllib.request.Request) -> bytes:
    """Headers and body of an answer, whatever its status."""
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return bytes(answer.headers) + bytes(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return bytes(refused.headers) + refused.read()


def test_no_repr_shows_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, mark in MARKS.items():
        monkeypatch.setenv(name, mark)
    monkeypatch.chdir(tmp_path)
    settings = Settings.load(database_provider="dynamodb")
    runtime = build_runtime(settings)
    client = GitHubClient(
        "https://api.github.test", StaticToken(SecretStr(MARKS["GITHUB_TOKEN"]), "test"), system_clock
    )
    manager = DatabaseFactory.create(settings.database_config())
    values = (
        settings,
        runtime,
        client,
        client._session,
        manager,
        manager.connection,
        runtime.collector,
        runtime.service,
    )
    assert found_in(*map(repr, values), *map(str, values)) == set()


def test_a_bad_setting_beside_secrets_shows_none_of_them(tmp_path: Path) -> None:
    address = {"GITHUB_API_URL": f"https://x:{MARKS['GITHUB_TOKEN']}@h/", "PORT": "none"}
    ended = run("doctor", env=environment(tmp_path, **MARKS) | address, cwd=tmp_path)
    assert ended.code == 2
    assert found_in(ended.out, ended.err) == set()
