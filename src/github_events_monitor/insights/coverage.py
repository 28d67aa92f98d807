"""What is known of a window."""

from collections.abc import Sequence

from ..answers import Coverage, Gap
from ..instants import seconds_between
from ..ledger import clip_spans, missing_spans
from ..records import Span


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
