"""How a stored issue or pull request and one that arrives become one: pure, the same for every provider."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import accumulate

import msgspec

from ..instants import seconds_between, shift
from ..records import Reply, Thread

SAME_SECONDS = 60
"""By how much the feed and the record may date the same comment, review or closing apart."""

GONE_REASON = "gone"
"""Stands for the reason of closing, where it is only known that a thread is not there any more."""

MAX_REPLIES = 190_000
"""Bytes of JSON of what is kept of a thread's replies: more than 2,500, for an item of DynamoDB has 400 KB in all."""
_FEW = 30
"""Replies that are below that whatever is in them: each text of theirs has at most 255 characters."""

_SAME = timedelta(seconds=SAME_SECONDS)
_OF_THE_CLOSED = ("closed_at", "closed_by", "merged_at", "merged_by", "state_reason")
"""Fields whose None says something in a record of an open thread: it was reopened."""


def merge_threads(old: Thread, new: Thread) -> Thread:
    """Return all that two records of the same thread know.

    Field by field the later `updated_at` wins, whichever arrived first, so that nothing goes back in time; what one
    does not know comes from the other. Of an event of the feed and the record of the same minute the record is later. A
    merge is final. Replies are united, by kind and id.

    An issue and a pull request of one number are not the same thread (another repository took over the name, or the
    issue was made a pull request), nor are two that were opened at different times: the later stands alone, and the
    one that is there where the other one is gone.
    """
    later, earlier = (new, old) if _as_of(new) >= _as_of(old) else (old, new)
    if later.kind != earlier.kind or abs(seconds_between(later.created_at, earlier.created_at)) > SAME_SECONDS:
        return earlier if later.state_reason == GONE_REASON else later
    if ended_again(earlier, later):
        earlier = msgspec.structs.replace(earlier, closed_by=None, state_reason=None, ending_known=False)
    known = {name: value for name in Thread.__struct_fields__ if (value := getattr(later, name)) is not None}
    if later.state == "open":
        known |= {name: getattr(later, name) for name in _OF_THE_CLOSED}
    if later.reviews_complete:
        known["review_decision"] = later.review_decision  # read together with the reviews: None is "no decision"
    merged = msgspec.structs.replace(earlier, **known)
    if "merged" in {old.state, new.state}:
        closed = {name: getattr(later, name) or getattr(earlier, name) for name in _OF_THE_CLOSED}
        merged = msgspec.structs.replace(merged, state="merged", **closed)
    same = later.updated_at == earlier.updated_at and not later.by_event
    merged = msgspec.structs.replace(
        merged,
        comments_complete=later.comments_complete or (same and earlier.comments_complete),
        reviews_complete=later.reviews_complete or (same and earlier.reviews_complete),
        ending_known=merged.state != "open" and (later.ending_known or earlier.ending_known),
    )
    return with_replies(msgspec.structs.replace(merged, replies=earlier.replies), later.replies)


def _as_of(thread: Thread) -> str:
    return shift(thread.updated_at, -_SAME) if thread.by_event else thread.updated_at


def ended_again(earlier: Thread, later: Thread) -> bool:
    """Return whether two records of a thread are of two closings, between which it was reopened."""
    if earlier.closed_at is None or later.closed_at is None:
        return False
    return abs(seconds_between(earlier.closed_at, later.closed_at)) > SAME_SECONDS


def with_replies(thread: Thread, replies: Iterable[Reply]) -> Thread:
    """Return the thread with more replies; of one that it has, what the later reading knows wins.

    Once it has as many comments as GitHub counted, it has all of them. Of too many the first and the last are kept.
    """
    found = {(reply.kind, reply.id): reply for reply in thread.replies}
    for reply in replies:
        stored = found.get((reply.kind, reply.id))
        found[reply.kind, reply.id] = reply if stored is None else _one_reply(stored, reply)
    united = tuple(sorted(found.values(), key=lambda reply: (reply.created_at, reply.kind, reply.id)))
    comments = sum(reply.kind == "comment" for reply in united)
    return msgspec.structs.replace(
        thread,
        replies=_kept(united),
        comments_complete=thread.comments_complete or (thread.comments is not None and comments >= thread.comments),
    )


def _one_reply(stored: Reply, read: Reply) -> Reply:
    return stored._replace(**{name: value for name, value in read._asdict().items() if value is not None})


def _kept(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Return the first replies and the last, half of `MAX_REPLIES` each: the same in whatever parts they arrive."""
    if len(replies) <= _FEW:
        return replies
    sizes = [len(json.dumps(reply)) for reply in replies]  # with escapes, hence never less than what is stored
    if sum(sizes) <= MAX_REPLIES:
        return replies
    return replies[: _fitting(sizes)] + replies[len(replies) - _fitting(sizes[::-1]) :]


def _fitting(sizes: Sequence[int]) -> int:
    return sum(size <= MAX_REPLIES // 2 for size in accumulate(sizes))
