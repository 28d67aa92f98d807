"""The step that reads issues and pull requests, and keeps what happened in them as events that the feed missed."""

import msgspec

from ..errors import Forbidden, NotFound
from ..github.threads_merge import with_replies
from ..insights.coverage import merge_spans
from ..insights.threads import unseen_events
from ..instants import shift
from ..records import Activity, Event, Span, Thread
from .draft import FIRST_PASS, Draft
from .threads import ThreadsFound, collect_threads

KIND = "threads"
_KEPT_BACK = 4
"""Requests that are left for the feed and the commits where a question is about them, too."""
_PREFIX = "threads/"


async def collect_record(draft: Draft) -> None:
    """Draft what changed in issues and pull requests. Raises what GitHub answers when nothing could be read."""
    if not draft.manager.threads.available:
        return
    now = draft.now()
    since = min(draft.want.since, shift(now, -FIRST_PASS)) if draft.thorough else draft.want.since
    try:
        found = await collect_threads(
            draft.client,
            draft.asked_name,
            draft.state.ledger.spans.get(KIND, ()),
            Span(since, now if draft.thorough else draft.want.until),
            draft.budget.share(_most(draft)),
            now,
            etags={name: etag for name in draft.state.etags if (etag := draft.etag(name)) is not None},
            graphql=draft.with_token,
        )
    except (NotFound, Forbidden) as refused:  # of the repository itself they would have come earlier
        draft.notes.append(f"issues and pull requests are not read: {refused.message}")
        return
    await _keep(draft, found)


def _most(draft: Draft) -> int:
    """Return how many requests this step may make: all that are left, or less where more is asked about."""
    others = [kind for kind in draft.kinds if kind != KIND]
    return draft.budget.left if draft.thorough or not others else max(0, draft.budget.left - _KEPT_BACK)


async def _keep(draft: Draft, found: ThreadsFound) -> None:
    for number, replies in found.replies.items():
        stored = await draft.manager.threads.get_thread(draft.repo, number)
        if stored is not None:
            draft.threads[number] = with_replies(stored, replies)
    draft.threads |= {thread.number: _of(thread, draft.repo) for thread in found.threads}
    if draft.threads:
        draft.modified = True
        await _add_events(draft, merge_spans(found.spans))
    draft.know(KIND, *found.spans)
    _remember(draft, found)
    draft.add_source(KIND)
    if found.left:
        draft.notes.append(found.left)
    if found.error is not None:
        draft.notes.append(f"issues and pull requests were read in part: {found.error.message}")


async def _add_events(draft: Draft, known: tuple[Span, ...]) -> None:
    """Draft what happened in these threads as events, each that neither feed nor webhook has brought already.

    Only in the stretch that the record knows: of earlier times it would tell a part.
    """
    if not known:
        return
    since, until = known[0].since, known[-1].until
    seen = await draft.manager.events.get_activity(draft.repo, since, until)
    seen += [_activity(event) for event in draft.events.values()]
    for event in unseen_events(draft.threads.values(), seen):
        if since <= event.created_at < until:
            draft.events.setdefault(event.id, event)


def _remember(draft: Draft, found: ThreadsFound) -> None:
    state = draft.state
    draft.change(
        etags={name: etag for name, etag in state.etags.items() if not name.startswith(_PREFIX)} | found.etags,
        not_modified={name: count for name, count in state.not_modified.items() if not name.startswith(_PREFIX)}
        | {name: state.not_modified.get(name, 0) + 1 for name in found.not_modified},
    )


def _of(thread: Thread, repo: str) -> Thread:
    """Return the thread under the key by which the repository is stored, which a rename does not change."""
    return thread if thread.repo_name == repo else msgspec.structs.replace(thread, repo_name=repo)


def _activity(event: Event) -> Activity:
    return Activity(event.id, event.event_type, event.created_at, event.actor_login, *event.facts)
