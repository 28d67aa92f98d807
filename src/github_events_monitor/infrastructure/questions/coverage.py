"""What is known behind an answer, when a question collects first, and what an outage leaves to say."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from ...answers import Coverage, Gap
from ...branches import listing_of
from ...errors import MonitorError, NotFound
from ...instants import format_instant, seconds_between
from ...ledger import clip_spans, missing_spans
from ...records import RepositoryState, Span
from ...text import clean, count_of, first_few

LISTINGS = ("threads", "events", "commits")
NEEDS = frozenset({"releases", "deployments", "workflow_runs", "activity"})
"""What else questions rest on, of which it is remembered until when it was read."""

_NAMED = 3
"""Repositories that are named in a note about several."""


def is_stale(
    state: RepositoryState | None,
    branch: str | None,
    now: datetime,
    tolerance: float,
    kinds: Sequence[str],
    *,
    few: bool = False,
) -> bool:
    """Return whether a repository was never collected, or last longer ago than the poll interval.

    Where a question about many had no room for the rest, of these kinds only. In a question about few repositories
    collecting counts only for the kinds that it reached: a look does not see all events, and a question about commits
    reads no issues. A branch that was rewritten is stale until a pass was tried since.
    """
    if state is None:
        return True

    def is_old(instant: str | None) -> bool:
        return instant is None or seconds_between(instant, format_instant(now)) > tolerance

    def known_until(kind: str) -> str | None:
        spans = state.ledger.spans.get(kind, ())
        return spans[-1].until if spans else None

    if is_old(state.last_collected_at) and (not kinds or any(is_old(known_until(kind)) for kind in kinds)):
        return True
    if few and any(is_old(until) for kind in kinds if (until := known_until(kind))):
        return True
    listing = listing_of(branch or state.default_branch or "", state.default_branch or "")
    rewritten = state.rewritten.get(listing) if branch or "commits" in kinds else None
    if rewritten and (state.last_attempt_at or "") <= rewritten.at:
        return True
    return listing != "commits" and is_old(known_until(listing))


def never_read(state: RepositoryState | None, kinds: Sequence[str], tried: Collection[str]) -> bool:
    """Return whether nothing of what a question rests on beside listings was read, or tried to be."""
    needs, known = NEEDS.intersection(kinds), state.ledger.spans if state else {}
    return bool(needs) and not any(kind in known or kind in tried for kind in needs)


def outage_note(problem: MonitorError | None) -> str | None:
    """Return what an answer from stored records says about a failed collection."""
    return f"Answered from what is stored, because collecting failed: {problem.message}." if problem else None


def raise_if_nothing_known(
    repo: str, coverage: Coverage, problem: MonitorError | None, *, others_stored: bool = False
) -> None:
    """Raise why nothing is known, unless something is known of the window: only then may an answer be empty.

    A repository that is gone, or was made private, has no empty list either. others_stored: whether records of the
    window are stored that a filter left out: then something is stored, whatever is known.
    """
    if problem is not None and (coverage.from_ is None or isinstance(problem, NotFound)):
        raise problem
    if not others_stored and coverage.from_ is None and coverage.last_collected_at is None and not coverage.sources:
        raise NotFound(f"nothing is stored about {repo}; collect it first (collect_now)")


def add_note(coverage: Coverage, *notes: str | None) -> Coverage:
    """Return coverage with more said about what limits the answer."""
    said = [note for note in notes if note]
    return coverage.model_copy(update={"note": " ".join(filter(None, (coverage.note, *said)))}) if said else coverage


def join_coverage(by_name: Mapping[str, Coverage]) -> Coverage:
    """Return what is known across repositories: complete only where all are; the note names those that are not."""
    parts = by_name.values()
    complete = bool(parts) and all(part.complete for part in parts)
    partial = [clean(name, 80, one_line=True) for name, part in by_name.items() if not part.complete]
    verb, names = "is" if len(partial) == 1 else "are", first_few(partial, _NAMED)
    some = f"{len(partial)} of {count_of(len(parts), 'repository')}"
    froms, tos = [p.from_ for p in parts], [p.to for p in parts]
    collected = [p.last_collected_at for p in parts]
    return Coverage(
        from_=max((f for f in froms if f), default=None) if all(froms) else None,
        to=min((t for t in tos if t), default=None) if all(tos) else None,
        complete=complete,
        last_collected_at=min((c for c in collected if c), default=None) if all(collected) else None,
        sources=tuple(sorted({source for part in parts for source in part.sources})),
        note=f"{some} {verb} not completely known in this window: {names}." if partial else None,
    )


def covers(spans: Sequence[Span], since: str, until: str) -> bool:
    """Return whether one span holds the whole stretch."""
    return any(span.since <= since and span.until >= until for span in spans)


def assess_coverage(
    spans: Sequence[Span],
    window: Span,
    *,
    now: str,
    tolerance: float,
    last_collected_at: str | None,
    sources: Sequence[str],
    note: str | None = None,
) -> Coverage:
    """Return what is known of a window.

    Args:
        spans: What is completely known, in order.
        window: What was asked about.
        now: The present; nothing can be known after it.
        tolerance: Seconds by which knowledge may end before min(until, now) and still be complete: the poll interval.
        last_collected_at: When the repository was last collected.
        sources: Where the records came from.
        note: A sentence for the reader.
    """
    end = min(window.until, now)
    known = clip_spans(spans, window.since, end)
    missing = missing_spans(spans, window.since, end)
    if missing and known and missing[-1].until == end and seconds_between(missing[-1].since, end) <= tolerance:
        missing = missing[:-1]
    return Coverage(
        from_=known[0].since if known else None,
        to=known[-1].until if known else None,
        complete=bool(known) and not missing,
        gaps=tuple(Gap(from_=gap.since, to=gap.until) for gap in missing),
        last_collected_at=last_collected_at,
        sources=tuple(sources),
        note=note,
    )
