"""Draw the README's pictures of the demo: docs/images/report.svg.

usage: python scripts/draw_pictures.py [FOLDER]
"""

import asyncio
import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from github_events_monitor.demo.project import REPOSITORIES, UNTIL
from github_events_monitor.demo.storing import store_demo
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.terminal.report import show

COLUMNS = 92
COMMITS = 9
"""So many of the newest are shown: a picture is looked at, not scrolled."""
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
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
    show(page, "An invented project. Nothing was asked of GitHub.", commits, health)


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


def main(arguments: list[str]) -> None:
    """Write the pictures."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.svg").write_text(draw_report(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
