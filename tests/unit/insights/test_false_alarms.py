"""How often an ordinary series is called unusual; the figures stand in `patterns.anomalies`."""

import math
import random
from datetime import timedelta

import pytest

from github_events_monitor.insights.patterns import PatternInputs, find_anomalies
from github_events_monitor.instants import shift
from github_events_monitor.records import Activity, Span

SERIES = 200
HOURS = 30 * 24
START = "2026-05-01T00:00:00Z"
UNTIL = shift(START, timedelta(hours=HOURS))


def poisson(rng: random.Random, rate: float) -> int:
    """Knuth's method."""
    limit, product, count = math.exp(-rate), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def series_with_alarms(rate: float, shape: float | None) -> int:
    """Of 200 series of 30 days, how many have an anomaly of any kind. shape: of the gamma distribution of the rate."""
    alarms = 0
    for seed in range(SERIES):
        rng = random.Random(seed)
        rows = [
            Activity(f"{hour}/{n}", "PushEvent", at, f"user{rng.randrange(20)}", None, None, None, None, None)
            for hour, at in enumerate(shift(START, timedelta(hours=hour)) for hour in range(HOURS))
            for n in range(poisson(rng, rng.gammavariate(shape, rate / shape) if shape else rate))
        ]
        known = [Span(START, UNTIL)]
        alarms += bool(
            find_anomalies(PatternInputs(since=START, until=UNTIL, activity=rows, events_known=known)).anomalies
        )
    return alarms


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_ordinary_poisson_series_give_next_to_nothing(rate: float) -> None:
    """Measured: none of 200, at either rate (and at 2 an hour, which takes too long here)."""
    assert series_with_alarms(rate, None) <= 2


def test_bursty_series_do_not_flood() -> None:
    """Variance 2.7 times the mean from hour to hour. Measured: 5 of 200."""
    assert series_with_alarms(0.5, 0.3) <= 12
