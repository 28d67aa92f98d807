"""The clients, and where each keeps the servers of its user."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from pydantic_settings import BaseSettings, SettingsConfigDict

from ...errors import InvalidInput
from . import ClientName


@dataclass(frozen=True)
class Client:
    """What its configuration looks like.

    servers: the member that holds the servers. typed: whether an entry says that it is started over stdio.
    comments: whether the client reads comments and trailing commas. then: what its user does next.
    """

    title: str
    servers: str = "mcpServers"
    typed: bool = False
    comments: bool = False
    then: str = ""


CLIENTS: Mapping[ClientName, Client] = {
    # https://modelcontextprotocol.io/docs/develop/connect-local-servers
    "claude-desktop": Client("Claude Desktop", then="Quit Claude Desktop and start it again."),
    # https://code.claude.com/docs/en/mcp
    "claude-code": Client("Claude Code", typed=True, then="Start a new session of Claude Code."),
    # https://cursor.com/docs/context/mcp
    "cursor": Client("Cursor", comments=True, then="Switch the server on in Cursor's settings, under MCP."),
    # https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
    "vscode": Client(
        "VS Code", servers="servers", typed=True, comments=True, then="Start it in VS Code with 'MCP: List Servers'."
    ),
    # https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md
    "gemini-cli": Client("Gemini CLI", comments=True, then="Start Gemini CLI again."),
}


class _Variables(BaseSettings):
    """Variables of other programs, by which clients and systems say where files are kept."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    appdata: str | None = None
    localappdata: str | None = None
    xdg_config_home: str | None = None
    claude_config_dir: str | None = None
    gemini_cli_home: str | None = None


def environment() -> Mapping[str, str]:
    """Return this machine's variables that say where clients keep their files; the home folder is always among them.

    Raises:
        InvalidInput: There is no home folder.
    """
    try:
        home = str(Path.home())
    except RuntimeError:
        raise InvalidInput("the home folder cannot be found; set HOME") from None
    found = {name.upper(): value for name, value in _Variables().model_dump(exclude_none=True).items()}
    return {**found, "HOME": home, "USERPROFILE": home}


def layout(name: ClientName, platform: str, environment: Mapping[str, str]) -> PurePath:
    """Return the file in which a client keeps its user's servers, in the platform's own form.

    Args:
        name: The client.
        platform: As `sys.platform` has it: win32, darwin, or another for Linux and its like.
        environment: Variables by name; HOME, or USERPROFILE on Windows, has to be among them.
    """
    match name:
        case "claude-desktop":
            return _application_data(platform, environment) / "Claude" / "claude_desktop_config.json"
        case "vscode":
            return _application_data(platform, environment) / "Code" / "User" / "mcp.json"
        case "claude-code":
            return _home(platform, environment, "CLAUDE_CONFIG_DIR") / ".claude.json"
        case "cursor":
            return _home(platform, environment) / ".cursor" / "mcp.json"
        case "gemini-cli":  # https://github.com/google-gemini/gemini-cli/issues/23622
            return _home(platform, environment, "GEMINI_CLI_HOME") / ".gemini" / "settings.json"


def find(name: ClientName, platform: str, environment: Mapping[str, str]) -> Path:
    """Return the file as `layout` has it, or that of Claude Desktop's packaged form where that is installed.

    Windows shows a packaged program files of its own: https://github.com/anthropics/claude-code/issues/26073
    """
    local = environment.get("LOCALAPPDATA")
    if name == "claude-desktop" and platform == "win32" and local:
        packages = sorted(Path(local, "Packages").glob("Claude_*/LocalCache/Roaming"))
        files = [package / "Claude" / "claude_desktop_config.json" for package in packages]
        if files:
            return next((file for file in files if file.exists()), files[0])
    return Path(layout(name, platform, environment))


def _home(platform: str, environment: Mapping[str, str], override: str = "") -> PurePath:
    kind = PureWindowsPath if platform == "win32" else PurePosixPath
    home = environment["USERPROFILE" if platform == "win32" else "HOME"]
    return kind(environment.get(override) or home)


def _application_data(platform: str, environment: Mapping[str, str]) -> PurePath:
    """Return what Electron calls appData: https://www.electronjs.org/docs/latest/api/app#appgetpathname"""
    if platform == "win32":
        roaming = environment.get("APPDATA")
        return PureWindowsPath(roaming) if roaming else _home(platform, environment) / "AppData" / "Roaming"
    if platform == "darwin":
        return _home(platform, environment) / "Library" / "Application Support"
    chosen = environment.get("XDG_CONFIG_HOME")
    return PurePosixPath(chosen) if chosen else _home(platform, environment) / ".config"
