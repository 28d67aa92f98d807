"""The REST API under load, beside a bare FastAPI route that returns the same bytes.

    python -m benchmarks.rest_load [seconds]

Thirty commits of a window that is over, read from the cache; the same without the cache (a window that ends now); and
the bare route. The servers are processes of their own and take turns, a second each, so that the machine is as busy for
all. The first is aimed to stay within 1.5 times the bare route at the 99th percentile.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.instants import format_instant
from github_events_monitor.records import Commit, CommitRecord, RepositoryState

CONNECTIONS = 8
SOURCE = str(Path(__file__).resolve().parents[1] / "src")
NOW = datetime.now(UTC)
CLOSED = format_instant(NOW - timedelta(days=2))
API, BARE = 8471, 8472
CACHED = f"/commits/recent?repo=octo/hello&hours=72&until={CLOSED}"
UNCACHED = "/commits/recent?repo=octo/hello&hours=120"
ROUTE = """
import sys, uvicorn
from fastapi import FastAPI
from starlette.responses import Response
app, body = FastAPI(), open(sys.argv[1], "rb").read()
@app.get("/bare")
async def bare() -> Response:
    return Response(body, media_type="application/json")
uvicorn.run(app, port=int(sys.argv[2]), http="h11", log_level="error")
"""


async def fill(path: Path) -> None:
    """A repository with two hundred commits, collected just now."""
    async with get_sqlite_manager(str(path)) as manager:
        commits = [
            Commit(
                sha=f"{number:040x}",
                repo_name="octo/hello",
                commit_date=format_instant(NOW - timedelta(hours=number / 2)),
                message=f"fix: the {number}th of many small things that nobody had seen",
                author_name="Ada",
                author_login="ada",
                branches=("main",),
            )
            for number in range(200)
        ]
        await manager.commits.insert_commits(
            [CommitRecord(commit=one, summary=analyse_commit(one, None)) for one in commits]
        )
        state = RepositoryState(
            repo_name="octo/hello",
            full_name="Octo/Hello",
            repository_id=1,
            default_branch="main",
            last_collected_at=format_instant(NOW),
        )
        await manager.collector_state.save_states([state])


async def load(port: int, path: str, seconds: float) -> list[float]:
    """Milliseconds of every request of some connections that ask without a pause."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    until = time.perf_counter() + seconds

    async def one() -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        times = []
        while time.perf_counter() < until:
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            times.append((time.perf_counter() - begun) * 1000)
        writer.close()
        return times

    return [value for times in await asyncio.gather(*(one() for _ in range(CONNECTIONS))) for value in times]


def start(stack: ExitStack, port: int, command: list[str], **environment: str) -> None:
    """A server that ends with the stack; answers once it listens."""
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": SOURCE, **environment}, stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    for _ in range(200):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{command} does not listen")


def main(seconds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        database, body = Path(folder) / "events.db", Path(folder) / "body.json"
        asyncio.run(fill(database))
        settings = {"DATABASE_PATH": str(database), "PORT": str(API), "POLL_INTERVAL": "86400", "LOG_LEVEL": "WARNING"}
        start(
            stack,
            API,
            [sys.executable, "-m", "github_events_monitor.api"],
            GITHUB_API_URL="http://127.0.0.1:9",
            **settings,
        )
        body.write_bytes(httpx.get(f"http://127.0.0.1:{API}{CACHED}").raise_for_status().content)
        start(stack, BARE, [sys.executable, "-c", ROUTE, str(body), str(BARE)])
        contenders = {"bare route": (BARE, "/bare"), "cached": (API, CACHED), "not cached": (API, UNCACHED)}
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(seconds):
            for name, (port, path) in contenders.items():
                times[name] += asyncio.run(load(port, path, 1.0))
        show(times, body.stat().st_size, seconds)


def show(times: dict[str, list[float]], size: int, seconds: int) -> None:
    """A line for each contender."""
    print(f"{size} bytes, {CONNECTIONS} connections, {seconds} s each")
    cuts = {name: statistics.quantiles(values, n=100) for name, values in times.items()}
    bare = cuts["bare route"]
    for name, found in cuts.items():
        print(
            f"{name:<11} {len(times[name]) / seconds:6.0f}/s  p50 {found[49]:6.2f} ms  p99 {found[98]:6.2f} ms"
            f"  ({found[49] / bare[49]:.2f} and {found[98] / bare[98]:.2f} times the bare route)"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
