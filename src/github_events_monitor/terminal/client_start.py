"""What an assistant would start: the server in the root folder, with few variables, as Claude Desktop does."""

import asyncio
import sys
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import orjson

from ..settings import environment_of

_SECONDS = 20.0
_FEW = ("PATH", "HOME", "USER", "TEMP", "SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
_ASIDE = {"DATABASE_PATH": ":memory:", "POLL_INTERVAL": "0", "GITHUB_USE_GH": "false", "LOG_LEVEL": "WARNING"}
"""So that a trial stores and asks nothing."""

_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "doctor", "version": "1"},
    },
}


class StartResult(NamedTuple):
    """How a start went. failure: what the program said instead of answering; None where it answered."""

    command: str
    seconds: float
    failure: str | None


async def start_as_client(command: list[str] | None = None) -> StartResult:
    """Start the server as an assistant would, and return whether it answered.

    command: Program and arguments; None for this program.
    """
    program = command or _this_program()
    began = monotonic()
    failure = await _ask(program)
    return StartResult(" ".join(program), monotonic() - began, failure)


def _this_program() -> list[str]:
    script = Path(sys.argv[0]).absolute()
    if script.stem == "github-events-monitor" and script.is_file():
        return [str(script)]
    return [sys.executable, "-m", __name__.rpartition(".terminal.")[0]]


async def _ask(program: list[str]) -> str | None:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *program,
            cwd=Path(sys.executable).anchor,
            env=environment_of(_FEW) | _ASIDE,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
    except OSError as error:
        return f"it cannot be started ({error.strerror})"
    try:
        async with asyncio.timeout(_SECONDS):
            out, log = await process.communicate(orjson.dumps(_INITIALIZE) + b"\n")
    except TimeoutError:
        return f"no answer within {_SECONDS:.0f} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return None if _answered(out) else _last_words(log, process.returncode)


def _answered(out: bytes) -> bool:
    try:
        return "serverInfo" in orjson.loads(out.partition(b"\n")[0])["result"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return False


def _last_words(log: bytes, code: int | None) -> str:
    words = log.decode("utf-8", "replace").strip().splitlines()
    return words[-1][:300] if words else f"it ended with exit code {code} and said nothing"
