"""Standard input and output as streams of messages; the input can be ended from within.

The SDK's own transport hands each line to threads three times, and a reading thread cannot be interrupted: a signal
would kill the program before it closed its database and gave back its leases, or wait for the client's next word. Here
one thread passes what the client sends into a socket, which the event loop reads and a signal closes: to the server it
looks as if the client had left.
"""

import asyncio
import codecs
import errno
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import TracebackType
from typing import Self

import anyio
import anyio.to_thread
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from ..logs import has_room

ANSWERING = 8.0
"""Seconds that questions asked before the end of the input get; a signal, or a client that reads no more, ends them."""
LONGEST = 16 * 1_048_576
"""Bytes of a line; a longer one is refused."""

_CHUNK = 65_536
_LOOK = 0.05
_STUCK = 0.5
"""Seconds without any room in the output after which, once the input has ended, its client reads no more."""
_signalled = threading.Event()
_inputs: list[socket.socket] = []
"""Where what the client sends is passed on from, while `messages` lasts."""

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


class _Closing:
    """What the SDK's streams have to be able to do that needs nothing done here: `messages` closes."""

    async def aclose(self) -> None:
        """Do nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""


class _Output(_Closing):
    """The messages to the client. A client that reads no more ends the input."""

    failure: OSError | None = None

    def __init__(self, file: int, unanswered: _Open, answered: Callable[[], object]) -> None:
        self._file, self._unanswered, self._answered = file, unanswered, answered
        self._turn = asyncio.Lock()
        self._ended = threading.Event()

    def give_up(self) -> None:
        """Wait no more for a client that does not read."""
        self._ended.set()

    async def send(self, item: SessionMessage) -> None:
        """Write a message. Raises `BrokenResourceError` when it cannot be written."""
        line = item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        try:
            async with self._turn:
                await _write(self._file, line, self._ended)
        except OSError as error:
            self.failure = error
            end_input()
            raise anyio.BrokenResourceError from error
        self._unanswered.note_written(item)
        self._answered()


class _Input(_Closing):
    """The messages from the client, which end when its questions are answered.

    What is no message gets an error in answer: https://www.jsonrpc.org/specification#error_object.
    """

    def __init__(self, reader: asyncio.StreamReader, unanswered: _Open, output: _Output) -> None:
        self._reader, self._unanswered, self._output = reader, unanswered, output

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message. Raises `EndOfStream`."""
        while True:
            try:
                line = await self._reader.readline()
                if not line:
                    break
                text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")  # some shells write a mark
                item = SessionMessage(jsonrpc_message_adapter.validate_json(text, by_name=False))
                _refuse_other_ids(item, text)
            except ValueError as error:
                await self._output.send(SessionMessage(_refusal(error)))
            else:
                self._unanswered.note_read(item)
                return item
        await self._unanswered.answered()
        self._output.give_up()
        raise anyio.EndOfStream


@asynccontextmanager
async def messages(answered: Callable[[], object]) -> AsyncIterator[tuple[_Input, _Output]]:
    """Yield streams of messages to read and to write; the process's own input is empty, its output goes to stderr.

    answered: called with each message that is written. Raises `OSError` where the output failed, unless it is that the
    client reads no more, which ends the input as if it had left.
    """
    ours, theirs = socket.socketpair()
    with _diverted(0, os.devnull) as client, _diverted(1, 2) as file:
        _inputs.append(ours)
        threading.Thread(target=_pass_on, args=(client, ours), name="stdin", daemon=True).start()
        if _signalled.is_set():
            end_input()
        reader, writer = await asyncio.open_connection(sock=theirs, limit=LONGEST)
        unanswered = _Open()
        output = _Output(file, unanswered, answered)
        try:
            yield _Input(reader, unanswered, output), output
        finally:
            output.give_up()
            end_input()
            _inputs.remove(ours)
            writer.close()
    if isinstance(output.failure, BrokenPipeError | ConnectionResetError):
        logger.info("the client reads no more")
    elif output.failure:
        raise output.failure


class _OtherId(ValueError):
    """A request whose id is neither text nor a whole number."""


def _refuse_other_ids(item: SessionMessage, text: str) -> None:
    """Refuse what the SDK takes for a notification although somebody waits for its answer. Raises `_OtherId`.

    https://modelcontextprotocol.io/specification/2025-11-25/basic#requests: the id is a string or integer, never null.
    """
    message = item.message
    if not isinstance(message, JSONRPCNotification) or message.method.startswith("notifications/"):
        return
    if "id" in json.loads(text):
        raise _OtherId


def _refusal(error: Exception) -> JSONRPCError:
    problems = error.errors(include_url=False) if isinstance(error, ValidationError) else []
    code, message = INVALID_REQUEST, "this line is not a JSON-RPC 2.0 message"
    if any(problem["type"] == "json_invalid" for problem in problems):
        code, message = PARSE_ERROR, "this line is not JSON; send one JSON-RPC 2.0 message a line"
    elif problems and all(isinstance(problem["input"], list) for problem in problems):
        message = "batches are not served; send one message a line"
    elif isinstance(error, _OtherId):
        message = "the id of a request is text or a whole number"
    elif not problems:
        message = f"this line is longer than the {LONGEST} bytes that a message may have"
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message))


@contextmanager
def _diverted(file: int, to: int | str) -> Iterator[int]:
    """Yield another number of an open file. Its own leads elsewhere meanwhile, for what is printed, and children."""
    number = os.dup(file)
    try:
        other = os.dup(to) if isinstance(to, int) else os.open(to, os.O_RDONLY)
    except OSError:  # there is no stderr
        other = os.open(os.devnull, os.O_WRONLY)
    os.dup2(other, file)
    os.close(other)
    try:
        yield number
    finally:
        os.dup2(number, file)  # `number` stays open: a thread may still be reading it


@contextmanager
def stdin_ending_on_signal() -> Iterator[None]:
    """Within the block standard input also ends on SIGTERM or SIGINT."""
    _signalled.clear()
    before = {number: signal.signal(number, lambda *_: _stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop() -> None:
    _signalled.set()
    end_input()


def end_input() -> None:
    """End what is read, as if the client had left."""
    for passing in _inputs:
        with suppress(OSError):  # it has ended before
            passing.shutdown(socket.SHUT_RDWR)


def _pass_on(client: int, passing: socket.socket) -> None:
    """Copy until the client's end; a failing read, such as of a reset socket or a lost terminal, is an end, too."""
    with suppress(OSError):
        while chunk := _read(client):
            passing.sendall(chunk)
    with suppress(OSError):
        passing.shutdown(socket.SHUT_RDWR)


def _read(client: int) -> bytes:
    """Return what there is, b"" at the end; where the client made its end non-blocking, wait for something first."""
    while True:
        try:
            return os.read(client, _CHUNK)
        except BlockingIOError:
            select.select([client], [], [])


async def _write(file: int, line: bytes, ended: threading.Event) -> None:
    """Write a line; a client that does not read at once is waited for in a thread, until the session has ended."""
    rest = memoryview(line)
    while rest and sys.platform != "win32" and has_room(file):  # there only sockets are selected
        rest = rest[os.write(file, rest[: select.PIPE_BUF]) :]
    if rest:
        await anyio.to_thread.run_sync(_write_all, file, rest, ended)


def _write_all(file: int, rest: memoryview, ended: threading.Event) -> None:
    while rest and sys.platform == "win32":
        rest = rest[os.write(file, rest) :]
    while rest:
        if select.select([], [file], [], _STUCK)[1]:
            rest = rest[os.write(file, rest[: select.PIPE_BUF]) :]
        elif ended.is_set():
            raise BrokenPipeError(errno.EPIPE, "the output is not read")
