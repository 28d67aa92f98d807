"""The rules of the house that code can check."""

import ast
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "github_events_monitor").rglob("*.py"))
MOST_LINES = 400
LISTS = {"database_interface.py"}
"""They declare one thing after another, and grow with what there is."""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT / "src" / "github_events_monitor"))


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_imports_point_down_only() -> None:
    tool = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("github_events_monitor", "pydantic httpx mcp fastapi aiobotocore"),
        ("github_events_monitor.infrastructure.database_service", "aiobotocore botocore aiosqlite mcp fastapi httpx"),
        ("github_events_monitor.terminal.running", "typer rich httpx mcp fastapi"),
        ("github_events_monitor.transfer.parsing_process", "pydantic platformdirs httpx aiobotocore"),
        ("github_events_monitor.runtime", "aiobotocore botocore aiosqlite mcp fastapi"),
        (
            "github_events_monitor.mcp_server",
            "aiobotocore botocore aiosqlite fastapi httpx github_events_monitor.insights",
        ),
        ("github_events_monitor.api", "aiobotocore botocore aiosqlite"),
    ],
)
def test_importing_brings_no_provider_and_builds_nothing(module: str, absent: str, tmp_path: Path) -> None:
    check = (
        "import sys, threading\n"
        f"import {module}\n"
        f"print(*(name for name in '{absent}'.split() if name in sys.modules), threading.active_count() - 1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check],
        cwd=tmp_path,
        env={"POLL_INTERVAL": "not read", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_module_keeps_the_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES or path.name in LISTS, "is there a second room in it?"
    for node in _nodes(path):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: except without a name"
        if isinstance(node, ast.Attribute) and path.name != "settings.py":
            assert node.attr not in {"environ", "getenv", "putenv"}, f"line {node.lineno} reads the environment"
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("github_events_monitor"), f"line {node.lineno}: not relative"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_the_environment_is_read_by_the_settings_alone(path: Path) -> None:
    names = {alias.name for node in _nodes(path) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not names & {"environ", "getenv"}


def test_no_test_is_skipped() -> None:
    """But for those that want a browser, where there is none: their conftest says so, and fails them in CI."""
    browser = ROOT / "tests" / "integration" / "page" / "conftest.py"
    for path in {*(ROOT / "tests").rglob("*.py")} - {browser}:
        for node in _nodes(path):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = ast.unparse(node.value)
                skips = owner in {"pytest", "pytest.mark", "mark"} and node.attr in {"skip", "skipif", "xfail"}
                assert not skips, f"{path}, line {node.lineno}"
