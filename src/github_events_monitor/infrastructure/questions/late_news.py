"""What a reader has seen of a repository, so that what is learned late is shown once, and nothing is shown twice."""

import hashlib
from datetime import timedelta

from ...instants import SECOND, shift
from ...records import Seen, Span

REACH = timedelta(days=3)
"""How long before a reader's mark something may have happened that is learned later and still is news."""
MAX_SEEN = 400
"""Occurrences in a repository that are remembered for a reader."""


class NewsFilter:
    """Decides what is news to a reader in one answer about a repository: also what was learned late, but each once.

    start: the instant from which on occurrences are looked at; it lies before the window where it is known what the
    reader has seen already.
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
        """Return whether an occurrence is new to the reader; from now on it counts as seen."""
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
