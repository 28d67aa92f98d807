"""Where clients keep their servers, and edits of one entry in a text that others wrote."""

import json
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import InvalidInput
from github_events_monitor.terminal.clients import ClientName, entries
from github_events_monitor.terminal.clients.jsonc import BrokenDocument, Document
from github_events_monitor.terminal.clients.places import find, layout

LINUX = {"HOME": "/home/ada"}
MAC = {"HOME": "/Users/ada", "XDG_CONFIG_HOME": "/elsewhere"}
WINDOWS = {"USERPROFILE": r"C:\Users\ada", "APPDATA": r"D:\Roaming", "HOME": "/c/Users/ada"}
ENTRY = {"command": "/opt/monitor", "env": {"DATABASE_PATH": "/data/événements.db"}}


@pytest.mark.parametrize(
    ("client", "linux", "mac", "windows"),
    [
        (
            "claude-desktop",
            "/home/ada/.config/Claude/claude_desktop_config.json",
            "/Users/ada/Library/Application Support/Claude/claude_desktop_config.json",
            r"D:\Roaming\Claude\claude_desktop_config.json",
        ),
        ("claude-code", "/home/ada/.claude.json", "/Users/ada/.claude.json", r"C:\Users\ada\.claude.json"),
        ("cursor", "/home/ada/.cursor/mcp.json", "/Users/ada/.cursor/mcp.json", r"C:\Users\ada\.cursor\mcp.json"),
        (
            "vscode",
            "/home/ada/.config/Code/User/mcp.json",
            "/Users/ada/Library/Application Support/Code/User/mcp.json",
            r"D:\Roaming\Code\User\mcp.json",
        ),
        (
            "gemini-cli",
            "/home/ada/.gemini/settings.json",
            "/Users/ada/.gemini/settings.json",
            r"C:\Users\ada\.gemini\settings.json",
        ),
    ],
)
def test_each_platform_has_the_file_in_its_own_place(client: ClientName, linux: str, mac: str, windows: str) -> None:
    assert layout(client, "linux", LINUX) == PurePosixPath(linux)
    assert layout(client, "darwin", MAC) == PurePosixPath(mac)
    assert layout(client, "win32", WINDOWS) == PureWindowsPath(windows)


def test_variables_that_move_a_clients_folder_are_followed() -> None:
    assert layout("claude-code", "linux", {**LINUX, "CLAUDE_CONFIG_DIR": "/c"}) == PurePosixPath("/c/.claude.json")
    assert layout("gemini-cli", "darwin", {**MAC, "GEMINI_CLI_HOME": "/g"}) == PurePosixPath("/g/.gemini/settings.json")
    assert layout("vscode", "linux", {**LINUX, "XDG_CONFIG_HOME": "/x"}) == PurePosixPath("/x/Code/User/mcp.json")
    without = {"USERPROFILE": r"C:\Users\ada"}
    assert layout("vscode", "win32", without) == PureWindowsPath(r"C:\Users\ada\AppData\Roaming\Code\User\mcp.json")


def test_claude_desktop_as_a_package_of_windows_reads_a_file_of_its_own(tmp_path: Path) -> None:
    environment = {**WINDOWS, "LOCALAPPDATA": str(tmp_path)}
    assert find("claude-desktop", "win32", environment) == Path(layout("claude-desktop", "win32", environment))
    for package in ("Claude_older", "Claude_pzs8sxrjxfjjc"):
        (tmp_path / "Packages" / package / "LocalCache" / "Roaming").mkdir(parents=True)
    used = tmp_path / "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json"
    used.parent.mkdir()
    used.write_text("{}")
    assert find("claude-desktop", "win32", environment) == used
    assert find("claude-desktop", "linux", {**LINUX, "LOCALAPPDATA": str(tmp_path)}) != used


COMMENTED = """\
// servers of mine
{
\t"inputs": [], /* none yet */
\t"servers": {
\t\t// the first
\t\t"one": { "command": "a//b" }, // "quoted"
\t\t"two": {"command": "two"} // and last
\t},
}
"""


def test_a_new_entry_changes_no_other_byte() -> None:
    after = Document(COMMENTED, comments=True).with_entry("servers", "monitor", ENTRY)
    assert after == COMMENTED.replace('"two"} // and last\n', '"two"}, // and last\n' + _indented("monitor") + "\n")
    assert Document(after, comments=True).without_entry("servers", "monitor") == COMMENTED


def _indented(name: str) -> str:
    lines = json.dumps({name: ENTRY}, indent="\t", ensure_ascii=False).split("\n")[1:-1]
    return "\n".join(f"\t{line}" for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "mcpServers": {}\n}\n',
        '{\r\n    "a": 1,\r\n    "mcpServers": {\r\n        "b": {}\r\n    }\r\n}\r\n',
        '{\n  "mcpServers": {\n    "b": {}\n  },\n  "z": [1, {"mcpServers": 2}]\n}',
    ],
)
def test_what_was_added_can_be_taken_out_again_to_the_byte(text: str) -> None:
    after = Document(text, comments=False).with_entry("mcpServers", "monitor", ENTRY)
    assert after.count("\r\n") in {0, after.count("\n")}
    assert json.loads(after)["mcpServers"]["monitor"] == ENTRY
    assert Document(after, comments=False).without_entry("mcpServers", "monitor") == text


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"mcpServers": {"a": 1, "monitor": {"old": true}, "b": 2}}',
        '{"mcpServers":{"monitor":1}}',
        '{"mcpServers": {"a": 1, "monitor": 2}}',
        '{ "mcpServers": { } }',
        '{"a": "\\"mcpServers\\": {", "c": "}"}',
    ],
)
def test_texts_on_one_line(text: str) -> None:
    after = Document(text, comments=False).with_entry("mcpServers", "monitor", ENTRY)
    before = json.loads(text)
    assert json.loads(after) == {**before, "mcpServers": {**before.get("mcpServers", {}), "monitor": ENTRY}}
    left = json.loads(Document(after, comments=False).without_entry("mcpServers", "monitor"))
    assert left["mcpServers"] == {key: value for key, value in before.get("mcpServers", {}).items() if key != "monitor"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  "mcpServers": {\n', "line 3"),
        ('{\n  "a": 1,\n}', "line [23]"),  # which of the two depends on Python
        ("{\n  // note\n}", "line 2"),
        ("[]", "not a JSON object"),
        ('{"a": NaN}', "NaN"),
        ('{\n"mcpServers": []}', "not an object: line 2"),
        ('{\n"mcpServers": {},\n"mcpServers": {}}', "twice: line 3"),
        ("[" * 100_000, "nested"),
    ],
)
def test_what_is_not_json_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BrokenDocument, match=said):
        Document(text, comments=False).with_entry("mcpServers", "monitor", ENTRY)


BLANKS = st.sampled_from(["", " ", "\n", "\r\n", "\n\t", ' // a, "b": {\n', "/* }, */", " /* \n // */ "])
NAMES = st.sampled_from(["servers", "monitor", "a", "//", "/*", '"', ",}"])
SCALARS = st.sampled_from(['"//"', '"/*"', r'"\"},"', "1", "null", '"é"', "[1, [2]]"])


@st.composite
def objects(draw: Any, depth: int = 2) -> str:
    """An object as people write it: blanks and comments anywhere, a trailing comma at times."""
    text = ""
    for name in draw(st.lists(NAMES, unique=True, max_size=3)):
        nested = depth and (name == "servers" or draw(st.booleans()))
        value = draw(objects(depth - 1)) if nested else draw(SCALARS)
        text += (
            f"{',' if text else ''}{draw(BLANKS)}{json.dumps(name)}{draw(BLANKS)}:{draw(BLANKS)}{value}{draw(BLANKS)}"
        )
    comma = "," if text and draw(st.booleans()) else ""
    return f"{{{draw(BLANKS)}{text}{comma}{draw(BLANKS)}}}"


@given(BLANKS, objects(), BLANKS)
def test_any_text_with_comments_keeps_everything_else(before: str, text: str, after: str) -> None:
    document = Document(before + text + after, comments=True)
    if not isinstance(document.value.get("servers", {}), dict):
        with pytest.raises(BrokenDocument, match="that is not an object"):
            document.with_entry("servers", "monitor", ENTRY)
        return
    had = "monitor" in document.value.get("servers", {})
    edited = document.with_entry("servers", "monitor", ENTRY)
    changed = Document(edited, comments=True)
    assert changed.entry("servers", "monitor") == ENTRY
    removed = changed.without_entry("servers", "monitor")
    left = Document(removed, comments=True).value
    others = {key: value for key, value in document.value.get("servers", {}).items() if key != "monitor"}
    assert left == {**document.value, "servers": others}
    if not had:  # else those inside the entry go with it
        for comment in ('// a, "b": {', "/* }, */", "/* \n // */"):
            assert removed.count(comment) == edited.count(comment) == document.text.count(comment)


def test_the_command_is_the_running_programs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "bin" / "github-events-monitor"
    script.parent.mkdir()
    script.touch()
    python = str(script.with_name("python"))
    monkeypatch.chdir(tmp_path)
    assert entries.command("bin/github-events-monitor", python) == [str(script)]
    assert entries.command("/somewhere/__main__.py", python) == [str(script)]
    script.rename(script.with_suffix(".exe"))  # the launchers of Windows leave their ending out of argv
    assert entries.command(str(script), python) == [str(script.with_suffix(".exe"))]
    other = str(tmp_path / "python")
    assert entries.command("/somewhere/__main__.py", other) == [other, "-m", "github_events_monitor"]


def test_a_program_in_uvs_cache_is_started_from_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Installed:
        url = '{"url": "https://example.com/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}'

        def read_text(self, _: str) -> str:
            return self.url

    monkeypatch.setattr(entries, "distribution", lambda _: Installed())
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/uvx")
    cached = "/home/ada/.cache/uv/archive-v0/0d3f/bin/"
    words = entries.command(f"{cached}github-events-monitor", f"{cached}python")
    assert words == ["/usr/bin/uvx", "--from", "git+https://example.com/x.git@abc", "github-events-monitor"]
    monkeypatch.setattr(Installed, "url", "{}")
    with pytest.raises(InvalidInput, match="uv tool install"):
        entries.command(f"{cached}github-events-monitor", f"{cached}python")
