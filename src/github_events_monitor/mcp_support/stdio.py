"""Standard input that can be ended from within.

The SDK reads it in a thread, which nothing can interrupt: a signal would kill the program before it closed its database
and gave back its leases, or wait for the client's next word. So the client's words pass through a pipe, and a signal
ends that pipe: to the server it looks as if the client had left.
"""

import codecs
import os
import select
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
from mcp.server.stdio import stdio_server
from mcp.shared._context_streams import create_context_streams
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

_CHUNK = 65_536


@asynccontextmanager
async def messages() -> AsyncIterator[tuple[Any, Any]]:
    """Yield the SDK's streams of messages read and to write; what is no message gets an error in answer.

    https://www.jsonrpc.org/specification#error_object
    """
    async with stdio_server() as (read, write):
        forward, forwarded = create_context_streams[SessionMessage | Exception](0)
        refusing = write.clone()

        async def sort_out() -> None:
            async with forward, refusing:
                async for item in read:
                    try:
                        if isinstance(item, Exception):
                            await refusing.send(SessionMessage(_refusal(item)))
                        else:
                            await forward.send(item)
                    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                        return  # the server has ended

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sort_out)
            yield forwarded, write


def _refusal(error: Exception) -> JSONRPCError:
    problems = error.errors(include_url=False) if isinstance(error, ValidationError) else []
    code, message = INVALID_REQUEST, "this line is not a JSON-RPC 2.0 message"
    if any(problem["type"] == "json_invalid" for problem in problems):
        code, message = PARSE_ERROR, "this line is not JSON; send one JSON-RPC 2.0 message a line"
    elif problems and all(isinstance(problem["input"], list) for problem in problems):
        message = "batches are not served; send one message a line"
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message))


@contextmanager
def stdin_ending_on_signal() -> Iterator[None]:
    """Within the block standard input ends with the client's, or on SIGTERM or SIGINT."""
    client = os.dup(0)
    read_end, write_end = os.pipe()
    os.dup2(read_end, 0)
    os.close(read_end)
    threading.Thread(target=_pass_on, args=(client, write_end), name="stdin", daemon=True).start()
    before = {number: signal.signal(number, lambda *_: _end(write_end)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass_on(client: int, write_end: int) -> None:
    """Copy until the client's end; a failing read, such as of a reset socket or a lost terminal, is an end, too."""
    try:
        chunk = _read(client).removeprefix(codecs.BOM_UTF8)
        while chunk:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(write_end, rest) :]
            chunk = _read(client)
    except OSError:
        pass
    finally:
        _end(write_end)


def _read(client: int) -> bytes:
    """Return what there is, b"" at the end; where the client made its end non-blocking, wait for something first."""
    while True:
        try:
            return os.read(client, _CHUNK)
        except BlockingIOError:
            select.select([client], [], [])


def _end(write_end: int) -> None:
    """Put the null device in the pipe's place: closing the number could hand it to a file that is opened next."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, write_end)
    os.close(null)
