"""Objects of the Events API and lines of GH Archive -> events.

https://docs.github.com/en/rest/using-the-rest-api/github-event-types#event-object-common-properties
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import msgspec

from ..errors import InvalidInput, Unreachable
from ..instants import normalise_instant
from ..jsontext import dump_json
from ..records import MAX_KEY_TEXT, Event, EventSource, repo_key
from .decoding import any_json, count, lenient, storable, text
from .facts import extract_facts

UNKNOWN_TYPE = "UnknownEvent"
"""The type of an event whose `type` is null, which GitHub's schema allows."""

FEED_TYPES = frozenset(
    {
        "CommitCommentEvent",
        "CreateEvent",
        "DeleteEvent",
        "DiscussionEvent",
        "ForkEvent",
        "GollumEvent",
        "IssueCommentEvent",
        "IssuesEvent",
        "MemberEvent",
        "PublicEvent",
        "PullRequestEvent",
        "PullRequestReviewCommentEvent",
        "PullRequestReviewEvent",
        "PushEvent",
        "ReleaseEvent",
        "WatchEvent",
    }
)
"""What GitHub's feed of events can hold; other types come by webhook alone. A type may be added, but none taken out:
DynamoDB's registry has no rows for those named here.
https://docs.github.com/en/rest/using-the-rest-api/github-event-types"""

EVENT_TYPES = FEED_TYPES | {
    "CheckRunEvent",
    "CheckSuiteEvent",
    "DeploymentEvent",
    "DeploymentStatusEvent",
    "DiscussionCommentEvent",
    "DownloadEvent",
    "FollowEvent",
    "ForkApplyEvent",
    "GistEvent",
    "RepositoryEvent",
    "SponsorshipEvent",
    "StarEvent",
    "StatusEvent",
    "TeamAddEvent",
    "WorkflowDispatchEvent",
    "WorkflowJobEvent",
    "WorkflowRunEvent",
    UNKNOWN_TYPE,
}
"""Every type that can be asked for: the feed's, those of webhooks, and those of old archives."""

_ID = re.compile(r"[\x21-\x7e]{1,128}")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


_SPELLINGS = {
    spelling: name for name in sorted(EVENT_TYPES) for spelling in (name.lower(), name.lower().removesuffix("event"))
}


def check_types(event_types: Collection[str] | None) -> tuple[str, ...] | None:
    """Return event types in GitHub's spelling, each once, in order; None for all.

    Letter case and the ending "Event" do not matter. Raises `InvalidInput` naming the nearest for an unknown one.
    """
    chosen = set()
    for name in event_types or ():
        known = _SPELLINGS.get(name[:MAX_KEY_TEXT].strip().lower())
        if known is None:
            nearest = get_close_matches(name[:80], sorted(EVENT_TYPES), n=1, cutoff=0.0)[0]
            raise InvalidInput(f"{name[:60]!r} is not an event type; did you mean {nearest!r}?")
        chosen.add(known)
    return tuple(sorted(chosen)) or None


class ParsedEvent(NamedTuple):
    """An event, and the repository as the event names it (None when it names none)."""

    event: Event
    source: EventSource | None


class ParsedPage(NamedTuple):
    """A page of a feed: its usable events in the order of the page, and a sentence for each record left out."""

    events: list[ParsedEvent]
    skipped: list[str]


class _Actor(msgspec.Struct):
    login: str | None = None


class _Repo(msgspec.Struct):
    id: int | None = None
    name: str | None = None


class _Envelope(msgspec.Struct):
    id: str | int | None = None
    type: str | None = None
    actor: _Actor | None = None
    repo: _Repo | None = None
    created_at: str | None = None


class _Record(_Envelope):
    payload: msgspec.Raw = msgspec.Raw(b"{}")
    repository: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Record).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def parse_event(raw: bytes | Mapping[str, Any], *, now: str | None = None) -> ParsedEvent:
    """Return one parsed object of the Events API or line of GH Archive; `payload` stays GitHub's own JSON text.

    now: the instant (stored form) that dates an event whose `created_at` is null; without it such an event is refused.
    Raises `InvalidInput` with one sentence for a record that cannot be used, among them the forms from before 2015.
    """
    if not isinstance(raw, bytes):
        return _loose(dict(raw), now)
    try:
        record = _decode(raw)
        payload = bytes(record.payload)
        if not payload.isascii():
            payload.decode()
    except (ValueError, RecursionError):
        return _loose(any_json(raw), now)
    if record.repo is None and record.repository is not msgspec.UNSET:
        _refuse_old_form()
    return _event(record, payload, now)


def parse_events(body: bytes, *, now: str | None = None) -> ParsedPage:
    """Return a parsed page of a feed, each record by itself. Raises `Unreachable` when the body is not a JSON array."""
    rows: list[Any]
    try:
        rows = [bytes(row) for row in _decode_array(body)]
    except (ValueError, RecursionError):
        loose = any_json(body)
        if not isinstance(loose, list):
            raise Unreachable("GitHub's answer for events is not a JSON array; try again later") from None
        rows = loose
    page = ParsedPage([], [])
    for position, row in enumerate(rows):
        try:
            page.events.append(parse_event(row, now=now) if isinstance(row, bytes) else _loose(row, now))
        except InvalidInput as error:
            page.skipped.append(f"record {position}: {error.message}")
    return page


def _event(record: _Envelope, payload: bytes, now: str | None) -> ParsedEvent:
    event_id, event_type = _id(record.id), _type(record.type)
    created_at = record.created_at if record.created_at is not None else now
    if created_at is None:
        raise InvalidInput("the event has no 'created_at'")
    name = record.repo.name if record.repo else None
    event = Event(
        id=event_id,
        event_type=event_type,
        created_at=_created(created_at),
        repo_name=repo_key(name) if name else None,
        actor_login=text(record.actor.login) if record.actor else None,
        payload=payload,
        facts=extract_facts(event_type, payload),
    )
    return ParsedEvent(
        event, EventSource(name.strip(), count(record.repo.id) or None) if name and record.repo else None
    )


def _id(value: str | int | None) -> str:
    found = str(value) if value is not None else ""
    if not _ID.fullmatch(found):
        raise InvalidInput(f"the event has no usable 'id' ({storable(found[:40])!r})")
    return found


def _type(value: str | None) -> str:
    if value is None:
        return UNKNOWN_TYPE
    if value not in EVENT_TYPES and not _TYPE.fullmatch(value):
        raise InvalidInput(f"the event's 'type' {storable(value[:40])!r} is not the name of an event type")
    return value


def _created(value: str) -> str:
    try:
        return normalise_instant(value)
    except InvalidInput as error:
        raise InvalidInput(f"the event's 'created_at': {storable(error.message)}") from None


def _loose(value: object, now: str | None) -> ParsedEvent:
    """Return loosely read what typed decoding refuses: lone surrogates, fields of another type."""
    if not isinstance(value, dict):
        raise InvalidInput("the record is not a JSON object")
    record = lenient(_Envelope, value)
    if isinstance(value.get("actor"), str) or (record.repo is None and value.get("repository")):
        _refuse_old_form()
    for field in ("id", "type", "repo", "created_at"):
        if value.get(field) is not None and getattr(record, field) is None:
            raise InvalidInput(f"the event's {field!r} is not of the type that GitHub documents")
    try:
        payload = dump_json(value.get("payload", {}))
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput("the event's 'payload' cannot be written as JSON") from None
    return _event(record, payload, now)


def _refuse_old_form() -> None:
    raise InvalidInput("the event is in the form from before 2015, which is not supported")
