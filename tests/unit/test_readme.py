"""README and docs/ say what is there: settings, commands, tools, figures of the health score, their own commands."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from github_events_monitor.api import app
from github_events_monitor.cli import app as program
from github_events_monitor.insights.health.rules import MINIMUM_KNOWN_SHARE, RULES
from github_events_monitor.mcp_server import mcp
from github_events_monitor.settings import Settings
from tests.documents import DOCUMENTS, ROOT, anchors

README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE, INSIGHTS, DEVELOPMENT, DYNAMODB = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("reference", "insights", "development", "dynamodb")
)
TEST_COMMAND = re.compile(r"^python3 -m venv .*-m pytest -n auto$", re.MULTILINE)
SETTINGS = [name.upper() for name in Settings.model_fields if name != "aws_lambda_function_name"]


def _commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}".strip())
    if not children:
        yield path, command


COMMANDS = dict(_commands(typer.main.get_command(program)))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_its_place_in_the_table_and_in_the_example(name: str) -> None:
    assert re.search(rf"^\| .*`{name}`.* \|", REFERENCE, re.MULTILINE)
    assert re.search(rf"^# {name}=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)


def test_defaults_are_those_of_the_program() -> None:
    for name, field in Settings.model_fields.items():
        row = re.search(rf"^\| `{name.upper()}` \| ([^|]*) \|", REFERENCE, re.MULTILINE)
        if row and isinstance(field.default, str | int):
            assert f"`{field.default}`" in row[1], name


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_table_with_its_options(command: str) -> None:
    row = re.search(rf"^\| .*`{command}`.* \|.*$", REFERENCE, re.MULTILINE)
    assert row
    about = REFERENCE.partition("| command |")[0] + row[0]
    if "dynamodb.md" in row[0] or "same options" in row[0]:  # they stand elsewhere
        about += REFERENCE + DYNAMODB
    options = {name for option in COMMANDS[command].params for name in option.opts if name.startswith("--")}
    assert {name for name in options if f"`{name}" not in about and f" {name}" not in about} == set()


async def test_every_tool_and_no_other_is_in_the_table() -> None:
    section = README.partition("### Tools")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert named == {tool.name for tool in await mcp.list_tools()}


def test_every_endpoint_is_named() -> None:
    section = REFERENCE.partition("## REST")[2].partition("\n## ")[0]
    declared = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}
    pages = {"GET /", "GET /r/{owner}/{name}"}  # for people, so they are no operations of the API
    assert set(re.findall(r"`((?:GET|POST) /[^`]*)`", section)) == declared | pages


@pytest.mark.parametrize("name", RULES)
def test_the_health_table_has_the_numbers_of_the_rules(name: str) -> None:
    rule = RULES[name]
    assert f"| `{name}` | {rule.weight:g} | {rule.zero_at:g} | {rule.full_at:g} | {rule.minimum} |" in INSIGHTS
    assert f"below {MINIMUM_KNOWN_SHARE:.0%}".replace("%", " %") in INSIGHTS


def test_the_first_two_commands_install_and_run_and_install_and_test() -> None:
    first, second = re.findall(r"```bash\n(.*?)\n```", README, re.DOTALL)[:2]
    assert "\n" not in first + second
    assert re.fullmatch(
        r"python3 -m venv .venv && .venv/bin/pip install .* && .venv/bin/github-events-monitor report \S+", first
    )
    assert TEST_COMMAND.findall(README) == [second]


def test_what_is_run_for_every_change_is_the_readmes_own_test_command() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "grep -x 'python3 -m venv .*-m pytest -n auto' README.md" in run
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports"):
        assert tool in run
        assert f".venv/bin/{tool}" in DEVELOPMENT


def test_the_example_for_claude_desktop_is_the_one_in_the_readme() -> None:
    example = json.loads((ROOT / "claude_desktop_config.example.json").read_text(encoding="utf-8"))
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)\n```", README, re.DOTALL)]
    assert example in blocks


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:scripts|tests|benchmarks|deploy|\.ci|src|docs)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"python (scripts/\w+\.py)", text):
        assert (ROOT / path).exists(), path
    for path, _, anchor in (link.partition("#") for link in re.findall(r"\]\((?!https://)([^)]+)\)", text)):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_path_from_a_tool_to_sql_is_short_and_true() -> None:
    way = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## From a tool to SQL")[2]
    files = re.findall(r"^\| `([\w/]+\.py)` \|", way, re.MULTILINE)
    assert 5 < len(files) <= 15
    assert [name for name in files if not (ROOT / "src" / "github_events_monitor" / name).is_file()] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = "\n".join(re.findall(r"^\| (`.*`) \|", DEVELOPMENT.partition("## What it is built on")[2], re.MULTILINE))
    for name in (re.split(r"[\[<>=~]", wanted)[0] for wanted in project["dependencies"]):
        assert f"`{name}`" in rows, name


def test_the_readme_is_short_and_names_the_server_as_the_registry_does() -> None:
    assert len(README.splitlines()) <= 150
    name = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))["name"]
    assert f"<!-- mcp-name: {name} -->" in README


def test_every_document_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(docs/(\w+\.md)\)", README))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")}
