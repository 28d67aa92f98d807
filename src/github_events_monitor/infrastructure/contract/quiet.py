"""What looks at many repositories at once proved, in one small note for all of them.

A name is kept as five bytes of its digest: among a thousand that are noted, a name that is not is found once in a
thousand million. A thousand names take five KB, which DynamoDB bills as six write units and two read units.
"""

from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Sequence, Set
from datetime import timedelta
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from ...instants import shift

KEPT = timedelta(hours=1)
"""How long the results of other programs' looks are kept; each repository is visited in the meantime."""

_WIDTH = 5


class QuietLook(NamedTuple):
    """One look: its instant, and the digests of those that were as their last visit left them, sorted and joined."""

    at: str
    digests: bytes

    def has(self, name: str) -> bool:
        """Return whether a repository was among them."""
        wanted = _digest(name)
        place = bisect_left(range(len(self.digests) // _WIDTH), wanted, key=self._nth)
        return self._nth(place) == wanted

    def without(self, digests: Set[bytes]) -> "QuietLook":
        """Return it without some."""
        return QuietLook(self.at, b"".join(one for one in self._each() if one not in digests))

    def _each(self) -> list[bytes]:
        return [self._nth(place) for place in range(len(self.digests) // _WIDTH)]

    def _nth(self, place: int) -> bytes:
        return self.digests[place * _WIDTH : (place + 1) * _WIDTH]


def quiet_look(at: str, names: Iterable[str]) -> QuietLook:
    """Return a look that found repositories as they were."""
    return QuietLook(at, b"".join(sorted(map(_digest, names))))


def add_look(before: Sequence[QuietLook], look: QuietLook, changed: Iterable[str]) -> list[QuietLook]:
    """Return looks with another one, newest first; of earlier ones what neither it nor `changed` speaks of."""
    mentioned = {*look._each(), *map(_digest, changed)}
    oldest = shift(look.at, -KEPT)
    others = [one.without(mentioned) for one in before if one.at >= oldest]
    return sorted([look, *(one for one in others if one.digests)], key=lambda one: one.at, reverse=True)


def quiet_at(looks: Iterable[QuietLook], name: str, latest: str) -> str | None:
    """Return when a look last found a repository as it was; None where none did.

    A look after `latest` was taken under a clock that ran ahead, and does not count.
    """
    return next((look.at for look in looks if look.at <= latest and look.has(name)), None)


def to_note(looks: Iterable[QuietLook]) -> list[tuple[str, str]]:
    """Return looks as a JSON value."""
    return [(look.at, b64encode(look.digests).decode()) for look in looks]


def from_note(note: object) -> list[QuietLook]:
    """Return what `to_note` was given; nothing for no note, or for one that cannot be read: it proves nothing then."""
    try:
        return [QuietLook(at, b64decode(digests)) for at, digests in msgspec.convert(note or (), list[tuple[str, str]])]
    except (msgspec.ValidationError, ValueError):
        return []


def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=_WIDTH).digest()
