"""`doctor`: what is broken is said, and secrets are not."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from github_events_monitor.terminal.client_start import start_as_client
from tests.engines import free_port
from tests.fake_github import FakeGitHub

from .conftest import SECRET, Run


def _statuses(answer: Any) -> dict[str, str]:
    return {check["name"]: check["status"] for check in answer["checks"]}


def _findings(answer: Any) -> dict[str, str]:
    return {check["name"]: check["finding"] for check in answer["checks"]}


def test_a_sound_installation(run: Run, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_PATH", str(tmp_path / "x.db"))
    page = run("doctor", GITHUB_TOKEN=SECRET, TARGET_REPOSITORIES="octo/hello")
    assert page.code == 0, page.err
    for text in ("accepted", "5,000", "octo/hello", "GITHUB_TOKEN", "DATABASE_PATH", "not set", "sqlite"):
        assert text in page.out
    assert SECRET not in page.out + page.err
    assert max(map(len, page.out.splitlines())) <= 80
    answer = run("doctor", "--json", GITHUB_TOKEN=SECRET, TARGET_REPOSITORIES="octo/hello")
    assert set(_statuses(answer.json).values()) == {"ok"}
    assert answer.json["settings"]["GITHUB_TOKEN"] == "set"
    assert SECRET not in answer.out


def test_without_a_token_it_works_and_says_what_that_means(run: Run, github: FakeGitHub) -> None:
    result = run("doctor", "--json")
    assert (result.code, _statuses(result.json)["token"]) == (0, "warning")


def test_a_refused_token_is_broken(run: Run, github: FakeGitHub) -> None:
    github.fail(5, 401, body=b'{"message": "Bad credentials"}')
    result = run("doctor", "--json", GITHUB_TOKEN=SECRET)
    assert (result.code, _statuses(result.json)["token"]) == (1, "broken")


def test_a_github_that_cannot_be_reached_is_broken(run: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = run("doctor", GITHUB_API_URL=url)
    assert result.code == 1
    assert url in result.out.replace("\n", "")


def test_a_database_that_does_not_answer_is_broken(run: Run, github: FakeGitHub) -> None:
    with open("broken.db", "wb") as file:
        file.write(b"no database at all" * 100)
    result = run("doctor", "--json", DATABASE_PATH="broken.db")
    assert (result.code, _statuses(result.json)["database"]) == (1, "broken")


def test_the_source_of_the_token_is_named(
    run: Run, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(SECRET)
    from_file = run("doctor", "--json", GITHUB_TOKEN_FILE=str(tmp_path / "token"))
    assert _findings(from_file.json)["token"] == "accepted; in use is GITHUB_TOKEN_FILE"
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!/bin/sh\necho {SECRET}\n")
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", str(gh.parent))
    from_gh = run("doctor", "--json", LOG_LEVEL="DEBUG")
    assert _findings(from_gh.json)["token"] == "accepted; in use is the login of gh for 127.0.0.1"
    assert SECRET not in from_file.out + from_file.err + from_gh.out + from_gh.err
    assert _findings(run("doctor", "--json", GITHUB_USE_GH="false").json)["token"].startswith("none is set")


def test_an_app_that_is_installed_nowhere_is_no_token(run: Run, github: FakeGitHub) -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    nowhere = 200, {"Content-Type": "application/json"}, b"[]"
    github.faults.append(lambda path: nowhere if path == "/app/installations" else None)
    result = run("doctor", "--json", GITHUB_APP_ID="12345", GITHUB_APP_PRIVATE_KEY=pem)
    assert (result.code, _statuses(result.json)["token"]) == (0, "warning")
    said = "there is none, so 60 requests an hour instead of 5,000; install (or unsuspend) GitHub App 12345"
    assert _findings(result.json)["token"].endswith(said)


def test_what_an_assistant_would_start_comes_up(run: Run, github: FakeGitHub, tmp_path: Path) -> None:
    finding = _findings(run("doctor", "--json", DATABASE_PATH=str(tmp_path / "x.db")).json)
    assert "answers within" in finding["assistant"]
    assert "its database" not in finding


def test_a_relative_database_is_another_one_for_an_assistant(run: Run, github: FakeGitHub, tmp_path: Path) -> None:
    answer = run("doctor", "--json", DATABASE_PATH="here.db")
    assert (answer.code, _statuses(answer.json)["its database"]) == (0, "warning")
    assert f"DATABASE_PATH={tmp_path / 'here.db'}" in _findings(answer.json)["its database"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'error: no' >&2; exit 2", "error: no"),
        ("echo hello", "it ended with exit code 0 and said nothing"),
        ("test $PWD = / && test -z $COLUMNS && echo as expected >&2", "as expected"),
    ],
)
async def test_a_program_that_does_not_come_up_says_why(script: str, said: str) -> None:
    assert (await start_as_client(["/bin/sh", "-c", script])).failure == said


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    trial = await start_as_client([str(tmp_path / "none")])
    assert trial == (str(tmp_path / "none"), trial.seconds, "it cannot be started (No such file or directory)")


def test_targets_of_notifications_are_counted_and_not_shown(run: Run, github: FakeGitHub) -> None:
    result = run("doctor", "--json", NOTIFY_URLS="json://me:hushhush@127.0.0.1:1,discord://hushhushid/hushhushtoken")
    assert _findings(result.json)["notifications"].startswith("2 targets: json (1 of 2), discord (2 of 2)")
    assert "hushhush" not in result.out + result.err
    result = run("doctor", "--json", NOTIFY_URLS="json://127.0.0.1:1", READ_ONLY="true")
    assert _statuses(result.json)["notifications"] == "warning"
    result = run("doctor", "--json", NOTIFY_URLS="slak://hushhush/x")
    assert (result.code, _statuses(result.json)["notifications"]) == (1, "broken")
