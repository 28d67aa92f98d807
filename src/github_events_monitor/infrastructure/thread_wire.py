"""Threads and their wire form, as `wire` has those of other records."""

import json
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

import msgspec

from ..errors import InvalidInput
from ..github.threads_merge import with_replies
from ..instants import normalise_instant
from ..records import MAX_KEY_TEXT, Thread, repo_key
from .wire import MAX_KEY, SURROGATE, check_size, convert

_MAX_NAMES = 10_000
"""Bytes of JSON of a thread's labels, and of its reviewers: GitHub allows 100 labels of 50 characters."""


def threads_from(threads: Iterable[Thread]) -> list[Thread]:
    """Return validated threads in order. Raises `InvalidInput` naming record and field."""
    return [check_thread(thread, f"thread {thread.number}") for thread in threads]


def thread_to_dict(thread: Thread) -> dict[str, Any]:
    """Return the export form of a thread: what is known of it by name, replies as lists in the order of `Reply`."""
    found: dict[str, Any] = msgspec.to_builtins(thread)
    return found


def thread_from_dict(row: Mapping[str, Any], where: str) -> Thread:
    """Return a thread out of its export form. Raises `InvalidInput` that begins with `where`."""
    check_size(row, where)
    thread = convert(row, Thread, where)
    if any(isinstance(part, str) and len(part) > MAX_KEY for part in msgspec.structs.astuple(thread)):
        raise InvalidInput(f"{where}: a text of an issue or pull request has at most {MAX_KEY:,} characters")
    if any(text is not None and len(text) > MAX_KEY_TEXT for reply in thread.replies for text in reply):
        raise InvalidInput(f"{where}: a text of a reply has at most {MAX_KEY_TEXT} characters")
    return check_thread(thread, where)


def check_thread(thread: Thread, where: str) -> Thread:
    """Return the thread with its instants, its repository and its texts normalised. Raises `InvalidInput`.

    Lone surrogates, which GitHub's records have here and there and no engine can hold, become U+FFFD. Of more labels or
    reviewers than any thread of GitHub's has the first are kept. An issue that is said to be merged is closed.
    """
    if thread.kind == "issue" and thread.state == "merged":
        thread = msgspec.structs.replace(thread, state="closed", merged_at=None, merged_by=None)
    thread = msgspec.structs.replace(thread, labels=_first(thread.labels), reviewers=_first(thread.reviewers))
    try:
        msgspec.json.encode(thread)
    except UnicodeEncodeError:
        thread = msgspec.convert(_without_surrogates(msgspec.to_builtins(thread)), Thread)
    try:
        instants = {
            name: normalise_instant(value)
            for name in ("created_at", "updated_at", "closed_at", "merged_at")
            if (value := getattr(thread, name)) is not None
        }
        replies = tuple(reply._replace(created_at=normalise_instant(reply.created_at)) for reply in thread.replies)
        repo = repo_key(thread.repo_name)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error.message}") from None
    if thread.number < 1:
        raise InvalidInput(f"{where}: 'number' must be 1 or more")
    bare = msgspec.structs.replace(thread, repo_name=repo, replies=(), **instants)
    return with_replies(bare, replies)  # in their order, each once: what a merge with itself leaves as it is


def _first(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the names that have at most `_MAX_NAMES` bytes of JSON together."""
    if not names:
        return names
    sizes = accumulate(len(json.dumps(name)) for name in names)
    return names[: sum(size <= _MAX_NAMES for size in sizes)]


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list | tuple):
        return [_without_surrogates(part) for part in value]
    return {name: _without_surrogates(part) for name, part in value.items()} if isinstance(value, dict) else value
