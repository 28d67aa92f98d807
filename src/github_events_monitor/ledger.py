"""What is completely known of a repository, as arithmetic on spans of time.

A span says: every record of its kind with since <= t < until has been seen. The spans of a kind are disjoint, in order,
and never touch (touching ones are merged).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from .instants import shift
from .records import Ledger, RepositoryState, Span

ARCHIVE = "archive"
"""The kind of spans that imports of GH Archive make known."""

WITHOUT_FILES = "commits/without_files"
"""Stretches in which commits have numbers but no files, as GraphQL gives them; files are fetched newest first."""

SKEW = timedelta(minutes=5)
"""By how much clocks of machines that share a database, and GitHub's, may differ."""

_TABLES = {
    "commits": "commits",
    WITHOUT_FILES: "commits",
    "threads": "threads",
    "threads/without_endings": "threads",
    "threads/without_reviews": "threads",
}
"""Where the records of a kind are; those of any other are events."""

_BELIEVABLE = {
    **dict.fromkeys(("last_collected_at", "last_attempt_at", "snapshot_at", "commits_floor"), SKEW),
    "next_poll_at": timedelta(hours=1),
    "retry_at": timedelta(days=8),
}
"""How far in the future the moments of a state may lie."""


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return any spans as disjoint ones in order; empty ones vanish."""
    merged: list[Span] = []
    for span in sorted(Span(*span) for span in spans):
        if span.since >= span.until:
            continue
        if merged and span.since <= merged[-1].until:
            merged[-1] = Span(merged[-1].since, max(merged[-1].until, span.until))
        else:
            merged.append(span)
    return tuple(merged)


def clip_spans(spans: Iterable[Span], since: str, until: str) -> tuple[Span, ...]:
    """Return the parts of spans inside a window."""
    return merge_spans(Span(max(span.since, since), min(span.until, until)) for span in spans)


def missing_spans(spans: Iterable[Span], since: str, until: str) -> tuple[Span, ...]:
    """Return the parts of a window that no span covers, in order."""
    edges = [since]
    for span in clip_spans(spans, since, until):
        edges += [span.since, span.until]
    edges.append(until)
    return tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)


def learn(ledger: Ledger, kind: str, *spans: Span) -> Ledger:
    """Return the ledger with more known of a kind."""
    known = merge_spans((*ledger.spans.get(kind, ()), *spans))
    return msgspec.structs.replace(ledger, spans={**ledger.spans, kind: known})


def forget_before(ledger: Ledger, instant: str) -> Ledger:
    """Return the ledger after everything older than an instant was removed: that time is unknown again, not empty."""
    kept = {kind: clip_spans(spans, instant, "9999") for kind, spans in ledger.spans.items()}
    return msgspec.structs.replace(ledger, spans={kind: spans for kind, spans in kept.items() if spans})


def with_archive(state: RepositoryState, hours: Iterable[Span]) -> RepositoryState:
    """Return a state with the hours of GH Archive that were imported for all repositories.

    Where it is not in the file of such an hour, it was silent, as long as it had its name already and had it still:
    between hours in which imports met it.
    """
    met = state.ledger.spans.get(ARCHIVE, ())
    between = clip_spans(hours, met[0].since, met[-1].until) if met else ()
    return msgspec.structs.replace(state, ledger=learn(state.ledger, ARCHIVE, *between)) if between else state


def with_look(state: RepositoryState, at: str) -> RepositoryState:
    """Return a state with what a look proved that found the repository as its last visit had left it.

    Its commits, issues and pull requests are known up to the look's instant where the last attempt brought them up to
    date. Its events are not: deletions or comments on commits are none that a look sees.
    """
    attempt, spans = state.last_attempt_at, dict(state.ledger.spans)
    if attempt is None or state.error_code is not None or not attempt <= _end(spans, "commits") < at:
        return state
    for kind in ("commits", "threads"):
        if attempt <= _end(spans, kind) < at:
            spans[kind] = merge_spans((*spans[kind], Span(spans[kind][-1].until, at)))
    return msgspec.structs.replace(state, ledger=Ledger(spans=spans), last_collected_at=at, looked_at=at)


def _end(spans: Mapping[str, tuple[Span, ...]], kind: str) -> str:
    """Return until when a kind is known; an empty text, which is before every instant, where it is not."""
    known = spans.get(kind)
    return known[-1].until if known else ""


def known_from(ledger: Ledger, tables: Collection[str], since: str) -> Ledger:
    """Return what remains known to a reader who got these tables only, with records of since <= t."""
    return Ledger(
        spans={
            kind: clip_spans(spans, since, "9999") for kind, spans in ledger.spans.items() if _table_of(kind) in tables
        }
    )


def _table_of(kind: str) -> str:
    return _TABLES.get(kind.partition(":")[0], "events")


def without_tables(state: RepositoryState, tables: Collection[str]) -> RepositoryState:
    """Return a state, for an answer, without what it says is known of records in these tables."""
    left = {kind: spans for kind, spans in state.ledger.spans.items() if _table_of(kind) not in tables}
    return msgspec.structs.replace(state, ledger=Ledger(spans=left), unsettled=True)


def common_ledger(one: Ledger, other: Ledger) -> Ledger:
    """Return what both say is known."""
    return Ledger(
        spans={
            kind: merge_spans(part for span in other.spans.get(kind, ()) for part in clip_spans(spans, *span))
            for kind, spans in one.spans.items()
        }
    )


def united_ledger(one: Ledger, other: Ledger) -> Ledger:
    """Return what either says is known."""
    kinds = {**one.spans, **other.spans}
    return Ledger(spans={kind: merge_spans((*one.spans.get(kind, ()), *other.spans.get(kind, ()))) for kind in kinds})


def without_future(state: RepositoryState, now: str) -> RepositoryState:
    """Return a state without what a clock that ran ahead wrote into it.

    A span that reaches into the future goes altogether: it is not known where its honest part ends.
    """
    latest = shift(now, SKEW)
    changes: dict[str, Any] = {
        name: None
        for name, ahead in _BELIEVABLE.items()
        if (moment := getattr(state, name)) and moment > shift(now, ahead)
    }
    if any(spans and spans[-1].until > latest for spans in state.ledger.spans.values()):
        past = {kind: tuple(span for span in of if span.until <= latest) for kind, of in state.ledger.spans.items()}
        changes["ledger"] = Ledger(spans={kind: spans for kind, spans in past.items() if spans})
    if {"commits_floor", "ledger"} & changes.keys():
        changes["etags"] = {}  # a 304 would say that nothing changed since a time that is not known any more
    return msgspec.structs.replace(state, **changes) if changes else state


def known_spans(ledger: Ledger, kind: str) -> tuple[Span, ...]:
    """Return what is known of a kind; imported archive hours count as known events."""
    archive = ledger.spans.get(ARCHIVE, ()) if kind == "events" else ()
    return merge_spans((*ledger.spans.get(kind, ()), *archive)) if archive else ledger.spans.get(kind, ())
