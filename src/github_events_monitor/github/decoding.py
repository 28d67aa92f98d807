"""Reading GitHub's JSON into typed structs that forgive: a field that is missing, null or of another type becomes None.

The whole is decoded in one typed step, which is fast and right for nearly every record; only when that step refuses the
record is it decoded loosely and each field judged by itself. Structs for this have defaults for all fields.
"""

from functools import cache
from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

from ..errors import InvalidInput, Unreachable
from ..instants import normalise_instant
from ..jsontext import load_oddly
from ..records import MAX_KEY_TEXT
from ..text import is_branch

GHOST = "ghost"
"""The login of the account that REST and webhooks name in place of all deleted ones, where GraphQL names nobody:
https://github.com/ghost"""

StructT = TypeVar("StructT", bound=msgspec.Struct)


class Shape(Generic[StructT]):
    """A struct to decode into, with its decoder made once."""

    def __init__(self, kind: type[StructT]) -> None:
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind).decode

    def read(self, raw: bytes) -> StructT:
        """Return the struct with whatever fields fit; all defaults for what is no JSON object."""
        try:
            return self._decode(raw)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return lenient(self._kind, any_json(raw))


def lenient(kind: type[StructT], value: object) -> StructT:
    """Return a struct out of decoded JSON, field by field; what does not fit is left at its default."""
    if not isinstance(value, dict):
        return kind()
    found: dict[str, Any] = {}
    for name, key, declared, inner, container in _fields(kind):
        given: Any = value.get(key)
        if given is None:
            continue
        try:
            found[name] = msgspec.convert(given, declared)
        except (ValueError, RecursionError):
            if inner is not None and isinstance(given, container):
                found[name] = (
                    [lenient(inner, row) for row in given] if isinstance(given, list) else lenient(inner, given)
                )
    return kind(**found)


_Field = tuple[str, str, Any, type[msgspec.Struct] | None, type]


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[_Field, ...]:
    fields = msgspec.structs.fields(kind)
    return tuple((field.name, field.encode_name, field.type, *_struct_in(field.type)) for field in fields)


def _struct_in(declared: Any, container: type = dict) -> tuple[type[msgspec.Struct] | None, type]:
    """Return the struct in `Struct | None` or `list[Struct] | None`, and what JSON value holds it."""
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        return declared, container
    inside = list if get_origin(declared) is list else container
    return next((found for one in get_args(declared) if (found := _struct_in(one, inside))[0]), (None, dict))


def text(value: str | None, limit: int | None = MAX_KEY_TEXT) -> str | None:
    """Return text that can be stored, cut to `limit` characters (None: to none); empty text becomes None."""
    if not value:
        return None
    cut = value[:limit]
    return cut if cut.isascii() and "\0" not in cut else storable(cut)


def storable(value: str) -> str:
    """Return the text with each lone surrogate (GitHub sends them) and NUL, which no database holds, as U+FFFD."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def branch(value: str | None) -> str | None:
    """Return the name of a branch; None for what none can have."""
    return value if value and is_branch(value) else None


def count(value: int | None) -> int | None:
    """Return a number of things; None for what is no such number."""
    return value if value is not None and 0 <= value < 2**53 else None


def instant(value: str | None) -> str | None:
    """Return a GitHub timestamp in the stored form; None for what is no instant."""
    try:
        return normalise_instant(value) if value else None
    except InvalidInput:
        return None


def array_of(kind: type[StructT], body: bytes, what: str) -> list[StructT]:
    """Return every object of a JSON array, read leniently. Raises `Unreachable` for a body that is no JSON array."""
    try:
        return msgspec.json.decode(body, type=list[kind])  # type: ignore[valid-type]
    except (ValueError, RecursionError):
        value = any_json(body)
    if not isinstance(value, list):
        raise Unreachable(f"GitHub's answer for {what} is not a JSON array; try again later")
    return [lenient(kind, row) for row in value]


def object_of(kind: type[StructT], body: bytes, what: str) -> StructT:
    """Return a JSON object, read leniently. Raises `Unreachable` for a body that is no JSON object."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError):
        value = any_json(body)
    if not isinstance(value, dict):
        raise Unreachable(f"GitHub's answer for {what} is not a JSON object; try again later")
    return lenient(kind, value)


def any_json(raw: bytes) -> object:
    """Return decoded JSON, lone surrogates allowed; None for bytes that are no JSON (or nested absurdly deep)."""
    try:
        return load_oddly(raw)
    except (ValueError, RecursionError):
        return None
