"""Bytes -> blocks of whole lines with their numbers, in bounded memory: a line that is too long is passed over."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import NamedTuple

from ..errors import DataFileError

MAX_LINE_BYTES = 1 << 24
BLOCK_BYTES = 1 << 20
"""About how much of a file is split at a time. Small blocks find their memory in the processor's cache."""


class Block(NamedTuple):
    """Consecutive lines without their ends. too_long: numbers of lines that were passed over and are empty here."""

    first_line: int
    lines: list[bytes]
    too_long: tuple[int, ...] = ()


def blocks_of(pieces: Iterable[bytes], longest: int = MAX_LINE_BYTES) -> Iterator[Block]:
    """Yield all lines, the last one also without a newline.

    When the pieces end in a `DataFileError`, the whole lines before it are given first, then it is raised.
    """
    splitter = _Splitter(longest)
    try:
        for piece in pieces:
            yield from splitter.add(piece)
    except DataFileError:
        yield from splitter.whole_lines()
        raise
    yield from splitter.end()


class _Splitter:
    """Bytes on their way to lines."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._line = 1
        self._held: list[bytes] = []
        self._length = 0
        self._next = BLOCK_BYTES
        self._skipping = False

    def add(self, piece: bytes) -> Iterator[Block]:
        """Take a piece; yield a block when there is enough for one."""
        if self._skipping:
            _, newline, piece = piece.partition(b"\n")
            if not newline:
                return
            self._skipping = False
            yield self._block([b""], (self._line,))
        self._hold(piece)
        if self._length >= min(self._next, self._longest):
            yield from self.whole_lines()
            self._next = self._length + BLOCK_BYTES
        if self._length >= self._longest:  # all of it is one unfinished line
            self._skipping = True
            self._held, self._length, self._next = [], 0, BLOCK_BYTES

    def whole_lines(self) -> Iterator[Block]:
        """Yield the lines that have their newline; what follows the last one is kept."""
        text = b"".join(self._held)
        end = text.rfind(b"\n") + 1
        self._held, self._length = [], 0
        self._hold(text[end:])
        if end:
            # A file in memory finds long lines sooner than `split`, which looks at each byte by itself.
            yield self._block([line[:-1] for line in BytesIO(text[:end])])

    def end(self) -> Iterator[Block]:
        """Yield what is left after the last piece."""
        if self._skipping:
            yield self._block([b""], (self._line,))
        yield from self.whole_lines()
        if self._held:
            yield self._block([b"".join(self._held)])

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._held.append(piece)
            self._length += len(piece)

    def _block(self, lines: list[bytes], too_long: tuple[int, ...] = ()) -> Block:
        block = Block(self._line, lines, too_long)
        self._line += len(lines)
        return block
