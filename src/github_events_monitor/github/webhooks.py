"""Webhook deliveries -> the records that polling gives: pure, no I/O.

https://docs.github.com/en/webhooks/webhook-events-and-payloads — a delivery knows no Events-API id; its event's id is
derived from the natural key of what happened (see `natural_keys`), so that a redelivery is the same event. Where one
occurrence sends several deliveries (a release, a new branch) only that one is stored of which the Events API tells too.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from ..errors import InvalidInput
from ..instants import format_instant
from ..jsontext import dump_json, has_more_values
from ..observations import ForcePush
from ..records import GONE, Commit, Event, MetricRow, Thread, Why, repo_key
from .commits import parse_push_commits
from .decoding import Shape, any_json, branch, count, instant, text
from .facts import extract_facts
from .natural_keys import SUBJECT_FIELDS, derived_id, natural_key
from .thread_lists import parse_delivered_thread

EVENT_TYPES = {
    "push": "PushEvent",
    "pull_request": "PullRequestEvent",
    "pull_request_review": "PullRequestReviewEvent",
    "pull_request_review_comment": "PullRequestReviewCommentEvent",
    "issues": "IssuesEvent",
    "issue_comment": "IssueCommentEvent",
    "commit_comment": "CommitCommentEvent",
    "discussion": "DiscussionEvent",
    "discussion_comment": "DiscussionCommentEvent",
    "release": "ReleaseEvent",
    "create": "CreateEvent",
    "delete": "DeleteEvent",
    "fork": "ForkEvent",
    "star": "WatchEvent",
    "watch": "WatchEvent",
    "gollum": "GollumEvent",
    "member": "MemberEvent",
    "public": "PublicEvent",
    "deployment": "DeploymentEvent",
    "deployment_status": "DeploymentStatusEvent",
    "workflow_run": "WorkflowRunEvent",
    "workflow_job": "WorkflowJobEvent",
    "check_run": "CheckRunEvent",
    "check_suite": "CheckSuiteEvent",
    "status": "StatusEvent",
}
"""The event type of each webhook that is stored, by its `X-GitHub-Event` header."""

_ENVELOPE = ("repository", "sender", "organization", "enterprise", "installation")
"""What surrounds the payload in a delivery; the record says it in fields of its own."""

_BEGINNINGS = frozenset({None, "opened", "created", "submitted", "published", "requested", "queued"})
"""Actions that are dated by when the thing came to be, others by its last change."""

_MAX_DELIVERY = 100

MAX_VALUES = 1_500_000
"""Values in a delivery; in the 25 MB that GitHub sends at most, a value has more bytes than the seventeen of this."""


class _Repository(msgspec.Struct):
    full_name: str | None = None
    id: int | None = None
    default_branch: str | None = None
    pushed_at: int | str | None = None
    updated_at: str | None = None


class _Account(msgspec.Struct):
    login: str | None = None


class _Dated(msgspec.Struct):
    id: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    submitted_at: str | None = None
    published_at: str | None = None
    completed_at: str | None = None
    started_at: str | None = None
    closed_at: str | None = None
    run_started_at: str | None = None


class _Changes(msgspec.Struct):
    old_issue: _Dated | None = None


class _Delivery(msgspec.Struct):
    action: str | None = None
    ref: str | None = None
    ref_type: str | None = None
    before: str | None = None
    after: str | None = None
    forced: bool | None = None
    created: bool | None = None
    deleted: bool | None = None
    commits: list[msgspec.Raw] | None = None
    starred_at: str | None = None
    created_at: str | None = None
    changes: _Changes | None = None
    repository: _Repository | None = None
    sender: _Account | None = None
    issue: _Dated | None = None
    pull_request: _Dated | None = None
    comment: _Dated | None = None
    review: _Dated | None = None
    release: _Dated | None = None
    discussion: _Dated | None = None
    forkee: _Dated | None = None
    deployment: _Dated | None = None
    deployment_status: _Dated | None = None
    workflow_run: _Dated | None = None
    workflow_job: _Dated | None = None
    check_run: _Dated | None = None
    check_suite: _Dated | None = None


class Delivered(NamedTuple):
    """What a delivery brings.

    event: None where nothing is stored of it, for `reason`. dated: whether the delivery says when it happened.
    delivery: its name, the same when it is sent again. changed_at: when the repository was changed by what does not say
    when it happened. thread: the issue or pull request that it is about, as it is
    now. rewritten: why a branch, by its name, has other commits by now than were listed before. release: GitHub's id
    of the release that it is about. renamed: whether it says that the repository has got this name.
    """

    event: Event | None
    commits: tuple[Commit, ...] = ()
    security: tuple[MetricRow, ...] = ()
    full_name: str | None = None
    repository_id: int | None = None
    default_branch: str | None = None
    reason: str | None = None
    dated: bool = True
    delivery: str = ""
    changed_at: str | None = None
    thread: Thread | None = None
    rewritten: Mapping[str, Why] = {}
    renamed: bool = False
    release: int | None = None


_shape = Shape(_Delivery)
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def verify_signature(secret: str, body: bytes, signature: str | None) -> bool:
    """Return whether `X-Hub-Signature-256` was made from these bytes with the secret, compared in constant time.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), (signature or "").encode("utf-8", "replace"))


def parse_webhook(kind: str, delivery: str, body: bytes, received_at: str) -> Delivered:
    """Return what one delivery brings.

    kind, delivery: its headers `X-GitHub-Event` and `X-GitHub-Delivery`.
    Raises `InvalidInput` when the body is not a JSON object, or names a repository as GitHub could not.
    """
    if has_more_values(body, MAX_VALUES):
        raise InvalidInput(f"the body of a webhook delivery has at most {MAX_VALUES:,} values")
    members = _members(body)
    payload = _shape.read(body)
    repository = payload.repository or _Repository()
    reason = _refusal(kind, payload)
    if reason or not repository.full_name:
        return Delivered(
            None,
            full_name=text(repository.full_name),
            repository_id=count(repository.id) or None,
            default_branch=branch(repository.default_branch),
            reason=reason or "the delivery names no repository",
            delivery=delivery,
            rewritten=_rewritten(kind, payload),
            renamed=kind == "repository" and payload.action in {"renamed", "transferred"},
        )
    happened_at = _happened_at(EVENT_TYPES[kind], payload)
    event = _event(EVENT_TYPES[kind], delivery, members, payload, happened_at or received_at)
    changed_at = instant(repository.updated_at) if event.event_type == "WatchEvent" and happened_at is None else None
    event = _identified(event, dated=happened_at is not None, delivery=delivery, changed_at=changed_at)
    return Delivered(
        event,
        tuple(parse_push_commits(event)),
        _observations(event, payload),
        repository.full_name,
        count(repository.id) or None,
        branch(repository.default_branch),
        dated=happened_at is not None,
        delivery=delivery,
        changed_at=changed_at,
        thread=parse_delivered_thread(repository.full_name, EVENT_TYPES[kind], body),
        rewritten=_rewritten(kind, payload),
        release=count(payload.release.id) if payload.release else None,
    )


def _members(body: bytes) -> dict[str, msgspec.Raw]:
    """Return what the object of a body holds, each value as GitHub's own JSON text: 25 MB make no objects.

    A body that is not to be had so (lone surrogates) is read in full.
    """
    try:
        if not body.isascii():
            body.decode()
        return _decode(body)
    except (ValueError, RecursionError):
        whole = any_json(body)
    if not isinstance(whole, dict):
        raise InvalidInput("the body of a webhook delivery must be a JSON object; set its content type to JSON")
    return {name: msgspec.Raw(dump_json(value)) for name, value in whole.items()}


def rekey(delivered: Delivered, key: str) -> Delivered:
    """Return the same records under the key by which the repository is stored."""
    event = delivered.event
    if event is None or event.repo_name == key:
        return delivered
    moved = msgspec.structs.replace(event, repo_name=key)
    return delivered._replace(
        event=_identified(moved, dated=delivered.dated, delivery=delivered.delivery, changed_at=delivered.changed_at),
        commits=tuple(msgspec.structs.replace(commit, repo_name=key) for commit in delivered.commits),
        security=tuple(msgspec.structs.replace(row, key=key) for row in delivered.security),
        thread=msgspec.structs.replace(delivered.thread, repo_name=key) if delivered.thread else None,
    )


def _refusal(kind: str, payload: _Delivery) -> str | None:
    """Return why nothing of a delivery is stored; None when it is."""
    if kind == "ping":
        return "a ping: the webhook is set up"
    if kind not in EVENT_TYPES:
        return f"{kind[:60]!r} deliveries are not among those that are stored"
    if kind == "push":
        return _push_refusal(payload)
    if kind == "star" and payload.action == "deleted":
        return "a star taken back is not recorded; the Events API does not tell of it either"
    if kind == "release" and payload.action in {"created", "prereleased"}:
        return "GitHub sends 'published' for the same release, and that is what is recorded"
    return None


def _rewritten(kind: str, payload: _Delivery) -> dict[str, Why]:
    """Return which branch has other commits by now, and why: a force push, a deletion, or one that is made anew.

    A `create` or `delete` names a branch without `refs/heads/`, a `push` with it:
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
    """
    ref = text(payload.ref) or ""
    if kind in {"create", "delete"} and payload.ref_type == "branch" and ref:
        return {ref.removeprefix("refs/heads/"): "remade"}
    if kind != "push" or not ref.startswith("refs/heads/"):
        return {}
    branch = ref.removeprefix("refs/heads/")
    if payload.created or payload.deleted:
        return {branch: "remade"}
    return {branch: "forced"} if payload.forced else {}


def _push_refusal(payload: _Delivery) -> str | None:
    if payload.deleted:
        return "the push that deletes a branch or tag; its delete delivery records it"
    if payload.created and (payload.ref or "").startswith("refs/tags/"):
        return "the push that creates a tag; its create delivery records it"
    if not (payload.ref or "").startswith(("refs/heads/", "refs/tags/")):
        return "a push to no branch or tag"
    if payload.created and not payload.commits:
        return "the push that creates a branch and brings no commits; its create delivery records it"
    return None


def _event(event_type: str, delivery: str, members: dict[str, msgspec.Raw], payload: _Delivery, at: str) -> Event:
    own = {name: value for name, value in members.items() if name not in _ENVELOPE}
    if event_type == "WatchEvent":
        own["action"] = msgspec.Raw(b'"started"')  # the Events API's word: "currently, can only be started"
    body = msgspec.json.encode(own)
    return Event(
        id=f"delivery:{delivery[:_MAX_DELIVERY]}",
        event_type=event_type,
        created_at=at,
        repo_name=repo_key(payload.repository.full_name or "" if payload.repository else ""),
        actor_login=text(payload.sender.login if payload.sender else None, 255),
        payload=body,
        facts=extract_facts(event_type, body),
    )


def _identified(event: Event, *, dated: bool, delivery: str, changed_at: str | None) -> Event:
    """Return it with the id of its natural key, where it has one: a redelivery then is the same event.

    A star changes its repository: so `watch`, which does not say when, gets the id of the `star` that is sent along,
    also where both are received at once.
    """
    about = msgspec.structs.replace(event, created_at=changed_at) if changed_at else event
    natural = natural_key(about, dated=dated or changed_at is not None, delivery=delivery[:_MAX_DELIVERY])
    return msgspec.structs.replace(event, id=derived_id(natural)) if natural else event


def _happened_at(event_type: str, payload: _Delivery) -> str | None:
    """Return when it happened, as far as the payload says; the Events API dates it within seconds of that.

    A release that was a pre-release is dated by its last change: `published_at` stays that of the pre-release. When
    a release was deleted, or made a draft again, no field says. A run that is run again was created before, and so was
    an issue that came from another repository: it is dated by its last change, too.
    """
    repository = payload.repository or _Repository()
    match event_type:
        case "WatchEvent":
            return instant(payload.starred_at)
        case "PushEvent" | "CreateEvent" | "DeleteEvent":
            return _moment(repository.pushed_at)
        case "PublicEvent":
            return instant(repository.updated_at)
        case "StatusEvent":
            return instant(payload.created_at)
    about: _Dated = getattr(payload, SUBJECT_FIELDS.get(event_type, ""), None) or _Dated()
    first = about.submitted_at or about.published_at or about.run_started_at or about.created_at or about.started_at
    last = about.completed_at or (about.closed_at if payload.action == "closed" else None) or about.updated_at
    if event_type == "ReleaseEvent" and payload.action in GONE:
        return None
    begins = payload.action in _BEGINNINGS and not (payload.changes and payload.changes.old_issue)
    ended = last if payload.action == "released" else last or first
    return instant((first or last) if begins else ended)


def _moment(value: int | str | None) -> str | None:
    """Return a time; a push's deliveries say seconds since 1970 where others say ISO 8601."""
    if isinstance(value, str):
        return instant(value)
    return format_instant(datetime.fromtimestamp(value, UTC)) if value and 0 < value < 2**33 else None


def _observations(event: Event, payload: _Delivery) -> tuple[MetricRow, ...]:
    """Return the row of a force push, or of a push that moves a tag, which the event alone does not keep."""
    moves_tag = (payload.ref or "").startswith("refs/tags/")
    if event.event_type != "PushEvent" or not (payload.forced or moves_tag):
        return ()
    push = ForcePush(
        ref=text(payload.ref),
        before=text(payload.before),
        after=event.facts.sha,
        actor=event.actor_login,
        timestamp=event.created_at,
    )
    return (push.to_row(event.repo_name or ""),)
