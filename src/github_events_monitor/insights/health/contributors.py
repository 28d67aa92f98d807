"""Contributor absence factor: how many people would have to leave to lose half of the work?

https://chaoss.community/kb/metric-contributor-absence-factor/
"""

from collections import Counter
from collections.abc import Mapping

from ..results import Component
from .period import Period, component
from .rules import RULES

FORMULA = (
    "smallest number of people who together made at least half of the contributions in the window; bots are left out"
)


def measure(period: Period) -> Component:
    """By commits (authors and co-authors) where enough of them are known, else by pushes."""
    name = "contributor_absence_factor"
    commits = Counter(
        key for commit in period.history.commits if period.has(commit.at) for key in commit.authors.people
    )
    pushes = Counter(filter(None, [period.people[row.actor_login] for row in period.part(period.history.pushes)]))
    by_commits = commits.total() >= RULES[name].minimum or commits.total() >= pushes.total()
    made, what = (commits, "commits") if by_commits else (pushes, "pushes")
    factor = absence_factor(made)
    return component(
        name,
        factor,
        made.total(),
        FORMULA,
        f"{factor} of {len(made)} people made at least half of {made.total()} {what}."
        if factor
        else "No contribution is known.",
        "Co-authors count." if by_commits and made else "",
        period.commits_gap() if by_commits else period.events_gap(),
    )


def absence_factor(contributions: Mapping[str, int]) -> int | None:
    """The smallest n whose n largest contributors make at least half; None when there are no contributions."""
    total, reached = sum(contributions.values()), 0
    for n, amount in enumerate(sorted(contributions.values(), reverse=True), start=1):
        reached += amount
        if 2 * reached >= total:
            return n
    return None
