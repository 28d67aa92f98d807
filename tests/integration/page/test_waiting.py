"""The page while GitHub is slow: what is stored is there at once, and what is being collected is never called empty."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio.to_thread
import httpx
import pytest
from playwright.sync_api import Browser, Page

from github_events_monitor.runtime import Runtime
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, event

from .conftest import Site, serve, settings, settle


@dataclass
class SlowGitHub(httpx.AsyncBaseTransport):
    """A GitHub that keeps silent from `hush` to `speak`, and the time that all of it goes by."""

    github: FakeGitHub
    now: datetime = NOW
    silence: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.github.clock = self.clock
        self.speak()

    def clock(self) -> datetime:
        return self.now

    def hush(self) -> None:
        self.silence.clear()

    def speak(self) -> None:
        self.silence.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await anyio.to_thread.run_sync(self.silence.wait, 8)
        return await self.github.transport().handle_async_request(request)


@pytest.fixture
def slow() -> SlowGitHub:
    repository = FakeRepository("Octo/Hello")
    repository.events = [event(number, "WatchEvent", "eve", NOW, {"action": "started"}) for number in (2, 1)]
    repository.branches["main"] = [commit(1, NOW)]
    return SlowGitHub(FakeGitHub(repository))


@pytest.fixture
def site(slow: SlowGitHub, browser: Browser) -> Iterator[Site]:
    """Octo/Hello was collected an hour ago, and has one event more since; Octo/new never was. GitHub is silent."""
    chosen = settings(github_api_url=slow.github.base, github_token="secret", target_repositories=("octo/hello",))

    async def prepare(runtime: Runtime) -> None:
        await runtime.collector.collect(["octo/hello"])
        slow.now += timedelta(hours=1)
        found, added = slow.github.repositories["octo/hello"], FakeRepository("Octo/new", id=8)
        added.events = [event(9, "WatchEvent", "ada", NOW, {"action": "started"}, "octo/new")]
        slow.github.repositories["octo/new"] = added
        found.events.insert(0, event(3, "WatchEvent", "ada", slow.now - timedelta(minutes=1), {"action": "started"}))
        slow.hush()

    for url in serve(chosen, prepare, clock=slow.clock, transport=slow):
        yield Site(url, browser)
        slow.speak()


def activity(page: Page) -> str:
    return page.locator("section[aria-label=Activity] canvas").get_attribute("aria-label") or ""


def test_what_is_stored_is_drawn_at_once_and_renewed_after_collecting(site: Site, slow: SlowGitHub) -> None:
    page = site.open("/r/octo/hello", settled=False)
    page.wait_for_selector("section[aria-label=Activity] canvas[data-drawn]", timeout=5_000)
    assert activity(page).startswith("2 events")
    page.wait_for_selector("[role=status] >> text=Collecting what is new")
    slow.speak()
    settle(page)
    assert activity(page).startswith("3 events")
    assert page.locator("[role=status]").inner_text() == ""
    assert site.problems == []


def test_what_was_never_collected_is_not_called_empty_meanwhile(site: Site, slow: SlowGitHub) -> None:
    page = site.open("/r/octo/new", settled=False)
    page.wait_for_selector("section[aria-label=Activity] >> text=Collecting from GitHub")
    said = page.locator("main").inner_text()
    assert "No event of this window is stored" not in said
    assert "Nobody took part" not in said
    assert "Nothing was found" not in said
    slow.speak()
    settle(page)
    assert activity(page).startswith("1 event")
    assert site.problems == []


def test_the_overview_does_not_wait_either(site: Site, slow: SlowGitHub) -> None:
    page = site.open("/", settled=False)
    page.wait_for_selector("text=2 events", timeout=5_000)
    slow.speak()
    settle(page)
    assert page.locator("text=3 events").count() == 1
