"""Spans of time: what is known, what is missing, and what that says about a window."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.answers import Coverage, Gap
from github_events_monitor.infrastructure.questions.coverage import assess_coverage
from github_events_monitor.ledger import (
    clip_spans,
    forget_before,
    known_spans,
    learn,
    merge_spans,
    missing_spans,
)
from github_events_monitor.records import Ledger, Span


def at(hour: int, minute: int = 0) -> str:
    return f"2026-11-20T{hour:02}:{minute:02}:00Z"


def span(since: int, until: int) -> Span:
    return Span(at(since), at(until))


hours = st.integers(0, 23)
spans = st.lists(st.tuples(hours, hours).map(lambda pair: span(min(pair), max(pair))), max_size=8)


def known_hours(known: tuple[Span, ...]) -> set[int]:
    return {hour for hour in range(24) if any(s.since <= at(hour) < s.until for s in known)}


@given(spans)
def test_merging_keeps_every_known_moment_and_leaves_disjoint_spans_in_order(given_spans: list[Span]) -> None:
    merged = merge_spans(given_spans)
    assert known_hours(merged) == known_hours(tuple(given_spans))
    assert all(a.until < b.since for a, b in pairwise(merged))


@given(spans, hours, hours)
def test_clipped_and_missing_parts_make_up_the_window(given_spans: list[Span], a: int, b: int) -> None:
    since, until = at(min(a, b)), at(max(a, b))
    known = clip_spans(given_spans, since, until)
    missing = missing_spans(given_spans, since, until)
    assert known_hours(known) | known_hours(missing) == set(range(min(a, b), max(a, b)))
    assert not known_hours(known) & known_hours(missing)


def assess(*known: Span, until: int = 12, now: str = at(12), tolerance: float = 300):  # type: ignore[no-untyped-def]
    return assess_coverage(
        known, span(6, until), now=now, tolerance=tolerance, last_collected_at=None, sources=("events",)
    )


def test_a_window_known_from_end_to_end_is_complete() -> None:
    coverage = assess(span(5, 12))
    assert (coverage.from_, coverage.to, coverage.complete, coverage.gaps) == (at(6), at(12), True, ())


def test_knowledge_that_ends_within_the_poll_interval_is_complete_and_beyond_it_is_not() -> None:
    assert assess(Span(at(5), at(11, 55))).complete
    late = assess(Span(at(5), at(11, 54)))
    assert (late.complete, late.gaps) == (False, (Gap(from_=at(11, 54), to=at(12)),))


def test_gaps_at_the_start_and_in_the_middle_are_named() -> None:
    coverage = assess(span(7, 8), span(9, 12))
    assert coverage.gaps == (Gap(from_=at(6), to=at(7)), Gap(from_=at(8), to=at(9)))
    assert not coverage.complete


def test_nothing_known_is_not_an_empty_complete_window() -> None:
    coverage = assess()
    assert (coverage.from_, coverage.to, coverage.complete) == (None, None, False)
    assert coverage.gaps == (Gap(from_=at(6), to=at(12)),)


def test_only_the_end_may_be_younger_than_the_poll_interval() -> None:
    coverage = assess_coverage(
        (span(5, 8), Span(at(9), at(11, 55))), span(6, 12), now=at(12), tolerance=300, last_collected_at=at(11, 55),
        sources=["events", "commits"], note="A note.",
    )  # fmt: skip
    assert coverage == Coverage(
        from_=at(6), to=at(11, 55), complete=False, gaps=(Gap(from_=at(8), to=at(9)),), last_collected_at=at(11, 55),
        sources=("events", "commits"), note="A note.",
    )  # fmt: skip


def test_archive_hours_count_as_known_events_but_not_as_known_commits() -> None:
    ledger = learn(learn(Ledger(), "archive", span(6, 7)), "events", span(7, 9))
    assert known_spans(ledger, "events") == (span(6, 9),)
    assert known_spans(ledger, "commits") == ()


def test_what_retention_removed_is_unknown_again() -> None:
    ledger = learn(learn(Ledger(), "events", span(6, 12)), "commits", span(1, 2))
    assert forget_before(ledger, at(8)).spans == {"events": (span(8, 12),)}
