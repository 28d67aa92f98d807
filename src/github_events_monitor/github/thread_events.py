"""Issues and pull requests as events of the feed tell of them.

The payload of an issue is whole, that of a pull request since 2025-10 hardly more than a number: what it leaves out is
not known, not none. https://docs.github.com/en/rest/using-the-rest-api/github-event-types
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from ..instants import SECOND, seconds_between, shift
from ..records import Event, Reply, Thread
from .thread_lists import DELIVERED, parse_delivered_thread, parse_mentioned_thread
from .threads_merge import GONE_REASON, SAME_SECONDS, merge_threads

_STATES: dict[str | None, Literal["open", "closed", "merged"]] = {
    "opened": "open",
    "reopened": "open",
    "closed": "closed",
    "merged": "merged",
}
_OF_ISSUES = frozenset({"IssuesEvent", "IssueCommentEvent"})
"""A pull request's comments are comments on its issue."""
_GONE = frozenset({"deleted", "transferred"})
_TURNING = frozenset({"IssuesEvent", "PullRequestEvent"})


def thread_after(event: Event, known: Thread | None) -> Thread | None:
    """Return what is known of an issue or pull request together with what an event of the feed tells of it.

    None where it tells of none, or not enough of one that is not known: when it was opened, for instance. An issue that
    was transferred or deleted is closed here, for no listing tells of it any more.
    """
    if event.event_type not in DELIVERED or event.repo_name is None or event.facts.number is None:
        return None
    if event.facts.action in _GONE:
        return _gone(event, known)
    told = parse_delivered_thread(event.repo_name, event.event_type, event.payload, actor=event.actor_login)
    told = told or _outline(event, event.repo_name, event.facts.number, known)
    return told if told is None or known is None else merge_threads(known, told)


def _gone(event: Event, known: Thread | None) -> Thread | None:
    """Return an open issue as closed that was deleted or moved to another repository: no listing tells of it again.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues
    """
    if event.event_type != "IssuesEvent" or known is None or known.kind != "issue" or known.state != "open":
        return None
    return gone_at(known, event.created_at, event.facts.action or GONE_REASON, event.actor_login)


def gone_at(issue: Thread, at: str, reason: str, by: str | None = None) -> Thread:
    """Return an issue that left the repository as closed."""
    return msgspec.structs.replace(
        issue,
        state="closed",
        updated_at=shift(max(issue.updated_at, at), SECOND),  # what was delivered before says it is open
        by_event=False,
        closed_at=at,
        closed_by=by,
        state_reason=reason,
        ending_known=True,
    )


def threads_after(events: Iterable[Event], known: Mapping[int, Thread]) -> dict[int, Thread]:
    """Return by number what events of one repository make of the threads that they are about: those that they change.

    known: what is known of these threads before.
    """
    changed: dict[int, Thread] = {}
    for event in sorted(events, key=lambda event: event.created_at):
        number = event.facts.number or 0
        before = changed.get(number) or known.get(number)
        after = thread_after(event, before)
        if after is not None and after != before:
            changed[number] = after
    return changed


def numbers_in(events: Iterable[Event]) -> set[int]:
    """Return the numbers of the threads that events are about."""
    return {event.facts.number for event in events if event.event_type in DELIVERED and event.facts.number is not None}


def _outline(event: Event, repo: str, number: int, known: Thread | None) -> Thread | None:
    """Return what a trimmed payload tells: of the state that the action leads to, the branches and the reply."""
    is_pull = event.event_type not in _OF_ISSUES
    kind = known.kind if known else "pull_request" if is_pull else "issue"
    turn = _STATES.get(event.facts.action) if event.event_type in _TURNING else None
    opened = turn == "open" and event.facts.action == "opened"
    if (known is None and not opened) or (is_pull and kind == "issue"):
        return None
    at, mentioned = event.created_at, parse_mentioned_thread(event.event_type, event.payload, event.created_at)
    has_ended = known is not None and known.state == "open" and mentioned.ended  # how, it does not say
    outline = Thread(
        repo_name=repo,
        number=number,
        kind=kind,
        state=turn or (known.state if known else "open"),
        created_at=known.created_at if known else at,
        updated_at=known.updated_at if known and has_ended and turn is None else at,
        by_event=True,
        author_login=event.actor_login if opened else None,
        base=mentioned.base,
        head=mentioned.head,
        head_sha=mentioned.head_sha,
        replies=() if mentioned.reply is None else (_of(event, mentioned.reply),),
    )
    if turn not in {"closed", "merged"}:
        return outline
    ended_at = known.closed_at if known and _is_same(known.closed_at, at) else at  # the record dates it exactly
    merged_by = event.actor_login if turn == "merged" else None
    merged_at = ended_at if turn == "merged" else None
    return msgspec.structs.replace(
        outline, closed_at=ended_at, closed_by=event.actor_login, merged_at=merged_at, merged_by=merged_by
    )


def _of(event: Event, reply: Reply) -> Reply:
    return reply if reply.author_login else reply._replace(author_login=event.actor_login)


def _is_same(one: str | None, other: str) -> bool:
    return one is not None and abs(seconds_between(one, other)) <= SAME_SECONDS
