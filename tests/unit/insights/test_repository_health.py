"""Every component by hand, and what must hold whatever happened."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.insights.health.work import absence_factor
from github_events_monitor.insights.repository_health import HealthInputs, assess_health
from github_events_monitor.insights.results import Component, HealthResult
from github_events_monitor.observations import Snapshot
from github_events_monitor.records import Activity, MetricRow, Span

from .builders import ALWAYS, SINCE, UNTIL, comment, commit, issue, june, pull, push, release, review


def assess(*rows: Activity, **changes: Any) -> HealthResult:
    asked: dict[str, Any] = {"since": SINCE, "until": UNTIL, "events_known": ALWAYS, "commits_known": ALWAYS}
    return assess_health(HealthInputs(activity=rows, **(asked | changes)))


def part(result: HealthResult, name: str) -> Component:
    return next(component for component in result.components if component.name == name)


def test_names_and_weights_are_those_of_the_contract() -> None:
    assert {component.name: component.weight for component in assess().components} == {
        "responsiveness": 10,
        "change_request_closure": 7.5,
        "issue_closure": 5,
        "contributor_absence_factor": 7.5,
        "review": 7.5,
        "maintenance": 10,
        "release_frequency": 5,
        "ci_success": 5,
        "community_profile": 2.5,
        "open_advisories": 5,
    }


def test_nothing_known_is_no_score_and_no_zero() -> None:
    result = assess(events_known=(), commits_known=())
    assert result.health_score is None
    assert result.confidence == 0
    assert {component.score for component in result.components} == {None}
    assert all(component.explanation for component in result.components)
    assert result.trend.direction is None
    assert "not completely known" in result.trend.explanation


def test_responsiveness_counts_business_hours_of_answers_by_other_people() -> None:
    result = assess(
        issue(june(5, 18), 1), comment(june(9, 18), 1),  # Friday 18:00 to Tuesday 18:00: 6 + 24 + 18 = 48 h, in time
        issue(june(5, 18), 2), comment(june(9, 19), 2),  # an hour later: late
        pull(june(8), 3), review(june(8, 2), 3),  # 2 h
        pull(june(8), 4), pull(june(8, 4), 4, "ben", "closed"),  # closing is an answer, 4 h
        issue(june(8), 5), comment(june(8, 1), 5, "ann"), comment(june(8, 1), 5, "helper[bot]"),  # nobody else: overdue
        issue(june(30), 6),  # one business day old: too young to count
        issue(june(8), 7, "dependabot[bot]"), issue(june(8), 8, "Copilot"), issue(june(8), 9, None),  # not people
    )  # fmt: skip
    found = part(result, "responsiveness")
    assert found.sample_size == 5
    assert found.value == found.score == pytest.approx(3 / 5)
    assert "Median time to the first answer: 50.0 hours" in found.explanation  # median of 96, 97, 2, 4
    assert "1 younger" in found.explanation


def test_an_answer_after_the_end_does_not_count_yet() -> None:
    rows = [issue(june(day), day) for day in (1, 2, 3, 4, 5)]
    late = [comment("2026-07-01T00:00:00Z", day) for day in (1, 2, 3, 4, 5)]
    assert part(assess(*rows, *late), "responsiveness").value == 0


def test_closures_are_of_people_and_end_as_the_last_event_says() -> None:
    result = assess(
        *(pull(june(day), day) for day in range(1, 6)),
        pull(june(9), 1, "ben", "merged"), pull(june(9), 2, "ben", "closed"),
        pull(june(9), 3, "ben", "closed"), pull(june(10), 3, "ben", "reopened"),
        pull(june(9), 77, "ben", "merged", subject="cid"),  # opened before the window, still counts as closed
        pull(june(1), 80, "dependabot[bot]"), pull(june(2), 80, "ben", "merged"),  # of a bot
        pull(june(9), 90, "ben", "closed"),  # of nobody knows whom
    )  # fmt: skip
    found = part(result, "change_request_closure")
    assert (found.value, found.score, found.sample_size) == (0.6, 0.6, 5)  # 1, 2 and 77 of five opened
    assert "1 closed one by bots" in found.explanation
    assert "1 closed one whose author is not known" in found.explanation


def test_a_ratio_over_one_is_shown_and_scores_one() -> None:
    old = [issue("2026-05-20T00:00:00Z", number) for number in range(100, 107)]
    closed = [issue(june(20), number, "ben", "closed") for number in range(100, 107)]
    found = part(assess(*old, *closed, *(issue(june(day), day) for day in range(1, 6))), "issue_closure")
    assert (found.value, found.score) == (1.4, 1)  # 7 / 5


def test_too_few_are_shown_and_not_scored() -> None:
    found = part(assess(*(issue(june(day), day) for day in range(1, 5))), "issue_closure")
    assert (found.value, found.score, found.sample_size) == (0, None, 4)
    assert "at least 5" in found.explanation


def test_absence_factor_of_the_published_example() -> None:
    example = dict(zip("abcdefgh", (1000, 433, 343, 332, 202, 90, 42, 33), strict=True))
    assert absence_factor(example) == 2  # 1000 + 433 >= 2475 / 2
    assert absence_factor({}) is None


def test_absence_factor_counts_co_authors_and_no_bots() -> None:
    commits = [
        commit(june(day), "ann", sha=str(day), co_authors="Ben <7+ben@users.noreply.github.com>") for day in range(1, 6)
    ]
    commits += [commit(june(day, 1), "renovate[bot]", sha=f"r{day}") for day in range(1, 20)]
    commits += [commit(june(day, 2), "claude", sha=f"c{day}") for day in range(1, 20)]
    found = part(assess(authorship=commits), "contributor_absence_factor")
    assert (found.value, found.sample_size, found.score) == (1, 10, 0.25)  # ann 5, ben 5: one makes half


def test_absence_factor_falls_back_to_pushes() -> None:
    rows = [push(june(day), login) for day in range(1, 5) for login in ("ann", "ben", "cid")]
    found = part(assess(*rows), "contributor_absence_factor")
    assert (found.value, found.sample_size, found.score) == (2, 12, 0.5)  # 4 + 4 of 12
    assert "pushes" in found.explanation


def test_review_needs_another_person() -> None:
    opened = [pull(june(1), number) for number in range(1, 7)]
    merged = [pull(june(3), number, "ann", "merged") for number in range(1, 7)]
    reviews = [
        review(june(2), 1), review(june(2), 2, "ann"), review(june(2), 3, "copilot-pull-request-reviewer[bot]"),
        review(june(2), 4, "ben", "dismissed"), review(june(2), 5, "ANN"),
    ]  # fmt: skip
    unknown = pull(june(3), 50, "ben", "merged")
    found = part(assess(*opened, *merged, *reviews, unknown), "review")
    assert (found.sample_size, found.value) == (6, round(1 / 6, 3))
    assert "1 whose author is not known" in found.explanation


def test_maintenance_is_the_rule_of_scorecard() -> None:
    commits = [commit(june(day), sha=str(day)) for day in range(1, 5)]
    touched = [issue(june(2), 1, "cid"), comment(june(3), 1, "ann"), issue(june(2), 2, "cid"), push(june(1), "ann")]
    found = part(assess(*touched, authorship=commits), "maintenance")
    assert (found.value, found.score) == (5, round(5 / 12, 3))  # 4 commits, 1 issue touched by ann
    assert "archived or new is not known" in found.explanation


@pytest.mark.parametrize(
    "snapshot",
    [Snapshot(observed_at=UNTIL, archived=True), Snapshot(observed_at=UNTIL, archived=False, created_at=june(1))],
)
def test_maintenance_is_zero_for_archived_and_for_new_repositories(snapshot: Snapshot) -> None:
    commits = [commit(june(day), sha=str(day)) for day in range(1, 21)]
    assert part(assess(authorship=commits, snapshot=snapshot), "maintenance").score == 0


def test_maintenance_with_a_gap_is_scored_only_when_no_gap_can_matter() -> None:
    few = [commit(june(day), sha=str(day)) for day in range(1, 12)]
    enough = [*few, commit(june(20), sha="20")]
    known = {"events_known": (Span(june(1), UNTIL),), "commits_known": (Span(june(1), UNTIL),)}
    assert part(assess(authorship=few, **known), "maintenance").score is None
    assert "lower bound" in part(assess(authorship=few, **known), "maintenance").explanation
    assert part(assess(authorship=enough, **known), "maintenance").score == 1


def test_releases_are_counted_by_tag_without_pre_releases() -> None:
    rows = [
        release(june(1), "v1"), release(june(1, 5), "v1"), release(june(11), "v2"), release(june(13), "v3.0.0-rc.1"),
        release(june(14), "early"), release(june(14), "early", action="prereleased"), release(june(27), "v3"),
    ]  # fmt: skip
    found = part(assess(*rows), "release_frequency")
    assert (found.value, found.sample_size, found.score) == (13, 2, 1)  # median of 10 and 16 days; the last 4 days ago
    slow = part(assess(*rows, since="2026-10-01T00:00:00Z", until="2026-10-15T00:00:00Z"), "release_frequency")
    assert (slow.value, slow.score) == (110, round((180 - 110) / 150, 3))  # 27 June to 15 October


def test_a_gap_between_releases_is_not_an_interval() -> None:
    rows = [release(june(1), "v1"), release(june(11), "v2"), release(june(27), "v3")]
    found = part(assess(*rows, events_known=(Span(june(1), june(12)),)), "release_frequency")
    assert (found.value, found.score, found.sample_size) == (10, None, 1)


def listed(at: str, tag: str, *, prerelease: bool = False) -> MetricRow:
    data = {"kind": "release", "tag": tag, "published_at": at, "prerelease": prerelease}
    return MetricRow(key="octo/hello", sort=f"release:{tag}", data=data)


def test_listed_releases_count_beside_those_of_events_and_outrank_them() -> None:
    rows = [release(june(11), "v2"), release(june(20), "next")]
    releases = [
        listed(june(1), "v1"), listed(june(11), "v2"), listed(june(20), "next", prerelease=True),
        listed(june(27), "v3"), listed("2026-07-09T00:00:00Z", "v4"),
    ]  # fmt: skip
    whole = (Span("2008-01-01T00:00:00Z", UNTIL),)
    found = part(assess(*rows, events_known=(), releases=releases, releases_known=whole), "release_frequency")
    assert (found.value, found.sample_size, found.score) == (13, 2, 1)  # 10 and 16 days; v4 came after the end
    unsure = part(assess(*rows, events_known=(), releases=releases), "release_frequency")
    assert (unsure.value, unsure.score) == (None, None)


def test_the_snapshot_speaks_for_what_is_only_seen_now() -> None:
    seen = Snapshot(
        observed_at=UNTIL, ci_runs=20, ci_successes=15, community_profile=62, unknown={"open_advisories": "forbidden"}
    )
    result = assess(snapshot=seen)
    assert part(result, "ci_success").score == 0.75
    assert part(result, "community_profile").score == 0.62
    assert part(result, "open_advisories").score is None
    assert "forbidden" in part(result, "open_advisories").explanation
    advisories = part(assess(snapshot=Snapshot(observed_at=UNTIL, open_advisories=1)), "open_advisories")
    assert (advisories.score, advisories.sample_size, advisories.explanation) == (0.75, 1, "1 open advisory.")


def busy_june() -> list[Activity]:
    numbers = range(1, 6)
    return [
        *(pull(june(n), n) for n in numbers),
        *(review(june(n, 1), n) for n in numbers),
        *(pull(june(n, 2), n, "ben", "merged") for n in numbers),
        *(push(june(day), login) for day in range(1, 7) for login in ("ann", "ben")),
    ]


def test_the_score_is_the_weighted_mean_of_what_is_known() -> None:
    result = assess(*busy_june())
    scores = {component.name: component.score for component in result.components if component.score is not None}
    assert scores == {
        "responsiveness": 1, "change_request_closure": 1, "contributor_absence_factor": 0.25,
        "review": 1, "maintenance": 1,
    }  # fmt: skip
    known = 10 + 7.5 + 7.5 + 7.5 + 10
    assert result.health_score == round(100 * (known - 0.75 * 7.5) / known, 1) == 86.8
    assert result.confidence == round(known / 65, 3) == 0.654
    assert result.recommendations == ("Share the work among more people: 1 made half of the contributions.",)
    assert (result.people, result.bots) == (2, 0)


def test_below_sixty_percent_of_known_weight_there_is_no_score() -> None:
    result = assess(*(push(june(day)) for day in range(1, 20)))
    assert (result.health_score, result.confidence) == (None, round((7.5 + 10) / 65, 3))


def test_the_trend_compares_what_both_windows_know() -> None:
    def in_may(item: Activity) -> Activity:
        number = item.number and item.number + 50
        return item._replace(id="may" + item.id, created_at=item.created_at.replace("-06-0", "-05-1"), number=number)

    before = [in_may(item) for item in busy_june() if item.event_type != "PullRequestReviewEvent"]
    result = assess(*busy_june(), *before)
    assert (result.trend.direction, result.trend.previous_score) == ("up", 69.1)
    assert result.trend.change == 17.7  # 36.875 of 42.5 in June, 29.375 in May, which had no reviews
    gap = assess(*busy_june(), *before, events_known=(Span("2026-05-03T00:00:00Z", UNTIL),))
    assert (gap.health_score, gap.trend.direction) == (86.8, None)


INSTANTS = st.builds(june, st.integers(1, 30), st.integers(0, 23), st.integers(0, 59))
PEOPLE = st.sampled_from(["ann", "ben", "cid", "dependabot[bot]", "Copilot"])


@st.composite
def histories(draw: st.DrawFn) -> list[Activity]:
    """Stories that could have happened: an item is opened once, by its author, before anything else happens to it."""
    rows: list[Activity] = []
    for number in range(1, draw(st.integers(0, 9)) + 1):
        is_pull = draw(st.booleans())
        opened, rest = draw(INSTANTS), draw(st.lists(st.tuples(st.integers(0, 3), INSTANTS, PEOPLE), max_size=4))
        rows.append((pull if is_pull else issue)(opened, number, draw(PEOPLE)))
        for what, at, who in rest:
            when = max(opened, at)
            if what == 0:
                rows.append(comment(when, number, who))
            elif what == 1 and is_pull:
                rows.append(review(when, number, who))
            elif is_pull:
                rows.append(pull(when, number, who, "merged" if what == 2 else "closed"))
            else:
                rows.append(issue(when, number, who, "closed"))
    rows += [push(at, who) for at, who in draw(st.lists(st.tuples(INSTANTS, PEOPLE), max_size=30))]
    rows += [release(at, f"v{n}") for n, at in enumerate(draw(st.lists(INSTANTS, max_size=4)))]
    return rows


@given(histories(), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(rows: list[Activity], random: Any) -> None:
    shuffled = [*rows, *random.sample(rows, len(rows) // 2)]
    random.shuffle(shuffled)
    assert assess(*rows) == assess(*shuffled)


@given(histories(), st.data())
def test_more_data_never_lowers_confidence(rows: list[Activity], data: st.DataObject) -> None:
    openings = [item for item in rows if item.action == "opened"]
    others = [item for item in rows if item.action != "opened"]
    some = openings[: data.draw(st.integers(0, len(openings)))]
    numbers = {item.number for item in some} | {None}
    fewer = some + [item for item in others[: data.draw(st.integers(0, len(others)))] if item.number in numbers]
    known = (Span(SINCE, data.draw(INSTANTS)),)
    less, more = assess(*fewer, events_known=known), assess(*rows)
    assert (less.confidence or 0) <= (more.confidence or 0)


@given(histories())
def test_scores_stay_in_range(rows: list[Activity]) -> None:
    result = assess(*rows)
    assert all(0 <= component.score <= 1 for component in result.components if component.score is not None)
    assert result.health_score is None or 0 <= result.health_score <= 100
    assert result.confidence is not None
    assert 0 <= result.confidence <= 1
