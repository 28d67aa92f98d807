"""The usual level of a series at a bucket, learned from all its other buckets."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from heapq import nlargest
from operator import add, mul, sub
from typing import NamedTuple

from ..statistics import Dispersion, Level, dispersion_of, usual_level

MINIMUM_HISTORY = 4
"""Fewer other buckets than this say nothing about what is usual."""

SEASON_HISTORY = 4
"""The same hour of the week in at least so many other weeks is a better guide than all hours together."""

SET_ASIDE = 3
ONE_IN = 8
"""The highest few other buckets are set aside (one for every eight, three at most), so that a surge over several
buckets, or two of them, do not hide each other; what happens more often than that is usual."""


MINIMUM_PLACES = 3
"""A season is learned from at least so many places in the week."""

LEAST = 0.5
"""Half an event is always added to a place in the week: empty for weeks does not mean impossible."""


class Baseline(NamedTuple):
    """What a bucket is measured against. sample: how many buckets it comes from."""

    level: Level
    sample: int
    seasonal: bool = False


class Pool(NamedTuple):
    """A number of zero-filled buckets in sums, with the largest counts."""

    buckets: int
    total: int
    squares: int
    largest: tuple[int, ...] = ()

    @classmethod
    def of(cls, buckets: int, counts: Iterable[int]) -> "Pool":
        """Return the pool of the counts that are not zero."""
        found = sorted(counts, reverse=True)
        return cls(buckets, sum(found), sum(map(mul, found, found)), tuple(found[: SET_ASIDE + 1]))

    def without(self, count: int | None) -> "Pool":
        """Return the other buckets: without the tested one (None: it is not among them) and the highest few."""
        rest = list(self.largest)
        if count in rest:
            rest.remove(count)
        tested = [] if count is None else [count]
        others = self.buckets - len(tested)
        aside = tested + rest[: min(SET_ASIDE, others // ONE_IN)]
        return Pool(
            self.buckets - len(aside), self.total - sum(aside), self.squares - sum(value * value for value in aside)
        )

    @property
    def dispersion(self) -> Dispersion:
        """Return how much more than by chance alone the buckets vary."""
        return dispersion_of(self.buckets, self.total, self.squares)


class _Place(NamedTuple):
    """What a place in the week says about all, or the sums of several places. error: the variance of `mean`."""

    weeks: float
    mean: float
    mean_squared: float
    variance: float
    error: float


class _Others(NamedTuple):
    """What all places but one say: their sums, and how much the weeks of one place vary and are dispersed."""

    sums: _Place
    variance: float
    dispersion: Dispersion


class Season:
    """The same buckets by their place in the week.

    A place has too few weeks to say how much it varies: that is learned from all other places together, each around
    its own mean; the few that vary most are set aside. How far a place's own mean is trusted follows Bühlmann's
    credibility: as far as places differ by more than their weeks do.
    """

    def __init__(self, weeks: Mapping[int, int], counts: Mapping[int, Sequence[int]]) -> None:
        """weeks: how many buckets each place has. counts: those that are not zero, by place."""
        self._pools = {place: Pool.of(weeks[place], counts.get(place, ())) for place in sorted(weeks)}
        self._places = {place: _place(pool) for place, pool in self._pools.items() if pool.buckets > 1}
        aside = min(SET_ASIDE, max(1, len(self._places) // ONE_IN))
        wildest = set(nlargest(aside, self._places, key=lambda place: self._places[place].variance))
        self._tame = {place: numbers for place, numbers in self._places.items() if place not in wildest}
        self._all_sums, self._tame_sums = _sum(self._places.values()), _sum(self._tame.values())
        self._others: dict[int, _Others] = {}

    def level(self, place: int, count: int | None, overall: Level) -> Baseline | None:
        """Return the level at a place, without the tested bucket; None with too few weeks, or where all are alike."""
        weeks = self._pools[place].without(count) if place in self._pools else None
        if weeks is None or weeks.buckets < SEASON_HISTORY or len(self._tame) < MINIMUM_PLACES:
            return None
        others = self._without(place)
        between = _between(len(self._places), _plus(others.sums, _place(weeks)))
        if between <= 0:
            return None
        credibility = max(others.variance / between, min(1.0, LEAST / overall.mean))
        level = usual_level(weeks.buckets, weeks.total, others.dispersion, overall.mean, credibility)
        return Baseline(level, weeks.buckets, seasonal=True)

    def _without(self, place: int) -> _Others:
        if place not in self._others:
            tame = _minus(self._tame_sums, self._tame[place]) if place in self._tame else self._tame_sums
            variance = tame.variance / (len(self._tame) - (place in self._tame))
            scale = tame.mean_squared - tame.error
            excess = max(0.0, tame.variance - tame.mean) / scale if scale > 0 else 0.0
            sums = _minus(self._all_sums, self._places[place])
            self._others[place] = _Others(sums, variance, Dispersion(excess, round(tame.weeks)))
        return self._others[place]


def _sum(places: Iterable[_Place]) -> _Place:
    return reduce(_plus, places, _Place(0.0, 0.0, 0.0, 0.0, 0.0))


def _plus(sums: _Place, place: _Place) -> _Place:
    return _Place(*map(add, sums, place))


def _minus(sums: _Place, place: _Place) -> _Place:
    return _Place(*map(sub, sums, place))


def _between(places: int, sums: _Place) -> float:
    """Return how much the places really differ: the variance of their means, less what the weeks explain."""
    return (sums.mean_squared - sums.mean**2 / places) / (places - 1) - sums.error / places


def _place(pool: Pool) -> _Place:
    n, mean = pool.buckets, pool.total / pool.buckets
    variance = (n * pool.squares - pool.total**2) / (n * (n - 1))
    return _Place(n, mean, mean * mean, variance, variance / n)


def baseline_without(count: int | None, overall: Pool) -> Baseline | None:
    """Return the baseline of a bucket with `count` events, itself left out; None when the history is too short."""
    others = overall.without(count)
    if others.buckets < MINIMUM_HISTORY:
        return None
    return Baseline(usual_level(others.buckets, others.total, others.dispersion), others.buckets)
