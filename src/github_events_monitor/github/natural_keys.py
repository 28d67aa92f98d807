"""What makes two records the same occurrence, whichever way it was learned: the Events API, /activity or a webhook.

The Events API numbers its events, webhooks and /activity do not know those numbers. A natural key is built only from
what all forms carry:
  push                (ref, head), time
  issue, pull request (number, action), with label, assignee or requested reviewer where the action is about one, the
                      head for `synchronize`
  comment, review     (its id, action); a review "submitted" in a webhook is "created" in the Events API
  release             (its id, action), a pre-release apart: `released` is the publication of what it makes a release;
                      with when it was published, for a draft made of it may be published again
  create, delete      (full ref), time; member (login, action), time; public, time; star (actor), time
  fork                (the fork's id); wiki (revisions of the pages)
  discussion          (number, action)
  deployment, deployment status, workflow run or job, check run or suite, status: (its id, action)
Where the same thing can happen again (closing, labelling, editing, making a tag again, running checks again) its time,
to the second, is part of the key. A form that carries none is told apart by the delivery that brought it, which is sent
again under the same name; without one it falls back to the UTC day. Forms may date the same occurrence some seconds
apart: `possible_keys` are all the keys under which another form may know it, but for undated forms (see
`same_but_for_time`).
"""

import hashlib
from datetime import timedelta
from typing import NamedTuple

import msgspec

from ..instants import shift
from ..records import Event
from .decoding import Shape

DERIVED = "derived:"
"""Ids that begin with this were made here, from a natural key; all others are GitHub's."""

TOLERANCE = timedelta(seconds=5)
"""By how much two forms of the same occurrence may be dated apart."""

_ONCE = frozenset(
    {"opened", "created", "published", "prereleased", "merged", "transferred", "deleted"}
    | {"requested", "queued", "waiting", "in_progress", "completed"}
)
"""Actions that happen once to what the rest of the key names."""

_CHECKS = frozenset({"CheckRunEvent", "CheckSuiteEvent"})
"""They are completed again where they are run again or changed; a workflow's runs count their attempts."""

_SAME_ACTION = {"submitted": "created", "edited": "updated", "released": "published", "prereleased": "published"}


class _Thing(msgspec.Struct):
    id: int | None = None
    name: str | None = None
    login: str | None = None
    sha: str | None = None
    slug: str | None = None
    run_attempt: int | None = None
    prerelease: bool | None = None
    published_at: str | None = None


class _Payload(msgspec.Struct):
    action: str | None = None
    id: int | None = None
    label: _Thing | None = None
    assignee: _Thing | None = None
    requested_reviewer: _Thing | None = None
    requested_team: _Thing | None = None
    comment: _Thing | None = None
    review: _Thing | None = None
    release: _Thing | None = None
    forkee: _Thing | None = None
    deployment: _Thing | None = None
    deployment_status: _Thing | None = None
    workflow_run: _Thing | None = None
    workflow_job: _Thing | None = None
    check_run: _Thing | None = None
    check_suite: _Thing | None = None
    pages: list[_Thing] | None = None


class _Key(NamedTuple):
    """The parts of a key; None among them means that the record does not say enough.

    again: whether it can happen again, so that the time is part of the key. published_at: of a release's publication.
    """

    parts: tuple[object | None, ...]
    again: bool = False
    published_at: str = ""


_shape = Shape(_Payload)

SUBJECT_FIELDS = {
    "PullRequestEvent": "pull_request",
    "PullRequestReviewEvent": "review",
    "PullRequestReviewCommentEvent": "comment",
    "IssuesEvent": "issue",
    "IssueCommentEvent": "comment",
    "CommitCommentEvent": "comment",
    "DiscussionEvent": "discussion",
    "DiscussionCommentEvent": "comment",
    "ReleaseEvent": "release",
    "ForkEvent": "forkee",
    "DeploymentEvent": "deployment",
    "DeploymentStatusEvent": "deployment_status",
    "WorkflowRunEvent": "workflow_run",
    "WorkflowJobEvent": "workflow_job",
    "CheckRunEvent": "check_run",
    "CheckSuiteEvent": "check_suite",
}
"""The field of each event type's payload that holds what the event is about."""

_BY_OWN_ID = SUBJECT_FIELDS.keys() - {"PullRequestEvent", "IssuesEvent", "DiscussionEvent", "ForkEvent"}


def natural_key(event: Event, *, dated: bool = True, delivery: str = "") -> str | None:
    """Return the key of what happened, or None where the record does not say enough to know it again.

    Args:
        event: its type is the Events API's; a type that only webhooks know is named after its header: `workflow_run`
            is WorkflowRunEvent, and a `star` is WatchEvent.
        dated: whether `created_at` is when it happened, not merely when a form without a time arrived.
        delivery: what such a form was delivered as.
    """
    base = _base(event)
    if base is None:
        return None
    undated = f"delivery {delivery}" if delivery else event.created_at[:10]
    time = (event.created_at if dated else undated) if base.again else base.published_at
    return f"{base.text}\n{time}" if time else base.text


def same_but_for_time(one: Event, other: Event) -> bool:
    """Return whether two records are of the same occurrence, or of the same again at another time."""
    base = _base(one)
    return base is not None and base == _base(other)


def is_dated(event: Event) -> bool:
    """Return whether an id that was derived says when the event happened, not merely how it was delivered."""
    key = natural_key(event)
    return key is not None and derived_id(key) == event.id


def possible_keys(event: Event) -> tuple[str, ...]:
    """Return the keys under which another form of the same occurrence may be known, the event's own first.

    Among them is the key by the day alone, for forms without a time, and that of a publication without its time, by
    which earlier versions stored it.
    """
    base = _base(event)
    if base is None:
        return ()
    text, published_at = base.text, base.published_at
    if not base.again:
        return (f"{text}\n{published_at}", text) if published_at else (text,)
    seconds = int(TOLERANCE.total_seconds())
    apart = sorted(range(-seconds, seconds + 1), key=abs)
    times = dict.fromkeys(shift(event.created_at, timedelta(seconds=second)) for second in apart)
    return tuple(f"{text}\n{time}" for time in (*times, event.created_at[:10]))


class _Base(NamedTuple):
    """A key without its time, and whether it needs one; see `_Key`."""

    text: str
    again: bool
    published_at: str


def _base(event: Event) -> _Base | None:
    if event.repo_name is None:
        return None
    key = _key(event, _shape.read(event.payload))
    if key is None or any(part is None or part == "" for part in key.parts):
        return None
    text = "\n".join(str(part) for part in (event.event_type, event.repo_name, *key.parts))
    return _Base(text, key.again, key.published_at)


def under_name(event: Event, repo: str) -> Event:
    """Return an event as that of the same repository by another name, of which an id that was derived is made anew.

    But for an id of how it was delivered, which is not known any more.
    """
    renamed = msgspec.structs.replace(event, repo_name=repo)
    for dated in (True, False) if is_derived(event.id) else ():
        key, new = natural_key(event, dated=dated), natural_key(renamed, dated=dated)
        if key and new and derived_id(key) == event.id:
            return msgspec.structs.replace(renamed, id=derived_id(new))
    return renamed


def is_derived(event_id: str) -> bool:
    """Return whether an id is made of what happened, as of what webhooks and /activity tell, and none of GitHub's."""
    return event_id.startswith(DERIVED)


def derived_id(key: str) -> str:
    """Return the id of an event that GitHub gave none, from its natural key."""
    return DERIVED + hashlib.sha1(key.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _key(event: Event, payload: _Payload) -> _Key | None:
    kind, facts = event.event_type, event.facts
    if kind in _BY_OWN_ID:
        key = _own_id(payload, getattr(payload, SUBJECT_FIELDS[kind]))
        return key._replace(again=key.again or (kind in _CHECKS and payload.action == "completed"))
    if facts.number is not None:
        return _thread(event, payload)
    actor = (event.actor_login or "").lower()
    simple = {
        "PushEvent": _Key((facts.ref, facts.sha), again=True),
        "CreateEvent": _Key((facts.ref or "repository",), again=True),
        "DeleteEvent": _Key((facts.ref,), again=True),
        "ForkEvent": _Key((payload.forkee.id if payload.forkee else None,)),
        "WatchEvent": _Key((actor,), again=True),
        "MemberEvent": _Key(((facts.subject or "").lower(), facts.action), again=True),
        "PublicEvent": _Key((), again=True),
        "GollumEvent": _Key((" ".join(sorted(page.sha for page in payload.pages or () if page.sha)),)),
        "StatusEvent": _Key((payload.id,)),
    }
    return simple.get(kind)


def _own_id(payload: _Payload, thing: _Thing | None) -> _Key:
    action = _SAME_ACTION.get(payload.action or "created", payload.action or "created")
    about: tuple[object | None, ...] = (thing.run_attempt,) if thing and thing.run_attempt else ()
    if thing and thing.prerelease and payload.action != "released":
        about = ("prerelease",)
    published_at = (thing.published_at if thing and action == "published" else None) or ""
    return _Key((thing.id if thing else None, action, *about), action not in _ONCE, published_at)


def _thread(event: Event, payload: _Payload) -> _Key:
    facts = event.facts
    about: tuple[object | None, ...] = ()
    if facts.action in {"labeled", "unlabeled"} and payload.label:
        about = (payload.label.name,)
    elif facts.action in {"assigned", "unassigned"} and payload.assignee:
        about = ((payload.assignee.login or "").lower(),)
    elif facts.action in {"review_requested", "review_request_removed"}:
        reviewer, team = payload.requested_reviewer or _Thing(), payload.requested_team or _Thing()
        about = (reviewer.login.lower(),) if reviewer.login else (f"team {team.slug}",) if team.slug else ()
    elif facts.action == "synchronize":
        about = (facts.sha,)
    return _Key((facts.number, facts.action, *about), again=facts.action not in _ONCE)
