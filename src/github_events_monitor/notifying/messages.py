"""The next message to a target: pure, from what needs attention now and what the target was notified of before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from ..infrastructure.questions.news import ONGOING, Attention, digest, identify
from ..instants import format_instant, parse_instant
from ..records import Notified, repo_key
from ..text import clean

QUIET = timedelta(minutes=15)
"""Time between two messages to a target, at least."""
MAX_ITEMS = 5_000
"""The note of what a target was notified of has to fit into an item of DynamoDB: 400 KB."""

_FORGET_STATE, _FORGET_EVENT = timedelta(days=2), timedelta(days=90)
"""How long after it was last there an item that comes again counts as the same: a state that can pass, and an event."""
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
    """A message, and what the target has been notified of once it was taken. whole: whether nothing was left out."""

    title: str
    body: str
    notified: Notified
    whole: bool


def quiet_until(notified: Notified, now: datetime) -> datetime | None:
    """Return when the pause after the last message ends; None where there is none."""
    sent_at = parse_instant(notified.sent_at) if notified.sent_at else None
    return sent_at + QUIET if sent_at and sent_at <= now < sent_at + QUIET else None


def compose(notified: Notified, look: Look, now: datetime, room: int) -> Message | None:
    """Return the next message; None where nothing is new.

    What was there already when a repository came to be watched is shown as far as there is room, and else counted.
    Everything later is sent: what there is no room for follows in the next message.
    """
    fresh: list[Attention] = []
    backlog: list[Attention] = []
    for one in look.attention[:MAX_ITEMS]:
        if _id(one) not in notified.items:
            (fresh if repo_key(one.repo) in notified.repos else backlog).append(one)
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
    now_known = msgspec.structs.replace(notified, sent_at=format_instant(now))
    now_known = _remember(now_known, look, now, [*shown, *([] if left else backlog)], whole=not left)
    return Message(title, "\n".join(entries), now_known, not left)


def keep_up(notified: Notified, look: Look, now: datetime, *, nothing_new: bool) -> Notified:
    """Return what a target was notified of: what is still there is noted, what is long gone is forgotten."""
    return _remember(notified, look, now, (), whole=nothing_new)


def _remember(notified: Notified, look: Look, now: datetime, new: Sequence[Attention], *, whole: bool) -> Notified:
    day = format_instant(now)[:10]
    there = {_id(one): day for one in look.attention if _id(one) in notified.items}
    items = {
        key: seen
        for key, seen in {**notified.items, **there, **{_id(one): day for one in new}}.items()
        if seen >= format_instant(now - (_FORGET_STATE if key.endswith("s") else _FORGET_EVENT))[:10]
    }
    return Notified(
        sent_at=notified.sent_at,
        items=items,
        repos=tuple(sorted({*notified.repos} & {*look.watched} | {*look.seen})) if whole else notified.repos,
        since=look.collected if whole else notified.since,
    )


def _id(one: Attention) -> str:
    """Return a short id; that of a state, which can pass, ends with an s."""
    return digest(identify(one)) + ("s" if one.kind in ONGOING else "")


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
