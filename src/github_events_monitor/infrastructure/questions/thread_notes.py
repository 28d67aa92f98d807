"""What is not known of issues and pull requests that are stored: whether they are open still, and all their replies."""

from collections.abc import Iterable, Sequence

from ...insights.threads import answers_known, first_response_at
from ...ledger import ARCHIVE, merge_spans
from ...records import WEBHOOK, RepositoryState, Span, Thread
from ...text import count_of


def stretches(state: RepositoryState | None, until: str) -> Sequence[Span] | None:
    """Return the stretches in which no change of a thread was missed; None where each change is delivered.

    The last one that was collected counts up to `until`: how old it is, coverage says. Retention takes nothing from
    them, for open threads stay.
    """
    if state is None:
        return ()
    spans = state.ledger.spans
    collected = list(merge_spans((*spans.get("threads", ()), *spans.get("events", ()))))
    if not collected and WEBHOOK in state.sources:
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


def standing_note(state: RepositoryState | None, threads: Iterable[Thread], until: str) -> str | None:
    """Return how many of these may not be open any more, as far as is known."""
    whole = stretches(state, until)
    count = sum(may_have_ended(thread, whole, until) for thread in threads)
    if not count:
        return None
    return f"{count_of(count, 'open one')} may have been closed since: they were last seen in an import or an event."


def unread_note(threads: Iterable[Thread], since: str, bots: frozenset[str]) -> str | None:
    """Return of how many, open or opened in the window, a reply that is not read yet may change what is said."""
    count = sum(
        not answers_known(one)
        and (one.state == "open" or (one.created_at >= since and first_response_at(one, bots) is None))
        for one in threads
    )
    return f"Replies to {count} of all these are not all read yet: turns and medians may change." if count else None
