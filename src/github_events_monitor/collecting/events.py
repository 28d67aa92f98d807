"""The events feed: every page of it, each with its own ETag, and what it proves about time.

https://docs.github.com/en/rest/activity/events — at most 300 events and 30 days; not sorted; ids are not in time order.
"""

from collections.abc import Sequence, Set
from datetime import timedelta

import msgspec

from ..github.client import BudgetSpent
from ..github.commits import parse_push_commits
from ..github.events import parse_events
from ..github.natural_keys import is_derived
from ..github.thread_events import numbers_in, threads_after
from ..infrastructure.contract.deliveries import possible_ids, without_delivered
from ..instants import shift
from ..ledger import SKEW
from ..records import WEBHOOK, Event, Span
from .pass_state import PassState

MAX_PAGES = 3
FEED_REACH = timedelta(days=30)
_ODD = timedelta(days=366)
"""One event dated so far ahead is dated wrong; were it this machine's clock, all of them would be."""
_TAIL = 3
"""How many of the last records decide how far back a cut feed is complete: one alone may be months older."""


async def collect_events(state: PassState) -> None:
    """Collect the events of the feed. Raises what GitHub answers; what was read until then is kept."""
    feed: list[Event] = []
    stored: set[str] = set()
    asked_at = state.now()
    whole, unchanged = False, False
    claimed = state.repository.not_modified.get("events/1", 0) > 0
    try:
        whole, unchanged = await _read_pages(state, feed, asked_at)
    except BudgetSpent:
        state.postpone("the events feed was read in part; the request budget was spent")
        if not feed:
            raise
    finally:
        if feed:
            state.modified = True
            stored = await _stored(state, feed, asked_at)
            await _add_events(state, feed, stored)
    state.add_source("events")
    continues = unchanged or _overlaps(state, feed, stored)
    if claimed and not (continues or whole):
        await _take_back(state)
    _learn(state, asked_at, whole, continues, feed)


async def _stored(state: PassState, feed: Sequence[Event], asked_at: str) -> set[str]:
    """Ids of what is stored already; an event without a time, which is read as this moment, is known by its id."""
    events = state.manager.events
    dated = [event for event in feed if event.created_at != asked_at]
    undated = [event.id for event in feed if event.created_at == asked_at]
    return await events.get_known_events(dated) | (await events.get_known_ids(undated) if undated else set())


async def _read_pages(state: PassState, feed: list[Event], asked_at: str) -> tuple[bool, bool]:
    """Return (the feed was seen to its end, it was unchanged from its first page on).

    Behind a page that changed all others moved: a 304 for one of them is stale, and no ETag asks for it.
    """
    unchanged = False
    for page in range(1, MAX_PAGES + 1):
        resource = f"events/{page}"
        etag = state.etag(resource) if page == 1 or unchanged else None
        try:
            answer = await state.client.fetch_events(state.asked_name, page=page, etag=etag, budget=state.budget)
        except BudgetSpent:
            if unchanged and not feed:
                return False, True  # as without a token, where the others are not asked for
            raise
        if answer.poll_interval:
            state.change(next_poll_at=shift(state.now(), timedelta(seconds=answer.poll_interval)))
        if not state.saw(resource, answer):
            unchanged = True
            if not state.with_token or f"events/{page + 1}" not in state.repository.etags:
                return False, True
            continue
        parsed = parse_events(answer.body, now=asked_at)
        state.notes += parsed.skipped[:3]
        feed += [msgspec.structs.replace(record.event, repo_name=state.repo) for record in parsed.events]
        if answer.next_url is None:
            state.forget(f"events/{later}" for later in range(page + 1, MAX_PAGES + 1))
            return page < MAX_PAGES, unchanged
    return False, unchanged


async def _add_events(state: PassState, feed: Sequence[Event], stored: Set[str]) -> None:
    """Keep what is new and no webhook has brought already; commits of the payloads before 2025-10 with it."""
    new = {event.id: event for event in reversed(feed) if event.id not in stored}
    wanted = {twin for event in new.values() for twin in possible_ids(event)}
    deliveries = set(await state.manager.events.get_known_ids(wanted)) | (wanted & state.events.keys())
    state.deliveries |= deliveries
    added = await without_delivered(state.manager.events, state.repo, list(new.values()), deliveries)
    for event in added:
        state.events.setdefault(event.id, event)
        for commit in parse_push_commits(event):
            if commit.sha not in state.commits:
                state.add_commit(commit)
    await _add_threads(state, added)


async def without_delivered_meanwhile(state: PassState, events: Sequence[Event]) -> list[Event]:
    """Return what is to be stored without what webhooks brought since the feed was compared with deliveries."""
    if WEBHOOK not in state.repository.sources:
        return [*events]
    wanted = {twin for event in events if not is_derived(event.id) for twin in possible_ids(event)}
    meanwhile = await state.manager.events.get_known_ids(wanted) - state.deliveries
    left: list[Event] = []
    for event in events:
        twin = next((twin for twin in possible_ids(event) if twin in meanwhile), None) if meanwhile else None
        if twin is None or is_derived(event.id):
            left.append(event)
        else:
            meanwhile.discard(twin)
    return left


async def _add_threads(state: PassState, added: Sequence[Event]) -> None:
    """Keep what new events say about issues and pull requests; what else happened to them stays unknown."""
    numbers = numbers_in(added)
    if not numbers or not state.manager.threads.available:
        return
    known = await state.manager.threads.get_threads_by_number(state.repo, numbers - state.threads.keys())
    state.threads |= threads_after(added, {**known, **state.threads})


def _overlaps(state: PassState, feed: Sequence[Event], stored: Set[str]) -> bool:
    """Return whether the feed reaches back to something the last poll saw."""
    known = state.repository.ledger.spans.get("events", ())
    return bool(known) and any(event.id in stored and event.created_at <= known[-1].until for event in feed)


async def _take_back(state: PassState) -> None:
    """The feed moved on by more than it shows, though the last answers said 304: they may have been stale, so that
    nothing is known for sure since the newest event that is stored."""
    known = state.repository.ledger.spans.get("events", ())
    for span in known[-1:]:
        newest = await state.manager.events.get_events(state.repo, *span, limit=1)
        sure = [Span(span.since, event.created_at) for event in newest]
        state.know("events", *known[:-1], *sure)


def _learn(state: PassState, asked_at: str, whole: bool, continues: bool, feed: Sequence[Event]) -> None:
    believable = [event for event in feed if event.created_at < shift(asked_at, _ODD)]
    feed = believable or feed
    if any(event.created_at > shift(asked_at, SKEW) for event in feed):
        state.notes.append("GitHub has events of a later time than it is here: set this machine's clock right")
        return
    known = state.repository.ledger.spans.get("events", ())
    if whole:
        reach = shift(asked_at, -FEED_REACH)
        asked_for = state.want.since  # thirty days, too, but counted some seconds earlier
        close = shift(reach, -SKEW) <= asked_for < reach
        state.learn("events", Span(asked_for if close else reach, asked_at))
    if continues and known:
        state.learn("events", Span(known[-1].until, asked_at))
    dated = [event.created_at for event in feed if event.created_at != asked_at]  # null is read as this very moment
    if dated and not whole:
        state.learn("events", Span(max(dated[-_TAIL:]), asked_at))
