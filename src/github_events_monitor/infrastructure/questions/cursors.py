"""Cursors: a question with its window and where its last page ended, as one opaque word.

The sum in it shows tampering by accident, not by intent: what a cursor holds is checked as arguments are.
"""

import base64
import hashlib
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from ...answers import Window
from ...errors import InvalidInput
from ...instants import format_instant, parse_instant
from ...records import Span, repo_key
from ..database_interface import Position
from .query import PagedQuery
from .windows import MAX_HOURS, Asked

_DIGEST = 9
_MAX_ID = 300

PagedT = TypeVar("PagedT", bound=PagedQuery)


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    question: str
    arguments: dict[str, Any]
    since: str
    until: str
    hours: int
    after: Position


class Page(NamedTuple, Generic[PagedT]):
    """A page of a list: its window, the query of the first page, and where the page before it ended."""

    asked: Asked
    query: PagedT
    after: Position | None


def write_cursor(question: str, page: Page[Any], last: Position) -> str:
    """Return the opaque word from which the page after `last` goes on."""
    window = page.asked.window
    arguments = page.query.given()
    body = msgspec.json.encode(_Cursor(question, arguments, window.since, window.until, window.hours, last))
    return _encode(_digest(body) + body)


def query_of(question: str, query: PagedT) -> PagedT:
    """Return the query of the first page. Raises `InvalidInput` for a foreign or forged cursor."""
    if query.cursor is None:
        return query
    return type(query).read(_read(query.cursor, question).arguments, question)


def open_page(question: str, query: PagedT, now: datetime) -> Page[PagedT]:
    """Return the page that a query asks for, by its own window or by its cursor.

    Raises `InvalidInput` for a foreign or forged cursor, and for arguments beside it that say otherwise.
    """
    if query.cursor is None:
        return Page(query.window(now), query, None)
    cursor = _read(query.cursor, question)
    try:
        first = type(query).read(cursor.arguments, question)
        asked = _window_of(cursor, now)
    except InvalidInput:
        raise _foreign() from None
    for name in query.model_fields_set - {"cursor"}:
        if not _same(name, getattr(query, name), getattr(first, name)):
            raise InvalidInput(f"{name} is fixed by the cursor; leave it out, or ask again without the cursor")
    return Page(asked, first, cursor.after)


def _read(word: str, question: str) -> _Cursor:
    try:
        raw = base64.b64decode(word.encode("ascii") + b"=" * (-len(word) % 4), altchars=b"-_", validate=True)
        digest, body = raw[:_DIGEST], raw[_DIGEST:]
        ours = digest == _digest(body) and _encode(raw) == word
        cursor = msgspec.json.decode(body, type=_Cursor) if ours else None
    except (ValueError, RecursionError):  # the text, base64 or JSON of something else
        cursor = None
    if cursor is None or cursor.question != question or any(len(part) > _MAX_ID for part in cursor.after):
        raise _foreign()
    return cursor


def _window_of(cursor: _Cursor, now: datetime) -> Asked:
    since, until = parse_instant(cursor.since), parse_instant(cursor.until)
    hours = (until - since).total_seconds() / 3600
    stored = format_instant(since) == cursor.since and format_instant(until) == cursor.until
    whole = 0 < hours <= MAX_HOURS and hours <= cursor.hours < hours + 1
    if not (stored and whole and until.timestamp() <= now.timestamp() + 1):
        raise _foreign()
    window = Window(hours=cursor.hours, since=cursor.since, until=cursor.until)
    return Asked(window, Span(cursor.since, cursor.until), False)


def _same(name: str, given: object, fixed: object) -> bool:
    if name == "repo" and isinstance(given, str) and isinstance(fixed, str):
        return repo_key(given) == repo_key(fixed)
    return given == fixed


def _foreign() -> InvalidInput:
    return InvalidInput("this cursor was altered or is not one of ours; ask again without it")


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
