"""Files to import as bytes: named, globbed or standard input; plain or gzip, told apart by their first bytes.

Memory is bounded whatever a file holds: compressed data is unpacked in pieces (https://www.rfc-editor.org/rfc/rfc1952,
several members in one file included).
"""

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib
from isal.igzip_lib import IsalError

from ..errors import DataFileError, InvalidInput

STDIN = "-"

_GZIP = b"\x1f\x8b"
_READ = 1 << 18
_UNPACK = 1 << 20


class DataFile:
    """One file, read once from its beginning; `forget` starts over where that is possible.

    path: None for standard input. size: bytes on disk, None for a pipe. done: bytes of it read so far.
    """

    def __init__(self, name: str, path: Path | None, stream: BinaryIO | None = None) -> None:
        self.name = name
        self.path = path
        self.done = 0
        self.size = _size(path) if path else None
        self._stream = stream
        self._seen: list[bytes] = []
        self._rest: Iterator[bytes] | None = None

    def pieces(self) -> Iterator[bytes]:
        """Yield the unpacked bytes, what `peek` saw first. Raises `DataFileError` where a compressed file is cut."""
        while self._seen:
            yield self._seen.pop(0)
        yield from self._reading()

    def peek(self) -> Iterator[bytes]:
        """Yield the same pieces, which `pieces` will give again."""
        for piece in self._reading():
            self._seen.append(piece)
            yield piece

    def seen(self) -> Iterator[bytes]:
        """From the beginning like `peek`, once it has been used."""
        yield from list(self._seen)
        yield from self.peek()

    def forget(self) -> None:
        """Close the file and forget what was seen, so that many can be looked at first; a pipe keeps both."""
        if self.size is not None:
            self._seen, self._rest, self.done = [], None, 0
            self.close()

    def close(self) -> None:
        """Close the file, unless it is the caller's stream."""
        if self.path is not None and self._stream is not None:
            self._stream.close()
            self._stream = None

    def _reading(self) -> Iterator[bytes]:
        if self._rest is None:
            self._rest = self._read()
        return self._rest

    def _read(self) -> Iterator[bytes]:
        try:
            if self._stream is None:
                self._stream = open(self.path or os.devnull, "rb", buffering=0)  # noqa: SIM115 - see `close`
            raw = self._raw(self._stream)
            first = next(raw, b"")
            while 0 < len(first) < len(_GZIP) and (more := next(raw, b"")):
                first += more
            yield from self._unpacked(first, raw) if first.startswith(_GZIP) else _chained(first, raw)
        except OSError as error:
            raise DataFileError(f"{self.name} cannot be read: {error.strerror or error}") from None

    def _raw(self, stream: BinaryIO) -> Iterator[bytes]:
        while data := stream.read(_READ):
            self.done += len(data)
            yield data

    def _unpacked(self, first: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
        member = _member()
        try:
            for data in _chained(first, raw):
                packed = data
                while packed:
                    if member.eof:
                        if not packed.strip(b"\0"):
                            break  # padding after the last member
                        member = _member()
                    if piece := member.decompress(packed, _UNPACK):
                        yield piece
                    packed = member.unused_data if member.eof else member.unconsumed_tail
            while not member.eof and (piece := member.decompress(b"", _UNPACK)):
                yield piece
        except IsalError as error:  # type: ignore[misc]  # the stub says instance where the class is meant
            raise DataFileError(f"{self.name} is damaged: its compressed data is not valid ({error})") from None
        if not member.eof:
            raise DataFileError(f"{self.name} is cut: its compressed data ends before its end")


def _member() -> Any:
    return isal_zlib.decompressobj(31)  # 31: with a gzip wrapper, whose check sum and length are verified


def data_files(paths: Sequence[str | Path], stdin: BinaryIO | None) -> list[DataFile]:
    """Return the files that the paths name, in order: `-` is standard input, a pattern stands for the files it fits.

    Raises `InvalidInput` for a path that is not there, is a folder, or a pattern that fits nothing.
    """
    found: list[DataFile] = []
    for path in paths:
        if str(path) == STDIN:
            found.append(_standard_input(stdin, found))
        else:
            found += [DataFile(str(one), one) for one in _matching(Path(path))]
    return found


def _standard_input(stdin: BinaryIO | None, found: Sequence[DataFile]) -> DataFile:
    if stdin is None or any(file.name == "standard input" for file in found):
        raise InvalidInput("standard input can be read once only; name '-' once")
    return DataFile("standard input", None, stdin)


def _matching(path: Path) -> list[Path]:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; name the files in it, for instance {path}/*.json.gz")
    if path.exists():
        return [path]
    matches = sorted(Path(one) for one in glob.glob(str(path)))
    files = [one for one in matches if not one.is_dir()]
    if not files:
        raise InvalidInput(f"{path} does not exist; check the path")
    return files


def _size(path: Path) -> int | None:
    status = path.stat()
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
