"""What makes two records the same happening, whichever way it was learned: the Events API, /activity or a webhook.

The Events API numbers its events, webhooks and /activity do not know those numbers. A natural key is built only from
what all forms carry, so it is equal for the same happening. It is made of
  push                (ref, head)
  issue, pull request (number, action), with label or assignee where the action is about one, the head for `synchronize`
  comment, review     (its id, action); a review "submitted" in a webhook is "created" in the Events API
  release             (its id, action)
  create, delete      (full ref, day); member (login, action, day); public (day); star (actor, day)
  fork                (the fork's id); wiki (revisions of the pages)
  discussion          (number, action)
  deployment, deployment status, workflow run or job, check run or suite, status: (its id, action)
Where the same thing can happen again (closing, labelling, editing, creating a branch anew) the UTC day is part of the
key: twice on one day then counts once among records that have no id of their own, and a happening within seconds of
midnight may count twice. A finer clock would split one happening whenever a delivery is late.
"""

import hashlib
from typing import NamedTuple

import msgspec

from ..records import Event
from .decoding import Shape

DERIVED = "derived:"
"""Ids that begin with this were made here, from a natural key; all others are GitHub's."""

_ONCE = frozenset(
    {"opened", "created", "published", "released", "merged", "synchronize", "transferred", "deleted"}
    | {"requested", "queued", "waiting", "in_progress", "completed"}
)
"""Actions that happen once to what the rest of the key names."""

_SAME_ACTION = {"submitted": "created", "edited": "updated"}


class _Thing(msgspec.Struct):
    id: int | None = None
    name: str | None = None
    login: str | None = None
    sha: str | None = None
    run_attempt: int | None = None


class _Payload(msgspec.Struct):
    action: str | None = None
    id: int | None = None
    label: _Thing | None = None
    assignee: _Thing | None = None
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
    """The parts of a key; None among them means that the record does not say enough. `day`: the day is part of it."""

    parts: tuple[object | None, ...]
    day: bool = False


_shape = Shape(_Payload)

_BY_OWN_ID = {
    "CommitCommentEvent": "comment",
    "IssueCommentEvent": "comment",
    "PullRequestReviewCommentEvent": "comment",
    "DiscussionCommentEvent": "comment",
    "PullRequestReviewEvent": "review",
    "ReleaseEvent": "release",
    "DeploymentEvent": "deployment",
    "DeploymentStatusEvent": "deployment_status",
    "WorkflowRunEvent": "workflow_run",
    "WorkflowJobEvent": "workflow_job",
    "CheckRunEvent": "check_run",
    "CheckSuiteEvent": "check_suite",
}


def natural_key(event: Event) -> str | None:
    """The key of what happened, or None where the record does not say enough to know it again.

    Event types are the Events API's; a type that only webhooks know is named after its header: `workflow_run` is
    WorkflowRunEvent, and a `star` is WatchEvent.
    """
    if event.repo_name is None:
        return None
    key = _key(event, _shape.read(event.payload))
    if key is None or any(part is None or part == "" for part in key.parts):
        return None
    day = (event.created_at[:10],) if key.day else ()
    return "\n".join(str(part) for part in (event.event_type, event.repo_name, *key.parts, *day))


def derived_id(key: str) -> str:
    """The id of an event that GitHub gave none, from its natural key."""
    return DERIVED + hashlib.sha1(key.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _key(event: Event, payload: _Payload) -> _Key | None:
    kind, facts = event.event_type, event.facts
    if kind in _BY_OWN_ID:
        return _own_id(payload, getattr(payload, _BY_OWN_ID[kind]))
    if facts.number is not None:
        return _thread(event, payload)
    actor = (event.actor_login or "").lower()
    simple = {
        "PushEvent": _Key((facts.ref, facts.sha)),
        "CreateEvent": _Key((facts.ref or "repository",), day=True),
        "DeleteEvent": _Key((facts.ref,), day=True),
        "ForkEvent": _Key((payload.forkee.id if payload.forkee else None,)),
        "WatchEvent": _Key((actor,), day=True),
        "MemberEvent": _Key(((facts.subject or "").lower(), facts.action), day=True),
        "PublicEvent": _Key((), day=True),
        "GollumEvent": _Key((" ".join(sorted(page.sha for page in payload.pages or () if page.sha)),)),
        "StatusEvent": _Key((payload.id,)),
    }
    return simple.get(kind)


def _own_id(payload: _Payload, thing: _Thing | None) -> _Key:
    action = _SAME_ACTION.get(payload.action or "created", payload.action or "created")
    attempt = (thing.run_attempt,) if thing and thing.run_attempt else ()
    return _Key((thing.id if thing else None, action, *attempt), day=action not in _ONCE)


def _thread(event: Event, payload: _Payload) -> _Key:
    facts = event.facts
    about: tuple[object | None, ...] = ()
    if facts.action in {"labeled", "unlabeled"} and payload.label:
        about = (payload.label.name,)
    elif facts.action in {"assigned", "unassigned"} and payload.assignee:
        about = ((payload.assignee.login or "").lower(),)
    elif facts.action == "synchronize":
        about = (facts.sha,)
    return _Key((facts.number, facts.action, *about), day=facts.action not in _ONCE)
