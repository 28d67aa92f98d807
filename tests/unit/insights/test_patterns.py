from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.instants import shift
from github_events_monitor.records import Span
from tests.properties import examples

from .pattern_builders import DAY, HOUR, START, ask, events, many_actors, only


@pytest.mark.parametrize("known", [None, ()], ids=["ledger", "no ledger"])
@pytest.mark.parametrize(("step", "bucket"), [(HOUR, "hour"), (DAY, "day")])
def test_a_thousand_after_four_ones_is_a_spike(step: timedelta, bucket: str, known: Sequence[Span] | None) -> None:
    result = ask(events([1, 1, 1, 1, 1000], step), 5, step, known=known)

    (spike,) = only(result, "spike", bucket)
    assert (spike.observed, spike.expected, spike.sample_size) == (1000, 1.0, 4)
    assert spike.started_at == shift(START, 4 * step)
    assert spike.actor_login == "ann"
    assert spike.p_value < 1e-100
    assert len(spike.evidence) == 5
    assert "so far" not in spike.explanation


def test_one_more_than_usual_is_nothing() -> None:
    result = ask(many_actors([3, 4, 2, 3, 4, 3, 5, 9, 3, 4], HOUR), 10, HOUR)

    assert result.anomalies == ()
    assert "10 hours" in result.explanation


def test_too_little_history_says_so() -> None:
    result = ask(events([1, 1, 1, 1000], HOUR), 4, HOUR)

    assert result.anomalies == ()
    assert "Too little history" in result.explanation


def test_nothing_stored_says_so() -> None:
    assert "Nothing is stored" in ask([], 24, HOUR).explanation


def test_a_silent_hour_where_forty_are_usual_is_a_drop() -> None:
    result = ask(many_actors([40] * 150 + [0] + [40] * 20, HOUR), 171, HOUR)

    (drop,) = only(result, "drop")
    assert (drop.started_at, drop.observed) == (shift(START, 150 * HOUR), 0)
    assert drop.expected == 39.8  # 40 in 167 hours and one hour more of one: what was tested is left out
    assert (drop.actor_login, drop.evidence) == (None, ())


def test_quiet_hours_of_a_quiet_repository_are_no_drops() -> None:
    assert ask(many_actors([2, 1, 3, 2] * 50 + [0, 0, 0] + [2] * 10, HOUR), 213, HOUR).anomalies == ()


def test_a_gap_is_neither_a_drop_nor_a_baseline() -> None:
    """Ten hours were not collected, the hour in which collecting stopped only half."""
    rows = many_actors([40] * 180 + [3] + [0] * 9 + [40] * 20, HOUR)
    gap_from, gap_to = shift(START, timedelta(hours=180, minutes=5)), shift(START, 190 * HOUR)
    known = [Span(START, gap_from), Span(gap_to, shift(START, 210 * HOUR))]

    result = ask(rows, 210, HOUR, known=known)

    assert result.anomalies == ()
    assert "not completely known" in result.explanation


def test_a_spike_inside_a_gap_is_not_reported() -> None:
    rows = events([1] * 30 + [500] + [1] * 30, HOUR)
    known = [Span(START, shift(START, 30 * HOUR)), Span(shift(START, 31 * HOUR), shift(START, 61 * HOUR))]

    assert ask(rows, 61, HOUR, known=known).anomalies == ()


def test_without_a_ledger_drops_cannot_be_judged() -> None:
    result = ask(many_actors([40] * 180 + [0] + [40] * 20, HOUR), 201, HOUR, known=())

    assert result.anomalies == ()
    assert "drops cannot be judged" in result.explanation


def test_the_unfinished_hour_can_be_a_spike_but_not_a_drop() -> None:
    until = timedelta(hours=200, minutes=10)
    quiet = many_actors([40] * 200, HOUR)
    busy = [*quiet, *many_actors([900], HOUR, start=shift(START, 200 * HOUR))]

    assert ask(quiet, 1, until).anomalies == ()
    (spike,) = only(ask(busy, 1, until), "spike")
    assert (spike.started_at, spike.sample_size) == (shift(START, 200 * HOUR), 197)
    assert "so far" in spike.explanation


def test_webhook_deliveries_are_never_known_completely() -> None:
    """A hook that stopped delivering looks like a drop, and says nothing about the repository."""
    rows = [msgspec.structs.replace(row, event_type="CheckRunEvent") for row in many_actors([40] * 200, HOUR)]

    assert ask(rows, 250, HOUR).anomalies == ()


def test_a_surge_over_two_hours_does_not_hide_itself() -> None:
    result = ask(many_actors([2, 1, 2, 3] * 20 + [300, 280] + [2, 1, 2] * 10, HOUR), 112, HOUR)

    assert [spike.observed for spike in only(result, "spike")] == [300, 280]


def test_the_weekly_rush_is_usual_and_the_same_at_night_is_not() -> None:
    """Eight weeks, every Monday at nine 60 pushes, otherwise one or two an hour; then 60 on a Wednesday at three.

    Of the eight other weeks the highest is set aside.
    """
    week = [1, 2] * 84
    rush = [60 if hour == 9 else count for hour, count in enumerate(week)]
    last = [60 if hour in (9, 2 * 24 + 3) else count for hour, count in enumerate(week)]

    result = ask(many_actors(rush * 8 + last, HOUR), 9 * 168, HOUR, window=7 * DAY)

    (spike,) = only(result, "spike")
    assert spike.started_at == shift(START, (8 * 168 + 2 * 24 + 3) * HOUR)
    assert "same hour of the week in 7 other weeks" in spike.explanation


def test_what_happens_every_night_is_no_drop() -> None:
    """Office hours for five weeks, nights and weekends empty."""
    week = [30 if hour // 24 < 5 and 8 <= hour % 24 < 18 else 0 for hour in range(168)]

    assert ask(many_actors(week * 5, HOUR), 5 * 168, HOUR, window=7 * DAY).anomalies == ()


def test_the_first_weekend_is_no_drop() -> None:
    """A repository rests at weekends, which eight days cannot tell; after four weeks a Wednesday at rest is a drop."""
    week = [300] * 5 + [3, 2]

    short = ask(many_actors([*week, 300], DAY), 8, DAY)
    long = ask(many_actors([*week * 4, 300, 300, 4, *week[3:]], DAY), 35, DAY)

    assert short.anomalies == ()
    assert "Drops are judged from" in short.explanation
    assert [drop.observed for drop in only(long, "drop", "day")] == [4]


def test_a_burst_by_one_login() -> None:
    """Five logins with two events an hour; then one of them makes 80."""
    usual = [row for name in "abcde" for row in events([2] * 24, HOUR, actor=name, kind="IssuesEvent")]
    burst = events([80], HOUR, start=shift(START, 24 * HOUR), actor="b", kind="IssuesEvent")

    (found,) = only(ask([*usual, *burst], 25, HOUR), "burst")

    assert (found.actor_login, found.observed, found.event_type) == ("b", 80, "all")
    assert "80 IssuesEvent" in found.explanation
    assert "its own" in found.explanation


def test_a_busy_bot_is_measured_against_bots() -> None:
    people = [row for name in "abcde" for row in events([1] * 24, HOUR, actor=name)]
    bots = [row for name in ("x[bot]", "y[bot]") for row in events([40] * 9, HOUR, actor=name)]

    assert only(ask([*people, *bots], 24, HOUR), "burst") == []


def test_history_counts_but_is_not_reported() -> None:
    rows = events([1] * 20 + [400] + [1] * 20, HOUR)

    assert ask(rows, 41, HOUR, window=10 * HOUR).anomalies == ()
    assert only(ask(rows, 41, HOUR), "spike")


counts = st.lists(st.integers(0, 60), min_size=1, max_size=40)


@examples(60)
@given(counts=counts, data=st.data())
def test_order_and_duplicates_do_not_matter(counts: list[int], data: st.DataObject) -> None:
    rows = events(counts, HOUR) + events(counts[::-1], HOUR, actor="ben", kind="IssuesEvent")
    shuffled = data.draw(st.permutations(rows + rows[::3]))
    known = data.draw(st.sampled_from([None, ()]))

    assert ask(shuffled, len(counts), HOUR, known=known) == ask(rows, len(counts), HOUR, known=known)


@examples(60)
@given(counts=counts, known_from=st.integers(0, 30), known_hours=st.integers(1, 30))
def test_nothing_is_reported_outside_what_is_known(counts: list[int], known_from: int, known_hours: int) -> None:
    known_from %= len(counts)  # what is known only of a time after the window is no ledger of it
    span = Span(shift(START, known_from * HOUR), shift(START, (known_from + known_hours) * HOUR))
    result = ask(events(counts, HOUR), len(counts), HOUR, known=[span])

    hours = [one.started_at for one in result.anomalies if one.bucket == "hour"]
    assert all(span.since <= began < span.until for began in hours)
    assert all(0 < one.p_value <= 1 for one in result.anomalies)
