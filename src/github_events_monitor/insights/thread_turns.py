"""Whether an issue or pull request was closed at a moment in the past: the record tells its last closing alone.

One that was reopened since looks as if it had been open all the while. Events that closed and reopened it say more.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from ..records import Activity, Thread
from .contributions import CLOSING

TURNS = frozenset({*CLOSING, "reopened"})
TURN_TYPES = {"issue": "IssuesEvent", "pull_request": "PullRequestEvent"}


class Was(NamedTuple):
    """A thread as it was. known: False where it was reopened since, and nothing says whether it was closed then."""

    thread: Thread
    known: bool = True


def may_have_been_closed(thread: Thread, until: str) -> bool:
    """Return whether a thread of the record may have been closed before an instant and reopened after it."""
    ended = thread.merged_at or thread.closed_at
    return thread.created_at < until < thread.updated_at and (ended is None or ended >= until)


def turns_of(activity: Iterable[Activity]) -> Mapping[int | None, list[Activity]]:
    """Return by number what closed and reopened threads of one kind, oldest first."""
    found: dict[int | None, list[Activity]] = {}
    for row in sorted(activity, key=lambda row: (row.created_at, row.id)):
        if row.action in TURNS:
            found.setdefault(row.number, []).append(row)
    return found


def as_turned(now: Thread, was: Thread, turns: Iterable[Activity], until: str) -> Was:
    """Return the thread as it was at an instant.

    Args:
        now: As the record has it.
        was: The same without what the record says is later: open.
        turns: What is known to have closed and reopened it, oldest first.
        until: The instant.
    """
    rows = list(turns)
    before = next((row for row in reversed(rows) if row.created_at < until), None)
    after = next((row for row in rows if row.created_at >= until), None)
    was_closed = before is not None and before.action in CLOSING
    if after is not None and (after.action == "reopened") != was_closed:
        return Was(_closed(was, None)) if after.action == "reopened" else Was(was, known=not was_closed)
    if before is not None:
        return Was(_closed(was, before) if was_closed else was)
    return Was(was, known=after is not None or now.state_reason != "reopened")


def _closed(thread: Thread, by: Activity | None) -> Thread:
    """Return it as closed by an event, or at a time that is not known."""
    return replace(
        thread, state="closed", closed_at=by.created_at if by else None, closed_by=by.actor_login if by else None
    )
