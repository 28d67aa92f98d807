"""What a client is to start: the program and its environment, by paths that hold from any folder."""

import json
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from ...errors import InvalidInput
from ...settings import Settings
from .places import Client

NAME = "github-events-monitor"

_CARRIED = (
    "database_provider",
    "aws_region",
    "dynamodb_table_prefix",
    "dynamodb_endpoint_url",
    "github_api_url",
    "github_token_file",
    "github_app_id",
    "github_app_installation_id",
    "github_app_private_key_file",
    "github_use_gh",
    "target_repositories",
    "event_retention_days",
    "bot_logins",
    "read_only",
    "tools",
)
"""Settings of this shell that decide what the server knows and offers; a client's own environment has none of them."""

_UV_CACHE = ("archive-v", "environments-v", "builds-v")


def command(argv0: str, executable: str) -> list[str]:
    """Return the command that starts this very program, by its absolute path.

    Args:
        argv0: `sys.argv[0]`.
        executable: `sys.executable`.

    Raises:
        InvalidInput: The program is in a cache of uv, and its source is not known.
    """
    script = Path(argv0).absolute()
    if any(part.startswith(_UV_CACHE) for part in (*script.parts, *Path(executable).parts)):
        return _from_its_source()
    for path in (script, script.with_name(f"{script.name}.exe"), *_beside(executable)):
        if path.stem == NAME and path.is_file():
            return [str(path)]
    return [str(Path(executable).absolute()), "-m", "github_events_monitor"]


def _beside(executable: str) -> list[Path]:
    folder = Path(executable).absolute().parent
    return [folder / NAME, folder / f"{NAME}.exe"]


def _from_its_source() -> list[str]:
    """Return the command of `uvx` for the same source: https://packaging.python.org/en/latest/specifications/direct-url/"""
    try:
        source = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        source = {}
    uvx, url = shutil.which("uvx"), str(source.get("url", ""))
    if uvx is None or not url:
        raise InvalidInput(
            "this program runs from a cache of uv, which may be emptied; install it first, for instance with"
            " `uv tool install` in a checkout"
        )
    if vcs := source.get("vcs_info"):
        url = f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}"
    return [str(Path(uvx).absolute()), "--from", url, NAME]


def environment(settings: Settings, present: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that the server is to have, without any secret.

    Args:
        settings: Those of this shell.
        present: Variables of the entry that is there already; its database stays unless the shell names another.
    """
    given = settings.model_fields_set
    chosen = {name.upper(): _text(getattr(settings, name)) for name in _CARRIED if name in given}
    if settings.database_provider == "sqlite":
        kept = str(present.get("DATABASE_PATH", ""))
        path = settings.database_path if "database_path" in given or not Path(kept).is_absolute() else kept
        chosen["DATABASE_PATH"] = path if path == ":memory:" else str(Path(path).expanduser().absolute())
    return chosen


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return str(value.absolute())
    return ",".join(value) if isinstance(value, tuple) else str(value)


def entry(client: Client, words: Sequence[str], variables: Mapping[str, str], present: Any) -> dict[str, Any]:
    """Return the entry of the server in a client's file.

    Args:
        client: Whose file it is.
        words: The command.
        variables: The environment.
        present: The entry that is there already, None for none: what its user added to it stays.
    """
    made: dict[str, Any] = {"type": "stdio"} if client.typed else {}
    made |= {"command": words[0], "args": list(words[1:])}
    before = present if isinstance(present, dict) else {}
    return {**before, **made, "env": {**variables_of(before), **variables}}


def variables_of(present: Any) -> dict[str, Any]:
    """Return the environment of an entry, empty where it has none."""
    variables = present.get("env") if isinstance(present, dict) else None
    return variables if isinstance(variables, dict) else {}
