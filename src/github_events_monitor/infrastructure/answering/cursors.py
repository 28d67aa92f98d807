"""Cursors: a question with its window and where its last page ended, as one opaque word."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from ...errors import InvalidInput
from ..database_interface import Position

_DIGEST = 9


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor fixes. `arguments` are those of the first page; the sum in its wire form shows tampering."""

    question: str
    arguments: dict[str, Any]
    since: str
    until: str
    hours: int
    after: Position


def write_cursor(cursor: Cursor) -> str:
    """The opaque word."""
    body = msgspec.json.encode(cursor)
    return _encode(_digest(body) + body)


def read_cursor(word: str, question: str, given: Mapping[str, Any]) -> Cursor:
    """The cursor in a word. Raises `InvalidInput` for a foreign one, and for arguments beside it that say otherwise.

    given: the arguments of this call; null ones were not given.
    """
    try:
        raw = base64.b64decode(word.encode("ascii") + b"=" * (-len(word) % 4), altchars=b"-_", validate=True)
        digest, body = raw[:_DIGEST], raw[_DIGEST:]
        ours = digest == _digest(body) and _encode(raw) == word
        cursor = msgspec.json.decode(body, type=Cursor) if ours else None
    except ValueError:  # the text, base64 or JSON of something else
        cursor = None
    if cursor is None or cursor.question != question:
        raise InvalidInput("this cursor was altered or is not one of ours; ask again without it")
    for name, value in given.items():
        if value is not None and cursor.arguments.get(name) != value:
            raise InvalidInput(f"{name} is fixed by the cursor; leave it out, or ask again without the cursor")
    return cursor


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
