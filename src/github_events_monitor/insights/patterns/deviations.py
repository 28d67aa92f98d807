"""Spikes and drops of one event type: buckets that the other buckets make improbable."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from ..statistics import log_at_least, log_at_most
from .buckets import Timeline
from .levels import Baseline, Pool, Season, baseline_without

FALSE_DISCOVERIES = 0.01
"""Accepted share of false alarms among all anomalies; hours, days and bursts get a third each."""

MINIMUM_SPIKE = 5
"""Fewer events than this are never called a spike, however quiet it was before."""

MINIMUM_USUAL = 5.0
"""A drop is looked for only where at least so many events are usual."""

FACTOR = 2.0
"""Less than twice (for a drop, more than half of) what is usual is not worth a report, however sure it is."""


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
                if baseline is not None and count >= FACTOR * baseline.level.mean:
                    yield self._deviation("spike", bucket, count, baseline)

    def _drops(self) -> Iterator[Deviation]:
        for bucket in self.timeline.tested:
            count = self._counts.get(bucket, 0)
            baseline = self._baseline(bucket, count)
            if baseline is not None and baseline.level.mean >= max(MINIMUM_USUAL, FACTOR * count):
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
            overall = baseline_without(count, self._overall)
            self._baselines[known] = overall and (self._season.level(*known, overall.level) or overall)
        return self._baselines[known]

    def _deviation(self, kind: Literal["spike", "drop"], bucket: int, count: int, baseline: Baseline) -> Deviation:
        probability = log_at_least if kind == "spike" else log_at_most
        return Deviation(
            kind, self.event_type, self.timeline, bucket, count, baseline, probability(count, baseline.level)
        )
