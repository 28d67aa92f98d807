"""Which events are the same, and under which id one is kept whose own id belongs to another.

GitHub's ids started over in 2025: those of 2026 are those of archives of 2017 to 2021. Two events are the same when id,
type, second and repository agree, in so far as both know them. Another event under an id that is taken is kept as
`id@instant`, with the instant at which it was created: `9173303554@2019-02-22T10:00:00Z`. That is made of the event
alone, so that it is the same on every provider and in every export, and whichever of the two came first.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha1
from typing import NamedTuple

from ..github.natural_keys import is_derived
from ..records import Event

_DATED = re.compile(r"(.+?)@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?:@[0-9a-f]{8})?", re.DOTALL)
_LONGEST = 1024


class EventKey(NamedTuple):
    """What distinguishes an event from others; repo_name is a key, None where it names no repository."""

    event_id: str
    event_type: str
    created_at: str
    repo_name: str | None


def key_of(event: Event) -> EventKey:
    """Return what distinguishes an event from others."""
    return EventKey(event.id, event.event_type, event.created_at, event.repo_name)


def has_instant(event_id: str) -> bool:
    """Return whether an id names an instant, as that of an event does whose own id was taken."""
    return "@" in event_id and _DATED.fullmatch(event_id) is not None


def possible_ids(key: EventKey) -> tuple[str, ...]:
    """Return the ids under which an event may be kept, in the order in which they are tried."""
    if is_derived(key.event_id):
        return (key.event_id,)  # made of what happened: others cannot have it
    match = _DATED.fullmatch(key.event_id)
    own = match[1] if match and match[2] == key.created_at else key.event_id
    dated = f"{own}@{key.created_at}"
    if len(dated.encode()) > _LONGEST:
        return (key.event_id,)
    rest = sha1(f"{key.event_type} {key.repo_name}".encode(), usedforsecurity=False).hexdigest()[:8]
    return tuple(dict.fromkeys((key.event_id, own, dated, f"{dated}@{rest}")))


def ids_to_look_up(keys: Iterable[EventKey], *, reused: bool) -> set[str]:
    """Return the ids under which events may be stored already; reused: whether any is kept under such an id."""
    return {one for key in keys for one in (possible_ids(key) if reused or has_instant(key.event_id) else key[:1])}


def differing_names(arriving: Iterable[EventKey], stored: Iterable[EventKey]) -> set[str]:
    """Return the repositories of events that agree in all else: they may be two names of one."""
    seen: dict[tuple[str, str, str], set[str]] = {}
    for key in (*arriving, *stored):
        if key.repo_name is not None:
            own = possible_ids(key)
            alike = (own[1] if has_instant(key.event_id) and len(own) > 1 else key.event_id, *key[1:3])
            seen.setdefault(alike, set()).add(key.repo_name)
    return {name for names in seen.values() if len(names) > 1 for name in names}


def ids_to_store_under(
    arriving: Sequence[EventKey], stored: Iterable[EventKey], aliases: Mapping[str, str] | None = None
) -> dict[int, str]:
    """Return under which id each arriving event is to be kept, by its position; those that are kept already are absent.

    stored: what is kept under the `possible_ids` of those that arrive. aliases: the keys under which repositories with
    other names are stored.
    """
    kept = {key.event_id: key for key in stored}
    alike = _comparing(aliases or {})
    found: dict[int, str] = {}
    for position, key in enumerate(arriving):
        ids = possible_ids(key)
        if any(one in kept and alike(kept[one], key) for one in ids):
            continue
        free = next((one for one in ids if one not in kept), None)
        if free is not None:
            found[position] = free
            kept[free] = key._replace(event_id=free)
    return found


def _comparing(aliases: Mapping[str, str]) -> Callable[[EventKey, EventKey], bool]:
    def repository(key: EventKey) -> str | None:
        return aliases.get(key.repo_name, key.repo_name) if key.repo_name else None

    def alike(one: EventKey, other: EventKey) -> bool:
        if is_derived(one.event_id):
            return True
        mine, theirs = repository(one), repository(other)
        return one[1:3] == other[1:3] and (mine is None or theirs is None or mine == theirs)

    return alike
