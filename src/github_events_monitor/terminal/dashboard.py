"""`dashboard`: the REST API on loopback, and the browser on its page once it answers."""

import threading
import time
import webbrowser
from urllib.error import URLError
from urllib.request import urlopen

from ..settings import Settings
from .messages import print_note

_TRIES, _BETWEEN = 100, 0.2
"""Looks whether the server answers, and seconds between them."""


def serve_page(settings: Settings, *, open_browser: bool) -> None:
    """Serve until stopped. Raises `MonitorError` where the port or the database cannot be had."""
    from ..api import run

    url = f"http://{settings.host}:{settings.port}/"
    print_note(f"The page is at {url} until Ctrl-C.")
    if open_browser:
        threading.Thread(target=_open, args=(url,), daemon=True).start()
    run(settings)


def _open(url: str) -> None:
    """Open the browser as soon as the page answers; where there is no browser the line on the terminal has to do."""
    for _ in range(_TRIES):
        try:
            urlopen(url, timeout=1).close()  # noqa: S310 - our own address
        except (URLError, OSError):
            time.sleep(_BETWEEN)
        else:
            webbrowser.open(url)
            return
