"""The statistics of counts: tails of the negative binomial, the usual level, false discoveries.

Counts of events are over-dispersed: people work in bursts, so the variance of an hour's events is far above its mean,
and a Poisson tail would call every busy morning impossible. All tails here are therefore negative binomial, a Poisson
distribution whose rate itself varies. Probabilities are natural logarithms: many are too small for a float.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

CLUSTER = 3.0
"""Prior belief: events come in clusters, their variance is at least this many times the mean."""

VARIATION = 0.25
"""Prior belief: squared relative variation of the rate between buckets (a standard deviation of half the rate)."""

PRIOR_WEIGHT = 4.0
"""How many informative buckets the prior beliefs count for."""

_TINY = 1e-300
_PRECISION = 1e-13
_MAX_TERMS = 20_000


class Level(NamedTuple):
    """What is usual: a negative binomial with this mean, variance = mean + mean² / shape."""

    mean: float
    shape: float


class Dispersion(NamedTuple):
    """(variance - mean) / mean², which a Poisson distribution leaves at 0, and how many buckets it was learned from."""

    excess: float
    buckets: int


def dispersion_of(n: int, total: int, squares: int) -> Dispersion:
    """Return the dispersion of `n` counts with this sum and this sum of squares."""
    if n < 2 or total == 0:
        return Dispersion(0.0, n)
    variance = (n * squares - total * total) / (n * (n - 1))
    mean = total / n
    return Dispersion(max(0.0, (variance - mean) / mean**2), n)


def usual_level(
    n: int, total: int, dispersion: Dispersion, prior_mean: float = 1.0, prior_buckets: float = 1.0
) -> Level:
    """Return the predictive level of the next bucket after `n` buckets with `total` events.

    Buckets of `prior_mean` are added to them, so that nothing seen so far never means "impossible". The dispersion is
    drawn towards the prior beliefs by as much as the buckets it was learned from tell little (few, or nearly all
    empty); the uncertainty of the mean itself is added to it.
    """
    mean = (total + prior_buckets * prior_mean) / (n + prior_buckets)
    information = dispersion.buckets * (mean / (1 + mean)) ** 2
    prior = (CLUSTER - 1) / mean + VARIATION
    excess = (PRIOR_WEIGHT * prior + information * dispersion.excess) / (PRIOR_WEIGHT + information)
    uncertainty = (1 / mean + excess) / (n + prior_buckets)
    return Level(mean, 1 / (excess + uncertainty))


def log_exactly(count: int, level: Level) -> float:
    """Return log P(X = count)."""
    busy = level.mean / (level.mean + level.shape)
    return _log_beta_term(busy, float(count), level.shape)


def log_at_least(count: int, level: Level) -> float:
    """Return log P(X >= count)."""
    if count <= 0:
        return 0.0
    busy = level.mean / (level.mean + level.shape)
    return _log_beta_tail(busy, float(count), level.shape)


def log_at_most(count: int, level: Level) -> float:
    """Return log P(X <= count)."""
    quiet = level.shape / (level.mean + level.shape)
    return _log_beta_tail(quiet, level.shape, float(count + 1))


def _log_beta_tail(x: float, a: float, b: float) -> float:
    """Return log of the regularised incomplete beta function I_x(a, b), 0 < x < 1 (https://dlmf.nist.gov/8.17)."""
    if x <= (a + 1) / (a + b + 2):
        return min(0.0, _log_beta_term(x, a, b) + math.log(_beta_fraction(x, a, b)))
    other = math.exp(_log_beta_term(1 - x, b, a)) * _beta_fraction(1 - x, b, a)
    return math.log1p(-min(other, 1 - 1e-16))


def _log_beta_term(x: float, a: float, b: float) -> float:
    ways = math.lgamma(a + b) - math.lgamma(a + 1) - math.lgamma(b)
    return ways + a * math.log(x) + b * math.log1p(-x)


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of https://dlmf.nist.gov/8.17.E22, from the front (Lentz's method)."""
    above, below = 1.0, 1 / _not_zero(1 + _fraction_term(1, x, a, b))
    value = below
    for position in range(2, _MAX_TERMS):
        term = _fraction_term(position, x, a, b)
        below = 1 / _not_zero(1 + term * below)
        above = _not_zero(1 + term / above)
        value *= above * below
        if abs(above * below - 1) < _PRECISION:
            break
    return value


def _fraction_term(position: int, x: float, a: float, b: float) -> float:
    m = position // 2
    if position % 2:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def false_discovery_limit(log_probabilities: Sequence[float], tests: int, rate: float) -> float:
    """Return Benjamini and Hochberg's limit: what lies at or below it is a discovery; -inf when nothing is.

    log_probabilities: those that may be small enough, out of `tests`; the rest counts as 1. rate: the share of false
    ones among all discoveries that is accepted.
    """
    limit = -math.inf
    for rank, value in enumerate(sorted(log_probabilities), start=1):
        if value <= math.log(rate * rank / tests):
            limit = value
    return limit
