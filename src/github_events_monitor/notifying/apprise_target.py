"""A target of the library apprise: https://github.com/caronc/apprise/wiki

Implementation notes
- apprise blocks, for as long as a service wishes. Each message has a daemon thread of its own: a thread of the loop's
  executor would be waited for when the program ends.
- apprise and the libraries below it log whole URLs, with secrets: none of their lines pass. What failed is said by us.
"""

import asyncio
import contextlib
import hashlib
import logging
import re
import threading
from typing import Any

import apprise

from ..errors import SettingsError

WITHIN = 30.0
"""Seconds that a message may take."""
MAX_ROOM, MIN_ROOM = 3_500, 120

_TALKATIVE = ("apprise", "requests", "urllib3", "requests_oauthlib", "oauthlib")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]{0,19}(?=://)")
_ASSET = apprise.AppriseAsset(
    app_id="GitHub Events Monitor",
    app_desc="GitHub Events Monitor",
    secure_logging=True,
    async_mode=False,
    service_timeout=0,
)


class AppriseTarget:
    """One URL. `number` of `count` is its place in NOTIFY_URLS. Raises `SettingsError` where apprise knows it not."""

    def __init__(self, url: str, number: int, count: int) -> None:
        for library in _TALKATIVE:
            logging.getLogger(library).setLevel(logging.CRITICAL + 1)
        scheme = _SCHEME.match(url)
        self.name = f"{scheme[0] if scheme else 'unknown'} ({number} of {count})"
        self.key = hashlib.blake2b(url.encode(), digest_size=16, person=b"notify").hexdigest()
        service = self._instantiate(url)
        if "overflow=" not in url:  # a service refuses what is too long for it
            service.overflow_mode = apprise.OverflowMode.SPLIT
        self.room = max(MIN_ROOM, min(MAX_ROOM, service.body_maxlen or MAX_ROOM))
        self._service = apprise.Apprise(asset=_ASSET)
        self._service.add(service)
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _instantiate(self, url: str) -> Any:
        try:
            service = apprise.Apprise.instantiate(url, asset=_ASSET)
        except Exception:  # noqa: BLE001 - its parsers meet any text
            service = None
        if service is None:
            raise SettingsError(
                f"NOTIFY_URLS: the library apprise does not accept the URL {self.name}; give URLs of"
                " https://github.com/caronc/apprise/wiki, comma-separated"
            )
        return service

    async def send(self, title: str, body: str) -> bool:
        """Send a message, and return whether it was taken; one that is still under way is not joined by another."""
        if self._thread is not None and self._thread.is_alive():
            return False
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[bool] = loop.create_future()

        def settle(taken: bool) -> None:
            if not outcome.done():
                outcome.set_result(taken)

        def work() -> None:
            try:
                text = apprise.NotifyFormat.TEXT
                taken = bool(self._service.notify(body=body, title=title, body_format=text))
            except Exception:  # noqa: BLE001 - a service may fail in any way
                taken = False
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, taken)

        self._thread = threading.Thread(target=work, name="notify", daemon=True)
        self._thread.start()
        try:
            async with asyncio.timeout(WITHIN):
                return await outcome
        except TimeoutError:
            return False
