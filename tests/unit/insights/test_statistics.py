import math

import pytest

from github_events_monitor.insights.statistics import (
    Dispersion,
    Level,
    dispersion_of,
    false_discovery_limit,
    log_at_least,
    log_at_most,
    log_exactly,
    usual_level,
)


def negative_binomial(count: int, level: Level) -> float:
    """The textbook probability: Gamma(x + k) / (Gamma(k) x!) * (k / (k + m))^k * (m / (k + m))^x."""
    mean, shape = level
    ways = math.lgamma(count + shape) - math.lgamma(shape) - math.lgamma(count + 1)
    return math.exp(ways + shape * math.log(shape / (shape + mean)) + count * math.log(mean / (shape + mean)))


@pytest.mark.parametrize("level", [Level(1, 0.4), Level(5, 3), Level(20, 8), Level(0.05, 0.01), Level(300, 50)])
@pytest.mark.parametrize("count", [0, 1, 3, 10, 40, 150, 700])
def test_tails_are_the_sums_of_the_probabilities(level: Level, count: int) -> None:
    above = sum(negative_binomial(x, level) for x in range(count, 30_000))
    below = sum(negative_binomial(x, level) for x in range(count + 1))

    assert math.exp(log_exactly(count, level)) == pytest.approx(negative_binomial(count, level), rel=1e-6, abs=1e-12)
    assert math.exp(log_at_least(count, level)) == pytest.approx(above, rel=1e-6, abs=1e-12)
    assert math.exp(log_at_most(count, level)) == pytest.approx(below, rel=1e-6, abs=1e-12)


def test_a_geometric_tail_by_hand() -> None:
    # shape 1 is the geometric distribution: P(X >= 10) = (1 / (1 + 1))^10 = 1/1024
    assert math.exp(log_at_least(10, Level(1, 1))) == pytest.approx(1 / 1024)
    assert math.exp(log_at_most(9, Level(1, 1))) == pytest.approx(1 - 1 / 1024)


def test_tails_too_small_for_a_float_keep_their_logarithm() -> None:
    assert log_at_least(5_000, Level(1, 1)) == pytest.approx(-5_000 * math.log(2))


def test_dispersion_by_hand() -> None:
    # 2, 4, 4, 6: mean 4, variance (4 + 0 + 0 + 4) / 3 = 8/3 < 4, so a Poisson distribution explains all of it
    assert dispersion_of(4, 16, 72) == Dispersion(0.0, 4)
    # 0, 0, 12, 12: mean 6, variance (36 * 4) / 3 = 48, (48 - 6) / 36 = 7/6
    assert dispersion_of(4, 24, 288).excess == pytest.approx(7 / 6)


@pytest.mark.parametrize("counts", [(), (5,), (0, 0, 0)])
def test_too_little_says_nothing_of_dispersion(counts: tuple[int, ...]) -> None:
    assert dispersion_of(len(counts), sum(counts), sum(count**2 for count in counts)) == Dispersion(0.0, len(counts))


def test_two_counts_tell_of_dispersion() -> None:
    assert dispersion_of(2, 4, 16) == Dispersion(1.5, 2)  # 0, 4: mean 2, variance 8, (8 - 2) / 4 = 1.5
    assert dispersion_of(3, 1, 1) == Dispersion(0.0, 3)


def test_the_usual_level_begins_with_the_prior() -> None:
    assert usual_level(2, 6, Dispersion(0.0, 2), prior_mean=4.0, prior_buckets=2.0).mean == (6 + 8) / 4


def test_the_usual_level_by_hand() -> None:
    # 1, 1, 1, 1 and one bucket of 1: mean 5/5 = 1. Information 4 * (1/2)^2 = 1, prior 2/1 + 0.25 = 2.25,
    # excess (4 * 2.25 + 1 * 0) / (4 + 1) = 1.8, uncertainty (1 + 1.8) / 5 = 0.56, shape 1 / 2.36
    level = usual_level(4, 4, Dispersion(0.0, 4))

    assert level.mean == 1.0
    assert level.shape == pytest.approx(1 / 2.36)


def test_false_discoveries_by_hand() -> None:
    # 4 tests at 5 %: limits 0.0125, 0.025, 0.0375, 0.05; 0.037 is the last within its limit and takes 0.03 along
    log_probabilities = [math.log(p) for p in (0.2, 0.001, 0.03, 0.037)]

    assert math.exp(false_discovery_limit(log_probabilities, 4, 0.05)) == pytest.approx(0.037)
    assert false_discovery_limit(log_probabilities, 4_000, 0.05) == -math.inf
    assert false_discovery_limit([], 0, 0.05) == -math.inf
    limit = math.log(0.05 / 4)
    assert false_discovery_limit([limit], 4, 0.05) == limit
    assert false_discovery_limit([limit + 1e-9], 4, 0.05) == -math.inf
