"""`report --live`: a picture of several repositories, which renews itself on a terminal and is shown once in a pipe."""

import asyncio
import re

import pytest
from rich.console import Console

from github_events_monitor.demo.project import UNTIL, store_demo
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.terminal import live
from tests.fake_github import FakeGitHub

from .conftest import Run


async def _overview(*repos: str) -> live.Overview:
    async with get_sqlite_manager(":memory:", clock=lambda: UNTIL) as manager:
        await store_demo(manager)
        service = DatabaseService(QuestionContext(manager=manager, clock=lambda: UNTIL))
        return await live.look(service, lambda: UNTIL, repos, 720)


def _drawn(overview: live.Overview, height: int | None, width: int = 80) -> list[str]:
    page = Console(width=width, color_system=None, force_terminal=False)
    with page.capture() as capture:
        page.print(live.frame(overview, height))
    return capture.get().splitlines()


async def test_it_shows_what_is_watched_and_what_to_look_at_first() -> None:
    lines = _drawn(await _overview(), None)
    assert lines[0] == "3 repositories, as of 2026-06-11T15:40:00Z"
    rows = {line.split()[0]: line for line in lines if line.startswith("example-harbour/") and ":" not in line}
    assert re.search(r" 85 down [▁-█·]+\?[▁-█·]+ +6 +3$", rows["example-harbour/lighthouse"].rstrip())
    assert "unknown" in rows["example-harbour/tide-tables"]
    first = lines[lines.index("Look at first") + 1]
    assert first.startswith('example-harbour/foghorn: "build" fails')


@pytest.mark.parametrize(("height", "width"), [(24, 80), (16, 80), (40, 60)])
async def test_it_fits_the_screen_and_counts_what_is_left_out(height: int, width: int) -> None:
    lines = _drawn(await _overview(), height, width)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    shown = sum(re.match(r"example-harbour/[a-z-]+: ", line) is not None for line in lines)
    left = re.search(r"and (\d+) more", lines[-1])
    assert (int(left[1]) if left else 0) + shown == 10


async def test_a_repository_that_cannot_be_answered_says_why_beside_the_others() -> None:
    lines = _drawn(await _overview("example-harbour/lighthouse", "octo/none"), None)
    assert "octo/none: nothing is stored about octo/none" in " ".join(lines)
    assert any(" 85 down" in line for line in lines)


async def test_asking_moves_the_mark_of_no_reader() -> None:
    async with get_sqlite_manager(":memory:", clock=lambda: UNTIL) as manager:
        await store_demo(manager)
        service = DatabaseService(QuestionContext(manager=manager, clock=lambda: UNTIL))
        await live.look(service, lambda: UNTIL, (), 720)
        assert await manager.collector_state.get_reader_mark("default") is None


def test_in_a_pipe_it_is_shown_once(run: Run, github: FakeGitHub) -> None:
    page = run("report", "octo/hello", "--live")
    assert page.code == 0, page.err
    assert "1 repository," in page.out
    assert "Octo/Hello" in page.out
    assert "\x1b" not in page.out
    assert run("report", "octo/missing", "--live").code == 1
    assert run("report", "octo/hello", "--live", "--json").code == 2


def test_on_a_terminal_it_renews_itself_and_leaves_the_screen_as_it_was(
    run: Run, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = live.look

    async def counted(*arguments: object) -> live.Overview:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise asyncio.CancelledError
        return await look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(live, "look", counted)
    monkeypatch.setattr(live, "EVERY", 0.0)
    with pytest.raises(asyncio.CancelledError):
        run("report", "octo/hello", "--live", FORCE_COLOR="1", TERM="xterm-256color")
    assert looks == 3
