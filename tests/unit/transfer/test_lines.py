"""Bytes into lines, in bounded memory."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import DataFileError
from github_events_monitor.transfer.lines import blocks_of


def lines_with_numbers(pieces: list[bytes], longest: int = 1 << 24) -> dict[int, bytes]:
    return {
        number: line
        for block in blocks_of(pieces, longest)
        for number, line in enumerate(block.lines, block.first_line)
        if number not in block.too_long
    }


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=20))
def test_lines_and_numbers_do_not_depend_on_where_the_pieces_are_cut(data: bytes, sizes: list[int]) -> None:
    pieces, rest = [], data
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    pieces.append(rest)
    expected = dict(enumerate(data.split(b"\n"), 1))
    if not expected[len(expected)]:
        del expected[len(expected)]  # after the last newline there is no line
    assert lines_with_numbers(pieces) == expected


@given(st.lists(st.integers(0, 60), min_size=1, max_size=30), st.integers(1, 30))
def test_too_long_lines_are_passed_over_and_the_others_keep_their_numbers(lengths: list[int], size: int) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    found = lines_with_numbers(pieces, longest=40)
    for number, length in enumerate(lengths, 1):
        if length < 40 - size:
            assert found[number] == b"x" * length
        elif length > 40 + size:
            assert number not in found


def test_a_long_line_never_fills_the_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"first\n"
        for _ in range(1000):
            yield b"y" * 1000
        yield b"\nlast"

    blocks = list(blocks_of(pieces(), 10_000))
    assert [block.too_long for block in blocks if block.too_long] == [(2,)]
    assert sum(len(line) for block in blocks for line in block.lines) == len(b"firstlast")


def test_whole_lines_before_a_cut_are_given_and_the_broken_one_is_not() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one\ntwo\nthr"
        raise DataFileError("cut")

    blocks = blocks_of(pieces())
    assert next(blocks).lines == [b"one", b"two"]
    with pytest.raises(DataFileError):
        next(blocks)
