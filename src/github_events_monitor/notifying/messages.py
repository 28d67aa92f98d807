"""What a target is told next: pure, from what needs attention now and what it was told before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from ..infrastructure.questions.news import STANDING, Attention, digest, identify
from ..instants import format_instant, parse_instant
from ..records import Told, repo_key
from ..text import clean

QUIET = timedelta(minutes=15)
"""A target gets no more than one message in so long."""
MAX_ITEMS = 5_000
"""What is remembered has to fit into an item of DynamoDB: 400 KB."""

_FORGET_STATE, _FORGET_HAPPENING = timedelta(days=2), timedelta(days=90)
"""How long after it was there last an item that comes again is the same: what can pass, and what has happened."""
_NO_MENTION = str.maketrans({"@": "＠", "<": "‹", ">": "›"})
"""Strangers' titles must not call on a channel's members: @everyone, <!here>."""


class Look(NamedTuple):
    """What needs attention now.

    watched: keys of all repositories. seen: those of them that could be looked at. collected: the instant up to which
    all of them were collected.
    """

    attention: Sequence[Attention]
    watched: Sequence[str]
    seen: Sequence[str]
    collected: str


class Message(NamedTuple):
    """A message, and what the target has been told once it was taken."""

    title: str
    body: str
    told: Told
    whole: bool


def quiet_until(told: Told, now: datetime) -> datetime | None:
    """Return the end of the time in which a target that was told something lately is left alone; None for now."""
    sent_at = parse_instant(told.sent_at) if told.sent_at else None
    return sent_at + QUIET if sent_at and sent_at <= now < sent_at + QUIET else None


def compose(told: Told, look: Look, now: datetime, room: int) -> Message | None:
    """Return the next message; None where nothing is new.

    What was there already when a repository came to be watched is shown as far as there is room, and else counted.
    Everything later is told: what there is no room for stays for the next message.
    """
    fresh: list[Attention] = []
    backlog: list[Attention] = []
    for one in look.attention[:MAX_ITEMS]:
        if _id(one) not in told.items:
            (fresh if repo_key(one.repo) in told.repos else backlog).append(one)
    if not (fresh or backlog):
        return None
    room -= 200  # title, and the last line
    shown, room = _fitting(fresh, room)
    left = len(fresh) - len(shown)
    before = _fitting(backlog, room, least=0 if shown else 1)[0] if not left else []
    entries = [_entry(one) for one in (*shown, *before)]
    if left:
        entries.append(f"{left} more will follow in the next message.")
    elif rest := len(backlog) - len(before):
        entries.append(f"{rest} more were there before; github-events-monitor whats-new shows them.")
    count = len(shown) + len(before)
    title = f"GitHub: {count} new {'thing needs' if count == 1 else 'things need'} attention"
    now_told = msgspec.structs.replace(told, sent_at=format_instant(now))
    now_told = _remember(now_told, look, now, [*shown, *([] if left else backlog)], whole=not left)
    return Message(title, "\n".join(entries), now_told, not left)


def keep_up(told: Told, look: Look, now: datetime, *, nothing_new: bool) -> Told:
    """Return what a target was told, with what is still there noted, and what is long gone forgotten."""
    return _remember(told, look, now, (), whole=nothing_new)


def _remember(told: Told, look: Look, now: datetime, new: Sequence[Attention], *, whole: bool) -> Told:
    day = format_instant(now)[:10]
    there = {_id(one): day for one in look.attention if _id(one) in told.items}
    items = {
        key: seen
        for key, seen in {**told.items, **there, **{_id(one): day for one in new}}.items()
        if seen >= format_instant(now - (_FORGET_STATE if key.endswith("s") else _FORGET_HAPPENING))[:10]
    }
    return Told(
        sent_at=told.sent_at,
        items=items,
        repos=tuple(sorted({*told.repos} & {*look.watched} | {*look.seen})) if whole else told.repos,
        since=look.collected if whole else told.since,
    )


def _id(one: Attention) -> str:
    """Return a short id; what can pass ends with an s."""
    return digest(identify(one)) + ("s" if one.kind in STANDING else "")


def _fitting(rows: Sequence[Attention], room: int, least: int = 1) -> tuple[list[Attention], int]:
    """Return the first rows, as many as there is room for and at least so many, and the room that is left."""
    shown: list[Attention] = []
    for one in rows:
        needed = len(_entry(one)) + 1
        if needed > room and len(shown) >= least:
            break
        shown.append(one)
        room -= needed
    return shown, max(0, room)


def _entry(one: Attention) -> str:
    kind = "security, " if one.kind == "security" else ""
    reason = clean(f"{one.repo}: {kind}{one.reason}", 300, one_line=True).translate(_NO_MENTION)
    return f"{reason}\n{one.url}" if one.url else reason
