"""Where spikes, drops and bursts begin, from both sides of each limit, and in which words they are told."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from github_events_monitor.insights.patterns import PatternInputs, find_anomalies, may_be_unusual
from github_events_monitor.instants import shift
from github_events_monitor.records import Activity, Span

from .pattern_builders import DAY, HOUR, START, ask, events, many_actors, only


def known_hours(*spans: tuple[float, float]) -> list[Span]:
    return [Span(shift(START, since * HOUR), shift(START, until * HOUR)) for since, until in spans]


@pytest.mark.parametrize(("known", "least", "tests"), [(None, 45, 342), ((), 44, 171)], ids=["ledger", "no ledger"])
def test_false_discoveries_are_held_to_a_third_of_one_percent(
    known: Sequence[Span] | None, least: int, tests: int
) -> None:
    """Twenty in each of 170 hours. Where drops are judged, too, each hour is tested twice."""
    usual = [20] * 170
    below, at = (ask(many_actors([*usual, count], HOUR), 171, HOUR, known=known) for count in (least - 1, least))

    assert only(below, "spike") == []
    (spike,) = only(at, "spike")
    assert spike.p_value <= 0.01 / 3 / tests


@pytest.mark.parametrize(("count", "found"), [(4, 0), (5, 1)])
def test_a_spike_has_five_events(count: int, found: int) -> None:
    rows = [*many_actors([1], HOUR), *many_actors([count], HOUR, start=shift(START, 1400 * HOUR))]
    assert len(only(ask(rows, 1401, HOUR, window=HOUR), "spike")) == found


@pytest.mark.parametrize(("count", "found"), [(79, 0), (80, 1)])
def test_a_spike_is_twice_the_usual(count: int, found: int) -> None:
    """139 hours of 40 and one more for each but one are usual, which with an hour of one make exactly 40."""
    usual = [41] * (39 + 3) + [40] * 100
    result = ask(many_actors([*usual, count], HOUR), 143, HOUR)
    assert [one.expected for one in only(result, "spike")] == [40] * found


@pytest.mark.parametrize(("count", "found"), [(30, 1), (31, 0)])
def test_a_drop_is_half_of_the_usual(count: int, found: int) -> None:
    usual = [61] * (59 + 3) + [60] * 140
    result = ask(many_actors([*usual, count], HOUR), 203, HOUR, window=HOUR)
    assert [one.expected for one in only(result, "drop")] == [60] * found


@pytest.mark.parametrize(("hours", "found"), [(167, 0), (168, 1)])
def test_a_drop_needs_a_week(hours: int, found: int) -> None:
    result = ask(many_actors([*[40] * (hours - 1), 0], HOUR), hours, HOUR)
    assert len(only(result, "drop")) == found
    assert "Drops are judged from 168 known hours and 14 known days on." in result.explanation


@pytest.mark.parametrize(("days", "judged"), [(13, False), (14, True)])
def test_a_low_day_needs_two_weeks(days: int, *, judged: bool) -> None:
    result = ask(many_actors([*[300] * (days - 1), 0], DAY), days, DAY)
    assert ("Drops are judged from" not in result.explanation) is judged
    assert bool(only(result, "drop", "day")) is judged


def burst_of(count: int, own: Sequence[int], others: Sequence[Sequence[int]] = ()) -> list[Activity]:
    """`own` hours of ben and those of others, then an hour in which ben does so much."""
    later = shift(START, len(own) * HOUR)
    rows = [row for n, counts in enumerate(others) for row in events(counts, HOUR, actor=f"user{n}")]
    return [*rows, *events(own, HOUR, actor="ben"), *events([count], HOUR, start=later, actor="ben")]


@pytest.mark.parametrize(("count", "found"), [(9, 0), (10, 1)])
def test_a_burst_has_ten_events(count: int, found: int) -> None:
    rows = burst_of(count, [1] * 200, [[1] * 200])
    assert len(only(ask(rows, 201, HOUR, window=HOUR), "burst")) == found


@pytest.mark.parametrize(("count", "found"), [(59, 0), (60, 1)])
def test_a_burst_is_three_times_the_usual(count: int, found: int) -> None:
    rows = burst_of(count, [21] * (19 + 3) + [20] * 200)
    assert [one.expected for one in only(ask(rows, 223, HOUR, window=HOUR), "burst")] == [20] * found


@pytest.mark.parametrize("unfinished", [False, True])
@pytest.mark.parametrize(("hours", "sample", "whose"), [(9, 60, "similar logins'"), (10, 9, "its own")])
def test_a_login_with_ten_other_hours_is_measured_against_itself(
    hours: int, sample: int, whose: str, *, unfinished: bool
) -> None:
    """Of its own ten one is set aside, of all sixty-three three."""
    until = timedelta(hours=hours, minutes=10) if unfinished else (hours + 1) * HOUR
    (burst,) = only(ask(burst_of(80, [2] * hours, [[2] * 9] * 6), 1, until), "burst")
    assert (burst.observed, burst.sample_size) == (80, sample)
    assert burst.explanation.endswith(f"({sample} other active hours, {whose}).")


@pytest.mark.parametrize(("login", "found"), [("ben", 1), ("x[bot]", 0), ("our-bot", 0)])
def test_a_login_is_like_others_of_its_kind(login: str, found: int) -> None:
    """Five people with an event an hour, three bots with forty."""
    people = [row for n in range(5) for row in events([1] * 24, HOUR, actor=f"user{n}")]
    bots = [row for name in ("a[bot]", "b[bot]", "ours") for row in events([40] * 8, HOUR, actor=name)]
    burst = events([45], HOUR, start=shift(START, 23 * HOUR), actor=login)
    result = find_anomalies(
        PatternInputs(
            since=shift(START, 23 * HOUR), until=shift(START, DAY), activity=[*people, *bots, *burst],
            events_known=known_hours((0, 24)), bot_logins=frozenset({"ours", "our-bot"}),
        )
    )  # fmt: skip
    assert len(only(result, "burst")) == found


def test_the_first_of_its_kind_is_measured_against_nothing() -> None:
    rows = [*many_actors([1] * 30, HOUR), *events([500], HOUR, start=shift(START, 30 * HOUR), actor="a[bot]")]
    assert only(ask(rows, 1, timedelta(hours=30, minutes=10)), "burst") == []


@pytest.mark.parametrize(("rows", "unusual"), [(0, False), (4, False), (5, True)])
def test_a_day_of_five_events_may_be_unusual(rows: int, *, unusual: bool) -> None:
    assert may_be_unusual(many_actors([1] * rows, HOUR)) is unusual


@pytest.mark.parametrize(("each", "unusual"), [(3, False), (4, True)])
def test_an_hour_of_ten_events_of_one_login_may_be_unusual(each: int, *, unusual: bool) -> None:
    kinds = ("PushEvent", "IssuesEvent", "IssueCommentEvent")
    assert may_be_unusual([row for kind in kinds for row in events([each], HOUR, kind=kind)]) is unusual


@pytest.mark.parametrize(("hour", "found"), [(0, []), (1, [1]), (2, [2])])
def test_only_whole_hours_of_the_window_are_tested(hour: int, found: list[int]) -> None:
    """The window begins half an hour after what is stored."""
    counts = [500 if n == hour else 1 for n in range(30)]
    spikes = only(ask(many_actors(counts, HOUR), 30, HOUR, window=timedelta(hours=29, minutes=30)), "spike")
    assert [spike.started_at for spike in spikes] == [shift(START, n * HOUR) for n in found]


@pytest.mark.parametrize(("hour", "found"), [(19, 0), (20, 1), (21, 1)])
def test_the_first_hour_of_the_window_is_tested(hour: int, found: int) -> None:
    counts = [500 if n == hour else 1 for n in range(30)]
    assert len(only(ask(many_actors(counts, HOUR), 30, HOUR, window=10 * HOUR), "spike")) == found


@pytest.mark.parametrize("known", [None, ()], ids=["ledger", "no ledger"])
@pytest.mark.parametrize(("step", "bucket", "sample"), [(HOUR, "hour", 60 * 24), (DAY, "day", 60)])
def test_sixty_days_before_the_window_say_what_is_usual(
    step: timedelta, bucket: str, sample: int, known: Sequence[Span] | None
) -> None:
    counts = [1, *[0] * (100 * DAY // step - 1), 900]
    result = ask(many_actors(counts, step), len(counts), step, known=known, window=step)
    assert [one.sample_size for one in only(result, "spike", bucket)] == [sample]


@pytest.mark.parametrize(("since", "found"), [(31, 1), (31.25, 0)])
def test_an_unfinished_hour_counts_when_it_is_known_from_its_beginning(since: float, found: int) -> None:
    """From the thirtieth hour to then nothing is known."""
    rows = many_actors([*[1] * 30, 0, 900], HOUR)
    known = known_hours((0, 30), (since, 31.5))
    assert len(only(ask(rows, 1, timedelta(hours=31, minutes=30), known=known), "spike")) == found


@pytest.mark.parametrize(("counts", "spikes", "tested"), [([1] * 40, [], 40 + 2 + 40), ([], [], 0)])
def test_without_a_ledger_nothing_is_known_after_the_last_event(
    counts: list[int], spikes: list[int], tested: int
) -> None:
    result = ask(many_actors(counts, HOUR), 60, timedelta(hours=1, seconds=1), known=())
    assert ([one.observed for one in result.anomalies], result.tested_buckets) == (spikes, tested)
    late = ask(many_actors([*counts, *[1] * 4, 900], HOUR), 200, HOUR, known=())
    assert [one.sample_size for one in only(late, "spike")] == [len(counts) + 4 - min(3, (len(counts) + 4) // 8)]


def test_without_a_ledger_the_unfinished_hour_can_be_a_spike() -> None:
    result = ask(many_actors([*[1] * 30, 900], HOUR), 1, timedelta(hours=30, minutes=10), known=())
    (spike,) = only(result, "spike")
    assert (spike.observed, spike.sample_size) == (900, 27)
    assert "so far" in spike.explanation
    assert result.tested_buckets == 31 + 2 + 930


@pytest.mark.parametrize("known", [None, ()], ids=["ledger", "no ledger"])
@pytest.mark.parametrize("until", [30 * HOUR, timedelta(hours=30, minutes=10)])
def test_what_happens_at_the_end_of_the_window_is_after_it(until: timedelta, known: Sequence[Span] | None) -> None:
    late = many_actors([900], HOUR, start=shift(START, until))
    result = ask([*many_actors([1] * 30, HOUR), *late], 1, until, known=known)
    assert (result.anomalies, len(late)) == ((), 900)
    assert find_anomalies(PatternInputs(since=START, until=shift(START, until), activity=late)).tested_buckets == 0


def test_the_least_probable_comes_first() -> None:
    issues = [msgspec.structs.replace(row, event_type="IssuesEvent") for row in many_actors([*[1] * 29, 100], HOUR)]
    result = ask([*issues, *many_actors([*[1] * 28, 500], HOUR)], 30, HOUR)
    assert [one.event_type for one in result.anomalies] == ["PushEvent", "IssuesEvent"]


@pytest.mark.parametrize(("last", "note"), [(2, None), (3, "Left out: 1 anomaly less improbable than these.")])
def test_fifty_are_reported_and_the_rest_is_counted(last: int, note: str | None) -> None:
    kinds = """CommitCommentEvent CreateEvent DeleteEvent DiscussionEvent ForkEvent GollumEvent IssueCommentEvent
        IssuesEvent MemberEvent PublicEvent PullRequestEvent PullRequestReviewCommentEvent PullRequestReviewEvent
        PullRequestReviewThreadEvent PushEvent ReleaseEvent WatchEvent""".split()  # noqa: SIM905 - reads better
    spikes = dict.fromkeys(kinds, 3) | {"WatchEvent": last}
    rows = [
        row for kind, count in spikes.items() for row in events([*[60] * count, *[1] * 85], HOUR, kind=kind, actor=None)
    ]
    result = ask(rows, 88, HOUR)
    assert len(result.anomalies) == 50
    assert ("Left out" in result.explanation) is bool(note)
    assert result.explanation.endswith(note or "known days on. Days were not judged: 4 other whole days must be known.")


@pytest.mark.parametrize(("hours", "enough"), [(4, False), (5, True)])
def test_four_other_hours_are_enough(hours: int, *, enough: bool) -> None:
    result = ask(many_actors([3] * hours, HOUR), hours, HOUR)
    assert ("Too little history" not in result.explanation) is enough


@pytest.mark.parametrize(("days", "judged"), [(4, False), (5, True)])
def test_four_other_days_are_enough(days: int, *, judged: bool) -> None:
    result = ask(many_actors([3] * days, DAY), days, DAY)
    assert ("Days were not judged" not in result.explanation) is judged


def test_a_day_is_its_hours_together() -> None:
    """Two quiet weeks, a day with thirty events in each of two hours, and one more just after it."""
    quiet = many_actors([2] * 14, DAY)
    begins = shift(START, 14 * DAY)
    busy = many_actors([0] * 7 + [30] + [0] * 12 + [30], HOUR, start=begins)
    after = [msgspec.structs.replace(row, id="after") for row in many_actors([1], HOUR, start=shift(begins, DAY))]

    (spike,) = only(ask([*after, *reversed(busy), *quiet], 16, DAY), "spike", "day")

    assert (spike.observed, spike.started_at) == (60, begins)
    assert spike.evidence == tuple(f"event:{name}" for name in sorted(row.id for row in busy[:30])[:5])
    assert spike.explanation == f"60 PushEvent on {begins[:10]} (UTC), where 1.87 is usual (14 other days)."


def test_evidence_is_the_first_in_time() -> None:
    rows = [msgspec.structs.replace(row, id=f"{99 - n}") for n, row in enumerate(events([1] * 30, HOUR))]
    burst = [
        msgspec.structs.replace(row, id=f"x{n % 7}{n}", created_at=shift(START, timedelta(hours=30, minutes=n // 2)))
        for n, row in enumerate(events([40], HOUR, kind="PushEvent", actor="ann"))
    ]
    others = [msgspec.structs.replace(row, id=f"a{n}", actor_login=f"user{n}") for n, row in enumerate(burst[:9])]
    stars = [msgspec.structs.replace(row, id=f"b{n}", event_type="WatchEvent") for n, row in enumerate(burst[:9])]
    result = ask([*stars, *others, *rows, *reversed(burst)], 31, HOUR)

    assert only(result, "spike")[0].evidence == ("event:a0", "event:a1", "event:x00", "event:x11", "event:a2")
    assert only(result, "burst")[0].evidence == ("event:x00", "event:x11", "event:x22", "event:x33", "event:x44")


@pytest.mark.parametrize(
    ("made", "actor", "words"),
    [
        ({"ann": 49, "ben": 50}, "ben", "; 51% of them by ben"),
        ({"cem": 50, "ben": 50}, "ben", "; 50% of them by ben"),
        ({"ann": 50, "ben": 51, None: 9}, None, ""),
        ({None: 60}, None, ""),
        ({"a\nb\u200b" + "c" * 80: 60}, "a b" + "c" * 57, f"; 100% of them by a b{'c' * 57}"),
    ],
)
def test_a_spike_names_the_login_that_made_half_of_it(
    made: dict[str | None, int], actor: str | None, words: str
) -> None:
    at = shift(START, 30 * HOUR)
    rows = [row for login, count in made.items() for row in events([count], HOUR, start=at, actor=login)]
    (spike,) = only(ask([*many_actors([1] * 30, HOUR), *rows], 31, HOUR), "spike")
    assert spike.actor_login == actor
    total = sum(made.values())
    assert spike.explanation == f"{total} PushEvent in the hour from {at}, where 1 is usual (27 other hours){words}."


def test_a_drop_names_nobody() -> None:
    (drop,) = only(
        ask([*events([40] * 199, HOUR), *events([2], HOUR, start=shift(START, 199 * HOUR))], 200, HOUR), "drop"
    )
    assert (drop.observed, drop.actor_login) == (2, None)
    assert drop.explanation.endswith("where 39.8 is usual (196 other hours).")


def test_a_burst_is_told_with_the_three_kinds_it_is_mostly_made_of() -> None:
    at = shift(START, 30 * HOUR)
    login = "a\nb" + "c" * 80
    made = {"CreateEvent": 9, "PushEvent": 30, "IssuesEvent": 20, "DeleteEvent": 20, "WatchEvent": 90}
    rows = [row for kind, count in made.items() for row in events([count], HOUR, start=at, kind=kind, actor=login)]
    (burst,) = only(ask([*many_actors([1] * 30, HOUR), *rows], 31, HOUR), "burst")
    actor = "a b" + "c" * 57
    assert burst.actor_login == actor
    assert burst.explanation == (
        f"{actor} made 79 events (30 PushEvent, 20 DeleteEvent, 20 IssuesEvent) in the hour from {at}, where 1 is "
        "usual (27 other active hours, similar logins')."
    )
