"""A long run under trouble: does anything grow, is anything lost?

    python -m benchmarks.soak [--minutes 30] [--seed 1]

A GitHub on loopback whose repositories keep changing and which fails at random; the MCP server over streamable HTTP,
which polls it every two seconds; two clients that call tools all the while, and the web page over the same database in
a browser (Playwright with Chromium; without, it says so). Prints memory, file descriptors, threads and asyncio tasks of
the server over time, then whether its database equals the truth. Run it from the checkout.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any, NamedTuple

from mcp import Client
from playwright.async_api import Error as BrowserError
from playwright.async_api import async_playwright
from tests.engines import free_port
from tests.fake_github import FakeGitHub, FakeRepository, Json, Reply, commit, event, iso

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager

NAMES = [f"octo/r{number}" for number in range(1, 6)]
EVERY = 10.0
"""Seconds between two lines of figures."""
PATIENCE = 120.0
"""Seconds in which everything has to be stored once the trouble has ended."""

# The server as it is started by users, which also answers SIGUSR1 with the number of its unfinished tasks.
SERVER = """
import asyncio, gc, os, signal
from pathlib import Path
def count(*_):
    tasks = [one for one in gc.get_objects() if isinstance(one, asyncio.Task) and not one.done()]
    Path(os.environ["SOAK_TASKS"]).write_text(str(len(tasks)))
signal.signal(signal.SIGUSR1, count)
from github_events_monitor.cli import main
raise SystemExit(main(["serve", "--transport", "streamable-http"]))
"""

PAGE = 'from github_events_monitor.cli import main; raise SystemExit(main(["api"]))'

TROUBLES: tuple[Reply, ...] = (
    (500, {}, b""),
    (502, {"Content-Type": "text/html"}, b"<html>"),
    (503, {}, b""),
    (200, {"Content-Type": "application/json"}, b'[{"id'),
    (200, {"Content-Type": "text/html"}, b"<html>"),
    (429, {"Retry-After": "1"}, b"{}"),
    (304, {}, b""),
    (404, {}, b'{"message": "Not Found"}'),
)


class ChangingGitHub(FakeGitHub):
    """Repositories in which something happens all the time, and a bad spell now and then."""

    def __init__(self, chance: Random) -> None:
        super().__init__(*(FakeRepository(name, id=number) for number, name in enumerate(NAMES, 1)), limit=10**9)
        self._chance, self._number = chance, 0
        self.events: set[str] = set()
        self.commits: set[tuple[str, str]] = set()
        self.threads: dict[tuple[str, int], tuple[str, int]] = {}
        """By repository and number: whether it is open or closed, and how many comments it has."""
        self.served: Counter[str] = Counter()
        self.calm = False
        self._spell_ends = 0.0

    def answer(self, method: str, url: str, headers: dict[str, str]) -> Reply:
        """An honest answer, with leave to be asked again in a second; or trouble."""
        self.requests.clear()
        if not self.calm and time.monotonic() < self._spell_ends and self._chance.random() < 0.5:
            self.served["trouble"] += 1
            if self._chance.random() < 0.2:
                time.sleep(self._chance.random())
            return self._chance.choice(TROUBLES)
        status, sent, body = super().answer(method, url, headers)
        self.served[str(status)] += 1
        return status, {name: "1" if name == "X-Poll-Interval" else value for name, value in sent.items()}, body

    def happen(self) -> None:
        """A few events and commits somewhere; sometimes the beginning of a bad spell."""
        now, repository = (
            datetime.now(UTC).replace(microsecond=0),
            self._chance.choice(list(self.repositories.values())),
        )
        for _ in range(self._chance.randrange(4)):
            self._number += 1
            row = event(self._number, "WatchEvent", "ada", now, {"action": "started"}, repository.full_name)
            repository.events = [row, *repository.events][:300]
            self.events.add(str(self._number))
        if self._chance.random() < 0.4:
            self._push(repository, now)
        if self._chance.random() < 0.3:
            self._talk(repository, now)
        if self._chance.random() < 0.02:
            self._spell_ends = time.monotonic() + self._chance.uniform(1, 15)

    def _push(self, repository: FakeRepository, now: datetime) -> None:
        self._number += 1
        made = commit(self._number, now)
        made["parents"] = [{"sha": row["sha"]} for row in repository.commits[:1]]
        repository.branches["main"] = [made, *repository.commits]
        self.commits.add((repository.full_name, str(made["sha"])))

    def _talk(self, repository: FakeRepository, now: datetime) -> None:
        """Open an issue, or comment on one and perhaps close it."""
        listed, at = repository.issues, iso(now)
        if len(listed) < 5 or self._chance.random() < 0.3:
            number = len(listed) + 1
            row: Json = {"number": number, "title": f"thing {number}", "state": "open", "labels": [], "comments": 0,
                         "user": {"login": "eve", "type": "User"}, "created_at": at}  # fmt: skip
        else:
            row = listed.pop(self._chance.randrange(len(listed)))
            row["comments"] += 1
            self._number += 1
            about = f"{self.base}/repos/{repository.full_name}/issues/{row['number']}"
            remark = {"id": self._number, "issue_url": about, "user": {"login": "ada", "type": "User"},
                      "created_at": at, "updated_at": at}  # fmt: skip
            repository.issue_comments.insert(0, remark)
            if self._chance.random() < 0.3:
                row |= {"state": "closed", "closed_at": at}
        listed.insert(0, row | {"updated_at": at})
        self.threads[repository.full_name, row["number"]] = (row["state"], row["comments"])


class Figures(NamedTuple):
    """The server at one moment."""

    seconds: float
    memory: float
    descriptors: int
    threads: int
    tasks: int


@dataclass
class Calls:
    """What the clients did and got."""

    done: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")


def figures(pid: int, tasks: Path, began: float) -> Figures:
    """Ask the kernel, and the server for its tasks (those of the moment before)."""
    status = Path(f"/proc/{pid}/status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    known = tasks.read_text() if tasks.exists() else ""
    os.kill(pid, signal.SIGUSR1)
    return Figures(
        time.monotonic() - began,
        memory / 1024,
        len(os.listdir(f"/proc/{pid}/fd")),
        len(os.listdir(f"/proc/{pid}/task")),
        int(known or 0),
    )


def question(chance: Random) -> tuple[str, Json]:
    """A tool and arguments such as an assistant sends."""
    repo, hours = chance.choice(NAMES), chance.choice((1, 24, 720))
    asked: list[tuple[str, Json]] = [
        ("recent_commits", {"repo": repo, "hours": hours}),
        ("repository_activity", {"repo": repo, "hours": hours}),
        ("repository_health", {"repo": repo}),
        ("security_report", {"repo": repo}),
        ("event_anomalies", {"repo": repo}),
        ("deployment_metrics", {"repo": repo}),
        ("developer_activity", {"repo": repo, "hours": hours}),
        ("trending_repositories", {"hours": hours}),
        ("monitor_commits", {"hours": hours}),
        ("watch_repositories", {}),
        ("whats_new", {"reader": chance.choice(("ann", "bob"))}),
        ("pull_requests", {"repo": repo, "state": "all", "hours": hours}),
        ("issues", {"repo": repo, "state": "all", "hours": hours}),
        ("status", {}),
        ("collect_now", {"repos": [repo]}),
        ("recent_commits", {"repo": "nobody/nothing"}),
    ]
    return chance.choice(asked)


async def call_tools(url: str, chance: Random, until: float, calls: Calls) -> None:
    """One client: a session of some calls, then another, some of them cancelled in the middle."""
    while time.monotonic() < until:
        async with Client(f"{url}/mcp") as client:
            for _ in range(40):
                if time.monotonic() >= until:
                    break
                await _call(client, chance, calls)


async def _call(client: Client, chance: Random, calls: Calls) -> None:
    tool, arguments = question(chance)
    began = time.monotonic()
    try:
        async with asyncio.timeout(0.05 if chance.random() < 0.05 else 60):
            result = await client.call_tool(tool, arguments)
        text = getattr(result.content[0], "text", "") if result.content else ""
        calls.done[f"error: {text.partition(':')[0]}" if result.is_error else "answered"] += 1
    except TimeoutError:
        calls.done["cancelled"] += 1
    calls.slowest = max(calls.slowest, (time.monotonic() - began, tool))
    await asyncio.sleep(chance.uniform(0, 0.3))


async def look_at_the_page(url: str, until: float, problems: list[str]) -> int:
    """Have the page open in a browser, and load it or a repository's anew every few seconds; return how often."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("no Chromium is installed: the page is not looked at")
        return 0
    loaded = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        while time.monotonic() < until:
            try:
                await page.goto(url + ("" if loaded % 2 else f"r/{NAMES[0]}"))
                await page.wait_for_selector("section.panel", timeout=30_000)
                loaded += 1
            except BrowserError as error:
                problems.append(str(error).partition("\n")[0])
            await asyncio.sleep(5)
        await browser.close()
    return loaded


async def change(github: ChangingGitHub, until: float) -> None:
    """Let things happen."""
    while time.monotonic() < until:
        github.happen()
        await asyncio.sleep(0.25)


async def watch(server: "subprocess.Popen[bytes]", tasks: Path, until: float, seen: list[Figures]) -> None:
    """A line of figures every few seconds."""
    began = time.monotonic()
    print("   time  memory MiB  descriptors  threads  tasks", flush=True)
    while time.monotonic() < until and server.poll() is None:
        seen.append(figures(server.pid, tasks, began))
        now = seen[-1]
        row = f"{now.seconds:6.0f}s  {now.memory:10.1f}  {now.descriptors:11}  {now.threads:7}  {now.tasks:5}"
        print(row, flush=True)
        await asyncio.sleep(EVERY)


async def missing(database: Path, github: ChangingGitHub) -> tuple[int, int, int]:
    """(records of the truth that are not stored, records stored that never were, records stored twice)."""
    with closing(sqlite3.connect(database)) as db:
        events = [str(row[0]) for row in db.execute("SELECT id FROM events WHERE id NOT LIKE '%:%'")]
        commits = [(str(repo), str(sha)) for repo, sha in db.execute("SELECT repo_name, sha FROM commits")]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    manager = get_sqlite_manager(str(database))
    try:
        threads = [
            (name, one.number, one.state, sum(reply.kind == "comment" for reply in one.replies))
            for name in NAMES
            for one in await manager.threads.get_threads(name, "2000-01-01T00:00:00Z")
        ]
    finally:
        await manager.close()
    stored: set[Any] = {*events, *commits, *threads}
    truth: set[Any] = github.events | github.commits | {(*key, *state) for key, state in github.threads.items()}
    return len(truth - stored), len(stored - truth), len(events) + len(commits) + len(threads) - len(stored)


@contextmanager
def server(url: str, folder: Path, port: int, program: str) -> "Iterator[subprocess.Popen[bytes]]":
    """The server under test, or the page's; its log goes to a file in the folder."""
    settings = {
        "DATABASE_PATH": str(folder / "events.db"),
        "GITHUB_API_URL": url,
        "GITHUB_TOKEN": "token",
        "TARGET_REPOSITORIES": ",".join(NAMES),
        "POLL_INTERVAL": "2",
        "PORT": str(port),
        "SOAK_TASKS": str(folder / "tasks"),
    }
    with (folder / f"log.{port}").open("wb") as log:
        started = [sys.executable, "-c", program]
        process = subprocess.Popen(started, env={**os.environ, **settings}, cwd=folder, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


async def ready(port: int) -> None:
    """Wait for the server to listen."""
    for _ in range(300):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the server did not start")


async def soak(minutes: float, seed: int, folder: Path) -> bool:
    """The whole run; answers whether all is well."""
    chance, calls, port = Random(seed), Calls(), free_port()
    github, seen = ChangingGitHub(chance), list[Figures]()
    for repository in github.repositories.values():
        github._push(repository, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    page, problems = free_port(), list[str]()
    with github.serve() as url, server(url, folder, port, SERVER) as process, server(url, folder, page, PAGE):
        await ready(port)
        await ready(page)
        until = time.monotonic() + minutes * 60
        here = f"http://127.0.0.1:{port}"
        clients = (call_tools(here, Random(seed + number), until, calls) for number in (1, 2))
        looking = look_at_the_page(f"http://127.0.0.1:{page}/", until, problems)
        loaded, *_ = await asyncio.gather(
            looking, watch(process, folder / "tasks", until, seen), change(github, until), *clients
        )
        github.calm = True
        settled = await settle(folder / "events.db", github)
        process.terminate()
        code = process.wait(30)
    print(f"the page was loaded {loaded} times; problems: {problems[:5]}")
    log = "".join((folder / f"log.{number}").read_text() for number in (port, page))
    return tell(seen, calls, github, settled, code, log) and not problems


async def settle(database: Path, github: ChangingGitHub) -> tuple[int, int, int]:
    """Wait until polling has brought everything; answers what is still wrong."""
    deadline = time.monotonic() + PATIENCE
    while (wrong := await missing(database, github)) != (0, 0, 0) and time.monotonic() < deadline:
        await asyncio.sleep(1)
    return wrong


def tell(
    seen: list[Figures], calls: Calls, github: ChangingGitHub, wrong: tuple[int, int, int], code: int, log: str
) -> bool:
    """Print the outcome."""
    third = max(1, len(seen) // 3)
    middle, last = seen[third : 2 * third] or seen, seen[-third:]
    growth = {
        name: (mean(getattr(one, name) for one in middle), mean(getattr(one, name) for one in last))
        for name in ("memory", "descriptors", "threads", "tasks")
    }
    print(f"\nat {iso(datetime.now(UTC))}, after {seen[-1].seconds:.0f} s")
    print(f"GitHub served {dict(github.served.most_common())}")
    print(f"clients: {dict(calls.done.most_common())}, slowest call {calls.slowest[0]:.1f} s ({calls.slowest[1]})")
    for name, (before, after) in growth.items():
        print(f"{name}: {before:.1f} in the middle third, {after:.1f} in the last")
    truth = f"{len(github.events):,} events, {len(github.commits):,} commits, {len(github.threads):,} issues"
    print(f"truth: {truth}")
    print("not stored {}, stored but never there {}, stored twice {}".format(*wrong))
    crashes = sum(log.count(word) for word in ("Traceback", "never retrieved", "unexpected"))
    print(f"exit code {code}; {crashes} crashes in the log, which has {log.count(chr(10)):,} lines")
    flat = all(after <= before * 1.15 + 3 for before, after in growth.values())
    well = flat and wrong == (0, 0, 0) and code == 0 and not crashes and not calls.done["error: internal"]
    print("well" if well else "NOT WELL")
    return well


def main() -> None:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raise SystemExit(0 if asyncio.run(soak(chosen.minutes, chosen.seed, Path(folder))) else 1)


if __name__ == "__main__":
    main()
