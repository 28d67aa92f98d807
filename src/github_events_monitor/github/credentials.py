"""Who asks GitHub: a token of the settings, an installation of a GitHub App, or the login of the program `gh`.

The order is that of `find_credentials`. No error here shows a token or a key, and none is logged.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from ..errors import SettingsError
from ..instants import Clock, system_clock
from ..settings import Settings, environment_without
from . import session
from .app import GitHubApp

__all__ = ["Credentials", "GhCli", "GitHubApp", "StaticToken", "find_credentials"]

_GH_SECONDS = 2.0
_GH_OWN_VARIABLES = frozenset({"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"})
"""What `gh` would repeat in place of its own login, the last two for any host: https://cli.github.com/manual/gh_help_environment"""

_LONGEST_TOKEN = 4_096


class Credentials(session.Credentials, Protocol):
    """Authenticates requests, and describes how."""

    def describe(self) -> str:
        """Return what is in use, in a few words without any secret."""


class StaticToken:
    """One token for every question.

    Args:
        token: As a header can carry it.
        source: What it came from, for people.
    """

    def __init__(self, token: SecretStr, source: str) -> None:
        self._token, self._source = token, source

    async def header(self, owner: str | None) -> str | None:  # noqa: ARG002 - a token knows no owners
        """Return the header with the token."""
        return f"Bearer {self._token.get_secret_value()}"

    def allowance(self, owner: str) -> int | None:
        """Return that it has one limit for all."""

    def reject(self, authorization: str) -> None:
        """There is no other token."""

    def advice(self) -> str:
        """Return which setting has to name another one."""
        return f"set {self._source} to a valid one, or unset it"

    def access(self, owner: str | None) -> str | None:
        """Return that its rights decide."""

    def describe(self) -> str:
        """Return the source's name."""
        return self._source


class GhCli(StaticToken):
    """The token that `gh` keeps for a host: https://cli.github.com/manual/gh_auth_token"""

    @classmethod
    def ask(cls, host: str) -> "GhCli | None":
        """Return the login for a host; None without `gh`, without a login, or where it takes more than two seconds."""
        program = shutil.which("gh")
        if program is None:
            return None
        environment = environment_without(_GH_OWN_VARIABLES)
        try:
            ended = subprocess.run(  # noqa: S603 - the user's own program; the host is checked with the settings
                [program, "auth", "token", "--hostname", host],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment, "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1"},
                timeout=_GH_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        token = _plain(ended.stdout) if ended.returncode == 0 else None
        return cls(SecretStr(token), f"the login of gh for {host}") if token else None

    def advice(self) -> str:
        """Return how to have another one."""
        return "log in again with gh auth login"


def find_credentials(
    settings: Settings, *, clock: Clock = system_clock, transport: httpx.AsyncBaseTransport | None = None
) -> Credentials | None:
    """Return the first of GITHUB_TOKEN, GITHUB_TOKEN_FILE, a GitHub App, GH_TOKEN and the login of `gh`; None for none.

    `gh` may take up to two seconds: event loops call this in a thread. Raises `SettingsError` where a file cannot be
    read, or the App's settings are incomplete.
    """
    if settings.github_token is not None:
        return StaticToken(settings.github_token, "GITHUB_TOKEN")
    if settings.github_token_file is not None:
        return StaticToken(_token_of(settings.github_token_file), "GITHUB_TOKEN_FILE")
    if (key := _private_key(settings)) is not None and settings.github_app_id is not None:
        return GitHubApp(
            settings.github_api_url,
            settings.github_app_id,
            key,
            installation=settings.github_app_installation_id,
            clock=clock,
            transport=transport,
        )
    if settings.gh_token is not None:
        return StaticToken(settings.gh_token, "GH_TOKEN")
    return GhCli.ask(gh_host(settings.github_api_url)) if settings.github_use_gh else None


def gh_host(api_url: str) -> str:
    """Return the name under which `gh` knows a GitHub: github.com, SUBDOMAIN.ghe.com, or that of an own server."""
    host = (urlsplit(api_url).hostname or "").lower()
    return host.removeprefix("api.") if host == "api.github.com" or host.endswith(".ghe.com") else host


def _private_key(settings: Settings) -> SecretStr | None:
    """Return the App's key in PEM; None where no App is set up. Raises `SettingsError` where it is set up in part."""
    key, file = settings.github_app_private_key, settings.github_app_private_key_file
    set_up: Mapping[str, object] = {
        "GITHUB_APP_ID": settings.github_app_id,
        "GITHUB_APP_INSTALLATION_ID": settings.github_app_installation_id,
        "GITHUB_APP_PRIVATE_KEY": key,
        "GITHUB_APP_PRIVATE_KEY_FILE": file,
    }
    given = [name for name, value in set_up.items() if value is not None]
    if not given:
        return None
    if key is not None and file is not None:
        raise SettingsError("GITHUB_APP_PRIVATE_KEY and GITHUB_APP_PRIVATE_KEY_FILE are both set; give one of them")
    if settings.github_app_id is None or (key is None and file is None):
        raise SettingsError(
            f"{' and '.join(given)} without the rest of a GitHub App;"
            " give GITHUB_APP_ID, and GITHUB_APP_PRIVATE_KEY or GITHUB_APP_PRIVATE_KEY_FILE"
        )
    if file is not None:
        key = SecretStr(_content(file, "GITHUB_APP_PRIVATE_KEY_FILE", "a file with the App's private key in PEM"))
    return key


def _token_of(file: Path) -> SecretStr:
    accepted = "a file with a GitHub token alone in it"
    token = _plain(_content(file, "GITHUB_TOKEN_FILE", accepted).encode())
    if token is None:
        raise SettingsError(f"GITHUB_TOKEN_FILE={str(file)!r} holds no token; give {accepted}")
    return SecretStr(token)


def _content(file: Path, name: str, accepted: str) -> str:
    try:
        if not file.is_file():  # opening a FIFO would wait for its writer
            raise SettingsError(f"{name}={str(file)!r} is no file; give {accepted}")
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"{name}={str(file)!r} cannot be read ({reason}); give {accepted}") from None


def _plain(said: bytes) -> str | None:
    """Return the one word that was said, as a header can carry it; None for anything else."""
    text = said[: _LONGEST_TOKEN + 1].decode("ascii", errors="replace").strip()
    sendable = text.isascii() and text.isprintable() and len(text.split()) == 1 and len(text) <= _LONGEST_TOKEN
    return text if sendable else None
