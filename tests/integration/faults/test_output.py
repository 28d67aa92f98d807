"""What a command prints cannot be written, or is not read."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.integration.faults.program import PROGRAM, Process, environment, finish, run


def started(arguments: Sequence[str], env: dict[str, str], out: BinaryIO) -> Process:
    return subprocess.Popen([*PROGRAM, *arguments], env=env, stdout=out, stderr=subprocess.PIPE)


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    "arguments", [["--version"], ["export", "--help"], ["database", "test"], ["database", "info", "--json"], ["export"]]
)
def test_an_output_without_room_is_one_sentence(arguments: list[str], buffered: bool, tmp_path: Path) -> None:
    env = environment(tmp_path) | {"PYTHONUNBUFFERED": "" if buffered else "1"}
    assert run("database", "create", env=env, cwd=tmp_path).code == 0
    with open("/dev/full", "wb") as full:
        ended = finish(started(arguments, env, full))
    assert (ended.code, ended.err.count(b"\n")) == (1, 1), ended
    assert b"cannot be written: No space left on device" in ended.err


def test_who_reads_no_more_is_no_error(tmp_path: Path) -> None:
    env = environment(tmp_path) | {"PYTHONUNBUFFERED": ""}
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:
        ended = finish(started(["database", "create"], env, pipe))
    assert (ended.code, ended.err) == (1, b"")


def test_a_closed_output_is_no_output(tmp_path: Path) -> None:
    command = ["sh", "-c", '"$@" >&-', "sh", *PROGRAM]
    ended = run("database", "create", env=environment(tmp_path), cwd=tmp_path, command=command)
    assert (ended.code, ended.out, ended.err) == (0, b"", b"")


def test_an_export_to_a_device_without_room_is_one_sentence(tmp_path: Path) -> None:
    env = environment(tmp_path)
    assert run("database", "create", env=env, cwd=tmp_path).code == 0
    ended = run("export", "/dev/full", env=env, cwd=tmp_path)
    assert (ended.code, ended.err.count(b"\n")) == (1, 1), ended
    assert b"cannot be written: No space left on device" in ended.err


def test_a_log_that_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    ended = run("database", "create", env=environment(tmp_path, LOG_FILE="/dev/full"), cwd=tmp_path)
    assert ended.code == 2
    assert b"LOG_FILE='/dev/full' is not accepted" in ended.err
    assert b"Traceback" not in ended.err
