"""A large file parsed in a process of its own, so that an import uses two processors: one parses, one writes.

The child opens the file itself and sends batches over its standard output, each in parts, so that neither side holds
more than one batch: frames of four bytes of length and a message. It has no other way to be heard, and ends with its
parent: killed when the import ends early, and by the broken pipe when the parent is gone.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from ..errors import DataFileError
from ..infrastructure.garbage import without_garbage_collection
from .archive import Batch, Wanted, batches_of
from .files import DataFile
from .lines import blocks_of

_LARGE = 4 << 20
"""Bytes of a file from which a second process is worth its start, some tenths of a second."""

_PART = 500
"""Events or commits of one message."""


class _Request(msgspec.Struct):
    path: str
    repos: frozenset[str] | None
    types: frozenset[str] | None


class _Part(msgspec.Struct, tag="part"):
    """A piece of a batch; `complete` with its last one. done: bytes of the file read so far."""

    batch: Batch
    complete: bool
    done: int


class _Refusal(msgspec.Struct, tag="refusal"):
    """The file is damaged from here on: a `DataFileError`'s sentence."""

    message: str


class _End(msgspec.Struct, tag="end"):
    pass


_Message = _Part | _Refusal | _End
_encode = msgspec.msgpack.Encoder().encode
_messages: msgspec.msgpack.Decoder[_Message] = msgspec.msgpack.Decoder(_Message)


def is_worthwhile(file: DataFile) -> bool:
    """Whether a second process would make the import of this file faster: it is large, and there are processors."""
    return file.path is not None and (file.size or 0) >= _LARGE and _processors() > 1 and bool(sys.executable)


class ParsingProcess:
    """The batches of a file of events, one a line; `file.done` follows. Leaving the `with` ends the process."""

    def __init__(self, file: DataFile, wanted: Wanted) -> None:
        self._file = file
        self._request = _Request(str(file.path), wanted.repos, wanted.types)

    def __enter__(self) -> Self:
        search = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": search},
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the other
        )
        assert self._process.stdin is not None  # noqa: S101 - both pipes were asked for
        assert self._process.stdout is not None  # noqa: S101
        self._out = self._process.stdout
        with self._process.stdin as pipe:
            _send(pipe, _encode(self._request))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        batch: Batch | None = None
        while True:
            match self._receive():
                case _End():
                    raise StopIteration
                case _Refusal(message):
                    raise DataFileError(message)
                case _Part(part, complete, done):
                    if batch is None:
                        batch = part
                    else:
                        batch.events += part.events
                        batch.commits += part.commits
                    if complete:
                        self._file.done = done
                        return batch

    def _receive(self) -> _Message:
        frame = _read(self._out)
        if frame is None:
            code = self._process.wait()
            raise DataFileError(f"{self._file.name} was not read to its end: the process that parses it ended ({code})")
        return _messages.decode(frame)


def main() -> None:
    """The child: what `ParsingProcess` asked for, on standard output."""
    request = msgspec.msgpack.decode(_read(sys.stdin.buffer) or b"", type=_Request)
    wanted = Wanted(request.repos, request.types)
    file = DataFile(request.path, Path(request.path))
    out = sys.stdout.buffer
    try:
        with without_garbage_collection():
            for batch in batches_of(blocks_of(file.pieces()), wanted):
                for part, complete in _parts(batch):
                    _send(out, _encode(_Part(part, complete, file.done)))
        _send(out, _encode(_End()))
    except DataFileError as error:
        _send(out, _encode(_Refusal(error.message)))
    except BrokenPipeError:
        os._exit(1)  # nobody waits for the rest, which the interpreter would still try to write


def _parts(batch: Batch) -> Iterator[tuple[Batch, bool]]:
    """A batch in pieces: the first one has all but the lists."""
    events, commits = batch.events, batch.commits
    part = msgspec.structs.replace(batch, events=[], commits=[])
    for start in range(0, max(len(events), len(commits)), _PART):
        part.events, part.commits = events[start : start + _PART], commits[start : start + _PART]
        yield part, False
        part = Batch()
    yield part, True


def _send(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(len(frame).to_bytes(4) + frame)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """One frame; null when the other side is gone."""
    length = int.from_bytes(pipe.read(4))
    frame = pipe.read(length)
    return frame if length and len(frame) == length else None


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
