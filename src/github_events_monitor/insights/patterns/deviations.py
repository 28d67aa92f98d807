"""Spikes and drops of one event type: buckets that the other buckets make improbable."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Literal, NamedTuple

from ..statistics import log_at_least, log_at_most, log_exactly
from .buckets import Timeline
from .levels import Baseline, Pool, Season, baseline_without

FALSE_DISCOVERIES = 0.01 / 3
"""Accepted share of false alarms in hours, in days and in bursts: together one in a hundred anomalies."""

MINIMUM_SPIKE = 5
"""Fewer events than this are never called a spike, however quiet it was before."""

MINIMUM_USUAL = 5.0
"""A drop is looked for only where at least so many events are usual."""

FACTOR = 2.0
"""Less than twice (for a drop, more than half of) what is usual is not worth a report, however sure it is."""

_DISCOVERABLE = math.log(FALSE_DISCOVERIES)
"""What chance does more often than this is no discovery, whatever else is found."""


class Deviation(NamedTuple):
    """A bucket far from its baseline, and how improbable that is."""

    kind: Literal["spike", "drop"]
    event_type: str
    timeline: Timeline
    bucket: int
    observed: int
    baseline: Baseline
    log_probability: float


class Series:
    """The counts of one event type along a timeline, and baselines for them."""

    def __init__(self, event_type: str, counts: Mapping[int, int], timeline: Timeline) -> None:
        """counts: by bucket, zero left out."""
        self.event_type = event_type
        self.timeline = timeline
        self._counts = counts
        known = timeline.known
        self._known = {bucket: count for bucket, count in counts.items() if bucket in known}
        self._overall = Pool.of(len(known), self._known.values())
        self._without = cache(partial(baseline_without, overall=self._overall))
        self._baselines: dict[tuple[int, int | None], Baseline | None] = {}

    def deviations(self) -> Iterator[Deviation]:
        """Yield every bucket of the window that is far enough from its baseline to be worth a test."""
        yield from self._spikes()
        if self.timeline.drops and self._overall.total >= MINIMUM_USUAL:
            yield from self._drops()

    def _spikes(self) -> Iterator[Deviation]:
        tested = frozenset(self.timeline.tested)
        for bucket, count in self._counts.items():
            current = bucket == self.timeline.current
            if count >= MINIMUM_SPIKE and (current or bucket in tested):
                baseline = self._baseline(bucket, None if current else count)
                if baseline is not None and count >= FACTOR * baseline.level.mean and _is_rare(count, baseline):
                    yield self._deviation("spike", bucket, count, baseline)

    def _drops(self) -> Iterator[Deviation]:
        for bucket in self.timeline.tested:
            count = self._counts.get(bucket, 0)
            baseline = self._baseline(bucket, count)
            usual = baseline.level.mean if baseline else 0.0
            if baseline and usual >= max(MINIMUM_USUAL, FACTOR * count) and _is_rare(count, baseline):
                yield self._deviation("drop", bucket, count, baseline)

    @cached_property
    def _by_place(self) -> Mapping[int, Sequence[int]]:
        by_place: defaultdict[int, list[int]] = defaultdict(list)
        for bucket, count in self._known.items():
            by_place[bucket % self.timeline.size.season].append(count)
        return by_place

    @cached_property
    def _season(self) -> Season:
        return Season(self.timeline.places, self._by_place)

    def _baseline(self, bucket: int, count: int | None) -> Baseline | None:
        """Return it by the place in the week where that says more, else by all buckets together."""
        known = bucket % self.timeline.size.season, count
        if known not in self._baselines:
            overall = self._without(count)
            self._baselines[known] = overall and (self._season.level(*known, overall.level) or overall)
        return self._baselines[known]

    def _deviation(self, kind: Literal["spike", "drop"], bucket: int, count: int, baseline: Baseline) -> Deviation:
        probability = log_at_least if kind == "spike" else log_at_most
        return Deviation(
            kind, self.event_type, self.timeline, bucket, count, baseline, probability(count, baseline.level)
        )


def _is_rare(count: int, baseline: Baseline) -> bool:
    """Return whether so many or more, or so many or fewer, may be a discovery: no less likely than the count alone."""
    return log_exactly(count, baseline.level) <= _DISCOVERABLE
