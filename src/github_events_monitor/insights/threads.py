"""What the record of issues and pull requests tells: who answered, whose turn it is, and what happened when.

GitHub's feed of events cannot tell of everything (300 events are two hours of a busy repository), the record can; where
both tell of the same it counts once. https://docs.github.com/en/rest/using-the-rest-api/github-event-types
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from statistics import median
from typing import Any, Literal, NamedTuple

import msgspec

from ..github.facts import extract_facts
from ..github.natural_keys import derived_id, natural_key
from ..github.threads_merge import SAME_SECONDS
from ..instants import seconds_between
from ..jsontext import dump_json
from ..people import kind_of
from ..records import Activity, Event, Reply, Thread
from .contributions import CLOSING, NEW

Turn = Literal["review", "author", "merge"]

_REPLY_TYPES = {
    "comment": "IssueCommentEvent",
    "review": "PullRequestReviewEvent",
    "review_comment": "PullRequestReviewCommentEvent",
}
THREAD_TYPES = frozenset({"IssuesEvent", "PullRequestEvent", *_REPLY_TYPES.values()})
"""The events whose number is that of an issue or pull request."""

_ANCHORS = {"comment": "issuecomment-", "review": "pullrequestreview-", "review_comment": "discussion_r"}
_DECISIONS = frozenset({"approved", "changes_requested", "dismissed"})
_ONCE = frozenset({"opened", "merged"})
"""What happens to a thread once, so that one event stands for it whenever it came."""


class ThreadEvent(NamedTuple):
    """Something that the record tells. anchor: where the page of the thread shows it; unique within the thread."""

    event_type: str
    action: str
    at: str
    actor: str | None
    anchor: str
    reply: Reply | None = None


class ThreadSummary(NamedTuple):
    """Counts of a window, and medians with the number of threads they come from (None: of none).

    open: at the end of the window. opened, merged, closed: in it; closed ones were not merged.
    """

    open: int
    opened: int
    merged: int
    closed: int
    first_response_hours: float | None
    first_response_sample: int
    merge_hours: float | None
    merge_sample: int


def thread_events(thread: Thread) -> Iterator[ThreadEvent]:
    """Yield when a thread was opened, answered, and closed or merged at last; earlier closings are not on record."""
    event_type = _event_type(thread)
    yield ThreadEvent(event_type, "opened", thread.created_at, thread.author_login, "opened")
    for reply in thread.replies:
        anchor = _ANCHORS[reply.kind] + reply.id
        yield ThreadEvent(_REPLY_TYPES[reply.kind], "created", reply.created_at, reply.author_login, anchor, reply)
    if thread.merged_at:
        yield ThreadEvent(event_type, "merged", thread.merged_at, thread.merged_by or thread.closed_by, "merged")
    elif thread.closed_at:
        yield ThreadEvent(event_type, "closed", thread.closed_at, thread.closed_by, "closed")


def _event_type(thread: Thread) -> str:
    return "PullRequestEvent" if thread.kind == "pull_request" else "IssuesEvent"


def events_of(thread: Thread) -> list[Event]:
    """Return what the record tells as the events that a webhook would have brought, under the same ids."""
    return [_event(thread, thread_event) for thread_event in thread_events(thread)]


def unseen_events(threads: Iterable[Thread], known: Iterable[Activity]) -> list[Event]:
    """Return the events of `events_of` that are not among the known ones, which need all facts, oldest first."""
    rows, told = list(known), list(threads)
    ids, seen = {row.id for row in rows}, _Seen(rows, told)
    found = [
        event
        for thread in told
        for thread_event in thread_events(thread)
        if seen.find(thread, thread_event) is None and (event := _event(thread, thread_event)).id not in ids
    ]
    return sorted(found, key=lambda event: (event.created_at, event.id))


def join_threads(activity: Iterable[Activity], threads: Collection[Thread]) -> list[Activity]:
    """Return events and what the record of the same repository tells beside them, each once, at the record's time.

    Of the facts of events `action` and `number` are needed. The rows are in no order.
    """
    known = {row.id: row for row in activity}
    rows, seen = list[Activity](), _Seen(known.values(), threads)
    for thread in threads:
        for thread_event in thread_events(thread):
            if (row := seen.find(thread, thread_event)) is not None:
                actor = row.actor_login or thread_event.actor  # it may have been read later
                if (row.created_at, row.actor_login) != (thread_event.at, actor):  # the feed may be seconds late
                    known[row.id] = msgspec.structs.replace(row, created_at=thread_event.at, actor_login=actor)
            else:
                rows.append(_row(thread, thread_event))
        if seen.closed_before(thread):
            again = ThreadEvent(_event_type(thread), "reopened", thread.updated_at, None, "reopened")
            rows.append(_row(thread, again))
    return [*known.values(), *rows]


def actor_of(thread: Thread, event: Event) -> str | None:
    """Return who did what an event without an actor tells of: listings say later who closed or merged."""
    for one in thread_events(thread):
        alike = one.event_type == event.event_type and one.action == event.facts.action
        if alike and abs(seconds_between(event.created_at, one.at)) <= SAME_SECONDS:
            return one.actor
    return None


def bots_of(threads: Iterable[Thread]) -> frozenset[str]:
    """Return the logins, lower-case, that the record knows to be bots' by their kind of account."""
    pairs = {
        pair
        for thread in threads
        for pair in (
            (thread.author_login, thread.author_type),
            *((reply.author_login, reply.author_type) for reply in thread.replies),
        )
    }
    return frozenset(login.lower() for login, account in pairs if login and (account or "").lower() == "bot")


def first_response_at(thread: Thread, bot_logins: frozenset[str] = frozenset()) -> str | None:
    """Return when a person other than the author first commented, reviewed, closed or merged; None: not yet."""
    author = (thread.author_login or "").lower()
    events = thread_events(thread)
    return min((event.at for event in events if _is_other_person(event, author, bot_logins)), default=None)


def first_response_hours(thread: Thread, until: str, bot_logins: frozenset[str] = frozenset()) -> float | None:
    """Return the hours from the opening to the first response before `until`; None while there is none."""
    answered = first_response_at(thread, bot_logins)
    if answered is None or answered >= until:
        return None
    return max(0.0, seconds_between(thread.created_at, answered) / 3600)


def waiting_for(thread: Thread, bot_logins: frozenset[str] = frozenset()) -> Turn | None:
    """Return whose turn it is in an open pull request; None for anything else.

    review: there is no decision and the last word is the author's. author: changes are requested, the last word is
    another person's, or it is a draft. merge: it is approved. Words of bots and AI assistants do not count, nor do
    reviews that were dismissed.
    """
    if thread.kind != "pull_request" or thread.state != "open":
        return None
    decision = _decision(thread, bot_logins)
    if thread.draft or decision == "changes_requested":
        return "author"
    if decision == "approved":
        return "merge"
    author = (thread.author_login or "").lower()
    words = [
        reply
        for reply in thread.replies
        if reply.state != "dismissed" and _is_person(reply.author_login, reply.author_type, bot_logins)
    ]
    last = max(words, key=lambda reply: (reply.created_at, reply.id), default=None)
    if last is None or (last.author_login or "").lower() == author or last.state == "approved":
        return "review"  # also where one approval is not enough
    return "author"


def summarise(
    threads: Iterable[Thread], since: str, until: str, bot_logins: frozenset[str] = frozenset()
) -> ThreadSummary:
    """Return the counts and medians of the window since <= t < until, as of its end."""
    threads = [thread for thread in threads if thread.created_at < until]
    opened = [thread for thread in threads if thread.created_at >= since]
    ended = [thread for thread in threads if (at := _ended_at(thread)) and since <= at < until]
    merged = [seconds_between(one.created_at, one.merged_at) / 3600 for one in ended if one.merged_at]
    answers = [hours for one in opened if (hours := first_response_hours(one, until, bot_logins)) is not None]
    return ThreadSummary(
        open=sum((_ended_at(thread) or (until if thread.state == "open" else "")) >= until for thread in threads),
        opened=len(opened),
        merged=len(merged),
        closed=len(ended) - len(merged),
        first_response_hours=round(median(answers), 1) if answers else None,
        first_response_sample=len(answers),
        merge_hours=round(median(merged), 1) if merged else None,
        merge_sample=len(merged),
    )


def replies_known(thread: Thread) -> bool:
    """Return whether all its replies are known, so that having none means that there is none."""
    return thread.comments_complete and (thread.kind == "issue" or thread.reviews_complete)


def answers_known(thread: Thread) -> bool:
    """Return whether all that may be an answer is known: its replies, and who closed or merged it.

    The listings of pull requests do not say who closed or merged.
    """
    return replies_known(thread) and not (thread.kind == "pull_request" and lacks_ending(thread))


def lacks_ending(thread: Thread) -> bool:
    """Return whether it ended and GitHub was not asked yet by whom."""
    return thread.state != "open" and not (thread.merged_by or thread.closed_by or thread.ending_known)


class _Seen:
    """Which events of some threads the known ones tell of; each event stands for one."""

    def __init__(self, rows: Iterable[Activity], threads: Iterable[Thread]) -> None:
        self._rows: dict[int | None, list[Activity]] = {thread.number: [] for thread in threads}
        for row in rows:
            if row.number in self._rows:
                self._rows[row.number].append(row)

    def find(self, thread: Thread, thread_event: ThreadEvent) -> Activity | None:
        """Return the event that tells of it, None where there is none; it is used up where there may be several."""
        alike = [row for row in self._rows[thread.number] if _is_alike(row, thread_event)]
        nearest = min(alike, key=lambda row: (_seconds_apart(row, thread_event), row.id), default=None)
        if nearest is not None and thread_event.action not in _ONCE:
            self._rows[thread.number].remove(nearest)
        return nearest

    def closed_before(self, thread: Thread) -> bool:
        """Return whether an event closed what the record says is open: it was reopened since, unseen."""
        if thread.state != "open":
            return False
        rows = [row for row in self._rows[thread.number] if row.event_type == _event_type(thread)]
        turns = [(row.created_at, row.action or "") for row in rows if row.action in CLOSING | {"reopened"}]
        last = max(turns, default=None)
        return last is not None and last[1] in CLOSING and last[0] <= thread.updated_at


def _is_alike(row: Activity, thread_event: ThreadEvent) -> bool:
    if row.event_type != thread_event.event_type:
        return False
    if row.action not in NEW if thread_event.reply else row.action != thread_event.action:
        return False
    if thread_event.action in _ONCE:
        return True
    one, other = row.actor_login, thread_event.actor
    same = not one or not other or one.lower() == other.lower()
    return same and _seconds_apart(row, thread_event) <= SAME_SECONDS


def _seconds_apart(row: Activity, thread_event: ThreadEvent) -> float:
    return 0.0 if row.created_at == thread_event.at else abs(seconds_between(row.created_at, thread_event.at))


def _is_person(login: str | None, account_type: str | None, bot_logins: frozenset[str]) -> bool:
    return bool(login) and kind_of(login, account_type=account_type, bot_logins=bot_logins) == "person"


def _is_other_person(thread_event: ThreadEvent, author: str, bot_logins: frozenset[str]) -> bool:
    account_type = thread_event.reply.author_type if thread_event.reply else None
    actor = (thread_event.actor or "").lower()
    return actor != author and _is_person(thread_event.actor, account_type, bot_logins)


def _decision(thread: Thread, bot_logins: frozenset[str]) -> str | None:
    """Return GitHub's decision, else the one that the last decisive review of each person makes."""
    if thread.review_decision is not None:
        return thread.review_decision
    last: dict[str, str] = {}
    for reply in sorted(thread.replies, key=lambda reply: (reply.created_at, reply.id)):
        if reply.state in _DECISIONS and _is_person(reply.author_login, reply.author_type, bot_logins):
            last[(reply.author_login or "").lower()] = reply.state or ""
    last.pop((thread.author_login or "").lower(), None)
    states = set(last.values())
    return next((state for state in ("changes_requested", "approved") if state in states), None)


def _ended_at(thread: Thread) -> str | None:
    return thread.merged_at or thread.closed_at


_PLACES: Mapping[str, str] = {"review": "review", "comment": "comment", "review_comment": "comment"}


def _id(thread: Thread, thread_event: ThreadEvent) -> str:
    return f"record:{thread.number}/{thread_event.anchor}"


def _row(thread: Thread, event: ThreadEvent) -> Activity:
    name = _id(thread, event)
    return Activity(name, event.event_type, event.at, event.actor, event.action, thread.number, None, None, None)


def _event(thread: Thread, thread_event: ThreadEvent) -> Event:
    about: dict[str, Any] = {"number": thread.number, "title": thread.title}
    if thread.author_login:
        about["user"] = {"login": thread.author_login}
    place = "pull_request" if thread.kind == "pull_request" else "issue"
    payload: dict[str, Any] = {"action": thread_event.action, place: about}
    if place == "pull_request":
        payload["number"] = thread.number
        if thread_event.event_type == "IssueCommentEvent":  # a comment on a pull request is one on its issue
            payload = {"action": thread_event.action, "issue": {**about, "pull_request": {}}}
    if thread_event.reply:
        reply = thread_event.reply
        payload[_PLACES[reply.kind]] = {"id": int(reply.id) if reply.id.isdecimal() else None, "state": reply.state}
    body = dump_json(payload)
    event = Event(
        id=_id(thread, thread_event),
        event_type=thread_event.event_type,
        created_at=thread_event.at,
        repo_name=thread.repo_name,
        actor_login=thread_event.actor,
        payload=body,
        facts=extract_facts(thread_event.event_type, body),
    )
    key = natural_key(event)
    return msgspec.structs.replace(event, id=derived_id(key)) if key else event


def by_number(threads: Iterable[Thread]) -> Mapping[int, Thread]:
    """Return threads by the number that issues and pull requests of a repository share."""
    return {thread.number: thread for thread in threads}
