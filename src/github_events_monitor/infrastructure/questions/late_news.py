"""What a reader was told of a repository, so that what is learned late is told once, and nothing is told twice."""

import hashlib
from datetime import timedelta

from ...instants import SECOND, shift
from ...records import Seen, Span

REACH = timedelta(days=3)
"""How long before a reader's mark something may have happened that is learned later and still is news."""
MAX_SEEN = 400
"""Occurrences in a repository that are remembered for a reader."""


class Telling:
    """What is told of a repository in one answer: what happened in the window, and what was learned late.

    start: the instant from which on occurrences are looked at; it lies before the window where it is remembered what
    the reader was told.
    """

    def __init__(self, span: Span, seen: Seen | None = None) -> None:
        self._seen = seen
        self._keys = frozenset(seen.keys if seen else ())
        self._until = span.until
        self.start = max(seen.since, shift(span.since, -REACH)) if seen else span.since
        self._found: dict[str, str] = {}

    @property
    def stretch(self) -> Span:
        """All that is looked at."""
        return Span(self.start, self._until)

    def is_news(self, occurrence: str, at: str) -> bool:
        """Return whether the reader was not told of an occurrence; from now on it counts as told."""
        if not self.start <= at < self._until:
            return False
        key = hashlib.blake2b(occurrence.encode(), digest_size=6).hexdigest()
        self._found[key] = at
        return key not in self._keys

    def remember(self) -> Seen | None:
        """Return what is to be remembered from now on; None where what is remembered stays right."""
        if self._seen is not None and self._found.keys() <= self._keys:
            return None
        since = max(self.start, shift(self._until, -REACH))
        times = sorted((at for at in self._found.values() if at >= since), reverse=True)
        if len(times) > MAX_SEEN:
            since = shift(times[MAX_SEEN], SECOND)
        return Seen(since=since, keys=tuple(sorted(key for key, at in self._found.items() if at >= since)))
