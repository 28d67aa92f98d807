"""What NOTIFY_URLS names, as targets that take a message. The library apprise is loaded only where it is set."""

import re
from typing import Protocol

from pydantic import SecretStr

from ..errors import SettingsError

_BEFORE_A_URL = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
"""A comma within a URL separates receivers of one target, as in mailto://…?to=a,b."""


class Target(Protocol):
    """Something that takes messages."""

    @property
    def name(self) -> str:
        """What it is called in logs and pages; no secret."""

    @property
    def key(self) -> str:
        """By what it is remembered: the same for the same URL, and nothing that gives the URL away."""

    @property
    def room(self) -> int:
        """Characters that a message may have."""

    async def send(self, title: str, body: str) -> bool:
        """Send a message within a bounded time, and return whether it was taken."""


def load_targets(urls: SecretStr | None) -> list[Target]:
    """Return the targets, each once. Raises `SettingsError` in one sentence without any of the URLs' secrets."""
    parts = _BEFORE_A_URL.split((urls.get_secret_value() if urls else "").strip(" ,\n\t"))
    named = list(dict.fromkeys(part for part in parts if part))
    if not named:
        return []
    try:
        from .apprise_target import AppriseTarget  # noqa: PLC0415 - an extra, which takes half a second to import
    except ImportError:
        raise SettingsError(
            "NOTIFY_URLS needs the library apprise, which is not installed; install it with:"
            " pip install '.[notify]' in its checkout"
        ) from None
    return [AppriseTarget(url, number, len(named)) for number, url in enumerate(named, 1)]
