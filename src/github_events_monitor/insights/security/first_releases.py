"""A release by someone who never released before."""

from collections.abc import Iterator

from ...records import Activity
from ..results import Finding
from .case import Case, count_of, event_item, finding, names

_PUBLISHED = frozenset({None, "published", "released", "created", "prereleased"})


def find_first_releases(case: Case) -> Iterator[Finding | str]:
    """Medium. Judged against the releases known before each one; without any nothing is flagged, and that is said."""
    earlier: set[str] = set()
    first: list[Activity] = []
    unjudged = 0
    for row in case.rows_of("ReleaseEvent"):
        if row.action not in _PUBLISHED or not row.actor_login:
            continue
        login = row.actor_login.lower()
        if case.in_window(row.created_at) and login not in earlier:
            unjudged += not earlier
            if earlier:
                first.append(row)
        if row.created_at < case.inputs.until:
            earlier.add(login)
    if unjudged:
        yield "Whether the first known release was by somebody new: no release before it is known."
    if first:
        who = names(row.actor_login or "" for row in first)
        yield finding(
            "first_time_releaser",
            "medium",
            f"{count_of(len(first), 'release')} by someone who never released before: {who}",
            "Somebody else made all releases known from the 90 days before the window on. A new releaser may be a new "
            "maintainer, or somebody who got hold of an account: ask the others.",
            [event_item(row) for row in first],
        )
