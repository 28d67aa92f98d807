"""What every text says of knowledge: how fresh it is, where it ends, and what to call."""

import pytest

from github_events_monitor.answers import Coverage, Gap, Window
from github_events_monitor.infrastructure.questions.coverage import join_coverage
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY, DeveloperActivity
from github_events_monitor.infrastructure.questions.lines import by_time, hours_of, known, status_lines_of

NOW = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("sources", "collected", "said"),
    [
        ((), None, "never collected."),
        (("commits", "threads"), None, "read so far: commits, threads alone."),
        (("commits",), "2026-11-01T00:00:00Z", "last collected 2026-11-01T00:00:00Z from commits."),
    ],
)
def test_what_was_read_in_part_is_neither_collected_nor_untouched(
    sources: tuple[str, ...], collected: str | None, said: str
) -> None:
    coverage = Coverage(
        from_="2026-11-01T00:00:00Z", to=NOW, complete=False, last_collected_at=collected, sources=sources
    )
    assert list(status_lines_of(NOW, coverage, "o/n")) == [f"Now {NOW}; {said}"]  # no gap: collecting tells no more


def test_where_knowledge_is_missing_it_is_said_what_to_call() -> None:
    gap = Gap(from_="2026-11-01T00:00:00Z", to="2026-11-02T00:00:00Z")
    nothing = Coverage(from_=None, to=None, complete=False, last_collected_at=None, sources=())
    for coverage in (nothing, nothing.model_copy(update={"from_": gap.to, "gaps": (gap,)})):
        assert 'collect_now with repos=["o/n"]' in list(status_lines_of(NOW, coverage, "o/n"))[-1]


def test_of_several_repositories_it_is_said_which_are_not_known_and_never_that_nothing_was_collected() -> None:
    whole = Coverage(from_="2026-11-01T00:00:00Z", to=NOW, complete=True, last_collected_at=NOW, sources=("events",))
    part = Coverage(from_=None, to=None, complete=False, sources=("threads",))
    both = join_coverage({"o/whole": whole, "o/part": part})
    assert known(both, joined=True) == (
        "Coverage: none of the window is completely known of all repositories."
        " 1 of 2 repositories is not completely known in this window: o/part."
    )
    assert "collect_now" in next(status_lines_of(NOW, both, None))
    many = join_coverage({f"o/{number}": part for number in range(5)})
    assert (many.note or "").endswith("are not completely known in this window: o/0, o/1, o/2 and 2 more.")
    assert list(status_lines_of(NOW, join_coverage({}), None)) == [f"Now {NOW}."]


WINDOW = Window(hours=120, since="2026-11-01T06:00:00Z", until="2026-11-06T06:00:00Z")


def _partial(*gaps: tuple[str, str], first: str | None, last: str | None = "2026-11-06T06:00:00Z") -> Coverage:
    spans = tuple(Gap(from_=f"2026-11-{since}:00:00Z", to=f"2026-11-{until}:00:00Z") for since, until in gaps)
    return Coverage(from_=first, to=last, complete=False, last_collected_at=NOW, sources=(), gaps=spans)


def test_a_gap_before_what_is_known_is_not_said_to_lie_in_it() -> None:
    before = _partial(("01T06", "03T12"), first="2026-11-03T12:00:00Z")
    assert known(before) == "Coverage partial: known from 2026-11-03T12:00:00Z to 2026-11-06T06:00:00Z."
    both = _partial(("01T06", "03T12"), ("04T00", "04T01"), first="2026-11-03T12:00:00Z")
    assert known(both).endswith("to 2026-11-06T06:00:00Z, except for 1 gap.")


def test_an_answer_that_rests_on_more_than_events_says_what_is_complete() -> None:
    whole = Coverage(from_=WINDOW.since, to=WINDOW.until, complete=True, sources=("events",))
    lacking = whole.model_copy(update={"complete": False, "note": "Deployments were never listed."})
    assert known(whole, of="events") == "Coverage of events complete."
    assert known(lacking, of="events") == "Coverage of events complete. Deployments were never listed."
    joined = join_coverage({"o/a": whole, "o/b": whole.model_copy(update={"complete": False})})
    assert known(joined, joined=True, of="events").startswith("Coverage of events partial: known from ")


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        (_partial(("01T06", "03T12"), first="2026-11-03T12:00:00Z"), "? 2 ? 0 1 0"),
        (_partial(("04T12", "04T13"), first="2026-11-01T06:00:00Z"), "0 2 0 ? 1 0"),
        (_partial(first=None, last=None), "? 2 ? ? 1 ?"),
        (Coverage(from_=WINDOW.since, to=WINDOW.until, complete=True), "0 2 0 0 1 0"),
    ],
)
def test_nothing_counted_where_not_all_is_known_is_no_zero(coverage: Coverage, said: str) -> None:
    counted = {"PushEvent": (0, 2, 0, 0, 1, 0)}
    head, line = by_time(counted.items(), "day", "2026-11-01T00:00:00Z", coverage, WINDOW)
    assert line == f"  PushEvent: {said}"
    assert head == f"By day, from 2026-11-01T00:00:00Z on{' (? is unknown)' if '?' in said else ''}:"


def test_a_short_time_is_not_none() -> None:
    assert [hours_of(hours) for hours in (None, 0.0, 0.1, 2.0)] == ["unknown", "under 0.1", "0.1", "2"]


def test_it_is_said_of_whom_it_is_unknown_whether_they_are_new() -> None:
    def text(**new: bool | None) -> list[str]:
        fields = {"kind": "person", "total": 1, "contributions": {"commits": 1}, "first_seen": NOW, "last_seen": NOW}
        rows = [{**fields, "login": login, "new_contributor": is_new} for login, is_new in new.items()]
        answer = {"repo": "o/n", "repo_url": None, "actor": None, "window": WINDOW, "coverage": Coverage(complete=True)}
        whole = {
            **answer,
            "developers": rows,
            "bots": (),
            "ai_assistants": (),
            "total_people": len(rows),
            "formula": "",
        }
        return DEVELOPER_ACTIVITY.text(DeveloperActivity.model_validate(whole)).splitlines()

    some = text(ann=True, bob=None, cid=False)
    assert [line.rpartition(", ")[2] for line in some[-3:]] == ["new here", "new here?", f"{NOW} to {NOW}"]
    assert "Whether those marked with a question mark are new here is unknown" in "".join(some)
    none = text(ann=None, bob=None)
    assert "Whether they are new here is unknown" in "".join(none)
    assert "?" not in "".join(none)
    assert "unknown" not in "".join(text(ann=True, cid=False))
