"""The MCP server over stdio, beside one of the same SDK with one tool that does nothing.

    python -m benchmarks.start_speed

From the start of the process to the answer to `initialize` and to the first tool call, later calls, and the memory of a
server that waits after them. The two take turns; the ratio is the median of the rounds' ratios. Processor seconds tell
more where other work is going on.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import orjson

EMPTY = """
from mcp.server import MCPServer
server = MCPServer("empty")
@server.tool()
async def recent_commits(repo: str, hours: int = 24) -> str:
    return "nothing"
server.run()
"""
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}
STATUS: dict[str, Any] = {"name": "status", "arguments": {}}
CALL = {"name": "recent_commits", "arguments": {"repo": "octo/hello", "hours": 24}}
DEMO = [sys.executable, "-m", "github_events_monitor", "demo", "--mcp"]


class Start(NamedTuple):
    """What one process took to the answer to `initialize`, and then to that of a tool, in all and of the processor."""

    milliseconds: float
    processor: float
    called: float
    called_processor: float
    megabytes: float


class Server:
    """A server process and its pipe."""

    def __init__(self, command: list[str], folder: Path) -> None:
        without = {"PYTHONDONTWRITEBYTECODE", "GITHUB_TOKEN", "GH_TOKEN"}  # an installed package has its bytecode
        environment = {name: value for name, value in os.environ.items() if name not in without}
        environment |= {"DATABASE_PATH": str(folder / "events.db"), "GITHUB_API_URL": "http://127.0.0.1:9"}
        environment |= {"POLL_INTERVAL": "0", "GITHUB_USE_GH": "false"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
        )
        self._number = 0

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps({"jsonrpc": "2.0", **message}) + b"\n")
        self._process.stdin.flush()

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the answer; notifications on the way are passed over."""
        self._number += 1
        self.send({"id": self._number, "method": method, "params": params})
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            answer = orjson.loads(line)
            if answer.get("id") == self._number:
                assert "result" in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
        raise EOFError("the server ended")

    def megabytes(self) -> float:
        """Return the resident memory, on Linux."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def processor(self) -> float:
        """Return the processor milliseconds up to now, on Linux, to ten of them."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Leave, and wait for its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def start(command: list[str], folder: Path, call: dict[str, Any]) -> Start:
    """Start, initialize, call, end."""
    began = time.perf_counter()
    server = Server(command, folder)
    server.ask("initialize", INITIALIZE)
    took, processor = (time.perf_counter() - began) * 1000, server.processor()
    server.send({"method": "notifications/initialized"})
    server.ask("tools/call", call)
    measured = Start(took, processor, (time.perf_counter() - began) * 1000, server.processor(), server.megabytes())
    server.end()
    return measured


def opened(command: list[str], folder: Path) -> Server:
    """Return a server that is ready for calls."""
    server = Server(command, folder)
    server.ask("initialize", INITIALIZE)
    server.send({"method": "notifications/initialized"})
    return server


def calls(contenders: list[Server], argument_sets: list[dict[str, Any]], rounds: int) -> list[list[float]]:
    """Return the milliseconds of each one's calls, by turns."""
    times: list[list[float]] = [[] for _ in contenders]
    for number in range(rounds + 20):
        for server, call, taken in zip(contenders, argument_sets, times, strict=True):
            began = time.perf_counter()
            server.ask("tools/call", call)
            if number >= 20:
                taken.append((time.perf_counter() - began) * 1000)
    return times


def row(name: str, ours: list[float], empty: list[float], unit: str = "ms") -> None:
    """One line of the result: medians, and the median of the rounds' ratios."""
    ratio = statistics.median(mine / other for mine, other in zip(ours, empty, strict=True))
    medians = statistics.median(ours), statistics.median(empty)
    print(f"{name:44} {medians[0]:8.2f} {unit}   empty {medians[1]:8.2f} {unit}   ratio {ratio:5.2f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--calls", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty.py").write_text(EMPTY)
        ours, empty = [sys.executable, "-m", "github_events_monitor"], [sys.executable, str(folder / "empty.py")]
        start(ours, folder, STATUS)  # makes the database, and bytecode where there is none
        start(empty, folder, CALL)
        pairs = [(start(ours, folder, STATUS), start(empty, folder, CALL)) for _ in range(options.rounds)]
        mine, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        row("start to initialize", [one.milliseconds for one in mine], [one.milliseconds for one in other])
        row("the same, processor", [one.processor for one in mine], [one.processor for one in other])
        row("start to the first call", [one.called for one in mine], [one.called for one in other])
        row("the same, processor", [one.called_processor for one in mine], [one.called_processor for one in other])
        row("memory of a waiting server", [one.megabytes for one in mine], [one.megabytes for one in other], "MB")
        servers = [opened(DEMO, folder), opened(empty, folder)]  # the demo has something to tell, and asks no network
        busy = {"name": "recent_commits", "arguments": {"repo": "example-harbour/lighthouse", "hours": 24}}
        mine_called, empty_called = calls(servers, [busy, CALL], options.calls)
        row("recent_commits over stdio", mine_called, empty_called)
        for server in servers:
            server.end()


if __name__ == "__main__":
    main()
