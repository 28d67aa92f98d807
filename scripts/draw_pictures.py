"""Draw the README's pictures of the demo: docs/images/report.svg and, with Chromium, docs/images/page.png.

usage: python scripts/draw_pictures.py [FOLDER]
"""

import asyncio
import contextlib
import io
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from github_events_monitor.demo.project import REPOSITORIES, UNTIL, store_demo
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import EVENT_COUNTS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.terminal.report import Found, show

COLUMNS = 92
COMMITS = 9
"""So many of the newest are shown: a picture is looked at, not scrolled."""
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE_SIZE = "1280,1000"
COMMAND = "$ github-events-monitor demo"
THEME = TerminalTheme(
    (13, 17, 23),
    (230, 237, 243),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255), (57, 197, 207),
     (177, 186, 196)],
)  # fmt: skip


async def record_report(page: Console) -> None:
    """Print the demo's report on a page, with fewer commits."""
    manager = get_sqlite_manager(":memory:", clock=lambda: UNTIL)
    async with manager:
        await store_demo(manager)
        service = DatabaseService(QuestionContext(manager=manager, clock=lambda: UNTIL))
        commits = await service.ask(RECENT_COMMITS, repo=REPOSITORIES[0], hours=720, limit=COMMITS)
        health = await service.ask(REPOSITORY_HEALTH, repo=REPOSITORIES[0])
        activity = await service.ask(EVENT_COUNTS, repo=REPOSITORIES[0], hours=720)
    show(page, "An invented project. Nothing was asked of GitHub.", Found(commits, health, activity))


def draw_report() -> str:
    """Return the picture, which needs no font from elsewhere: a page that shows it would not load one."""
    page = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard",
        highlight=False, emoji=False, markup=False,
    )  # fmt: skip
    page.print(COMMAND, style="bold")
    asyncio.run(record_report(page))
    picture = page.export_svg(title="github-events-monitor", theme=THEME, unique_id="report")
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code, monospace", FONTS).replace("font-family: arial", f"font-family: {FONTS}")


def draw_page(path: Path) -> None:
    """Write a picture of the page as the browser shows it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"one of {', '.join(BROWSERS)} is needed to draw {path.name}")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "github_events_monitor", "demo", "--serve", "--port", str(port)]
    server = subprocess.Popen(command)  # noqa: S603 - this program
    try:
        _wait_for(f"http://127.0.0.1:{port}/health")
        subprocess.run(  # noqa: S603 - the browser that was found
            [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--force-color-profile=srgb",
             f"--window-size={PAGE_SIZE}", "--virtual-time-budget=10000", f"--screenshot={path.absolute()}",
             f"http://127.0.0.1:{port}/r/{REPOSITORIES[0]}"],
            check=True, capture_output=True,
        )  # fmt: skip
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), urllib.request.urlopen(url):  # noqa: S310 - our own server
            return
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def main(arguments: list[str]) -> None:
    """Write the pictures."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.svg").write_text(draw_report(), encoding="utf-8")
    draw_page(folder / "page.png")


if __name__ == "__main__":
    main(sys.argv[1:])
