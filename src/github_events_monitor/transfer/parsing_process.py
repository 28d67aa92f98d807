"""A large file parsed in processes of their own, and the next ones meanwhile, so that an import uses all processors.

A child opens the file itself and sends batches, made by the provider's encoder, over its standard output: frames of
four bytes of length and a message. It has no other way to be heard, and ends with its parent: killed when the import
ends early, and by the broken pipe when the parent is gone.

Two children share an hour of events: each reads all of it, and parses every second transaction.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import cycle
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore, Thread
from types import TracebackType
from typing import IO, Self

import msgspec

from ..errors import DataFileError
from ..infrastructure.database_interface import BatchEncoder
from ..infrastructure.gc_pause import without_garbage_collection
from .archive import Batch, Share, Wanted, batches_of
from .files import DataFile
from .import_export import ItemBatch, item_batches
from .kinds import Kind
from .lines import blocks_of

_LARGE = 4 << 20
"""Bytes of a file from which a second process is worth its start, some tenths of a second."""

_TOGETHER = 2
"""Processes of one file of events. More would read for longer than they parse, and one transaction is written at a
time."""

_NICE = 4
"""By how much they give way to the one that writes, which all wait for in the end."""

_AHEAD = 2
"""Frames of one process that are held here, of a transaction each: without room the process has to wait."""


class _Request(msgspec.Struct):
    """encoder: module and name of the class."""

    path: str
    is_export: bool
    encoder: tuple[str, str]
    wanted: Wanted
    share: Share


class _Events(msgspec.Struct, tag="events"):
    """A batch of events. done: bytes of the file read so far."""

    batch: Batch
    done: int


class _Items(msgspec.Struct, tag="items"):
    """A batch of an export's items."""

    batch: ItemBatch
    done: int


class _Refusal(msgspec.Struct, tag="refusal"):
    """The file is damaged from here on: a `DataFileError`'s sentence."""

    message: str


class _End(msgspec.Struct, tag="end"):
    pass


_Message = _Events | _Items | _Refusal | _End
_encode = msgspec.msgpack.Encoder().encode
_messages: msgspec.msgpack.Decoder[_Message] = msgspec.msgpack.Decoder(_Message)


class Parsers:
    """The processes of an import: those of the file whose turn it is, and of the next ones, which parse meanwhile.

    There are no more of them than processors. Files take turns in their order, and leaving the `with` ends all.
    """

    def __init__(self, files: Mapping[DataFile, Kind], wanted: Wanted, encoder: type[BatchEncoder]) -> None:
        self._wanted = wanted
        self._encoder = encoder
        kinds = (Kind.EVENT_LINES, Kind.EXPORT)
        self._waiting = {file: kind for file, kind in files.items() if kind in kinds and _is_worthwhile(file)}
        self._started: dict[DataFile, list[_Child]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._started:
            _end(self._started.popitem()[1])

    def begin(self, file: DataFile) -> bool:
        """Have this file parsed, and the next ones meanwhile; return whether it is: whoever asks does it otherwise."""
        if file in self._waiting or file in self._started:
            self._start()
            self._waiting.pop(file, None)
        return file in self._started

    @contextmanager
    def batches(self, file: DataFile) -> Iterator[Iterator[Batch]]:
        """The same as `batches_of` gives for a file of events, one a line, that was begun; `file.done` follows."""
        with self._turn(file) as children:
            yield (message.batch for message in _messages_of(children) if isinstance(message, _Events))

    @contextmanager
    def item_batches(self, file: DataFile) -> Iterator[Iterator[ItemBatch]]:
        """The same as `item_batches` gives for an export that was begun; `file.done` follows."""
        with self._turn(file) as children:
            yield (message.batch for message in _messages_of(children) if isinstance(message, _Items))

    @contextmanager
    def _turn(self, file: DataFile) -> Iterator["list[_Child]"]:
        try:
            yield self._started[file]
        finally:
            _end(self._started.pop(file))

    def _start(self) -> None:
        made_by = (self._encoder.__module__, self._encoder.__qualname__)
        for file, kind in list(self._waiting.items()):
            children = self._children_for(file, 1 if kind is Kind.EXPORT else _TOGETHER)
            if not children:
                return  # no process is to be had now: it is tried again with the next file
            for number, child in enumerate(children):
                share = Share(number, len(children))
                child.ask(_Request(str(file.path), kind is Kind.EXPORT, made_by, self._wanted, share))
            self._started[file] = children
            del self._waiting[file]

    def _children_for(self, file: DataFile, many: int) -> "list[_Child]":
        """Return as many as there are processors for, and as the system lets us have."""
        free = _processors() - sum(map(len, self._started.values()))
        children: list[_Child] = []
        with suppress(OSError):
            while len(children) < min(many, free):
                children.append(_Child(file))
        return children


class _Child:
    """The process, and a thread that takes up to `_AHEAD` frames from it before they are asked for."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        program = f"import sys; sys.path[:] = sys.argv[1:]; from {__name__} import main; main()"
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", program, *sys.path],  # modules are found where this process finds them
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C reaches this process alone, which then ends the other
        )
        assert self._process.stdin is not None  # noqa: S101 - both pipes were asked for
        assert self._process.stdout is not None  # noqa: S101
        self._in, self._out = self._process.stdin, self._process.stdout
        self._frames: SimpleQueue[bytes | None] = SimpleQueue()
        self._room = Semaphore(_AHEAD)
        self._is_ended = False
        self._listener = Thread(target=self._listen, daemon=True)
        try:
            self._listener.start()
        except RuntimeError as error:  # threads count towards a limit of processes
            self._process.kill()
            self._process.wait()
            self._in.close()
            self._out.close()
            raise OSError(str(error)) from error

    def ask(self, request: _Request) -> None:
        """Say what it has to do."""
        with suppress(BrokenPipeError), self._in as pipe:  # its end is told when its turn comes
            _send(pipe, _encode(request))

    def kill(self) -> None:
        """Have it end; `wait` follows."""
        self._is_ended = True
        self._process.kill()

    def wait(self) -> None:
        """Leave nothing of it."""
        self._process.wait()
        self._room.release()
        self._listener.join()
        self._out.close()

    def _listen(self) -> None:
        frame: bytes | None = b""
        while frame is not None:
            self._room.acquire()
            frame = None if self._is_ended else _read(self._out)
            self._frames.put(frame)

    def messages(self) -> Iterator[_Events | _Items]:
        """Yield all it says. Raises `DataFileError` for a damaged file, and when the process dies."""
        while not isinstance(message := self._receive(), _End):
            if isinstance(message, _Refusal):
                raise DataFileError(message.message)
            self._file.done = message.done
            yield message

    def _receive(self) -> _Message:
        frame = self._frames.get()
        self._room.release()
        if frame is None:
            code = self._process.wait()
            raise DataFileError(f"{self._file.name} was not read to its end: the process that parses it ended ({code})")
        return _messages.decode(frame)


def _messages_of(children: Sequence[_Child]) -> Iterator[_Events | _Items]:
    """What they say by turns, until the one whose turn it is has no more: then none has."""
    said = cycle([child.messages() for child in children])
    while (message := next(next(said), None)) is not None:
        yield message


def _end(children: Sequence[_Child]) -> None:
    for child in children:
        child.kill()
    for child in children:
        child.wait()


def main() -> None:
    """The child: what was asked for, on standard output."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    request = msgspec.msgpack.decode(_read(sys.stdin.buffer) or b"", type=_Request)
    file = DataFile(request.path, Path(request.path))
    out = sys.stdout.buffer
    try:
        with without_garbage_collection():
            for message in _read_file(file, request):
                _send(out, _encode(message))
        _send(out, _encode(_End()))
    except DataFileError as error:
        _send(out, _encode(_Refusal(error.message)))
    except BrokenPipeError:
        os._exit(1)  # nothing waits for the rest, which the interpreter would still try to write


def _read_file(file: DataFile, request: _Request) -> Iterator[_Message]:
    module, name = request.encoder
    encoder, wanted = getattr(import_module(module), name), request.wanted
    if request.is_export:
        yield from (_Items(items, file.done) for items in item_batches(file, wanted, encoder))
    else:
        batches = batches_of(blocks_of(file.pieces()), wanted, encoder, request.share)
        yield from (_Events(batch, file.done) for batch in batches)


def _send(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(len(frame).to_bytes(4))
    pipe.write(frame)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """Return one frame, None when the other side is gone."""
    length = int.from_bytes(pipe.read(4))
    frame = pipe.read(length)
    return frame if length and len(frame) == length else None


def _is_worthwhile(file: DataFile) -> bool:
    """Return whether a second process would make the import of this file faster: it is large, with processors free."""
    return file.path is not None and (file.size or 0) >= _LARGE and _processors() > 1 and bool(sys.executable)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
