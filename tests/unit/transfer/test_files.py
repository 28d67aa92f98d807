"""Files as bytes: compressed or not, cut, damaged, globbed, from a pipe."""

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import DataFileError, InvalidInput
from github_events_monitor.transfer.files import DataFile, data_files


def content(data: bytes) -> bytes:
    return b"".join(DataFile("it", None, io.BytesIO(data)).pieces())


@given(st.lists(st.binary(max_size=5000), min_size=1, max_size=3), st.integers(1, 9))
def test_several_gzip_members_and_padding_are_one_content(parts: list[bytes], level: int) -> None:
    packed = b"".join(gzip.compress(part, level) for part in parts)
    assert content(packed) == content(packed + bytes(100)) == b"".join(parts)


def test_what_is_readable_of_a_cut_file_is_given_before_the_error() -> None:
    data = b"".join(b"%d line\n" % number for number in range(100_000))
    found: list[bytes] = []
    with pytest.raises(DataFileError, match=r"hour\.json\.gz is cut"):
        found.extend(DataFile("hour.json.gz", None, io.BytesIO(gzip.compress(data)[:-9])).pieces())
    readable = b"".join(found)
    assert data.startswith(readable)
    assert len(readable) > len(data) - 1000


@pytest.mark.parametrize("position", [-8, 500])
def test_a_wrong_check_sum_and_altered_bytes_are_noticed(position: int) -> None:
    packed = bytearray(gzip.compress(bytes(range(256)) * 50, 0))
    packed[position] ^= 1
    with pytest.raises(DataFileError, match="damaged"):
        content(bytes(packed))


def test_a_gzip_bomb_comes_in_small_pieces() -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    sizes = [len(piece) for piece in DataFile("bomb", None, io.BytesIO(bomb)).pieces()]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= 1 << 20


def test_patterns_are_expanded_in_order_and_a_name_with_brackets_is_taken_as_it_is(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "c[1].json"):
        (tmp_path / name).touch()
    names = [file.name for file in data_files([tmp_path / "*.json", tmp_path / "c[1].json"], None)]
    assert [Path(name).name for name in names] == ["a.json", "b.json", "c[1].json", "c[1].json"]


def test_paths_that_cannot_be_read_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        data_files([tmp_path / "nothing*.json"], None)
    with pytest.raises(InvalidInput, match="is a folder"):
        data_files([tmp_path], None)
    with pytest.raises(InvalidInput, match="once"):
        data_files(["-", "-"], io.BytesIO())


def test_a_pipe_that_was_looked_at_is_still_read_from_its_beginning() -> None:
    file = DataFile("standard input", None, io.BytesIO(b"a\nb\n"))
    next(file.peek())
    file.forget()
    assert b"".join(file.pieces()) == b"a\nb\n"
    assert file.size is None
