"""Every table of thresholds, from both sides of each."""

from typing import Any

import pytest

from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.insights.delivery.dora import LIMITS, MINIMUM, Delivery, Record, band_of, measure_keys
from github_events_monitor.insights.health.rules import (
    ADVISE_BELOW,
    MAX_RECOMMENDATIONS,
    RULES,
    recommend,
    score_of,
)
from github_events_monitor.insights.repository_health import HealthInputs, assess_health
from github_events_monitor.insights.results import Component, DoraKey
from github_events_monitor.observations import Snapshot
from github_events_monitor.records import Activity, Commit, CommitFile, Span

from .builders import ALWAYS, SINCE, UNTIL, commit, issue, june, pull, push, review

BANDS = ("elite", "high", "medium", "low")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_the_bands_of_dora_on_both_sides(name: Any, place: int) -> None:
    """https://dora.dev/research/2023/: elite is more often than daily; a failure rate of 5 % is elite still."""
    limit, better, worse = LIMITS[name][place], BANDS[place], BANDS[place + 1]
    below, at, above = (band_of(name, value) for value in (limit - 0.01, limit, limit + 0.01))
    if name == "deployment_frequency":
        assert (below, at, above) == (worse, worse if place == 0 else better, better)
    elif name == "change_failure_rate":
        assert (below, at, above) == (better, better, worse)
    else:
        assert (below, at, above) == (better, worse, worse)


def test_the_limits_are_the_published_ones() -> None:
    assert LIMITS == {
        "deployment_frequency": (7, 1, 7 / 30), "lead_time": (24, 168, 720),
        "change_failure_rate": (5, 10, 15), "time_to_restore": (1, 24, 168),
    }  # fmt: skip
    assert MINIMUM == {"deployment_frequency": 3, "lead_time": 5, "change_failure_rate": 5, "time_to_restore": 3}


def keys(**changes: Any) -> dict[str, DoraKey]:
    asked: dict[str, Any] = {
        "since": SINCE, "until": UNTIL, "what": "releases", "deliveries": [], "commits": [], "remedies": [],
        "gap": "", "status_known": False,
    }  # fmt: skip
    return {key.name: key for key in measure_keys(Record(**(asked | changes)))}


def made(*days: int) -> list[Delivery]:
    return [Delivery(june(day), (f"d{day}", "more")) for day in days]


@pytest.mark.parametrize(("count", "band"), [(2, None), (3, "medium")])
def test_a_frequency_needs_three_deliveries(count: int, band: str | None) -> None:
    found = keys(deliveries=made(*range(1, count + 1)))["deployment_frequency"]
    assert (found.band, found.sample_size) == (band, count)
    assert found.explanation.endswith("No band: 2 in the sample, at least 3 are needed.") is (band is None)
    assert found.formula == "Proxy: releases in the window that did not fail / weeks in the window."
    assert found.explanation.startswith(f"{count} in 4.3 weeks.")
    assert found.evidence == tuple(f"d{day}" for day in range(count, 0, -1))


def test_frequency_counts_what_did_not_fail_in_the_window() -> None:
    outside = Delivery("2026-05-31T23:59:59Z", ("before",))
    failed = Delivery(june(3), ("failed",), june(4))
    found = keys(deliveries=[outside, *made(1, 2), failed])["deployment_frequency"]
    assert (found.sample_size, found.evidence) == (2, ("d2", "d1"))
    many = keys(deliveries=made(*range(1, 9)), since=SINCE, until=june(8))["deployment_frequency"]
    assert (many.value, many.band, len(many.evidence)) == (8, "elite", 5)  # eight in exactly a week


@pytest.mark.parametrize(("count", "band"), [(4, None), (5, "elite")])
def test_a_lead_time_needs_five_commits(count: int, band: str | None) -> None:
    commits = [(june(2, hour), f"c{hour}") for hour in range(1, count + 1)]
    found = keys(deliveries=made(2, 3), commits=commits)["lead_time"]
    assert (found.sample_size, found.band) == (count, band)
    assert found.evidence == tuple(f"commit:c{hour}" for hour in range(1, count + 1))  # the longest first
    assert found.explanation.startswith(f"Delivered in the window: {count} of {count} commits.")
    assert found.formula == "Proxy: median hours from a commit to the first of the releases at or after it."


def test_a_lead_time_is_of_deliveries_in_the_window() -> None:
    at_its_start = [Delivery(SINCE, ("d",))]
    assert keys(deliveries=at_its_start, commits=[("2026-05-31T22:00:00Z", "c")])["lead_time"].value == 2
    assert keys(deliveries=at_its_start, commits=[(SINCE, "c")])["lead_time"].value == 0
    before = [Delivery("2026-05-31T23:59:59Z", ("d",))]
    assert keys(deliveries=before, commits=[("2026-05-31T22:00:00Z", "c")])["lead_time"].value is None
    assert keys(deliveries=made(5), commits=[(june(6), "c")])["lead_time"].value is None
    assert keys(deliveries=[Delivery(june(5), (), june(5))], commits=[(june(4), "c")])["lead_time"].value is None


@pytest.mark.parametrize(
    ("at", "value"), [(june(2), 0), (june(2, 0, 1), 50), (june(3, 23, 59), 50), (june(4), 0), (june(30), 50)]
)
def test_a_remedy_shows_a_failure_after_its_delivery_and_before_the_next(at: str, value: int) -> None:
    found = keys(deliveries=made(2, 4), remedies=[(at, "r")], commits=[(june(1), "c")])["change_failure_rate"]
    assert found.value == value
    assert found.evidence == (("commit:r",) if value else ())
    assert found.explanation.startswith("1 of 2 failed." if value else "0 of 2 failed.")


def test_a_remedy_after_the_next_delivery_is_that_ones() -> None:
    found = keys(deliveries=made(2, 4, 6), remedies=[(june(5), "r")], commits=[(june(1), "c")])
    assert found["change_failure_rate"].value == round(100 / 3, 2)
    assert found["time_to_restore"].value == 24


@pytest.mark.parametrize(("since", "count"), [(june(2), 1), (june(2, 0, 1), 0)])
def test_failures_are_of_deliveries_in_the_window(since: str, count: int) -> None:
    failed = Delivery(june(2), ("first", "status"), june(2, 5))
    found = keys(since=since, deliveries=[failed, *made(9)], status_known=True)
    assert found["change_failure_rate"].sample_size == 1 + count
    assert found["time_to_restore"].sample_size == count
    assert found["time_to_restore"].evidence == (("status",) if count else ())
    assert found["time_to_restore"].value == (6 * 24 + 19 if count else None)


def test_restoring_is_told_with_the_longest_first() -> None:
    deliveries = [Delivery(june(2), ("a",), june(2, 5)), *made(3), Delivery(june(5), ("b",), june(5)), *made(9)]
    found = keys(deliveries=deliveries, status_known=True)["time_to_restore"]
    assert (found.value, found.evidence) == ((19 + 96) / 2, ("b", "a"))
    assert found.explanation.startswith("Followed by one: 2 of 2 failures.")
    assert found.formula.endswith("to the next of the releases that did not fail.")


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_line_of_a_score_between_its_ends(name: str) -> None:
    rule = RULES[name]
    step = (rule.full_at - rule.zero_at) / 100
    assert score_of(name, rule.zero_at - step) == score_of(name, rule.zero_at) == 0
    assert score_of(name, rule.zero_at + step) == pytest.approx(0.01)
    assert score_of(name, rule.full_at - step) == pytest.approx(0.99)
    assert score_of(name, rule.full_at) == score_of(name, rule.full_at + step) == 1


def component(name: str, score: float | None, value: float | None = 0.5, weight: float | None = None) -> Component:
    return Component(
        name=name, value=value, unit="", score=score, weight=RULES[name].weight if weight is None else weight,
        sample_size=1, formula="", explanation="",
    )  # fmt: skip


def test_advice_begins_below_its_limit() -> None:
    assert recommend([component("review", ADVISE_BELOW)]) == ()
    assert len(recommend([component("review", ADVISE_BELOW - 0.001)])) == 1
    assert recommend([component("review", None), component("issue_closure", 0.1, None)]) == ()


def test_the_most_weight_to_win_is_advised_first() -> None:
    few = [component("issue_closure", 0.0), component("responsiveness", 0.55), component("review", 0.2)]
    assert [text.split()[0] for text in recommend(few)] == ["Have", "Work", "Answer"]  # 6, 5 and 4.5 to win
    same = [component("review", 0.2), component("change_request_closure", 0.2)]
    assert [text.split()[0] for text in recommend(same)] == ["Close", "Have"]
    assert len(recommend([component(name, 0.0) for name in RULES])) == MAX_RECOMMENDATIONS


def assess(*rows: Activity, **changes: Any) -> Any:
    asked: dict[str, Any] = {"since": SINCE, "until": UNTIL, "events_known": ALWAYS, "commits_known": ALWAYS}
    return assess_health(HealthInputs(activity=rows, **(asked | changes)))


def part(result: Any, name: str) -> Any:
    return next(found for found in result.components if found.name == name)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "responsiveness",
            lambda count: [one for n in range(count) for one in (pull(june(1), n), review(june(1, 1), n))],
        ),
        ("issue_closure", lambda count: [issue(june(1), n) for n in range(count)]),
        ("change_request_closure", lambda count: [pull(june(1), n) for n in range(count)]),
        (
            "review",
            lambda count: [
                one for n in range(1, count + 1) for one in (pull(june(1), n), pull(june(2), n, "ben", "merged"))
            ],
        ),
        ("contributor_absence_factor", lambda count: [push(june(1, 0, n)) for n in range(count)]),
    ],
)
def test_a_score_needs_its_minimum(name: str, rows: Any) -> None:
    minimum = RULES[name].minimum
    assert part(assess(*rows(minimum - 1)), name).score is None
    assert f"at least {minimum} are needed" in part(assess(*rows(minimum - 1)), name).explanation
    assert part(assess(*rows(minimum)), name).score is not None


@pytest.mark.parametrize(("runs", "score"), [(9, None), (10, 1.0)])
def test_ci_needs_ten_verdicts(runs: int, score: float | None) -> None:
    seen = Snapshot(observed_at=UNTIL, ci_runs=runs, ci_successes=runs)
    assert part(assess(snapshot=seen), "ci_success").score == score


def on_time(in_time: int, count: int = 200) -> list[Activity]:
    """A window whose score moves by a quarter of a point for each of 200 answers in time."""
    openings = [issue(june(1, n % 24), n) for n in range(1, count + 1)]
    answers = [issue(june(2) if n <= in_time else june(20), n, "ben", "closed") for n in range(1, count + 1)]
    return [*openings, *answers, *(push(june(1 + n), login) for n in range(20) for login in ("ann", "ben"))]


BUSY = [
    one for n in range(301, 306) for one in (pull(june(3), n), review(june(3), n), pull(june(4), n, "ben", "merged"))
]


@pytest.mark.parametrize(
    ("change", "direction"),
    [(0.0, "flat"), (1.9, "flat"), (-1.9, "flat"), (2.0, "up"), (-2.0, "down"), (5.0, "up"), (-5.0, "down")],
)
def test_the_direction_of_the_trend(change: float, direction: str) -> None:
    """May is not known, so that the stored score speaks for it."""
    rows = [*on_time(200), *BUSY]
    now = assess(*rows, events_known=(), commits_known=ALWAYS)
    score = assess(*rows).health_score
    known: dict[str, Any] = {"events_known": (Span(SINCE, UNTIL),), "stored_score": round(score - change, 1)}
    trend = assess(*rows, **known).trend
    assert (trend.direction, trend.change, trend.previous_score) == (direction, change, known["stored_score"])
    assert now.trend.direction is None


def test_without_a_previous_score_there_is_no_trend() -> None:
    rows = [*on_time(200), *BUSY]
    trend = assess(*rows, events_known=(Span(SINCE, UNTIL),)).trend
    assert (trend.direction, trend.previous_score, trend.change) == (None, None, None)
    unscored = assess(push(june(1)), events_known=(Span(SINCE, UNTIL),), stored_score=50.0)
    assert (unscored.health_score, unscored.trend.direction) == (None, None)
    assert assess(*rows, events_known=(Span(SINCE, UNTIL),), stored_score=0.0).trend.direction == "up"


def risk_of(message: str, files: dict[str, int] | None = None, **fields: Any) -> str:
    changed = None if files is None else [CommitFile(filename=n, additions=a, deletions=0) for n, a in files.items()]
    made_of = Commit(sha="a" * 40, repo_name="o/r", commit_date=SINCE, message=message, **fields)
    return analyse_commit(made_of, changed).risk_level


@pytest.mark.parametrize(
    ("message", "files", "risk"),
    [
        ('Revert "a"', {"src/a.py": 1}, "medium"), ("hotfix: a", {"src/a.py": 1}, "medium"),
        ("fix: a", {"src/a.py": 1}, "low"), ("feat!: a", {"src/a.py": 1}, "high"),
        # 45 * ln(1 + n) / ln(2001) + 25 * ln 2 / ln 51 + 10 for code: 39.48 for 68 lines, 39.57 for 69
        ("Always", {"src/a.py": 68}, "low"), ("Always", {"src/a.py": 69}, "medium"),
        ("Always", {"auth.yml": 11}, "medium"), ("Always", {"auth.yml": 12}, "high"),  # sensitive: 39, 40
        ("Always", {f"src/{n}.py": 43 for n in range(20)}, "medium"),  # 69
        ("Always", {f"src/{n}.py": 44 for n in range(20)}, "high"),  # 70
    ],
)  # fmt: skip
def test_the_risk_of_a_commit_on_both_sides(message: str, files: dict[str, int], risk: str) -> None:
    assert risk_of(message, files) == risk


def test_the_impact_at_its_limits() -> None:
    def impact(lines: int) -> int:
        files = [CommitFile(filename="src/a.py", additions=lines, deletions=0)]
        return analyse_commit(
            Commit(sha="a" * 40, repo_name="o/r", commit_date=SINCE, message="Always"), files
        ).impact_score

    edge = next(lines for lines in range(1, 2000) if impact(lines) == 40)
    assert impact(edge - 1) == 39
    assert (risk_of("Always", {"src/a.py": edge - 1}), risk_of("Always", {"src/a.py": edge})) == ("low", "medium")
    assert impact(2000) == impact(9000) == 59  # 45 for lines, 4.4 for one file, 10 for code


def test_commits_of_both_sides_of_a_window_are_told_apart() -> None:
    rows = [commit(SINCE, sha="1"), commit("2026-05-31T23:59:59Z", sha="0"), commit(UNTIL, sha="2")]
    assert part(assess(authorship=rows), "contributor_absence_factor").sample_size == 1
