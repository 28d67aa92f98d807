"""What the program is published as: the bundle's manifest, the registry's server.json, the image, and the workflows."""

import json
import re
import runpy
import struct
from pathlib import Path
from typing import Any

import pytest

from github_events_monitor import __version__
from github_events_monitor.settings import Settings

ROOT = Path(__file__).parents[2]
NAME = "io.github.github-events-monitor/github-events-monitor"
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")}


def document(name: str) -> Any:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def test_the_versions_are_the_programs() -> None:
    server = document("server.json")
    assert document("manifest.json")["version"] == server["version"] == __version__
    assert server["packages"][0]["identifier"].endswith(f":{__version__}")


def test_the_bundle_asks_for_what_it_hands_to_the_server() -> None:
    manifest = document("manifest.json")
    start, asked = manifest["server"]["mcp_config"], manifest["user_config"]
    used = set(re.findall(r"\$\{user_config\.(\w+)\}", json.dumps(start)))
    assert used == set(asked)
    assert {name.lower() for name in start["env"]} <= set(Settings.model_fields)
    assert asked["github_token"]["sensitive"]
    # what has no default stays in the variables as it is written here, where a user leaves it empty
    assert all("default" in entry for entry in asked.values())


def test_an_empty_answer_to_the_bundles_questions_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in document("manifest.json")["server"]["mcp_config"]["env"]:
        monkeypatch.setenv(name, "")
    settings = Settings.load()
    assert (settings.github_token, settings.target_repositories) == (None, ())


def test_the_bundle_holds_what_its_manifest_names() -> None:
    manifest = document("manifest.json")
    files = runpy.run_path(str(ROOT / "scripts" / "build_bundle.py"))["FILES"]
    assert manifest["icon"] in files
    assert (ROOT / manifest["server"]["entry_point"]).is_file()
    assert all((ROOT / name).is_file() for name in files)
    assert {"pyproject.toml", "uv.lock"} <= set(files)


def test_the_icon_is_a_square_picture() -> None:
    data = (ROOT / "icon.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (512, 512)


def test_the_registry_finds_what_its_schema_requires() -> None:
    """The rules of https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json that concern us."""
    server = document("server.json")
    assert server["$schema"].endswith("/2025-12-11/server.schema.json")
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", server["name"])
    assert 1 <= len(server["description"]) <= 100
    assert 1 <= len(server["title"]) <= 100
    for package in server["packages"]:
        assert {"registryType", "identifier", "transport"} <= set(package)
        assert package["registryType"] == "oci"  # the name on PyPI belongs to another program
        assert package["transport"] == {"type": "stdio"}
        variables = {variable["name"]: variable for variable in package["environmentVariables"]}
        assert {name.lower() for name in variables} <= set(Settings.model_fields)
        assert variables["GITHUB_TOKEN"]["isSecret"]


def test_the_image_bears_the_registrys_name() -> None:
    assert document("server.json")["name"] == NAME
    image = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert f'io.modelcontextprotocol.server.name="{NAME}"' in image
    assert 'org.opencontainers.image.licenses="MIT"' in image


def test_every_push_runs_what_runs_by_hand() -> None:
    assert re.search(r"^on:\n  push:\n", WORKFLOWS["ci"], re.MULTILINE)
    assert "- run: .ci/run" in WORKFLOWS["ci"]
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for check in ("wheel-check", "bundle-check", "lock-check"):
        assert re.search(rf"\b{check}\b", run)
        assert (ROOT / ".ci" / check).stat().st_mode & 0o100


def test_a_release_is_checked_and_published_without_a_password() -> None:
    release = WORKFLOWS["release"]
    assert "uses: ./.github/workflows/ci.yml" in release
    assert "id-token: write" in release
    assert "secrets." not in release


def test_nothing_tells_a_user_to_install_another_program() -> None:
    wrong = re.compile(r"(pip|pipx|uv tool|uv pip) install github-events-monitor|uvx github-events-monitor")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*.json"), *ROOT.glob("deploy/*")):
        if path.is_file():
            assert not wrong.search(path.read_text(encoding="utf-8")), path.name
