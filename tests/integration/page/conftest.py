"""The page in a real browser, over the invented project on both providers."""

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from github_events_monitor.api import create_app
from github_events_monitor.demo.project import UNTIL, store_demo
from github_events_monitor.http.listening import make_server, open_port
from github_events_monitor.instants import Clock
from github_events_monitor.runtime import Runtime, build_runtime
from github_events_monitor.settings import Settings

AXE = "axe-core@4.14.1"

PROVIDERS = [name for name in ("sqlite", "dynamodb") if name.startswith(os.environ.get("DATABASE_PROVIDER", ""))]

Prepare = Callable[[Runtime], Awaitable[object]]


@dataclass
class Site:
    """A running server, and what went wrong in the browser."""

    url: str
    browser: Browser
    problems: list[str] = field(default_factory=list)

    def open(self, path: str, *, width: int = 1280, scheme: Any = "light", settled: bool = True) -> Page:
        """A page that has everything it asks for, in a browser that knows nothing of the others."""
        context = self.browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(self.url + path)
        if settled:
            settle(page)
        return page


def settle(page: Page) -> None:
    """Wait until nothing is being asked any more."""
    page.wait_for_selector("section.panel", timeout=20_000)
    page.wait_for_selector("[aria-busy=true]", state="detached", timeout=20_000)


def _do_without(reason: str) -> NoReturn:
    """Leave out what this machine cannot run, saying why; CI has to be able to."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        _do_without("no Chromium is installed; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


def serve(
    settings: Settings,
    prepare: Prepare | None,
    *,
    clock: Clock = lambda: UNTIL,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Iterator[str]:
    """Serve in a thread of its own, which has the event loop of everything that is opened.

    transport: of requests to GitHub; without one nothing is collected.
    """
    ready, state = threading.Event(), dict[str, uvicorn.Server]()
    listener = open_port("127.0.0.1", 0)

    async def work() -> None:
        runtime = build_runtime(settings, clock=clock, transport=transport, offline=transport is None)
        if prepare is not None:
            await prepare(runtime)
        config = make_server(create_app(settings, runtime)).config
        config.lifespan = "off"  # it would share the process's runtime, which is not ours
        server = uvicorn.Server(config)  # signals are the main thread's
        state["server"] = server
        ready.set()
        try:
            await server.serve(sockets=[listener])
        finally:
            if settings.database_provider == "dynamodb":
                await runtime.manager.delete_tables()
            await runtime.client.aclose()
            await runtime.manager.close()

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    assert ready.wait(180)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    state["server"].should_exit = True
    thread.join(30)


def settings(**changes: Any) -> Settings:
    """Settings that the machine's environment does not touch."""
    made = {
        "database_provider": "sqlite",
        "database_path": ":memory:",
        "api_token": None,
        "allowed_hosts": (),
        "host": "127.0.0.1",
        "poll_interval": 0,
        "target_repositories": (),
        **changes,
    }
    return Settings(_env_file=None, **made)


@pytest.fixture(scope="package")
def sqlite() -> Iterator[str]:
    yield from serve(settings(), lambda runtime: store_demo(runtime.manager))


@pytest.fixture(scope="package")
def dynamodb(dynamodb_endpoint: str) -> Iterator[str]:
    changes = {
        "database_provider": "dynamodb",
        "dynamodb_endpoint_url": dynamodb_endpoint,
        "dynamodb_table_prefix": f"page-{os.getpid()}-",
        "aws_region": "us-east-1",
        "aws_access_key_id": "dummy",
        "aws_secret_access_key": "dummy",
    }
    yield from serve(settings(**changes), lambda runtime: store_demo(runtime.manager))


def _watched(url: str, browser: Browser) -> Iterator[Site]:
    made = Site(url, browser)
    yield made
    assert made.problems == []
    for context in browser.contexts:
        context.close()


@pytest.fixture(params=PROVIDERS)
def site(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Site]:
    """The invented project on either provider."""
    yield from _watched(request.getfixturevalue(request.param), browser)


@pytest.fixture
def local(sqlite: str, browser: Browser) -> Iterator[Site]:
    """The same on SQLite, for what does not depend on the provider."""
    yield from _watched(sqlite, browser)


@pytest.fixture(scope="package")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The accessibility checker's script: https://github.com/dequelabs/axe-core"""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "github-events-monitor-tests" / AXE
    script = cache / "package" / "axe.min.js"
    if not script.exists():
        cache.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            _do_without("npm is needed to fetch axe-core")
        packed = subprocess.run(
            [str(npm), "pack", "--silent", AXE], cwd=cache, check=True, capture_output=True, text=True
        )
        shutil.unpack_archive(cache / packed.stdout.split()[-1], cache)
    return script.read_text(encoding="utf-8")
