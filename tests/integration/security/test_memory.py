"""Memory stays bounded whatever a file unpacks to: a gzip bomb and a line of a gigabyte, made on the way."""

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from tests.fake_github import event
from tests.integration.faults.program import contents, environment

GIGABYTE = 1 << 30
BOUND = 400 << 20
"""Bytes of memory at its peak; the program alone takes about 80 MiB, a line of the longest kind that is read, 16."""

ROW = event(7, "WatchEvent", "ada", datetime(2024, 5, 1, tzinfo=UTC), {"action": "started"}, "o/r")
GOOD = json.dumps(ROW).replace('"7"', '"%d"').encode() + b"\n"


MEASURED = """
import pathlib, resource, subprocess, sys
code = subprocess.call([sys.executable, "-m", "github_events_monitor", *sys.argv[1:]])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path("peak").write_text(str(peak if sys.platform == "darwin" else peak * 1024))
sys.exit(code)
"""
"""Notes the peak of the program, which is started by a process as small as this: what it was forked from counts too."""


def endless_line() -> Iterator[bytes]:
    """Good lines around one of a gigabyte."""
    yield GOOD % 1
    yield b'{"id":"2","type":"'
    for _ in range(GIGABYTE >> 20):
        yield b"x" * (1 << 20)
    yield b'"}\n'
    yield GOOD % 3


def bomb() -> Iterator[bytes]:
    """The same, compressed a thousandfold."""
    packer = zlib.compressobj(1, wbits=31)
    for piece in endless_line():
        yield packer.compress(piece)
    yield packer.flush()


def deep() -> Iterator[bytes]:
    """A line of brackets only, and many of them."""
    yield GOOD % 1
    yield b"[" * 8_000_000 + b"\n"
    yield b'{"a":' * 2_000_000 + b"\n"
    yield GOOD % 3


def import_from_a_pipe(folder: Path, pieces: Iterator[bytes]) -> tuple[int, bytes, int]:
    """(exit code, stderr, bytes of memory at the peak) of an import that reads them."""
    log = (folder / "err").open("w+b")
    with (
        log,
        subprocess.Popen(
            [sys.executable, "-c", MEASURED, "import", "-"],
            env=environment(folder),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        assert process.stdin is not None
        feeder = Thread(target=_feed, args=(process.stdin, pieces))
        feeder.start()
        code = process.wait()
        feeder.join()
        log.seek(0)
        return code, log.read(), int((folder / "peak").read_text())


def _feed(pipe: object, pieces: Iterator[bytes]) -> None:
    try:
        with pipe:  # type: ignore[attr-defined]
            for piece in pieces:
                pipe.write(piece)  # type: ignore[attr-defined]
    except BrokenPipeError:
        pass  # it has read enough


def stored(folder: Path) -> set[str]:
    return {row[0] for row in contents(folder / "events.db")["events"]}


def test_a_line_of_a_gigabyte_is_passed_over(tmp_path: Path) -> None:
    code, said, peak = import_from_a_pipe(tmp_path, endless_line())
    assert (code, stored(tmp_path)) == (0, {"1", "3"}), said
    assert b"longer than 16 MiB" in said
    assert peak < BOUND


def test_a_gzip_bomb_is_unpacked_in_pieces(tmp_path: Path) -> None:
    code, said, peak = import_from_a_pipe(tmp_path, bomb())
    assert (code, stored(tmp_path)) == (0, {"1", "3"}), said
    assert peak < BOUND


def test_brackets_without_end_are_a_broken_line(tmp_path: Path) -> None:
    code, said, peak = import_from_a_pipe(tmp_path, deep())
    assert (code, stored(tmp_path)) == (0, {"1", "3"}), said
    assert peak < BOUND


def test_a_bomb_inside_a_bomb_is_no_event(tmp_path: Path) -> None:
    code, said, peak = import_from_a_pipe(tmp_path, iter([gzip.compress(b"".join(bomb()), 1)]))
    assert code == 1
    assert said.count(b"\n") == 1
    assert peak < BOUND
