"""Force pushes: history that was replaced.

Only the repository's activity and webhooks name them (https://docs.github.com/en/rest/repos/repos#list-repository-activities).
"""

from collections.abc import Iterator
from typing import NamedTuple

from ...answers.insights import Finding, RiskLevel
from ...records import MetricRow
from .case import Case, Item, count_of, event_item, finding, names
from .recreated_tags import TAGS, WHY_MOVING, is_version

PREFIX = "force_push#"
"""Sort keys of rows of security_metrics that hold one: data ref, before, after, actor, url, timestamp."""

_WHY_DEFAULT = (
    "Commits on the default branch were replaced: reviewed work may be gone or altered, and everybody's copy differs. "
    "Ask who did it and compare before and after; branch protection can forbid it."
)
_WHY_OTHER = "Rewriting a branch before it is merged is common; look when the branch is shared or released from."
_WHY_UNKNOWN = "It is not known which branch is the default one, so this may be a rewrite of the main history."


_WHY_TAG = (
    "Whoever installs by this tag now gets other code than before, and nothing on their side shows it. Compare the "
    "commit with what was released."
)


class _ForcePush(NamedTuple):
    branch: str
    head: str | None
    item: Item


def find_force_pushes(case: Case) -> Iterator[Finding]:
    """Yield a finding on the default branch (high), one on other branches (low), one on moved tags.

    A moved tag is high where its name looks like a version, low where it does not: those are often moved on purpose.
    """
    every = _unique([*_observed(case), *_from_events(case)])
    tags = [push for push in every if push.branch.startswith(TAGS)]
    kinds: tuple[tuple[RiskLevel, bool], ...] = (("high", True), ("low", False))
    for severity, moved in kinds:
        some = [push for push in tags if is_version(push.branch.removeprefix(TAGS)) is moved]
        if some:
            named = names(push.branch.removeprefix(TAGS) for push in some)
            title = f"{count_of(len(some), 'tag')} moved to another commit: {named}"
            kind = "tag_moved" if moved else "moving_tag_moved"
            yield finding(kind, severity, title, _WHY_TAG if moved else WHY_MOVING, [push.item for push in some])
    pushes = [push for push in every if not push.branch.startswith(TAGS)]
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
    found: dict[tuple[str, str], _ForcePush] = {}
    for push in pushes:
        found.setdefault((push.branch, push.head or push.item.evidence), push)
    return list(found.values())


def _observed(case: Case) -> Iterator[_ForcePush]:
    for row in sorted(case.inputs.observations, key=lambda row: row.sort):
        at = _text(row, "timestamp") or row.sort.removeprefix(PREFIX).partition("#")[0]
        if row.sort.startswith(PREFIX) and case.in_window(at):
            head = _text(row, "after")
            evidence = _text(row, "url") or (f"commit:{head}" if head else row.sort)
            yield _ForcePush(_branch(_text(row, "ref")), head, Item(at, _text(row, "actor"), evidence))


def _from_events(case: Case) -> Iterator[_ForcePush]:
    for row in case.window_rows_of("PushEvent"):
        if row.action == "force_push":
            yield _ForcePush(_branch(row.ref), row.sha, event_item(row))


def _text(row: MetricRow, field: str) -> str | None:
    value = row.data.get(field)
    return value if isinstance(value, str) and value else None


def _branch(ref: str | None) -> str:
    return (ref or "an unnamed branch").removeprefix("refs/heads/")
