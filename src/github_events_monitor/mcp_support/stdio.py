"""Standard input that can be ended from within, and the messages that come by it.

The SDK reads it in a thread, which nothing can interrupt: a signal would kill the program before it closed its database
and gave back its leases, or wait for the client's next word. So the client's words pass through a pipe, and a signal
ends that pipe: to the server it looks as if the client had left.
"""

import codecs
import logging
import os
import select
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
from mcp.server.stdio import stdio_server
from mcp.shared._context_streams import create_context_streams
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

ANSWERING = 8.0
"""Seconds that questions asked before the end of the input get; a signal, or a client that reads no more, ends them."""

_CHUNK = 65_536
_LOOK = 0.05
_signalled = threading.Event()

logger = logging.getLogger(__name__)


class _Open:
    """The questions that have no answer yet."""

    def __init__(self) -> None:
        self._ids = set[object]()

    def note_read(self, item: SessionMessage) -> None:
        """Take a message from the client into account; a cancelled question gets no answer."""
        message = item.message
        if isinstance(message, JSONRPCRequest) and not message.method.endswith("/listen"):  # that lasts for ever
            self._ids.add(message.id)
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._ids.discard((message.params or {}).get("requestId"))

    def note_written(self, item: SessionMessage) -> None:
        """Take a message to the client into account."""
        if isinstance(item.message, JSONRPCResponse | JSONRPCError):
            self._ids.discard(item.message.id)

    async def answered(self) -> None:
        """Wait for the answers, as long as they make sense."""
        with anyio.move_on_after(ANSWERING):
            while self._ids and not _signalled.is_set():  # noqa: ASYNC110 - a signal handler sets no event of a loop
                await anyio.sleep(_LOOK)


_input_ends: list[int] = []
"""Where what the client sends is passed on to standard input, while `stdin_ending_on_signal` lasts."""


@asynccontextmanager
async def messages(answered: Callable[[], object]) -> AsyncIterator[tuple[Any, Any]]:
    """Yield streams of messages to read and to write, of which the first ends when the client's questions are answered.

    What is no message gets an error in answer: https://www.jsonrpc.org/specification#error_object. A client that reads
    no more ends the block as if it had left. answered: called with each answer that is given.
    """
    try:
        async with stdio_server() as (read, write):
            questions, passed_on = create_context_streams[SessionMessage | Exception](0)
            answers, given = create_context_streams[SessionMessage](0)
            refusals, unanswered = answers.clone(), _Open()

            async def sort_out() -> None:
                async with questions, refusals:
                    async for item in read:
                        if isinstance(item, Exception):
                            await refusals.send(SessionMessage(_refusal(item)))
                        else:
                            unanswered.note_read(item)
                            await questions.send(item)
                    await unanswered.answered()

            async def write_out() -> None:
                try:
                    async with write, given:
                        async for item in given:
                            await write.send(item)
                            unanswered.note_written(item)
                            answered()
                finally:
                    end_input()  # a client that reads no more is not waited for: reading holds a thread

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_left, sort_out)
                tasks.start_soon(_until_left, write_out)
                yield passed_on, answers
    except* (BrokenPipeError, ConnectionResetError):
        logger.info("the client reads no more")


async def _until_left(work: Any) -> None:
    """Do a side's work until the other side has ended."""
    try:
        await work()
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


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
    _signalled.clear()
    client = os.dup(0)
    read_end, write_end = os.pipe()
    os.dup2(read_end, 0)
    os.close(read_end)
    _input_ends.append(write_end)
    threading.Thread(target=_pass_on, args=(client, write_end), name="stdin", daemon=True).start()
    before = {number: signal.signal(number, lambda *_: _stop(write_end)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        _input_ends.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass_on(client: int, write_end: int) -> None:
    """Copy until the client's end; a failing read, such as of a reset socket or a lost terminal, is an end, too.

    A byte order mark at the beginning of a line is left out, as some shells write one.
    """
    last = b"\n"
    try:
        while chunk := _read(client):
            rest = memoryview((last[-1:] + chunk).replace(b"\n" + codecs.BOM_UTF8, b"\n")[1:])
            last = chunk
            while rest:
                rest = rest[os.write(write_end, rest) :]
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


def end_input() -> None:
    """End what is read, as if the client had left."""
    for write_end in _input_ends:
        _end(write_end)


def _stop(write_end: int) -> None:
    _signalled.set()
    _end(write_end)


def _end(write_end: int) -> None:
    """Put the null device in the pipe's place: closing the number could hand it to a file that is opened next."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, write_end)
    os.close(null)
