"""What changed a repository's branches: the better source for pushes, and the only one that names force pushes."""

from typing import NamedTuple

import msgspec

from ..jsontext import dump_json
from ..records import Event, repo_key
from .decoding import array_of, instant, text
from .facts import extract_facts
from .natural_keys import derived_id, natural_key


class PushActivity(NamedTuple):
    """https://docs.github.com/en/rest/repos/repos#list-repository-activities

    activity_type: push, force_push, branch_creation, branch_deletion, pr_merge or merge_queue_merge.
    """

    id: int | None
    ref: str
    before: str | None
    after: str | None
    timestamp: str
    activity_type: str
    actor_login: str | None


class _Account(msgspec.Struct):
    login: str | None = None


class _Activity(msgspec.Struct):
    id: int | None = None
    ref: str | None = None
    before: str | None = None
    after: str | None = None
    timestamp: str | None = None
    activity_type: str | None = None
    actor: _Account | None = None


def parse_activity(body: bytes) -> list[PushActivity]:
    """Return pushes and branch changes, in GitHub's order (newest first)."""
    return [
        PushActivity(
            row.id,
            ref,
            text(row.before),
            text(row.after),
            at,
            text(row.activity_type) or "push",
            text(row.actor.login) if row.actor else None,
        )
        for row in array_of(_Activity, body, "repository activity")
        if (ref := text(row.ref)) is not None and (at := instant(row.timestamp)) is not None
    ]


def event_from_activity(repo: str, activity: PushActivity) -> Event:
    """Return the event that the Events API would have shown for it, under the id derived from its natural key."""
    change = {"branch_creation": "CreateEvent", "branch_deletion": "DeleteEvent"}.get(activity.activity_type)
    seen: dict[str, str | None] = {"ref": activity.ref, "before": activity.before, "head": activity.after}
    if change is not None:
        seen |= {"ref": activity.ref.removeprefix("refs/heads/"), "ref_type": "branch", "full_ref": activity.ref}
    event_type = change or "PushEvent"
    payload = dump_json(seen | {"activity_type": activity.activity_type})
    event = Event(
        id="",
        event_type=event_type,
        created_at=activity.timestamp,
        repo_name=repo_key(repo),
        actor_login=activity.actor_login,
        payload=payload,
        facts=extract_facts(event_type, payload),
    )
    return msgspec.structs.replace(event, id=derived_id(natural_key(event) or f"activity {activity.id}"))
