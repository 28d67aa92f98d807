"""Force pushes: history that was replaced.

Only the repository's activity and webhooks name them (https://docs.github.com/en/rest/repos/repos#list-repository-activities).
"""

from collections.abc import Iterator
from typing import NamedTuple

from ...observations import ForcePush
from ..results import Finding
from .case import Case, Item, count_of, event_item, finding, names

_WHY_DEFAULT = (
    "Commits on the default branch were replaced: reviewed work may be gone or altered, and everybody's copy differs. "
    "Ask who did it and compare before and after; branch protection can forbid it."
)
_WHY_OTHER = "Rewriting a branch before it is merged is common; look when the branch is shared or released from."
_WHY_UNKNOWN = "It is not known which branch is the default one, so this may be a rewrite of the main history."


class _ForcePush(NamedTuple):
    branch: str
    head: str | None
    item: Item


def find_force_pushes(case: Case) -> Iterator[Finding]:
    """High on the default branch, low elsewhere."""
    pushes = _unique([*_observed(case), *_from_events(case)])
    default = case.inputs.default_branch
    on_default = [push for push in pushes if push.branch == default]
    others = [push for push in pushes if push.branch != default]
    if on_default:
        title = (
            f"{count_of(len(on_default), 'force push', 'force pushes')} to the default branch {names([default or ''])}"
        )
        yield finding("force_push_default_branch", "high", title, _WHY_DEFAULT, [push.item for push in on_default])
    if others:
        title = f"{count_of(len(others), 'force push', 'force pushes')} to {names(push.branch for push in others)}"
        items = [push.item for push in others]
        yield finding(
            "force_push", "low" if default else "medium", title, _WHY_OTHER if default else _WHY_UNKNOWN, items
        )


def _unique(pushes: list[_ForcePush]) -> list[_ForcePush]:
    """The same push known from the activity and from a webhook is one."""
    found: dict[tuple[str, str | None], _ForcePush] = {}
    for push in pushes:
        found.setdefault((push.branch, push.head or push.item.at), push)
    return list(found.values())


def _observed(case: Case) -> Iterator[_ForcePush]:
    for row in sorted(case.inputs.observations, key=lambda row: row.sort):
        push = ForcePush.from_row(row)
        if push and case.in_window(push.timestamp):
            item = Item(push.timestamp, push.actor, push.evidence or "")
            yield _ForcePush(_branch(push.ref), push.after, item)


def _from_events(case: Case) -> Iterator[_ForcePush]:
    for row in case.window_rows_of("PushEvent"):
        if row.action == "force_push":
            yield _ForcePush(_branch(row.ref), row.sha, event_item(row))


def _branch(ref: str | None) -> str:
    return (ref or "an unnamed branch").removeprefix("refs/heads/")
