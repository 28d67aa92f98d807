"""Every command in the documents runs: this program's as its user runs them, requests to a server as curl sends them.

What other programs do is checked as far as their own descriptions go, or by the files and options they are given.
"""

import ast
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session
import pytest
import typer.main
from botocore import xform_name
from botocore.validate import ParamValidator
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.testclient import TestClient

from github_events_monitor import api, mcp_server
from github_events_monitor.cli import app as program
from github_events_monitor.settings import Settings
from github_events_monitor.terminal import doctor
from github_events_monitor.terminal.client_start import StartResult
from tests.documents import ROOT, Block, blocks, inline_commands
from tests.fake_github import FakeGitHub, FakeRepository, commit, event, iso

from .conftest import Run

BASH = list(blocks("bash"))
REPOSITORIES = (
    "example-harbour/lighthouse",
    "example-harbour/foghorn",
    "agronholm/apscheduler",
    "kubernetes/kubernetes",
    "microsoft/vscode",
)
CHECKOUT = ("ruff", "mypy", "lint-imports", "pip", "python")
"""Run from a checkout's environment for every change, by .ci/run."""
ELSEWHERE = re.compile(r"/(absolute/path/to|var/lib/github-events|etc/github-events)(?=/)")
"""Folders that stand for the user's own."""
KNOWN_NOTHING_OF = "does not offer dynamodb:UpdateContinuousBackups"
"""What the program says of DynamoDB Local, which has no backups."""


class Line(NamedTuple):
    """One command: its variables, its words."""

    variables: dict[str, str]
    words: list[str]


def lines(block: Block, place: Path, variables: dict[str, str]) -> Iterator[Line]:
    """Yield the commands of a block as a shell would run them; `variables` are those exported so far."""
    for row in block.text.replace("\\\n", " ").splitlines():
        filled = re.sub(r"\$(\w+)", lambda found: variables.get(found[1], ""), row)
        words = [ELSEWHERE.sub(str(place), word) for word in shlex.split(filled, comments=True)]
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            command, words = words[:end], words[end + 1 :]
            given = dict(word.split("=", 1) for word in _leading(command))
            yield Line(given, command[len(given) :])


def _leading(command: list[str]) -> Iterator[str]:
    for word in command:
        if not re.match(r"[A-Z_]+=", word):
            return
        yield word


class Shell:
    """Runs the commands of one block."""

    def __init__(self, run: Run, place: Path, endpoint: str | None) -> None:
        self.run, self.place, self.endpoint = run, place, endpoint
        self.variables: dict[str, str] = {}
        self.served: list[str] = []

    def carry_out(self, block: Block) -> None:
        for line in lines(block, self.place, self.variables):
            if line.words and line.words[0] == "export":
                self.variables |= dict(word.split("=", 1) for word in line.words[1:])
            elif line.words:
                self._command(line.words, {**self.variables, **line.variables})

    def _command(self, words: list[str], variables: dict[str, str]) -> None:
        match Path(words[0]).name, words[1:]:
            case "github-events-monitor", arguments:
                self._program(arguments, variables)
            case "python", ["-m", "src.github_events_monitor.api"]:
                self._program(["api"], variables)
            case "python", [script, *arguments] if script.startswith("scripts/"):
                self._script(script, arguments, variables)
            case "curl", arguments:
                self._curl(arguments, variables)
            case "aws", ["dynamodb", operation, *options]:
                check_dynamodb_call(operation, options)
            case "claude", ["mcp", "add", name, *rest]:
                assert name == "github-events-monitor"
                assert rest[rest.index("--") + 1 :] == [f"{self.place}/.venv/bin/github-events-monitor"]
                assert all(given.partition("=")[0].lower() in Settings.model_fields for given in _after(rest, "-e"))
            case "docker", arguments:
                assert all((ROOT / file).is_file() for file in _after(arguments, "-f"))
            case "", [".venv/bin/activate"]:
                pass
            case tool, arguments if words[0].startswith((".venv/bin/", "python")) and Path(tool).name in {
                *CHECKOUT,
                "python3",
            }:
                assert all((ROOT / word).exists() for word in arguments if word.startswith("tests/"))
            case _:
                pytest.fail(f"nothing runs {shlex.join(words)}")

    def _program(self, arguments: list[str], variables: dict[str, str]) -> None:
        before = len(self.served)
        result = self.run(*map(self._here, arguments), **self._placed(variables))
        assert result.code == 0 or KNOWN_NOTHING_OF in result.err, (arguments, result.err)
        server = arguments[0] in {"serve", "api"}
        assert len(self.served) - before == server

    def _script(self, script: str, arguments: list[str], variables: dict[str, str]) -> None:
        environment = {**_environment(), **self._placed(variables)}
        command = [sys.executable, str(ROOT / script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def _curl(self, arguments: list[str], variables: dict[str, str]) -> None:
        (url,) = (word for word in arguments if word.startswith("http"))
        headers = dict(header.split(": ", 1) for header in _after(arguments, "-H"))
        method = next(iter(_after(arguments, "-X")), "GET")
        body = next(iter(_after(arguments, "-d")), None)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._placed(variables).items():
                patch.setenv(name, value)
            with TestClient(api.create_app(), client=("127.0.0.1", 50_000)) as http:
                response = http.request(method, url, headers=headers, content=body)
        assert response.status_code == 200, response.text

    def _placed(self, variables: dict[str, str]) -> dict[str, str]:
        """The variables, with the tests' own engine wherever DynamoDB is meant."""
        if self.endpoint is None:
            return variables
        aws = {"DYNAMODB_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "dummy", "AWS_SECRET_ACCESS_KEY": "dummy"}
        return {**variables, **aws}

    def _here(self, argument: str) -> str:
        is_url = argument.startswith("dynamodb://") and "endpoint_url" not in argument
        return f"{argument}?endpoint_url={self.endpoint}" if is_url else argument


def _after(words: list[str], option: str) -> list[str]:
    return [value for word, value in pairwise(words) if word == option]


def _environment() -> dict[str, str]:
    return dict(os.environ)


def check_dynamodb_call(operation: str, options: list[str]) -> None:
    """Check a call of the program `aws` against AWS's description of the operation."""
    model: Any = botocore.session.get_session().get_service_model("dynamodb")
    name = next(name for name in model.operation_names if xform_name(name, "-") == operation)
    given: dict[str, Any] = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        key = "".join(part.title() for part in option.removeprefix("--").split("-"))
        inner, _, setting = value.partition("=")
        given[key] = {inner: setting == "true"} if setting else value
    report = ParamValidator().validate(given, model.operation_model(name).input_shape)
    assert not report.has_errors(), report.generate_report()


@pytest.fixture
def shell(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shell]:
    """A folder with what the documents suppose: a GitHub, an archive, an App's key, a database of before."""
    block: Block = request.getfixturevalue("block")
    uses_dynamodb = "DATABASE_PROVIDER=dynamodb" in block.text or "dynamodb://" in block.text
    shell = Shell(run, tmp_path, request.getfixturevalue("dynamodb_endpoint") if uses_dynamodb else None)
    monkeypatch.setattr(api, "run", lambda _: shell.served.append("api"))
    monkeypatch.setattr(mcp_server, "run", lambda transport, _: shell.served.append(transport))

    async def answers() -> StartResult:
        return StartResult("github-events-monitor", 0.1, None)

    monkeypatch.setattr(doctor, "start_as_client", answers)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GITHUB_USE_GH", "false")
    _write_files(tmp_path)
    github = FakeGitHub(*(_repository(name, number) for number, name in enumerate(REPOSITORIES, start=1)))
    github.faults.append(_as_app)
    with github.serve() as url:
        monkeypatch.setenv("GITHUB_API_URL", url)
        if re.search("sqlite:///github_events.db|^github-events-monitor (export|database backup)", block.text):
            assert run("collect", "example-harbour/lighthouse").code == 0
        yield shell
    if shell.endpoint:
        _remove_tables(shell.endpoint)


def _repository(name: str, number: int) -> FakeRepository:
    at = datetime.now(UTC) - timedelta(hours=number)
    repository = FakeRepository(name, id=number)
    repository.events = [event(number, "WatchEvent", "eve", at, {"action": "started"}, repo=name)]
    repository.commits.append(commit(number, at))
    return repository


def _as_app(path: str) -> tuple[int, dict[str, str], bytes] | None:
    headers = {"Content-Type": "application/json"}
    if path.endswith("/access_tokens"):
        token = {"token": "ghs_of_the_installation", "expires_at": iso(datetime.now(UTC) + timedelta(hours=1))}
        return 201, headers, json.dumps(token).encode()
    if path.endswith(("/app/installations", "/installation")):
        return 200, headers, b'[{"id": 1}]' if path.endswith("installations") else b'{"id": 1}'
    return None


def _write_files(place: Path) -> None:
    star = event(
        1, "WatchEvent", "eve", datetime(2015, 1, 1, 0, 5, tzinfo=UTC), {"action": "started"}, "torvalds/linux"
    )
    (place / "2015-01-01-0.json.gz").write_bytes(gzip.compress(json.dumps(star).encode() + b"\n"))
    key = rsa.generate_private_key(65537, 2048)
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (place / "app.pem").write_bytes(key.private_bytes(*pem))


def _remove_tables(endpoint: str) -> None:
    """Remove the tables of the documents' prefixes, also those that are protected."""
    for region in ("us-east-1", "us-west-2"):
        keys: Any = {"aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}
        session: Any = botocore.session.get_session()
        dynamodb = session.create_client("dynamodb", region_name=region, endpoint_url=endpoint, **keys)
        for name in dynamodb.list_tables()["TableNames"]:
            if re.match("(prod|local)-github-events-", name):
                dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
                dynamodb.delete_table(TableName=name)
        dynamodb.close()


@pytest.mark.parametrize("block", BASH, ids=lambda block: block.place)
def test_a_block_of_commands_runs_as_it_is_printed(block: Block, shell: Shell) -> None:
    shell.carry_out(block)


@pytest.mark.parametrize("command", sorted(inline_commands()))
def test_a_command_within_a_sentence_is_one_that_the_program_takes(command: str) -> None:
    words = shlex.split(command)[1:]
    found: Any = typer.main.get_command(program)
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    assert not getattr(found, "commands", {}) or words in ([], ["--help"]), f"there is no {command}"
    if words != ["--help"]:
        found.make_context(found.name, words)


@pytest.mark.parametrize("block", list(blocks("python", "json")), ids=lambda block: block.place)
def test_other_code_is_written_correctly(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
    else:
        compile(block.text, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
