"""What replaced something that others rely upon: force pushes, moved tags, tags deleted and created again.

Only the repository's activity and webhooks name them (https://docs.github.com/en/rest/repos/repos#list-repository-activities).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ...instants import seconds_between
from ...observations import ForcePush
from ...records import Activity
from ...text import count_of
from ..results import RiskLevel
from .case import Case, Found, Item, event_item, finding, names

TAGS = "refs/tags/"

_VERSION = re.compile(r"\d+\.\d+")

_WHY_TAG = (
    "Whoever installs by this tag now gets other code than before, and nothing on their side shows it: this is how a "
    "compromised release spreads. Compare the commit with what was released."
)
_WHY_MOVING = "The name does not look like a version, and tags such as `latest` or `v1` are often moved on purpose."
_WHY_DEFAULT = (
    "Commits on the default branch were replaced: reviewed work may be gone or altered, and everybody's copy differs. "
    "Ask who did it and compare before and after; branch protection can forbid it."
)
_WHY_OTHER = "Rewriting a branch before it is merged is common; look when the branch is shared or released from."
_WHY_UNKNOWN = "It is not known which branch is the default one, so this may be a rewrite of the main history."


_SAME_SECONDS = 600
"""By how much the activity and a webhook may date the same push apart, at most."""


class _ForcePush(NamedTuple):
    branch: str
    head: str | None
    item: Item
    at: str


def find_moved_tags(case: Case) -> Iterator[Found]:
    """Yield a high finding for names that look like a version, a low one for others, often moved on purpose."""
    tags = [push for push in _force_pushes(case) if push.branch.startswith(TAGS)]
    versions = [push for push in tags if _is_version(push.branch)]
    if versions:
        yield _moved("tag_moved", "high", _WHY_TAG, versions)
    if len(versions) < len(tags):
        yield _moved("moving_tag_moved", "low", _WHY_MOVING, [push for push in tags if push not in versions])


def _moved(kind: str, severity: RiskLevel, why: str, pushes: list[_ForcePush]) -> Found:
    tags = sorted({push.branch.removeprefix(TAGS) for push in pushes})
    title = f"{count_of(len(tags), 'tag')} moved to another commit: {names(tags)}"
    return finding(kind, severity, title, why, [push.item for push in pushes])


def find_force_pushes(case: Case) -> Iterator[Found]:
    """Yield a high finding for the default branch, a low one for others."""
    pushes = [push for push in _force_pushes(case) if not push.branch.startswith(TAGS)]
    default = case.inputs.default_branch
    on_default = [push for push in pushes if push.branch == default]
    others = [push for push in pushes if push.branch != default]
    if on_default:
        title = f"{count_of(len(on_default), 'force push')} to the default branch {names([default or ''])}"
        yield finding("force_push_default_branch", "high", title, _WHY_DEFAULT, [push.item for push in on_default])
    if others:
        title = f"{count_of(len(others), 'force push')} to {names(push.branch for push in others)}"
        items = [push.item for push in others]
        yield finding(
            "force_push", "low" if default else "medium", title, _WHY_OTHER if default else _WHY_UNKNOWN, items
        )


def _force_pushes(case: Case) -> list[_ForcePush]:
    return _unique([*_observed(case), *_from_events(case)])


def _unique(pushes: list[_ForcePush]) -> list[_ForcePush]:
    """Return each push once, also when both the activity and a webhook brought it; the same again later is another."""
    found: defaultdict[tuple[str, str | None], list[_ForcePush]] = defaultdict(list)
    for push in pushes:
        alike = found[push.branch, push.head]
        if not any(_is_same(other, push) for other in alike):
            alike.append(push)
    return [push for alike in found.values() for push in alike]


def _is_same(one: _ForcePush, other: _ForcePush) -> bool:
    try:
        apart = abs(seconds_between(one.at, other.at))
    except ValueError:  # rows of any shape may be imported
        return one.at == other.at
    return apart <= (_SAME_SECONDS if one.head else 0)


def _observed(case: Case) -> Iterator[_ForcePush]:
    page = f"{case.inputs.repo_url}/activity" if case.inputs.repo_url else ""
    for row in sorted(case.inputs.observations, key=lambda row: row.sort):
        push = ForcePush.from_row(row)
        if push and case.in_window(push.timestamp):
            item = Item(push.timestamp, push.actor, push.evidence or page)
            yield _recognised(_branch(push.ref), push.after, item, push.timestamp)


def _from_events(case: Case) -> Iterator[_ForcePush]:
    for row in case.window_rows_of("PushEvent"):
        if row.action == "force_push":
            yield _recognised(_branch(row.ref), row.sha, event_item(row), row.created_at)


def _recognised(branch: str, head: str | None, item: Item, at: str) -> _ForcePush:
    """Return a push whose occurrence is recognised whichever record tells of it."""
    return _ForcePush(branch, head, item._replace(same=f"{branch} {head}" if head else ""), at)


def _branch(ref: str | None) -> str:
    return (ref or "an unnamed branch").removeprefix("refs/heads/")


def find_recreated_tags(case: Case) -> Iterator[Found]:
    """Yield findings: high for names that look like a version, low for others. The creation must lie in the window."""
    pairs = list(_recreated(case))
    versions = [pair for pair in pairs if _is_version(pair[1].ref)]
    moving = [pair for pair in pairs if pair not in versions]
    if versions:
        yield _recreation("tag_recreated", "high", _WHY_TAG, versions)
    if moving:
        yield _recreation("moving_tag_recreated", "low", _WHY_MOVING, moving)


def _recreation(kind: str, severity: RiskLevel, why: str, pairs: list[tuple[Activity, Activity]]) -> Found:
    tags = sorted({(created.ref or "").removeprefix(TAGS) for _, created in pairs})
    title = f"{count_of(len(tags), 'tag')} deleted and created again: {names(tags)}"
    return finding(kind, severity, title, why, [event_item(row) for pair in pairs for row in pair])


def _recreated(case: Case) -> Iterator[tuple[Activity, Activity]]:
    """Yield (deletion, the next creation) of each tag; in the same second the deletion is taken to come first."""
    deleted: dict[str, Activity] = {}
    rows = [*case.rows_of("DeleteEvent"), *case.rows_of("CreateEvent")]
    for row in sorted(rows, key=lambda row: (row.created_at, row.event_type != "DeleteEvent", row.id)):
        ref = row.ref or ""
        if not ref.startswith(TAGS):
            continue
        if row.event_type == "DeleteEvent":
            deleted[ref] = row
            continue
        before = deleted.pop(ref, None)
        if before and case.in_window(row.created_at):
            yield before, row


def _is_version(tag: str | None) -> bool:
    """Return whether the name of a tag looks like a version that people rely upon to stay."""
    return _VERSION.search(tag or "") is not None
