"""Releases, deployments and the four keys by hand."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.insights.delivery.dora import band_of
from github_events_monitor.insights.delivery.releases import is_prerelease
from github_events_monitor.insights.deployments import DeploymentInputs, measure_deployments
from github_events_monitor.insights.results import DeploymentResult, DoraKey
from github_events_monitor.records import Activity, CommitMessage, MetricRow, Span

from .builders import ALWAYS, SINCE, UNTIL, june, release, row


def measure(*rows: Activity, **changes: Any) -> DeploymentResult:
    asked: dict[str, Any] = {"since": SINCE, "until": UNTIL, "events_known": ALWAYS, "deployments_known": ALWAYS}
    return measure_deployments(DeploymentInputs(activity=rows, **(asked | changes)))


def key(result: DeploymentResult, name: str) -> DoraKey:
    return next(found for found in result.dora if found.name == name)


def made(at: str, message: str = "feat: x") -> CommitMessage:
    return CommitMessage(f"sha-{at}", at, message)


def stored_release(tag: str, at: str, **data: Any) -> MetricRow:
    return MetricRow(key="o/r", sort=f"release:{tag}", data={"kind": "release", "tag": tag, "published_at": at} | data)


def stored(
    number: int, at: str, state: str | None = "success", environment: str = "production", **data: Any
) -> MetricRow:
    fields = {"kind": "deployment", "id": number, "sha": f"s{number}", "environment": environment, "created_at": at}
    return MetricRow(key="o/r", sort=f"deployment:{number}", data=fields | {"state": state, "state_at": at} | data)


def test_nothing_known_is_null_with_the_reason() -> None:
    result = measure(events_known=(), deployments_known=())
    assert (result.total_releases, result.total_deployments) == (None, None)
    assert {(found.band, found.value) for found in result.dora} == {(None, None)}
    assert all(found.explanation and found.formula.startswith("Proxy") for found in result.dora)


def test_a_release_in_both_sources_counts_once() -> None:
    rows = [stored_release("v2", june(11), url="https://github.com/o/r/releases/tag/v2", author_login="cid")]
    result = measure(release(june(1), "v1"), release(june(11), "v2"), rows=rows)
    assert [(found.tag, found.author_login) for found in result.releases] == [("v2", "cid"), ("v1", "ann")]
    assert result.releases[0].evidence[0] == "https://github.com/o/r/releases/tag/v2"


def test_frequency_and_lead_time_of_releases() -> None:
    releases = [release(june(day), f"v{day}") for day in (8, 15, 22)]
    commits = [made(june(day)) for day in (7, 8, 13, 14, 21, 29)]
    result = measure(*releases, release(june(9), "v9-rc.1"), commits=commits)
    frequency, lead = key(result, "deployment_frequency"), key(result, "lead_time")
    assert (frequency.value, frequency.band) == (round(3 / (30 / 7), 2), "medium")  # 0.7 a week
    # hours to the next release: 24, 0, 48, 24, 24; the last commit is not released
    assert (lead.value, lead.sample_size, lead.band) == (24, 5, "high")


@pytest.mark.parametrize(
    ("known", "band"),
    [
        ((), None), ((Span(SINCE, june(22)),), None), ((Span(june(2), UNTIL),), None),
        ((Span(SINCE, june(29)),), "medium"), ((Span(SINCE, june(28, 23, 59)),), None), (ALWAYS, "medium"),
    ],
)  # fmt: skip
def test_a_part_of_the_releases_has_no_band(known: tuple[Span, ...], band: str | None) -> None:
    releases = [release(june(day), f"v{day}") for day in (8, 15, 22)]
    found = key(measure(*releases, events_known=(), releases_known=known), "deployment_frequency")
    assert (found.value, found.band) == (0.7, band)
    assert ("This is a lower bound: no band." in found.explanation) is (band is None)


def test_a_cut_listing_of_deployments_has_no_band_though_all_events_are_known() -> None:
    rows = [stored(number, june(number)) for number in range(20, 26)]
    cut = measure(rows=rows, deployments_known=(Span(june(20), UNTIL),), commits=[made(june(n)) for n in range(1, 9)])
    assert [found.band for found in cut.dora] == [None] * 4
    assert "lower bound" in key(cut, "deployment_frequency").explanation
    assert "a part of them" in key(cut, "lead_time").explanation
    assert key(measure(rows=rows), "deployment_frequency").band == "high"


def test_deployments_with_ids_of_their_own_are_never_one() -> None:
    times = [(2, 0), (2, 5), (9, 0), (9, 1), (20, 0), (20, 10)]
    rows = [
        stored(number, june(day, 1, minute), "failure" if number % 2 else "success", sha="s1")
        for number, (day, minute) in enumerate(times, start=1)
    ]
    result = measure(rows=rows)
    assert result.total_deployments == 6
    assert key(result, "change_failure_rate").value == 50
    assert key(result, "time_to_restore").value == round(5 / 60, 2)


def deployed(event_type: str, at: str, state: str, number: int | None, sha: str = "s1") -> Activity:
    return row(event_type, at, "ann", state, number, sha=sha, subject="production")


def test_events_that_name_their_deployment_meet_it_and_no_other() -> None:
    result = measure(
        deployed("DeploymentEvent", june(1), "created", 1), deployed("DeploymentEvent", june(1, 0, 5), "created", 2),
        deployed("DeploymentStatusEvent", june(1, 0, 4), "failure", 1),
        deployed("DeploymentStatusEvent", june(1, 0, 9), "success", 2),
        deployed("DeploymentStatusEvent", june(1, 0, 10), "failure", 3),
        rows=[stored(1, june(1), None, state_at=None, sha="s1", url="https://github.com/o/r/deployments/1")],
    )  # fmt: skip
    assert [(found.id, found.state) for found in result.deployments] == [
        ("3", "failure"), ("2", "success"), ("1", "failure"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "stages", [("queued", "in_progress", "success"), ("pending", "failure"), ("success", "inactive")]
)
def test_of_statuses_of_one_second_the_one_that_ends_it_is_the_last(stages: tuple[str, ...]) -> None:
    """Ids of deliveries say nothing of their order."""
    for order in permutations(stages):
        events = [
            msgspec.structs.replace(deployed("DeploymentStatusEvent", june(2), state, 1), id=f"{place}")
            for place, state in enumerate(order)
        ]
        for rows in ([stored(1, june(1), None, state_at=None)], [stored(1, june(1), stages[-1], state_at=june(2))]):
            [found] = measure(*events, rows=rows).deployments
            assert found.state == stages[-1]


def test_without_a_status_it_is_not_known_whether_a_deployment_succeeded() -> None:
    rows = [stored(n, june(n), state=None, state_at=None) for n in range(1, 13)]
    none = measure(rows=rows, commits=[made(june(n)) for n in range(1, 9)])
    assert none.total_deployments == 12
    assert [(one.value, one.band, one.sample_size) for one in none.dora] == [(None, None, 0)] * 4
    assert all("Not counted: 12 without a known status." in one.explanation for one in none.dora)
    four = [stored(n, june(n)) for n in (20, 21, 22, 23)]  # 0.93 a week, and up to 3.7
    some = key(measure(rows=rows + four), "deployment_frequency")
    assert (some.value, some.band, some.sample_size) == (0.93, None, 4)
    assert some.explanation.endswith(
        "Not counted: 12 without a known status; this is a lower bound. They could change the band: no band."
    )
    one_more = key(measure(rows=[*four, stored(24, june(24)), rows[0]]), "deployment_frequency")  # 1.2 or 1.4 a week
    assert (one_more.value, one_more.band) == (1.17, "high")
    assert one_more.explanation.endswith("Not counted: 1 without a known status; this is a lower bound.")


@pytest.mark.parametrize(("unjudged", "band"), [(1, "low"), (2, None)])  # of 6 or of 7
def test_what_may_have_failed_or_not_leaves_a_band_that_it_could_not_change(unjudged: int, band: str | None) -> None:
    rows = [stored(n, june(n), "failure" if n == 1 else "success") for n in range(1, 6)]  # 20 %
    more = [stored(10 + n, june(10 + n), state=None, state_at=None) for n in range(unjudged)]
    rate = key(measure(rows=rows + more), "change_failure_rate")
    assert (rate.value, rate.sample_size, rate.band) == (20, 5, band)


def test_releases_stand_for_deliveries_though_more_deployments_are_of_unknown_end() -> None:
    rows = [stored(n, june(n), state=None, state_at=None) for n in range(1, 9)]
    found = key(measure(release(june(9), "v1"), rows=rows), "deployment_frequency")
    assert (found.sample_size, found.formula.startswith("Proxy: releases")) == (1, True)
    assert "Not counted" not in found.explanation
    assert "Whether 8 deployments without a known status succeeded is unknown." in found.explanation


@pytest.mark.parametrize(("minute", "count"), [(10, 1), (11, 2)])
def test_an_event_without_an_id_meets_the_row_within_ten_minutes(minute: int, count: int) -> None:
    event = deployed("DeploymentEvent", june(1, 0, minute), "created", None)
    assert measure(event, rows=[stored(1, june(1), sha="s1")]).total_deployments == count


def test_a_deployment_of_earlier_that_was_replaced_is_none_of_the_window() -> None:
    """GitHub tells of the former deployment, too, as `inactive`, when a new one succeeds."""
    result = measure(
        deployed("DeploymentStatusEvent", june(3), "inactive", 4),
        deployed("DeploymentEvent", june(3), "created", 5),
        deployed("DeploymentStatusEvent", june(3), "success", 5),
        deployed("DeploymentStatusEvent", june(4), "inactive", 5),
    )
    assert [(one.id, one.state) for one in result.deployments] == [("5", "inactive")]


def test_two_events_without_an_id_are_two_deployments() -> None:
    events = [deployed("DeploymentEvent", june(1, 0, minute), "created", None) for minute in (1, 2)]
    assert measure(*events).total_deployments == 2
    assert measure(*events, rows=[stored(1, june(1), sha="s1")]).total_deployments == 2


def test_every_piece_of_evidence_opens() -> None:
    result = measure(
        rows=[stored_release("v/1 x", june(2)), stored(1, june(3))], repo_url="https://github.com/o/r", events_known=()
    )
    assert result.releases[0].evidence == ("https://github.com/o/r/releases/tag/v%2F1%20x",)
    assert result.deployments[0].evidence == ("https://github.com/o/r/deployments",)
    assert all(found.evidence for found in result.dora if found.value)


def flagged(at: str, tag: str, kind: str | None, action: str = "published") -> Activity:
    return row("ReleaseEvent", at, "ann", action, ref=tag, subject=kind)


def test_a_pre_release_is_what_the_payload_says() -> None:
    tags = ("devtools-v1.0.0", "devtools-v1.1.0", "v1.2.0-rc.1", "v20261120-3a4f5b6")
    final = [flagged(june(day), tag, "release") for day, tag in enumerate(tags, start=1)]
    result = measure(*final, flagged(june(9), "2026.11", "prerelease"))
    assert key(result, "deployment_frequency").sample_size == 4
    assert [(one.tag, one.prerelease) for one in result.releases] == [
        ("2026.11", True),
        *((tag, False) for tag in tags[::-1]),
    ]


def test_a_pre_release_becomes_a_release_when_it_is_released() -> None:
    early, made_final = flagged(june(1), "v1", "prerelease"), flagged(june(9), "v1", "release", "released")
    assert key(measure(early), "deployment_frequency").sample_size == 0
    result = measure(early, made_final)
    assert (key(result, "deployment_frequency").sample_size, result.releases[0].published_at) == (1, june(9))
    listed_before = measure(early, made_final, rows=[stored_release("v1", june(1), prerelease=True)])
    assert key(listed_before, "deployment_frequency").sample_size == 1
    listed_after = measure(made_final, rows=[stored_release("v1", june(10), prerelease=True)])
    assert key(listed_after, "deployment_frequency").sample_size == 0


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("1.0.0-rc.1", True), ("v2.0b1", True), ("v3-alpha", True), ("pkg@1.0.0-beta.1", True), ("v1.0.0.dev3", True),
        ("release-1.2.3-rc.1", True), ("1.0.0-SNAPSHOT", True), ("devtools-v3a1", True), ("lib/v1.2.0-next.1+b5", True),
        ("devtools-v1.0.0", False), ("v20261120-3a4f5b6", False), ("v20261120-3a45678", False), ("3a45678", False),
        ("build-3a45678", False), ("build-3-v2b1", True), ("build-3-4", False),
        ("v1.2.0-5-g3a4f5b6", False), ("v1.2.0-3a4f5b6", False), ("1.0.0-1", False),
        ("nightly", False), ("1.0.post1", False), ("python-3.12-1.0.0", False), ("v1.0.0+rc1", False), ("", False),
    ],
)  # fmt: skip
def test_without_a_flag_the_version_in_the_tag_decides(tag: str, expected: bool) -> None:
    assert is_prerelease(tag) is expected


def test_failures_and_restoring() -> None:
    rows = [
        stored(1, june(1)), stored(2, june(5), "failure"), stored(3, june(5, 6)),
        stored(4, june(10)), stored(5, june(20)),
        stored(6, june(21), environment="staging"), stored(7, june(22), "pending"),
    ]  # fmt: skip
    commits = [made(june(10, 12), 'Revert "feat: x"'), made(june(25))]
    result = measure(rows=rows, commits=commits)
    rate, restore = key(result, "change_failure_rate"), key(result, "time_to_restore")
    assert (result.total_deployments, rate.sample_size) == (7, 5)
    assert (rate.value, rate.band) == (40, "low")  # 2 failed, 4 was reverted, of five
    assert restore.value == (6 + 228) / 2  # 5 June 0:00 to 6:00, and 10 June 12:00 to 20 June 0:00
    assert restore.band is None  # two are too few
    assert "production deployments" in rate.formula


def test_without_commits_releases_cannot_show_failures() -> None:
    releases = [release(june(day), f"v{day}") for day in (1, 5, 9, 15, 22)]
    found = key(measure(*releases), "change_failure_rate")
    assert (found.value, found.band) == (None, None)
    assert "Neither commits nor statuses" in found.explanation


def test_deployments_of_webhooks_meet_their_rows_and_statuses() -> None:
    def event(event_type: str, at: str, state: str, sha: str) -> Activity:
        return row(event_type, at, "ann", state, sha=sha, subject="production")

    rows = [stored(1, june(1), None, state_at=None)]
    result = measure(
        event("DeploymentEvent", june(1, 0, 1), "created", "s1"),
        event("DeploymentStatusEvent", june(1, 1), "in_progress", "s1"),
        event("DeploymentStatusEvent", june(1, 2), "failure", "s1"),
        event("DeploymentEvent", june(2), "created", "s1"),
        event("DeploymentStatusEvent", june(3), "success", "s9"),
        rows=rows,
    )
    assert [(found.sha, found.state) for found in result.deployments] == [
        ("s9", "success"),
        ("s1", None),
        ("s1", "failure"),
    ]


def test_what_happened_after_the_end_is_not_known_yet() -> None:
    result = measure(rows=[stored(1, june(30), "failure", state_at="2026-07-01T00:00:00Z"), stored(2, UNTIL)])
    assert [(found.id, found.state) for found in result.deployments] == [("1", None)]


def test_rows_of_any_shape_do_no_harm() -> None:
    rows = [
        MetricRow(key="o/r", sort=f"x:{n}", data=data) for n, data in enumerate([{}, {"kind": "release", "tag": 3}])
    ]
    assert measure(rows=rows).total_releases == 0


@pytest.mark.parametrize(
    ("name", "value", "band"),
    [
        ("deployment_frequency", 7.1, "elite"), ("deployment_frequency", 1, "high"),
        ("deployment_frequency", 0.2, "low"),
        ("lead_time", 23.9, "elite"), ("lead_time", 24, "high"), ("lead_time", 720, "low"),
        ("change_failure_rate", 5, "elite"), ("change_failure_rate", 15.1, "low"),
        ("time_to_restore", 0.5, "elite"), ("time_to_restore", 24, "medium"),
    ],
)  # fmt: skip
def test_bands(name: Any, value: float, band: str) -> None:
    assert band_of(name, value) == band


DAYS = st.integers(1, 30)


@given(
    st.lists(st.builds(lambda day, n: release(june(day), f"v{n}"), DAYS, st.integers(0, 5)), max_size=8),
    st.lists(
        st.builds(lambda day, text: made(june(day), text), DAYS, st.sampled_from(["feat: x", "revert: y"])), max_size=8
    ),
    st.randoms(),
)
def test_order_and_repetition_do_not_matter(rows: list[Activity], commits: list[CommitMessage], random: Any) -> None:
    commits = list({commit.sha: commit for commit in commits}.values())
    shuffled, others = [*rows, *rows[:2]], [*commits, *commits[:2]]
    random.shuffle(shuffled)
    random.shuffle(others)
    assert measure(*rows, commits=commits) == measure(*shuffled, commits=others)


def test_what_a_body_quotes_is_no_failure() -> None:
    releases = [release(june(day), f"v{day}") for day in (1, 5, 9, 15, 22)]
    commits = [
        made(june(2), "feat: a (#7)\n\n* Revert one\n\nThis reverts commit 1234567."),
        made(june(6), 'Reapply "feat: a"'), made(june(10), "docs: how a hotfix is made"), made(june(16), "hotfix: b"),
    ]  # fmt: skip
    assert key(measure(*releases, commits=commits), "change_failure_rate").value == 20


def test_an_event_told_twice_of_one_deployment_is_one() -> None:
    events = [deployed("DeploymentEvent", june(1, 0, minute), "created", 1) for minute in (0, 1)]
    assert [(found.id, found.environment) for found in measure(*events).deployments] == [("1", "production")]
    assert measure(*events, rows=[stored(1, june(1))]).total_deployments == 1
    [late] = measure(deployed("DeploymentStatusEvent", june(2), "failure", 5)).deployments
    assert (late.id, late.environment, late.state, late.created_at) == ("5", "production", "failure", june(2))


def test_a_listed_release_at_the_end_of_the_window_is_not_in_it() -> None:
    assert measure(rows=[stored_release("v1", UNTIL)]).total_releases == 0
    rows = [
        stored_release("v1", june(2), url="https://github.com/o/n/releases/v1"),
        stored_release("v2", june(3), prerelease="odd"),
    ]
    result = measure(release(june(2), "v1", "cid"), rows=rows)
    assert [(found.tag, found.author_login, len(found.evidence)) for found in result.releases] == [
        ("v2", None, 0), ("v1", "cid", 2),
    ]  # fmt: skip


def test_the_last_status_of_a_deployment_counts_with_its_events_as_evidence() -> None:
    states = [(june(1, 2), "success"), (june(1, 1), "failure"), (june(1, 2, 1), "error")]
    events = [deployed("DeploymentStatusEvent", at, state, 1) for at, state in states]
    [found] = measure(*events, rows=[stored(1, june(1), None, state_at=None, url="https://x.org/u")]).deployments
    assert found.state == "error"
    assert found.evidence == ("https://x.org/u", *(f"event:{events[n].id}" for n in (1, 0, 2)))
    [listed_later] = measure(events[0], rows=[stored(1, june(1), "failure", state_at=june(1, 3))]).deployments
    assert (listed_later.state, listed_later.evidence) == ("failure", ())
    [same_second] = measure(events[0], rows=[stored(1, june(1), "pending", state_at=june(1, 2))]).deployments
    assert same_second.state == "success"
    many = [deployed("DeploymentStatusEvent", june(1, hour), "success", 1) for hour in range(9)]
    assert len(measure(*many).deployments[0].evidence) == 5


def test_a_status_without_an_id_is_of_the_latest_deployment_before_it() -> None:
    rows = [stored(1, june(2), None, state_at=None, sha="s1"), stored(2, june(1), None, state_at=None, sha="s1")]
    status = deployed("DeploymentStatusEvent", june(2), "failure", None)
    assert [(one.id, one.state) for one in measure(status, rows=rows).deployments] == [("1", "failure"), ("2", None)]
    near = [stored(3, june(2, 0, 9), sha="s1"), stored(4, june(2, 0, 2), sha="s1"), stored(5, june(2, 0, 8), sha="s1")]
    events = [deployed("DeploymentEvent", june(2, 0, minute), "created", None) for minute in (1, 2, 8, 9)]
    assert measure(*events, rows=near).total_deployments == 4


def test_a_failed_deployment_is_dated_by_its_status_else_by_itself() -> None:
    rows = [stored(1, june(1), "failure", state_at=june(1, 5)), stored(2, june(2), "success")]
    rows += [stored(n, june(n), "success") for n in (3, 4, 5)]
    assert key(measure(rows=rows), "time_to_restore").value == 19
    rows[0] = stored(1, june(1), "failure", state_at=None)
    assert key(measure(rows=rows), "time_to_restore").value == 24


@pytest.mark.parametrize(
    ("production", "others", "releases", "what"),
    [(3, 0, 3, "production deployments"), (2, 1, 3, "releases"), (2, 1, 2, "deployments"), (2, 0, 2, "releases"),
     (0, 1, 1, "releases"), (1, 0, 0, "production deployments")],
)  # fmt: skip
def test_what_stands_for_a_delivery(production: int, others: int, releases: int, what: str) -> None:
    rows = [stored(n, SINCE) for n in range(production)]
    rows += [stored(50 + n, SINCE, environment="pre-prod") for n in range(others)]
    result = measure(*(release(june(1), f"v{n}") for n in range(releases)), rows=rows)
    assert key(result, "deployment_frequency").formula.startswith(f"Proxy: {what} in the window")
    blind = "Neither commits nor statuses" in key(result, "change_failure_rate").explanation
    assert blind is (what == "releases")


def test_commits_at_the_end_of_the_window_are_not_in_it() -> None:
    found = key(measure(release(june(9), "v1"), commits=[made(june(8)), made(UNTIL)]), "lead_time")
    assert found.explanation.startswith("Delivered in the window: 1 of 1 commit.")


@pytest.mark.parametrize("name", ["pre-prod", "preprod-eu", "Non-Prod", "nonprod", "staging", None])
def test_what_is_called_production_but_is_not_is_no_production(name: str | None) -> None:
    elsewhere = [stored(number, june(number), environment=name) for number in range(1, 9)]  # type: ignore[arg-type]
    found = key(measure(rows=[*elsewhere, *(stored(10 + n, june(n)) for n in range(1, 5))]), "deployment_frequency")
    assert (found.sample_size, "production deployments" in found.formula) == (4, True)


def test_an_event_that_names_its_deployment_is_that_one_however_far_apart() -> None:
    told = row("DeploymentEvent", june(2, 3), action="created", number=5, sha="s5", subject="production")
    other = row("DeploymentEvent", june(2), action="created", number=6, sha="s5", subject="production")
    found = measure(told, other, rows=[stored(5, june(2))]).deployments
    assert [(one.id, one.created_at) for one in found] == [("6", june(2)), ("5", june(2))]


def test_what_happens_at_the_end_of_the_window_is_not_in_it() -> None:
    created = row("DeploymentEvent", UNTIL, action="created", number=5, sha="s5", subject="production")
    failed = row("DeploymentStatusEvent", UNTIL, action="failure", number=6, sha="s6", subject="production")
    result = measure(created, failed, rows=[stored(6, june(2), state=None, state_at=None)])
    assert [(one.id, one.state) for one in result.deployments] == [("6", None)]


def test_an_earlier_status_does_not_replace_a_later_one_and_a_failure_counts_from_its_own_time() -> None:
    rows = [stored(n, june(n)) for n in (1, 3, 4, 5)]
    rows.append(stored(2, june(2), state=None, state_at=None))
    events = [
        row("DeploymentStatusEvent", june(2, 6), action="failure", number=2),
        row("DeploymentStatusEvent", june(2, 1), action="in_progress", number=2),
    ]
    result = measure(*events, rows=rows)
    assert [one.state for one in result.deployments if one.id == "2"] == ["failure"]
    restored = key(result, "time_to_restore")
    assert (restored.value, restored.sample_size) == (18, 1)  # from the status at 6 o'clock to the next day's


def test_a_repair_belongs_to_the_delivery_before_it_alone() -> None:
    releases = [release(june(day), f"v{day}") for day in (1, 3, 5, 7, 9)]
    result = measure(*releases, commits=[made(june(6), "hotfix: stop it"), made(june(8), "hotfix: x")])
    failures = key(result, "change_failure_rate")
    assert (failures.value, failures.sample_size) == (40, 5)
    assert failures.evidence == (f"commit:sha-{june(6)}", f"commit:sha-{june(8)}")


def test_a_listed_release_that_does_not_say_what_it_is_is_judged_by_its_tag() -> None:
    rows = [stored_release("v2.0.0-rc1", june(2)), *(stored_release(f"v{n}", june(n)) for n in (5, 6, 7))]
    assert key(measure(rows=rows), "deployment_frequency").sample_size == 3


def test_events_alone_that_end_before_the_window_does_are_a_gap() -> None:
    releases = [release(june(day), f"v{day}") for day in range(1, 9)]
    part = [Span("2025-01-01T00:00:00Z", june(29, 12))]
    assert key(measure(*releases, events_known=part), "deployment_frequency").band is None
    assert key(measure(*releases, events_known=(), releases_known=part), "deployment_frequency").band is not None
