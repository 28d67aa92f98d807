"""DynamoDB's form of items, and how values get into it and out.

Implementation notes
- An attribute that is not known is absent. Numbers are whole; whatever may hold fractions (results) is JSON text, so
  that what is read equals what was written.
- JSON and long text are compressed, short text stays readable. A write is billed by the whole item, in steps of 1 KB
  (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html): what is remembered of a
  repository is written three times in each poll, and must stay below the first step.
"""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, TypeVar

import msgspec
import zstandard

from ...errors import DatabaseError
from ...jsontext import dump_json, load_json
from ..payload_dictionary import payload_dictionary

Item = dict[str, dict[str, Any]]
"""An item in DynamoDB's own form: attribute -> {type: value}."""

Read = TypeVar("Read")

_UNREADABLE = (
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    zstandard.ZstdError,
)
"""What reading raises of attributes that are missing, of another type or without sense."""

_KEYS = ("id", "sha", "commit_sha", "repo_name", "actor_login")

_COMPRESS_FROM = 500
_LEVEL = 3
"""Six takes three times as long, and saves a hundredth of the write units of real events."""


class UnreadableItem(DatabaseError):
    """An item that another program wrote, or something spoiled."""

    def __init__(self, item: object) -> None:
        keys = {name: item[name] for name in _KEYS if name in item} if isinstance(item, dict) else {}
        named = f" ({str(keys)[1:120]})" if keys else ""
        super().__init__(
            f"an item in DynamoDB is not as this program writes it{named}: delete it, or restore the tables"
        )


def reads(read: Callable[[Item], Read]) -> Callable[[Item], Read]:
    """Let a function raise `UnreadableItem` for an item that it cannot read."""

    @wraps(read)
    def reading(item: Item) -> Read:
        try:
            return read(item)
        except _UNREADABLE as error:
            raise UnreadableItem(item) from error

    return reading


def attributes(values: Mapping[str, Any]) -> Item:
    """Return an item out of plain values; those that are None stay absent."""
    return {name: encode(value) for name, value in values.items() if value is not None}


def encode(value: Any) -> dict[str, Any]:
    """Return one value in DynamoDB's form. Text that is not valid Unicode loses its lone surrogates."""
    if isinstance(value, str):
        return {"S": value if value.isascii() else value.encode("utf-8", "replace").decode()}
    if isinstance(value, bool):  # before int: a bool is one
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, list | tuple):
        return {"L": [encode(part) for part in value]}
    raise TypeError(f"no attribute type for {type(value).__name__}")


@reads
def plain(item: Item) -> dict[str, Any]:
    """Return the plain values of an item. Raises `UnreadableItem`, as all that read."""
    return {name: _decode(value) for name, value in item.items()}


def text(item: Item, name: str) -> str | None:
    """Return a text attribute, or None."""
    return must(item, name) if name in item else None


def must(item: Item, name: str) -> str:
    """Return a text attribute that is always there."""
    try:
        found = item[name]["S"]
    except _UNREADABLE as error:
        raise UnreadableItem(item) from error
    if not isinstance(found, str):
        raise UnreadableItem(item)
    return found


def number(item: Item, name: str) -> int:
    """Return a whole number that is always there."""
    try:
        return _number(item[name]["N"])
    except _UNREADABLE as error:
        raise UnreadableItem(item) from error


def compress(value: bytes, level: int = _LEVEL) -> bytes:
    """Return the data compressed by Zstandard, with the text that payloads have in common."""
    return _compressor(level).compress(value)


def expand(value: bytes) -> bytes:
    """Return what `compress` was given."""
    return zstandard.ZstdDecompressor(dict_data=payload_dictionary(_LEVEL)).decompress(value)


def pack_text(value: str) -> str | bytes:
    """Return text as it is stored: compressed when that is worth it."""
    raw = value.encode("utf-8", "replace")
    return value if len(raw) < _COMPRESS_FROM else compress(raw)


def unpack_text(value: str | bytes) -> str:
    """Return what `pack_text` was given."""
    return value if isinstance(value, str) else expand(value).decode()


def pack_json(value: Any) -> str | bytes:
    """Return a JSON value as it is stored."""
    return pack_text(dump_json(value).decode())


def unpack_json(value: str | bytes) -> Any:
    """Return what `pack_json` was given."""
    return load_json(unpack_text(value))


def size_of(item: Item) -> int:
    """Return about how many bytes DynamoDB counts for an item of flat attributes."""
    return sum(len(name) + _length(value) for name, value in item.items())


def _decode(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    if kind == "N":
        return _number(content)
    if kind == "L":
        return [_decode(part) for part in content]
    return content


def _number(digits: str) -> int:
    found = int(digits)
    if not -(2**63) <= found < 2**63:
        raise OverflowError("a number beyond 64 bits")
    return found


def _length(value: dict[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S" and not content.isascii():
        return len(content.encode())
    return len(content) if kind in {"S", "B", "N"} else 100 * (len(content) if kind == "L" else 1)


@cache
def _compressor(level: int) -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=level, dict_data=payload_dictionary(level), write_checksum=False)
