"""Every component by hand, and what must hold whatever happened."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.insights.health.work import absence_factor
from github_events_monitor.insights.repository_health import HealthInputs, assess_health
from github_events_monitor.insights.results import Component, HealthResult
from github_events_monitor.observations import Snapshot
from github_events_monitor.records import Activity, MetricRow, Span, Thread

from .builders import ALWAYS, SINCE, UNTIL, comment, commit, issue, june, pull, push, release, review, row


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
    assert found.explanation == (
        "3 of 5 were answered in time, 1 not at all."
        " Median time to the first answer: 50.0 hours."  # median of 96, 97, 2, 4
        " Left out: 1 younger one without an answer."
    )
    assert part(assess(), "responsiveness").explanation == (
        "Nothing opened by people in the window was answered or due."
        " Not scored: 0 in the sample, at least 5 are needed."
    )


@pytest.mark.parametrize(
    ("answered", "in_time"),
    [(june(3), 5), ("2026-06-03T00:00:01Z", 0), (june(2), 5), (june(4), 0)],
)
def test_an_answer_is_in_time_after_exactly_two_business_days(answered: str, in_time: int) -> None:
    rows = [one for n in range(1, 6) for one in (issue(june(1), n), comment(answered, n))]
    assert part(assess(*rows), "responsiveness").explanation.startswith(f"{in_time} of 5 were answered in time")


def test_what_is_not_answered_is_overdue_after_exactly_two_business_days() -> None:
    due = [issue(june(29), n) for n in range(1, 6)]
    young = [issue("2026-06-29T00:00:01Z", 6), issue(june(30), 7)]
    found = part(assess(*due, *young), "responsiveness")
    assert found.explanation == (
        "0 of 5 were answered in time, 5 not at all. Left out: 2 younger ones without an answer."
    )


@pytest.mark.parametrize(("answered", "hours"), [(june(2, 0, 30), "0.5"), ("2026-06-01T23:59:59Z", "0.0")])
def test_an_answer_may_take_minutes_or_be_dated_before_the_opening(answered: str, hours: str) -> None:
    found = part(assess(issue(june(2), 1), comment(answered, 1)), "responsiveness")
    assert f"1 of 1 were answered in time, 0 not at all. Median time to the first answer: {hours} hours." in (
        found.explanation
    )


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
    assert found.explanation == (
        "5 opened and 3 closed or merged (and not reopened) in the window."
        " Left out: 1 closed one by bots or assistants. Left out: 1 closed one whose author is not known."
    )


def test_what_is_reopened_after_the_end_was_closed_in_the_window() -> None:
    opened = [issue(june(day), day) for day in range(1, 6)]
    ended = [issue(june(9), 1, "ben", "closed"), issue(june(9), 2, "ben", "closed")]
    again = [issue("2026-06-30T23:59:59Z", 1, "ben", "reopened"), issue(UNTIL, 2, "ben", "reopened")]
    found = part(assess(*opened, *ended, *again), "issue_closure")
    assert found.explanation == "5 opened and 1 closed (and not reopened) in the window."


def test_a_ratio_over_one_is_shown_and_scores_one() -> None:
    old = [issue("2026-05-20T00:00:00Z", number) for number in range(100, 107)]
    closed = [issue(june(20), number, "ben", "closed") for number in range(100, 107)]
    found = part(assess(*old, *closed, *(issue(june(day), day) for day in range(1, 6))), "issue_closure")
    assert (found.value, found.score) == (1.4, 1)  # 7 / 5


def test_too_few_are_shown_and_not_scored() -> None:
    found = part(assess(*(issue(june(day), day) for day in range(1, 5))), "issue_closure")
    assert (found.value, found.score, found.sample_size) == (0, None, 4)
    assert found.explanation == (
        "4 opened and 0 closed (and not reopened) in the window. Not scored: 4 in the sample, at least 5 are needed."
    )


MOSTLY = (Span("2025-01-01T00:00:00Z", june(9)), Span(june(10), UNTIL))
"""Known but for one day."""


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (ALWAYS, ""),
        (
            MOSTLY,
            "Collection of {} has a gap from 2026-06-09T00:00:00Z to 2026-06-10T00:00:00Z: more may have happened.",
        ),
        (
            (Span(june(1, 1), june(9)), Span(june(10), UNTIL)),
            "Collection of {} has 2 gaps, the first from 2026-06-01T00:00:00Z to 2026-06-01T01:00:00Z: more may"
            " have happened.",
        ),
        (
            (),
            "It is not known whether {} were missed in this time: they were never collected without a gap.",
        ),
    ],
)
def test_what_may_be_missing_is_said(known: tuple[Span, ...], sentence: str) -> None:
    rows = [one for n in range(1, 11) for one in (pull(june(1, 2), n), pull(june(1, 3), n, "ben", "merged"))]
    rows += [push(june(2, n)) for n in range(11)]
    by_events, by_commits = (
        assess(*rows, events_known=known),
        assess(authorship=[commit(june(2, n)) for n in range(11)], commits_known=known),
    )
    said = {part.name: part.explanation for part in by_events.components}
    things = sentence.format("issues and pull requests")
    assert said["responsiveness"].endswith(
        f"10 of 10 were answered in time, 0 not at all. Median time to the first answer: 1.0 hours. {things}".strip()
    )
    assert (
        said["change_request_closure"]
        == f"10 opened and 10 closed or merged (and not reopened) in the window. {things}".strip()
    )
    assert said["review"] == f"0 of 10 merged pull requests had a review. {things}".strip()
    name = "contributor_absence_factor"
    assert said[name] == f"1 of 1 person made at least half of 11 pushes. {sentence.format('events')}".strip()
    assert part(by_commits, name).explanation == (
        f"1 of 1 person made at least half of 11 commits. Co-authors count. {sentence.format('commits')}".strip()
    )


def test_absence_factor_of_the_published_example() -> None:
    example = dict(zip("abcdefgh", (1000, 433, 343, 332, 202, 90, 42, 33), strict=True))
    assert absence_factor(example) == 2  # 1000 + 433 >= 2475 / 2
    assert absence_factor({"a": 1, "b": 1, "c": 1}) == 2
    assert absence_factor({}) is None
    assert part(assess(), "contributor_absence_factor").explanation == (
        "No contribution is known. Not scored: 0 in the sample, at least 10 are needed."
    )


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
    assert found.explanation == "2 of 3 people made at least half of 12 pushes."


@pytest.mark.parametrize(
    ("commits", "pushes", "what"), [(10, 11, "commits"), (9, 10, "pushes"), (9, 9, "commits"), (0, 9, "pushes")]
)
def test_commits_count_where_they_are_enough_or_no_fewer_than_pushes(commits: int, pushes: int, what: str) -> None:
    made = [commit(june(1, 0, n)) for n in range(commits)]
    found = part(assess(*(push(june(1, 0, n)) for n in range(pushes)), authorship=made), "contributor_absence_factor")
    assert what in found.explanation


def test_review_needs_another_person() -> None:
    opened = [pull(june(1), number) for number in range(1, 7)]
    merged = [pull(june(3), number, "ann", "merged") for number in range(1, 7)]
    reviews = [
        review(june(2), 1), review(june(2), 2, "ann"), review(june(2), 3, "copilot-pull-request-reviewer[bot]"),
        review(june(2), 4, "ben", "dismissed"), review(june(2), 5, "ANN"),
    ]  # fmt: skip
    others = [
        pull(june(3), 50, "ben", "merged"),
        pull(june(1), 51, "renovate[bot]"),
        pull(june(3), 51, "ben", "merged"),
    ]
    found = part(assess(*opened, *merged, *reviews, *others), "review")
    assert (found.sample_size, found.value) == (6, round(1 / 6, 3))
    assert found.explanation == (
        "1 of 6 merged pull requests had a review."
        " Left out: 1 by bots or assistants. Left out: 1 whose author is not known."
    )


def test_maintenance_is_the_rule_of_scorecard() -> None:
    commits = [commit(june(day), sha=str(day)) for day in range(1, 5)]
    touched = [issue(june(2), 1, "cid"), comment(june(3), 1, "ann"), issue(june(2), 2, "cid"), push(june(1), "ann")]
    found = part(assess(*touched, authorship=commits), "maintenance")
    assert (found.value, found.score) == (5, round(5 / 12, 3))  # 4 commits, 1 issue touched by ann
    counts = f"4 commits, and 1 issue touched by 1 maintainer, since {APRIL}."
    unsure = "Whether the repository is archived or new is not known for this window."
    assert found.explanation == f"{counts} {unsure}"
    seen = Snapshot(observed_at=UNTIL, archived=False, created_at=APRIL)  # exactly ninety days old
    assert part(assess(*touched, authorship=commits, snapshot=seen), "maintenance").explanation == counts


@pytest.mark.parametrize(
    ("done", "maintains"),
    [
        (push(june(1), "ben"), True),
        (release(june(1), "v1", "ben"), True),
        (release(june(1), "v1", "ben", "edited"), False),
        (pull(june(1), 9, "ben", "merged"), True),  # whoever opened it
        (issue(june(4), 1, "ben", "closed"), True),
        (issue(june(4), 2, "BEN", "closed"), False),  # his own
        (issue(june(4), 3, "ben", "closed"), False),  # nobody knows whose
        (issue(june(4), 3, None, "closed"), False),
        (row("IssuesEvent", june(4), "ben", "closed"), False),  # nobody knows which
        (comment(june(4), 1, "ben"), False),
    ],
)
def test_maintainers_are_those_who_did_what_needs_the_right_to(done: Activity, maintains: bool) -> None:
    opened = [issue(june(2), 1, "ann"), issue(june(2), 2, "ben")]
    found = part(assess(*opened, done), "maintenance")
    assert ("1 maintainer," in found.explanation) is maintains


def test_what_has_no_number_answers_nothing() -> None:
    rows = [issue(june(1), n) for n in range(1, 7)]
    loose = [row("IssueCommentEvent", june(2), "ben", "created"), row("IssuesEvent", june(2), "ben", "closed")]
    assert part(assess(*rows, *loose), "responsiveness").explanation.startswith("0 of 6 were answered in time")


def test_of_several_names_of_an_author_it_is_always_the_same() -> None:
    """An account that was renamed: what was opened before anything is known is only named by later events."""
    numbers = range(1, 11)
    named = [pull(june(2), n, "cid", "labeled", subject=name) for n in numbers for name in ("ann", "Zoe")]
    named += [pull(june(3), n, "cid", "labeled", subject=name) for n in numbers for name in ("zed", "ANN")]
    merged = [pull(june(4), n, "cid", "merged") for n in numbers]
    by_ann = [review(june(3), n, "ann") for n in numbers]
    assert part(assess(*named, *merged, *by_ann), "review").value == 0
    assert part(assess(*named, *merged, *by_ann, *(review(june(3), n, "zoe") for n in numbers)), "review").value == 1


APRIL = "2026-04-02T00:00:00Z"
"""Ninety days before the end."""


def test_maintenance_is_of_what_people_did_in_ninety_days() -> None:
    at = (APRIL, "2026-04-01T23:59:59Z", "2026-06-30T23:59:59Z", UNTIL)
    commits = [commit(when, who) for when in at for who in ("ann", "renovate[bot]")]
    assert part(assess(authorship=commits), "maintenance").value == 2


@pytest.mark.parametrize(
    ("snapshot", "why"),
    [
        (Snapshot(observed_at=UNTIL, archived=True), "The repository is archived."),
        (
            Snapshot(observed_at=UNTIL, archived=False, created_at=june(1)),
            "The repository is younger than 90 days (created 2026-06-01T00:00:00Z).",
        ),
    ],
)
def test_maintenance_is_zero_for_archived_and_for_new_repositories(snapshot: Snapshot, why: str) -> None:
    commits = [commit(june(day), sha=str(day)) for day in range(1, 21)]
    touched = [comment(june(3), 1, "ann"), push(june(1), "ann")]
    found = part(assess(*touched, authorship=commits, snapshot=snapshot), "maintenance")
    assert (found.score, found.value, found.sample_size, found.explanation) == (0, 0, 21, why)


def test_maintenance_counts_pushes_only_where_commits_are_not_all_known() -> None:
    """Sixteen pushes to branches that were squashed into two commits."""
    rows = [push(june(day), login) for day in range(1, 9) for login in ("ann", "ben")]
    commits = [commit(june(day), "ann", sha=f"{day}") for day in (1, 2)]
    found = part(assess(*rows, authorship=commits), "maintenance")
    assert (found.value, found.explanation.partition(",")[0]) == (2, "2 commits")
    found = part(assess(*rows, authorship=commits, commits_known=()), "maintenance")
    assert (found.value, found.explanation.partition(",")[0]) == (16, "16 pushes")


@pytest.mark.parametrize(("what", "field"), [("events", "events_known"), ("commits", "commits_known")])
def test_maintenance_with_a_gap_is_scored_only_when_no_gap_can_matter(what: str, field: str) -> None:
    few = [commit(june(day), sha=str(day)) for day in range(1, 12)]
    enough = [*few, commit(june(20), sha="20")]
    seen = Snapshot(observed_at=UNTIL, archived=False)
    known: dict[str, Any] = {"snapshot": seen, field: (Span(june(1), UNTIL),)}
    unsure, sure = (part(assess(authorship=some, **known), "maintenance") for some in (few, enough))
    counts = f"commits, and 0 issues touched by 0 maintainers, since {APRIL}."
    assert (unsure.value, unsure.score) == (11, None)
    assert unsure.explanation == (
        f"11 {counts} Collection of {what} has a gap from {APRIL} to 2026-06-01T00:00:00Z: more may have"
        " happened. Not scored: this is only a lower bound."
    )
    assert (sure.value, sure.sample_size, sure.score) == (12, 12, 1)
    assert sure.explanation == f"12 {counts} Enough for the full score even if more happened."
    whole = part(assess(authorship=enough, snapshot=seen), "maintenance")
    assert (whole.score, whole.explanation) == (1, f"12 {counts}")


def test_releases_are_counted_by_tag_without_pre_releases() -> None:
    rows = [
        release(june(1), "v1"), release(june(1, 5), "v1"), release(june(11), "v2"), release(june(13), "v3.0.0-rc.1"),
        release(june(14), "early"), release(june(14), "early", action="prereleased"), release(june(27), "v3"),
    ]  # fmt: skip
    found = part(assess(*rows), "release_frequency")
    assert (found.value, found.sample_size, found.score) == (13, 2, 1)  # median of 10 and 16 days; the last 4 days ago
    assert found.explanation == (
        "3 releases known, the last 4.0 days before the end of the window; 13.0 days between them (median of 2)."
    )
    slow = part(assess(*rows, since="2026-10-01T00:00:00Z", until="2026-10-15T00:00:00Z"), "release_frequency")
    assert (slow.value, slow.score) == (110, round((180 - 110) / 150, 3))  # 27 June to 15 October


def test_a_gap_between_releases_is_not_an_interval() -> None:
    rows = [release(june(1), "v1"), release(june(11), "v2"), release(june(27), "v3")]
    found = part(assess(*rows, events_known=(Span(june(1), june(12)),)), "release_frequency")
    assert (found.value, found.score, found.sample_size) == (10, None, 1)
    assert found.explanation == (
        "3 releases known, the last 4.0 days before the end of the window; 10.0 days between them (median of 1)."
        " There may be a later one. Collection of releases has a gap from 2026-06-12T00:00:00Z to"
        " 2026-07-01T00:00:00Z: more may have happened. Not scored: 1 in the sample, at least 2 are needed."
    )
    one = part(assess(release(june(1), "v1")), "release_frequency")
    assert (one.value, one.explanation) == (
        None,
        "1 release known, the last 30.0 days before the end of the window. Not scored: 0 in the sample, at least 2 are"
        " needed.",
    )
    none = part(assess(events_known=()), "release_frequency")
    assert (none.value, none.sample_size, none.explanation) == (
        None,
        0,
        "No release is known. It is not known whether releases were missed in this time: they were never collected"
        " without a gap. Not scored: 0 in the sample, at least 2 are needed.",
    )


def test_the_time_since_a_release_counts_only_where_none_can_have_followed() -> None:
    rows = [release(june(1, hour), f"v{hour}") for hour in (0, 6, 12)]
    assert part(assess(*rows), "release_frequency").value == 29.5
    assert part(assess(*rows, events_known=(Span(june(1), june(9)),)), "release_frequency").value == 0.25


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
    ci, profile = part(result, "ci_success"), part(result, "community_profile")
    assert (ci.score, ci.sample_size, ci.explanation) == (0.75, 20, "15 of 20 runs succeeded.")
    assert (profile.score, profile.sample_size) == (0.62, 1)
    assert profile.explanation == "The profile is 62 % complete."
    assert part(result, "open_advisories").score is None
    assert part(result, "open_advisories").explanation == "Not known: forbidden."


def test_what_a_snapshot_says_of_none_and_of_one() -> None:
    seen = assess(snapshot=Snapshot(observed_at=UNTIL, open_advisories=1, ci_runs=0, ci_successes=0))
    advisories, ci = part(seen, "open_advisories"), part(seen, "ci_success")
    assert (advisories.score, advisories.sample_size, advisories.explanation) == (0.75, 1, "1 open advisory.")
    assert (ci.value, ci.score, ci.sample_size) == (None, None, 0)
    assert ci.explanation == (
        "No workflow run that gave a verdict was found. Not scored: 0 in the sample, at least 10 are needed."
    )
    half = part(assess(snapshot=Snapshot(observed_at=UNTIL, ci_runs=20)), "ci_success")
    assert (half.value, half.sample_size) == (None, None)


def busy_june() -> list[Activity]:
    numbers = range(1, 6)
    return [
        *(pull(june(n), n) for n in numbers),
        *(review(june(n, 1), n) for n in numbers),
        *(pull(june(n, 2), n, "ben", "merged") for n in numbers),
        *(push(june(day), login) for day in range(1, 7) for login in ("ann", "ben")),
    ]


def test_the_score_is_the_weighted_mean_of_what_is_known() -> None:
    result = assess(*busy_june(), commits_known=())
    scores = {component.name: component.score for component in result.components if component.score is not None}
    assert scores == {
        "responsiveness": 1, "change_request_closure": 1, "contributor_absence_factor": 0.25,
        "review": 1, "maintenance": 1,
    }  # fmt: skip
    known = 10 + 7.5 + 7.5 + 7.5 + 10
    assert result.health_score == round(100 * (known - 0.75 * 7.5) / known, 1) == 86.8
    assert result.confidence == round(known / 65, 3) == 0.654
    assert result.recommendations == ("Share the work among more people: 1 made half of the contributions.",)
    assert (result.people, result.bots, result.ai_assistants) == (2, 0, 0)


def test_accounts_are_told_apart_by_what_commits_the_record_and_the_user_say() -> None:
    rows = [push(june(2), who) for who in ("ann", "robo", "ci", "Copilot", "dependabot[bot]")]
    commits = [
        commit(june(3), "ben", email="b@example.org", sha="1"),
        commit(june(3), None, name="Ben", email="b@example.org", sha="2"),
    ]
    thread = Thread(
        repo_name="o/r", number=1, kind="issue", state="open", created_at=june(1), updated_at=june(1),
        author_login="ci", author_type="Bot",
    )  # fmt: skip
    result = assess(*rows, authorship=commits, threads=[thread], bot_logins=frozenset({"robo"}))
    assert (result.people, result.bots, result.ai_assistants) == (2, 3, 1)


def test_below_sixty_percent_of_known_weight_there_is_no_score() -> None:
    result = assess(*(push(june(day)) for day in range(1, 20)), commits_known=())
    assert (result.health_score, result.confidence) == (None, round((7.5 + 10) / 65, 3))


def test_the_trend_compares_what_both_windows_know() -> None:
    def in_may(item: Activity) -> Activity:
        number = item.number and item.number + 50
        at = item.created_at.replace("-06-0", "-05-1")
        return msgspec.structs.replace(item, id="may" + item.id, created_at=at, number=number)

    before = [in_may(item) for item in busy_june() if item.event_type != "PullRequestReviewEvent"]
    pushes = [item for item in (*busy_june(), *before) if item.event_type == "PushEvent"]
    commits = [commit(item.created_at, item.actor_login, sha=item.id) for item in pushes]
    result = assess(*busy_june(), *before, authorship=commits)
    assert (result.trend.direction, result.trend.previous_score) == ("up", 69.1)
    assert result.trend.change == 17.7  # 36.875 of 42.5 in June, 29.375 in May, which had no reviews
    shown_now = Snapshot(observed_at=UNTIL, ci_runs=20, ci_successes=20, community_profile=100, open_advisories=0)
    seen = assess(*busy_june(), *before, authorship=commits, snapshot=shown_now)
    assert (seen.trend, seen.health_score) == (result.trend, 89.8)
    assert seen.trend.explanation.startswith("Over the 5 components known in both windows")
    gap = assess(*busy_june(), *before, authorship=commits, events_known=(Span("2026-05-03T00:00:00Z", UNTIL),))
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
