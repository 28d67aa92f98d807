"""`demo`: the invented project in a database that is gone afterwards, without any network."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..answers import Problem, RateLimitStatus
from ..demo.project import REPOSITORIES, UNTIL, store_demo
from ..infrastructure.database_factory import DatabaseFactory
from ..infrastructure.questions.collect_now import COLLECT_NOW, CollectedRepository, CollectNow
from ..instants import format_instant
from ..runtime import frozen_clock, open_runtime
from ..settings import Settings
from .messages import print_error, print_note
from .report import ask, show, wire
from .screen import plain, print_json, stdout

HOURS = 720
SHOWN = REPOSITORIES[0]


async def demo(settings: Settings, *, as_json: bool) -> int:
    """Print the report of the project's largest repository."""
    async with open_runtime(_invented(settings, ":memory:"), clock=lambda: UNTIL, offline=True) as runtime:
        stored = await store_demo(runtime.manager)
        found = await ask(runtime.service, SHOWN, HOURS)
    if isinstance(found, Problem):
        print_error(found.message)
        return 1
    if as_json:
        new = stored[SHOWN]
        row = CollectedRepository(
            repo=SHOWN, status="collected", new_events=new.events, new_commits=new.commits, note="invented"
        )
        collected = CollectNow(repositories=(row,), requests_used=0, rate_limit=RateLimitStatus())
        print_json({"collect_now": COLLECT_NOW.finish(collected, UNTIL).to_wire(), "reports": [wire(found)]})
        return 0
    page, others = stdout(), ", ".join(REPOSITORIES[1:])
    show(page, f"An invented project, as of {format_instant(UNTIL)}. Nothing was asked of GitHub.", found)
    page.print(plain(f"With {others} beside it: demo --serve in a browser, demo --mcp for an assistant.", "dim"))
    return 0


def serve_demo(settings: Settings, serve: Callable[[Settings], None], *, announce: bool = False) -> None:
    """Run a server over the project until it is stopped; its time stands still. announce: say where it listens."""
    with tempfile.TemporaryDirectory(prefix="github-events-monitor-") as folder:
        chosen = _invented(settings, str(Path(folder) / "demo.db"))
        asyncio.run(_fill(chosen))
        if announce:
            print_note(f"The invented project is at http://{chosen.host}:{chosen.port} until Ctrl-C.")
        with frozen_clock(UNTIL):
            serve(chosen)


async def _fill(settings: Settings) -> None:
    async with DatabaseFactory.create({**settings.database_config(), "clock": lambda: UNTIL}) as manager:
        await store_demo(manager)


def _invented(settings: Settings, path: str) -> Settings:
    """Return the settings with another database, and without what would change the answers."""
    changes = {
        "database_provider": "sqlite",
        "database_path": path,
        "event_retention_days": None,
        "target_repositories": (),
        "bot_logins": (),
        "github_token": None,
        "github_api_url": Settings.model_fields["github_api_url"].default,
    }
    return settings.model_copy(update=changes)
