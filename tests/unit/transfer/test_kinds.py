"""Which kind of file it is, by its content."""

import gzip
import io
from typing import Any

import orjson
import pytest

from github_events_monitor.errors import DataFileError
from github_events_monitor.transfer.files import DataFile
from github_events_monitor.transfer.kinds import Kind, array_blocks, kind_of
from tests.unit.transfer.records import an_event, lines_of

BEFORE_2015 = {
    "created_at": "2012-04-01T00:00:01-07:00",
    "type": "WatchEvent",
    "actor": "mona",
    "repository": {"name": "hello", "owner": "octo"},
    "url": "https://github.com/octo/hello",
    "payload": {},
}


def file(data: bytes) -> DataFile:
    return DataFile("it.json", None, io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (lines_of(an_event(1)), Kind.EVENT_LINES),
        (gzip.compress(lines_of(an_event(1)), mtime=0), Kind.EVENT_LINES),
        (lines_of(b"{broken", b"", an_event(1)), Kind.EVENT_LINES),
        (orjson.dumps([an_event(1)]), Kind.EVENT_ARRAY),
        (b" \n" + orjson.dumps([an_event(1), an_event(2)], option=orjson.OPT_INDENT_2), Kind.EVENT_ARRAY),
        (lines_of({"format": "github-events-monitor", "version": 1}), Kind.EXPORT),
        (b"", Kind.EMPTY),
        (b"\n \n", Kind.EMPTY),
        (gzip.compress(b"", mtime=0), Kind.EMPTY),
        (b"[]", Kind.EMPTY),
    ],
)
def test_kinds_are_told_apart_by_content(data: bytes, kind: Kind) -> None:
    assert kind_of(file(data)) is kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, "neither"),
        (b"<!DOCTYPE html>\n<html>\n<body>\n", "neither"),
        (lines_of({"sha": "1" * 40, "commit": {}}), "neither"),
        (lines_of("text", 1, None, ["x"]), "neither"),
        (lines_of(BEFORE_2015), "before 2015"),
        (b"[1, 2, 3]", "neither"),
        (b"[{]", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (lines_of({"format": "github-events-monitor", "version": 2}), "newer version"),
        (gzip.compress(lines_of(an_event(1)), mtime=0)[:12], "cut"),
    ],
)
def test_other_files_are_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(DataFileError, match=reason) as caught:
        kind_of(file(data))
    assert caught.value.message.startswith("it.json ")
    assert "\n" not in caught.value.message


def test_looking_at_an_array_leaves_it_to_be_read() -> None:
    array: list[Any] = [an_event(number) for number in range(3)]
    looked_at = file(orjson.dumps(array))
    assert kind_of(looked_at) is Kind.EVENT_ARRAY
    (block,) = array_blocks(looked_at)
    assert [orjson.loads(line) for line in block.lines] == array
