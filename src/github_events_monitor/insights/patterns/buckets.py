"""Hours and days as whole numbers, and which of them may be compared.

A bucket's index counts hours (or days) since the year 1, UTC; index modulo season is its place in the week.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Literal, NamedTuple

from ...records import Span

HISTORY = timedelta(days=60)
"""How long before the window the usual level is learned from: the rows handed in must reach back so far."""


class Size(NamedTuple):
    """A kind of bucket.

    digits: how much of an instant's text names it. hours: how long it is. season: how many make a week.
    enough_for_drops: so many must be known before one is called low: without a whole week every first night and weekend
    would be.
    """

    name: Literal["hour", "day"]
    digits: int
    hours: int
    season: int
    enough_for_drops: int


HOUR = Size("hour", 13, 1, 168, 168)
DAY = Size("day", 10, 24, 7, 14)


class Timeline(NamedTuple):
    """The buckets of one size that count.

    known: those of which everything is known, the zero-filled baseline. tested: those of them inside the window, in
    order. current: the one that the window's end cuts; what it has so far can only be too many, never too few.
    drops: whether a bucket can be called low. places: how many of the known ones each place in the
    week has.
    """

    size: Size
    known: frozenset[int]
    tested: tuple[int, ...]
    current: int | None
    drops: bool
    places: Mapping[int, int]

    @property
    def buckets(self) -> int:
        """Return how many buckets are tested."""
        return len(self.tested) + (self.current is not None)


def index_of(instant: str, size: Size) -> int:
    """Return the bucket of an instant (its first 13 characters suffice)."""
    day = date.fromisoformat(instant[:10]).toordinal()
    return (day * 24 + int(instant[11:13])) // size.hours


def start_of(index: int, size: Size) -> str:
    """Return the instant at which a bucket begins."""
    day, hour = divmod(index * size.hours, 24)
    return f"{date.fromordinal(day).isoformat()}T{hour:02}:00:00Z"


def known_timeline(size: Size, since: str, until: str, spans: Iterable[Span]) -> Timeline:
    """Return what the ledger knows: only buckets that lie wholly inside a completely known span count."""
    first, end = _history_start(since, size), index_of(until, size)
    known: set[int] = set()
    current = None
    for span in spans:
        known.update(range(max(_first_whole(span.since, size), first), min(index_of(span.until, size), end)))
        if _first_whole(span.since, size) <= end and start_of(end, size) < min(span.until, until):
            current = end
    return _timeline(size, since, known, current, drops=True)


def stored_timeline(size: Size, since: str, until: str, hours: Collection[int]) -> Timeline:
    """Without a ledger: from the first hour in which an event is stored to the last, as if none in between were missed.

    That is good enough to call a bucket high, because what was missed can only make the usual level look lower than
    it is everywhere alike; it is never good enough to call one low.
    """
    if not hours:
        return _timeline(size, since, (), None)
    end = index_of(until, size)
    first, last = min(hours) // size.hours, max(hours) // size.hours
    known = range(max(first, _history_start(since, size)), min(last + 1, end))
    return _timeline(size, since, known, end if last == end else None)


def _timeline(size: Size, since: str, known: Iterable[int], current: int | None, *, drops: bool = False) -> Timeline:
    whole, first = frozenset(known), _first_whole(since, size)
    tested = tuple(sorted(index for index in whole if index >= first))
    judges_drops = drops and len(whole) >= size.enough_for_drops
    return Timeline(size, whole, tested, current, judges_drops, Counter(index % size.season for index in whole))


def _first_whole(instant: str, size: Size) -> int:
    index = index_of(instant, size)
    return index if start_of(index, size) == instant else index + 1


def _history_start(since: str, size: Size) -> int:
    return _first_whole(since, size) - HISTORY.days * 24 // size.hours
