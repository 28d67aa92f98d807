"""Tags deleted and created again: a name that now means other code."""

import re
from collections.abc import Iterator

from ...answers.insights import Finding, RiskLevel
from ...records import Activity
from .case import Case, count_of, event_item, finding, names

TAGS = "refs/tags/"

_VERSION = re.compile(r"\d+\.\d+")

_WHY = (
    "Whoever installs by this tag now gets other code than before, and nothing on their side shows it: this is how a "
    "compromised release spreads. Compare the commit with what was released."
)
WHY_MOVING = "The name does not look like a version, and tags such as `latest` or `v1` are often moved on purpose."


def find_recreated_tags(case: Case) -> Iterator[Finding]:
    """High for names that look like a version, low for others. The creation must lie in the window."""
    pairs = list(_recreated(case))
    versions = [pair for pair in pairs if is_version(_name(pair[1]))]
    moving = [pair for pair in pairs if not is_version(_name(pair[1]))]
    if versions:
        yield _finding("tag_recreated", "high", _WHY, versions)
    if moving:
        yield _finding("moving_tag_recreated", "low", WHY_MOVING, moving)


def _finding(kind: str, severity: RiskLevel, why: str, pairs: list[tuple[Activity, Activity]]) -> Finding:
    tags = sorted({_name(created) for _, created in pairs})
    title = f"{count_of(len(tags), 'tag')} deleted and created again: {names(tags)}"
    return finding(kind, severity, title, why, [event_item(row) for pair in pairs for row in pair])


def _recreated(case: Case) -> Iterator[tuple[Activity, Activity]]:
    """(deletion, the next creation) of each tag; in the same second the deletion is taken to come first."""
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


def _name(row: Activity) -> str:
    return (row.ref or "").removeprefix(TAGS)


def is_version(tag: str) -> bool:
    """Return whether the name of a tag looks like a version that people rely upon to stay."""
    return _VERSION.search(tag) is not None
