"""Whether an issue or pull request that was open when it was last seen is known to be open still."""

from collections.abc import Sequence

from ...ledger import ARCHIVE, merge_spans
from ...records import RepositoryState, Span, Thread

_WEBHOOK = "webhook"
"""A source that tells of each change, and proves no stretch of time."""


def stretches(state: RepositoryState | None, until: str) -> Sequence[Span] | None:
    """Return the stretches in which no change of a thread was missed; None where each change is delivered.

    The last one that was collected counts up to `until`: how old it is, coverage says. Retention takes nothing from
    them, for open threads stay.
    """
    if state is None:
        return ()
    spans = state.ledger.spans
    collected = list(merge_spans((*spans.get("threads", ()), *spans.get("events", ()))))
    if not collected and _WEBHOOK in state.sources:
        return None
    if collected:
        last = collected.pop()
        collected.append(Span(last.since, max(last.until, until)))
    return merge_spans((*collected, *spans.get(ARCHIVE, ())))


def may_have_ended(thread: Thread, whole: Sequence[Span] | None, until: str) -> bool:
    """Return whether a thread that is stored as open may have been closed since it was last seen, before an instant."""
    if thread.state != "open" or thread.updated_at >= until or whole is None:
        return False
    return not any(span.since <= thread.updated_at and span.until >= until for span in whole)
