"""Bursts: one login with improbably many events in an hour.

Measured against the login's own active hours when there are enough of them, otherwise against the active hours of all
logins of its kind (people, bots and AI assistants apart: fifty events an hour are nothing for a bot).
"""

from collections import defaultdict
from typing import NamedTuple

from ...people import Kind, kind_of
from ..statistics import log_at_least
from .buckets import Timeline
from .counts import Counts
from .levels import Baseline, Pool, baseline_without

MINIMUM_BURST = 10
"""Fewer events than this in an hour are an ordinary morning's work."""

FACTOR = 3.0
"""Less than three times what is usual is not worth a report."""

OWN_HISTORY = 10
"""From so many other active hours on, a login is measured against itself."""


class Burst(NamedTuple):
    """An hour in which one login did improbably much."""

    actor: str
    bucket: int
    own: bool
    """Measured against the login's own other hours, not against similar logins'."""
    observed: int
    baseline: Baseline
    log_probability: float


def find_bursts(counts: Counts, timeline: Timeline, bot_logins: frozenset[str]) -> tuple[list[Burst], int]:
    """Return the bursts worth a test, and how many hours of logins there were to look at."""
    hours = counts.by_actor.keys() & {*timeline.tested, timeline.current}
    tests = sum(len(counts.by_actor[hour]) for hour in hours)
    busy = [
        (login, hour, count)
        for hour in hours
        for login, count in counts.by_actor[hour].items()
        if count >= MINIMUM_BURST
    ]
    if not busy:
        return [], tests
    history = _History(counts, timeline, bot_logins)
    bursts = (history.burst(*cell) for cell in busy)
    return [burst for burst in bursts if burst], tests


class _History:
    """The active hours of logins."""

    def __init__(self, counts: Counts, timeline: Timeline, bot_logins: frozenset[str]) -> None:
        self._current = timeline.current
        self._own: defaultdict[str, list[int]] = defaultdict(list)
        for hour in counts.by_actor.keys() & timeline.known:
            for login, count in counts.by_actor[hour].items():
                self._own[login].append(count)
        self._pools: dict[str, Pool] = {}
        actors = {login for found in counts.by_actor.values() for login in found}
        self._kinds = {actor: kind_of(actor, bot_logins=bot_logins) for actor in actors}
        alike: defaultdict[Kind, list[int]] = defaultdict(list)
        for actor, active in self._own.items():
            alike[self._kinds[actor]] += active
        self._alike = {kind: Pool.of(len(active), active) for kind, active in alike.items()}

    def burst(self, actor: str, hour: int, count: int) -> Burst | None:
        """Return what the login did in an hour; None when that is not worth a test."""
        left_out = None if hour == self._current else count
        own = len(self._own.get(actor, ())) - (left_out is not None) >= OWN_HISTORY
        pool = self._pool_of(actor) if own else self._alike.get(self._kinds[actor])
        baseline = baseline_without(left_out, pool) if pool else None
        if baseline is None or count < FACTOR * baseline.level.mean:
            return None
        return Burst(actor, hour, own, count, baseline, log_at_least(count, baseline.level))

    def _pool_of(self, actor: str) -> Pool:
        if actor not in self._pools:
            self._pools[actor] = Pool.of(len(self._own[actor]), self._own[actor])
        return self._pools[actor]
