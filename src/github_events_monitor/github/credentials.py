"""Who asks GitHub: the first token that the settings name, wherever it is kept."""

from pathlib import Path

from pydantic import SecretStr

from ..errors import SettingsError
from ..settings import Settings


class TokenCredentials:
    """One token for every question, and which setting it came from."""

    def __init__(self, token: SecretStr, source: str) -> None:
        self._token, self._source = token, source

    async def header(self, owner: str | None) -> str | None:  # noqa: ARG002 (a token knows no owners)
        """Return the value of `Authorization`."""
        return f"Bearer {self._token.get_secret_value()}"

    def describe(self) -> str:
        """Return the name of the setting in use."""
        return self._source


def find_credentials(settings: Settings) -> TokenCredentials | None:
    """Return the first of GITHUB_TOKEN, GITHUB_TOKEN_FILE and GH_TOKEN, None to ask without. Raises `SettingsError`."""
    if settings.github_token is not None:
        return TokenCredentials(settings.github_token, "GITHUB_TOKEN")
    if settings.github_token_file is not None:
        return TokenCredentials(_read(settings.github_token_file), "GITHUB_TOKEN_FILE")
    return TokenCredentials(settings.gh_token, "GH_TOKEN") if settings.gh_token is not None else None


def _read(path: Path) -> SecretStr:
    try:
        token = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    except (OSError, UnicodeDecodeError):
        token = ""
    if not (token and token.isascii() and token.isprintable() and " " not in token):
        raise SettingsError(f"GITHUB_TOKEN_FILE={str(path)!r} is not accepted; give a file that holds a GitHub token")
    return SecretStr(token)
