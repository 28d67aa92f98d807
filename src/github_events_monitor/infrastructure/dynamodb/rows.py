"""Records as items and back.

Implementation notes
- The payload of an event is zstd-compressed JSON: the base row is the largest part of what an event costs.
- An item holds 400 KB with its attributes' names. A payload that does not fit is left out, and `omitted` says so.
- The key of commits, files and summaries is `sha#owner/name`: a fork's commit must not overwrite the original's.
"""

import logging
from hashlib import sha1
from typing import Any

import msgspec

from ...jsontext import dump_json
from ...records import Activity, Authorship, Commit, CommitFile, CommitSummary, Event, Facts
from ..merging import co_authors
from .items import (
    Item,
    attributes,
    compress,
    expand,
    must,
    number,
    pack_json,
    pack_text,
    plain,
    reads,
    text,
    unpack_json,
    unpack_text,
)

MAX_ITEM = 400 * 1024
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html; all else in an event's item
is cut or refused beyond a few KB."""

_log = logging.getLogger(__name__)
_ROOM = MAX_ITEM - 16 * 1024
_MAX_SORT_KEY = 1024
_COMMIT_FIELDS = tuple(
    name for name in Commit.__struct_fields__ if name not in {"sha", "message", "parents", "branches"}
)


def event_to_item(event: Event, expires_at: int | None) -> Item:
    """Return an event's item. Empty facts stay absent, so does a payload that is too large."""
    item = attributes(
        {
            "id": event.id,
            "event_type": event.event_type,
            "created_at": event.created_at,
            "repo_name": event.repo_name,
            "actor_login": event.actor_login,
            "expires_at": expires_at,
            **dict(zip(Facts._fields, event.facts, strict=True)),
        }
    )
    payload = compress(event.payload)
    if len(payload) > _ROOM:
        _log.warning(
            "event %s is stored without its payload of %s bytes: it does not fit into a DynamoDB item",
            event.id,
            f"{len(event.payload):,}",
        )
        item["omitted"] = {"S": f"a payload of {len(event.payload):,} bytes does not fit into a DynamoDB item"}
    else:
        item["payload"] = {"B": payload}
    return item


@reads
def event_from_item(item: Item) -> Event:
    """Return the event of an item."""
    return Event(
        id=must(item, "id"),
        event_type=must(item, "event_type"),
        created_at=must(item, "created_at"),
        repo_name=text(item, "repo_name"),
        actor_login=text(item, "actor_login"),
        payload=_payload(item),
        facts=_facts(item),
    )


def activity_from_item(item: Item) -> Activity:
    """Return the narrow row of an event, out of an index."""
    return Activity(
        must(item, "id"), must(item, "event_type"), must(item, "created_at"), text(item, "actor_login"), *_facts(item)
    )


def commit_key(repo: str, sha: str) -> str:
    """Return the key of a commit, its files and its summary."""
    return f"{sha}#{repo}"


def sha_of(key: str) -> str:
    """Return the plain sha in such a key."""
    return key.partition("#")[0]


def repo_of(key: str) -> str:
    """Return the repository in such a key."""
    return key.partition("#")[2]


def commit_to_item(commit: Commit, version: str, expires_at: int | None) -> Item:
    """Return a commit's item; `version` changes with every write."""
    values: dict[str, Any] = {name: getattr(commit, name) for name in _COMMIT_FIELDS}
    return attributes(
        {
            **values,
            "sha": commit_key(commit.repo_name, commit.sha),
            "message": pack_text(commit.message),
            "parents": commit.parents,
            "branches": commit.branches,
            "co_authors": co_authors(commit.message) or None,
            "version": version,
            "expires_at": expires_at,
        }
    )


@reads
def commit_from_item(item: Item) -> Commit:
    """Return the commit of an item."""
    values = plain(item)
    known = {name: values[name] for name in _COMMIT_FIELDS if name in values}
    known["sha"], known["message"] = sha_of(values["sha"]), unpack_text(values.get("message", ""))
    known["parents"], known["branches"] = values.get("parents", ()), values.get("branches", ())
    return msgspec.convert(known, Commit)


def authorship_from_item(item: Item) -> Authorship:
    """Return the narrow row of a commit, out of the index."""
    return Authorship(
        sha_of(must(item, "sha")),
        must(item, "commit_date"),
        text(item, "author_login"),
        text(item, "author_name"),
        text(item, "author_email"),
        text(item, "author_type"),
        text(item, "co_authors") or "",
    )


def file_to_item(key: str, file: CommitFile, expires_at: int | None) -> Item:
    """Return a file's item. A path longer than a sort key may be is cut there and kept whole beside it."""
    values: dict[str, Any] = msgspec.to_builtins(file)
    sort = file_sort(file.filename)
    path = file.filename if sort != file.filename else None
    return attributes({**values, "commit_sha": key, "filename": sort, "path": path, "expires_at": expires_at})


def file_sort(filename: str) -> str:
    """Return the sort key of a file."""
    raw = filename.encode("utf-8", "replace")
    if len(raw) <= _MAX_SORT_KEY:
        return filename
    return f"{raw[:900].decode(errors='ignore')}#{sha1(raw, usedforsecurity=False).hexdigest()}"


@reads
def file_from_item(item: Item) -> CommitFile:
    """Return the file of an item."""
    values = plain(item)
    values["filename"] = values.get("path", values["filename"])
    return msgspec.convert(values, CommitFile)


def summary_to_item(repo: str, sha: str, summary: CommitSummary, expires_at: int | None) -> Item:
    """Return a summary's item."""
    key, data = commit_key(repo, sha), pack_json(msgspec.to_builtins(summary))
    return attributes({"commit_sha": key, "repo_name": repo, "data": data, "expires_at": expires_at})


@reads
def summary_from_item(item: Item) -> CommitSummary:
    """Return the summary of an item."""
    return msgspec.convert(unpack_json(plain(item)["data"]), CommitSummary)


def _facts(item: Item) -> Facts:
    return Facts(
        text(item, "action"),
        number(item, "number") if "number" in item else None,
        text(item, "ref"),
        text(item, "sha"),
        text(item, "subject"),
    )


def _payload(item: Item) -> bytes:
    if "payload" in item:
        return expand(item["payload"]["B"])
    return dump_json({"omitted": text(item, "omitted") or "no payload is stored"})
