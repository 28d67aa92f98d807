"""The step that reads issues and pull requests, and keeps what happened in them as events that the feed missed."""

from collections.abc import Awaitable, Callable

import msgspec

from ..errors import Forbidden, NotFound
from ..github.threads_merge import merge_threads, with_replies
from ..insights.threads import unseen_events
from ..instants import shift
from ..ledger import merge_spans
from ..records import Activity, Event, Span, Thread
from .endings import ENDINGS, read_listed_endings, read_single_endings
from .missing_parts import REVIEWS, read_reviews
from .pass_state import FIRST_PASS, PassState
from .threads import ThreadsFound, collect_threads

KIND = "threads"
_PREFIX = "threads/"


async def read_record(state: PassState, most: int) -> ThreadsFound | None:
    """Read what changed in issues and pull requests, with at most `most` requests; None where they may not be read.

    Raises what GitHub answers when nothing could be read.
    """
    if not state.manager.threads.available:
        return None
    now, known = state.now(), state.repository.ledger.spans.get(KIND, ())
    since = min(state.want.since, shift(now, -FIRST_PASS)) if state.thorough else state.want.since
    seen_at = state.none_since(KIND)
    if seen_at is not None and not known:
        return ThreadsFound(spans=(Span(since, seen_at),))
    try:
        found = await collect_threads(
            state.client,
            state.asked_name,
            known,
            Span(since, now if state.thorough else state.want.until),
            state.budget.share(most),
            now,
            etags={name: etag for name in state.repository.etags if (etag := state.etag(name)) is not None},
            graphql=state.with_token and state.client.has_graphql_threads(state.asked_name),
        )
    except (NotFound, Forbidden) as refused:  # of the repository itself they would have come earlier
        state.record_refused = refused
        state.remember_refusal(KIND, refused)
        state.notes.append(f"issues and pull requests are not read: {refused.message}")
        return None
    state.forget_refusal(KIND)
    return found


async def keep_record(state: PassState, found: ThreadsFound) -> None:
    """Keep the threads that were read, and as events what happened in them that is not known yet."""
    for number, replies in found.replies.items():
        stored = state.threads.get(number) or await state.manager.threads.get_thread(state.repo, number)
        if stored is not None:
            state.threads[number] = with_replies(stored, replies)
    state.threads_seen |= {thread.number for thread in found.threads}
    for thread in (_of(thread, state.repo) for thread in found.threads):
        from_feed = state.threads.get(thread.number)
        state.threads[thread.number] = merge_threads(from_feed, thread) if from_feed else thread
    if state.threads:
        state.modified = True
        await _add_events(state, merge_spans(found.spans))
    for lack in (REVIEWS, ENDINGS):
        lack.remember(state, state.threads.values())
    state.know(KIND, *found.spans)
    _remember(state, found)
    state.add_source(KIND)
    if found.left:
        state.postpone(found.left)
    if found.error is not None:
        state.postpone(f"issues and pull requests were read in part: {found.error.message}")


async def collect_rest(state: PassState, store: Callable[[], Awaitable[None]]) -> None:
    """Read what threads lack that REST listed: reviews, and who ended them; keep it as events, too.

    All of it together takes half of what is left of the budget. store: stores what was collected, for each step
    goes on with what the one before found.
    """
    budget = state.budget.share(state.budget.left // 2)
    for read in (read_listed_endings, read_reviews, read_single_endings):
        found = await read(state, budget)
        if found:
            state.modified = True
            state.threads |= {thread.number: thread for thread in found}
            await _add_events(state, state.known(KIND))
            await store()


async def _add_events(state: PassState, known: tuple[Span, ...]) -> None:
    """Keep what happened in these threads as events, each that neither feed nor webhook has brought already.

    Only in the stretch that the record knows: of earlier times it has a part.
    """
    if not known:
        return
    since, until = known[0].since, known[-1].until
    seen = await state.manager.events.get_activity(state.repo, since, until)
    seen += [_activity(event) for event in state.events.values()]
    for event in unseen_events(state.threads.values(), seen):
        if since <= event.created_at < until:
            state.events.setdefault(event.id, event)


def _remember(state: PassState, found: ThreadsFound) -> None:
    repository = state.repository
    state.change(
        etags={name: etag for name, etag in repository.etags.items() if not name.startswith(_PREFIX)} | found.etags,
        not_modified={name: count for name, count in repository.not_modified.items() if not name.startswith(_PREFIX)}
        | {name: repository.not_modified.get(name, 0) + 1 for name in found.not_modified},
    )


def _of(thread: Thread, repo: str) -> Thread:
    """Return the thread under the key by which the repository is stored, which a rename does not change."""
    return thread if thread.repo_name == repo else msgspec.structs.replace(thread, repo_name=repo)


def _activity(event: Event) -> Activity:
    return Activity(event.id, event.event_type, event.created_at, event.actor_login, *event.facts)
