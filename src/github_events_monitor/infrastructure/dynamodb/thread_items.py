"""Issues and pull requests as items of DynamoDB.

Implementation notes
- A write is billed by the whole item, in steps of 1 KB, and most of a long thread are its replies. They are kept as
  columns: what they have in common once, times and ids as steps from one to the next. So a reply takes 6 to 11
  bytes once compressed, where a list of its fields takes 13 to 18.
- Items of earlier versions hold the thread as one JSON object with its replies, and are read all the same.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import msgspec

from ...instants import format_instant, seconds_of
from ...records import Reply, Thread
from .items import Item, attributes, compress, expand, reads
from .layout import EXPIRES_AT

_LEVEL = 6
"""Of compression: a twentieth smaller than three, in a tenth of a millisecond."""

_LONGEST_NUMBER = 18
"""Digits of an id that is kept as a number: what JSON readers take for an integer of 64 bits."""


class _Common(NamedTuple):
    """What replies have in common with others."""

    kind: Literal["comment", "review", "review_comment"]
    author_login: str | None
    author_type: str | None
    state: str | None


class _Columns(NamedTuple):
    """Replies in their order. `which`: of `common`, by position. `steps`: of time, in seconds, the first from 1970.

    ids: from one number to the next of its kind; text where GitHub would give no such id.
    """

    common: tuple[_Common, ...]
    which: tuple[int, ...]
    steps: tuple[int, ...]
    ids: tuple[int | str, ...]


_encode = msgspec.json.Encoder().encode
_decode_whole = msgspec.json.Decoder(Thread).decode
_decode_columns = msgspec.json.Decoder(tuple[Thread, _Columns]).decode


def thread_key(repo: str, number: int) -> Item:
    """Return the key of a thread's item."""
    return {"repo_name": {"S": repo}, "number": {"N": str(number)}}


def thread_to_item(thread: Thread, version: str, expires_at: int | None) -> Item:
    """Return the item of a thread. version: another one with each write."""
    values: dict[str, Any] = {
        "repo_name": thread.repo_name,
        "number": thread.number,
        "updated_at": thread.updated_at,
        "open_since": thread.created_at if thread.state == "open" else None,
        "version": version,
        "data": compress(_packed(thread), _LEVEL),
        EXPIRES_AT: expires_at,
    }
    return attributes(values)


@reads
def thread_from_item(item: Item) -> Thread:
    """Return the thread of an item."""
    data = expand(item["data"]["B"])
    if data.startswith(b"{"):
        return _decode_whole(data)
    thread, columns = _decode_columns(data)
    return msgspec.structs.replace(thread, replies=_replies(columns))


def _packed(thread: Thread) -> bytes:
    if not thread.replies:
        return _encode(thread)
    return _encode((msgspec.structs.replace(thread, replies=()), _columns(thread.replies)))


def _columns(replies: Sequence[Reply]) -> _Columns:
    found = [_Common(reply.kind, reply.author_login, reply.author_type, reply.state) for reply in replies]
    places = {common: place for place, common in enumerate(dict.fromkeys(found))}
    seconds = [0, *(seconds_of(reply.created_at) for reply in replies)]
    return _Columns(
        common=tuple(places),
        which=tuple(places[common] for common in found),
        steps=tuple(after - before for before, after in pairwise(seconds)),
        ids=tuple(_id_steps(replies)),
    )


def _id_steps(replies: Iterable[Reply]) -> Iterable[int | str]:
    newest: dict[str, int] = {}
    for reply in replies:
        if len(reply.id) > _LONGEST_NUMBER or not reply.id.isdecimal() or str(int(reply.id)) != reply.id:
            yield reply.id
            continue
        number = int(reply.id)
        yield number - newest.get(reply.kind, 0)
        newest[reply.kind] = number


def _replies(columns: _Columns) -> tuple[Reply, ...]:
    found, moment = [], 0
    newest: dict[str, int] = {}
    for which, step, known in zip(columns.which, columns.steps, columns.ids, strict=True):
        kind, *common = columns.common[which]
        moment += step
        if isinstance(known, int):
            newest[kind] = newest.get(kind, 0) + known
        name = known if isinstance(known, str) else str(newest[kind])
        found.append(Reply(name, kind, format_instant(datetime.fromtimestamp(moment, UTC)), *common))
    return tuple(found)
