"""`demo`: an invented project, the same every time, with no network and nothing left behind."""

import asyncio
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from github_events_monitor import api
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH, RepositoryHealth
from github_events_monitor.runtime import shared_runtime
from github_events_monitor.settings import Settings

from .conftest import Run

SHOWN = "example-harbour/lighthouse"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise AssertionError("the demo asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_it_prints_a_report_that_is_the_same_every_time(run: Run, tmp_path: Path) -> None:
    page = run("demo")
    assert page.code == 0, page.err
    assert page.err == ""
    for text in (
        SHOWN,
        "An invented project",
        "Health over 720 hours: 8",
        "[breaking]",
        "[AI assistant]",
        "2026-06-11",
    ):
        assert text in page.out
    assert re.search(r"2026-05-12 [▁-█·]+\?[▁-█·]+ 2026-06-11", page.out)
    assert max(map(len, page.out.splitlines())) <= 80
    settings = {"EVENT_RETENTION_DAYS": "2", "BOT_LOGINS": "mira-saltmarsh", "TARGET_REPOSITORIES": "octo/hello"}
    assert run("demo", DATABASE_PROVIDER="dynamodb", GITHUB_TOKEN="ghp_x", **settings).out == page.out
    assert list(tmp_path.iterdir()) == []


def test_json_has_the_shape_of_report(run: Run) -> None:
    answer = run("demo", "--json").json
    (row,), (report,) = answer["collect_now"]["repositories"], answer["reports"]
    assert row["repo"] == report["recent_commits"]["repo"] == SHOWN
    assert answer["collect_now"]["now"] == report["recent_commits"]["now"] == "2026-06-11T15:40:00Z"
    assert f"{row['new_commits']} new commits" in answer["collect_now"]["summary_line"]
    assert row["new_commits"] > report["recent_commits"]["total_commits"] > 30
    assert not [part for part in report["repository_health"]["components"] if part["score"] is None]


def test_two_servers_at_once_are_refused_in_a_line(run: Run) -> None:
    page = run("demo", "--serve", "--mcp")
    assert (page.code, page.out, len(page.err.splitlines())) == (2, "", 1)


def test_what_is_served_stands_still_asks_nobody_and_is_gone_afterwards(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[Settings, RepositoryHealth]] = []

    def serve(settings: Settings) -> None:
        async def ask() -> RepositoryHealth:
            async with shared_runtime(settings) as runtime:
                return await runtime.service.ask(REPOSITORY_HEALTH, repo=SHOWN)

        served.append((settings, asyncio.run(ask())))

    monkeypatch.setattr(api, "run", serve)
    page = run("demo", "--serve", "--port", "8123")
    assert (page.code, page.out) == (0, "")
    assert "http://127.0.0.1:8123 " in page.err
    ((settings, health),) = served
    assert settings.port == 8123
    assert health.now == "2026-06-11T15:40:00Z"
    assert health.health_score is not None
    assert health.coverage.to == health.now
    assert not os.path.exists(settings.database_path)

    async def now() -> datetime:
        async with shared_runtime(Settings(database_path=":memory:", poll_interval=0, github_use_gh=False)) as runtime:
            return runtime.clock()

    assert abs((asyncio.run(now()) - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("width", [50, 80, 132])
def test_nothing_is_cut_however_wide_the_terminal_is(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("demo").out.splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if "…" in line]


def test_colours_are_for_terminals_that_want_them(run: Run) -> None:
    colour = re.compile(r"\x1b\[(?:[0-9]+;)*[349][0-7]m")
    assert "\x1b" not in run("demo").out
    assert colour.search(run("demo", FORCE_COLOR="1", TERM="xterm-256color").out)
    assert not colour.search(run("demo", FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1").out)
