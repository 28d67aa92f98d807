"""The usual level by the hour or day of the week, against its formulas written down without shortcuts."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import pytest

from github_events_monitor.insights.patterns.levels import Baseline, Pool, Season, baseline_without
from github_events_monitor.insights.statistics import Dispersion, Level, dispersion_of, usual_level

Weeks = Mapping[int, Sequence[int]]
"""Counts by place in the week, one for every week in which the place is known."""


def variance(values: Sequence[float]) -> float:
    return sum((value - fmean(values)) ** 2 for value in values) / (len(values) - 1)


def without_tested_and_highest(counts: Sequence[int], tested: int | None) -> list[int]:
    rest = sorted(counts)
    if tested is not None:
        rest.remove(tested)
    return rest[: len(rest) - min(3, len(rest) // 8, sum(count > 0 for count in rest))]


def by_the_book(weeks: Weeks, place: int, tested: int | None, overall: float) -> Baseline | None:
    """Bühlmann's credibility: https://en.wikipedia.org/wiki/B%C3%BChlmann_model."""
    several = {one: counts for one, counts in weeks.items() if len(counts) > 1}
    wildest = sorted(several, key=lambda one: -variance(several[one]))[: min(3, max(1, len(several) // 8))]
    tame = [counts for one, counts in several.items() if one not in wildest and one != place]
    rest = without_tested_and_highest(weeks[place], tested)
    if len(rest) < 4:
        return None

    within = fmean(variance(counts) for counts in tame)
    shown = [*(counts for one, counts in several.items() if one != place), rest]
    between = variance([*map(fmean, shown)]) - fmean(variance(counts) / len(counts) for counts in shown)
    if between < 1e-9:
        return None
    beyond_chance = max(0.0, sum(variance(counts) - fmean(counts) for counts in tame))
    squares = sum(fmean(counts) ** 2 - variance(counts) / len(counts) for counts in tame)
    dispersion = Dispersion(beyond_chance / squares if squares > 0 else 0.0, sum(map(len, tame)))

    credibility = max(within / between, min(1.0, 0.5 / overall))
    return Baseline(usual_level(len(rest), sum(rest), dispersion, overall, credibility), len(rest), seasonal=True)


def season_of(weeks: Weeks) -> Season:
    counts = {place: [count for count in counts if count] for place, counts in weeks.items()}
    return Season({place: len(found) for place, found in weeks.items()}, counts)


ORDINARY = {
    0: [9, 12, 7, 10, 8, 11], 1: [14, 11, 9, 13, 12, 10], 2: [3, 6, 4, 5, 2, 4], 3: [8, 19, 2, 9, 7, 30],
    4: [7, 8, 5, 9, 6, 7], 5: [1, 0, 2, 0, 1, 0], 6: [0, 1, 0, 0, 3, 1],
}  # fmt: skip
TEN = {place: [(place * 7 + week * 3) % 11 + place for week in range(5)] for place in range(10)}
SIXTEEN = {place: [(place * 5 + week * week) % 13 + place // 2 for week in range(9)] for place in range(16)}
MANY = {place: [(place * place + week * 4) % 17 * (place % 3) for week in range(9)] for place in range(26)}
ALIKE_BUT_FOR_THE_WILDEST = {**{place: [0] * 5 for place in range(4)}, 4: [4, 9, 5, 8, 9]}
CLOSE = {0: [5] * 5, 1: [6] * 5, 2: [5] * 5, 3: [6] * 5, 4: [5, 6, 5, 7, 5]}
RARE = {0: [0, 1, 0, 0, 3], 1: [1, 0, 2, 0, 0], 2: [0, 0, 0, 0, 0], 3: [0, 0, 1, 0, 0], 4: [6, 1, 5, 2, 5]}
SHORT = {0: [4, 5, 4, 6, 5], 1: [1, 2], 2: [9, 7], 3: [2, 4], 4: [5, 20], 5: [50]}
GREAT = {place: [1000 * place + week for week in range(5)] for place in range(6)}


@pytest.mark.parametrize("overall", [0.2, 6.0])
@pytest.mark.parametrize("weeks", [ORDINARY, TEN, SIXTEEN, MANY, ALIKE_BUT_FOR_THE_WILDEST, CLOSE, RARE, SHORT, GREAT])
def test_a_level_is_drawn_towards_its_place_in_the_week(weeks: Weeks, overall: float) -> None:
    season = season_of(weeks)
    for place, counts in weeks.items():
        for tested in (None, *sorted(set(counts))):
            found, expected = season.level(place, tested, Level(overall, 1)), by_the_book(weeks, place, tested, overall)
            assert found == expected or (found and expected and found.level == pytest.approx(expected.level))
            assert (found and found[1:]) == (expected and expected[1:])


@pytest.mark.parametrize(
    ("weeks", "seasonal"),
    [
        ({0: [1] * 5, 1: [2] * 5, 2: [3] * 5, 3: [4] * 5}, True),
        ({0: [1] * 5, 1: [2] * 5, 2: [3] * 5}, False),  # the wildest set aside, two are left
        ({0: [1] * 4, 1: [2] * 5, 2: [3] * 5, 3: [4] * 5}, False),  # three other weeks
        ({0: [2] * 5, 1: [2] * 5, 2: [2] * 5, 3: [2] * 5}, False),  # all alike
        ({1: [2] * 5, 2: [3] * 5, 3: [4] * 5, 4: [5] * 5}, False),  # never known
    ],
)
def test_a_season_needs_weeks_and_places_that_differ(weeks: Weeks, *, seasonal: bool) -> None:
    assert (season_of(weeks).level(0, weeks.get(0, [2])[0], Level(2.0, 1.0)) is not None) is seasonal


@pytest.mark.parametrize(
    ("others", "aside"), [(4, 0), (7, 0), (8, 1), (15, 1), (16, 2), (23, 2), (24, 3), (32, 3), (80, 3)]
)
@pytest.mark.parametrize("tested", [50, 51, None])
def test_one_in_eight_is_set_aside_and_three_at_most(others: int, aside: int, tested: int | None) -> None:
    """tested: among the others are as high ones, or lower ones; or it is not among them."""
    rest = [*(50 - n for n in range(min(4, others))), *[1] * (others - 4)]
    pool = Pool.of(others + (tested is not None), [*rest, *([] if tested is None else [tested])])

    kept = rest[aside:]
    dispersion = dispersion_of(len(kept), sum(kept), sum(count * count for count in kept))
    assert baseline_without(tested, pool) == Baseline(usual_level(len(kept), sum(kept), dispersion), len(kept), False)


@pytest.mark.parametrize(("others", "known"), [(3, False), (4, True)])
def test_four_others_are_the_least_history(others: int, *, known: bool) -> None:
    assert (baseline_without(9, Pool.of(others + 1, [9])) is not None) is known
