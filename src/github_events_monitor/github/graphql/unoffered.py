"""What GraphQL is not asked again for a while: a server may have it switched off, or know another one.

Whoever asked goes on with REST at once, and has that request left for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ...instants import Clock
from ..refusals import NotOffered

RETRY_AFTER = timedelta(hours=1)


class Unoffered:
    """Which questions were refused lately, by the limit that they count against (see `Credentials`) and their name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused: dict[tuple[int | None, str], tuple[datetime, str]] = {}

    def find(self, allowance: int | None, name: str) -> str | None:
        """Return why a question is not asked now, None where it is."""
        at, why = self._refused.get((allowance, name), (None, None))
        return why if at is not None and timedelta() <= self._clock() - at < RETRY_AFTER else None

    @contextmanager
    def noting(self, allowance: int | None, name: str) -> Iterator[None]:
        """Do not ask, or ask and remember a refusal. Raises `NotOffered`."""
        if (why := self.find(allowance, name)) is not None:
            raise NotOffered(why)
        try:
            yield
        except NotOffered as refused:
            self._refused[allowance, name] = self._clock(), refused.message
            raise
