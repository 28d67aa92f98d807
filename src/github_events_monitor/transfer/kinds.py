"""Which kind of file this is, by its content: events, or this program's own export. Anything else is refused."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec

from ..errors import DataFileError
from ..jsontext import load_json
from .files import DataFile
from .import_export import check_version, is_export
from .lines import Block, blocks_of

_LOOKED_AT = 200
"""Lines without any event among them make a file one of another kind, not one with broken lines."""

_MAX_ARRAY_BYTES = 1 << 26


class Kind(Enum):
    """What `import` can read."""

    EVENT_LINES = "events, one a line"
    EVENT_ARRAY = "one JSON array of events"
    EXPORT = "export"
    EMPTY = "no line, or an array without events"


def kind_of(file: DataFile) -> Kind:
    """Return which kind the beginning of a file shows. Raises `DataFileError` for a file of another kind."""
    block = next(blocks_of(file.peek()), None)
    lines = [line for line in block.lines if line.strip()] if block else []
    if not lines and not (block and block.too_long):
        return Kind.EMPTY
    kind = Kind.EVENT_LINES
    if lines and lines[0].lstrip().startswith(b"["):
        kind, lines = Kind.EVENT_ARRAY, _array(file, file.seen())
        if not lines:
            return Kind.EMPTY
    records = [_load(line) for line in lines[:_LOOKED_AT]]
    if records and is_export(records[0]):
        check_version(records[0], file.name)
        return Kind.EXPORT
    if not any(map(_is_event, records)):
        raise _refusal(file.name, records)
    return kind


def array_blocks(file: DataFile) -> Iterator[Block]:
    """Yield the events of one JSON array, as if each had a line. Raises `DataFileError` for what is no such array."""
    yield Block(1, _array(file, file.pieces()))


def _array(file: DataFile, pieces: Iterator[bytes]) -> list[bytes]:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > _MAX_ARRAY_BYTES:
            raise DataFileError(f"{file.name} is one JSON array of more than 64 MiB; write its events one a line")
    try:
        return [bytes(raw) for raw in msgspec.json.decode(data, type=list[msgspec.Raw])]
    except (ValueError, RecursionError):
        raise DataFileError(f"{file.name} begins like a JSON array of events, but is not valid JSON") from None


def _refusal(name: str, records: list[Any]) -> DataFileError:
    if any(map(_is_old_event, records)):
        return DataFileError(
            f"{name} holds events in the form of GH Archive before 2015, which this program does not read;"
            " hours from 2015-01-01 on have the form it reads"
        )
    return DataFileError(f"{name} is neither a file of GitHub events nor an export of this program")


def _load(line: bytes) -> Any:
    try:
        return load_json(line)
    except (ValueError, RecursionError):
        return None


def _is_event(record: Any) -> bool:
    return isinstance(record, dict) and {"id", "type", "repo"} <= record.keys() and not _is_old_event(record)


def _is_old_event(record: Any) -> bool:
    """Return whether a record has the form before 2015, with a plain login and a member called `repository`."""
    if not isinstance(record, dict) or "type" not in record or "created_at" not in record:
        return False
    return isinstance(record.get("actor"), str) or not ("repo" in record or {"repository", "url"}.isdisjoint(record))
