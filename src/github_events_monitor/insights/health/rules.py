"""The numbers behind the health score, in one table that docs/insights.md repeats, and the advice that follows.

Weights follow the risk levels of OpenSSF Scorecard (10, 7.5, 5, 2.5), components the CHAOSS starter model:
https://github.com/ossf/scorecard/blob/main/docs/checks.md, https://chaoss.community/kb-metrics-and-metrics-models/
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..results import Component


class Rule(NamedTuple):
    """How a component counts.

    A value becomes a score on the straight line from 0 at `zero_at` to 1 at `full_at`, cut off at both ends.
    minimum: with a smaller sample the score is unknown.
    """

    weight: float
    zero_at: float
    full_at: float
    minimum: int
    unit: str
    formula: str


RULES: dict[str, Rule] = {
    "responsiveness": Rule(
        10, 0, 1, 5, "share",
        "issues and pull requests opened by people in the window that another person answered (comment, review, close, "
        "merge) within two business days (48 hours of Monday-Friday, UTC) / those answered or older than that",
    ),
    "change_request_closure": Rule(
        7.5, 0, 1, 5, "ratio",
        "pull requests by people closed or merged in the window / opened in it; over 1 a backlog shrinks, the score "
        "ends at 1",
    ),
    "issue_closure": Rule(
        5, 0, 1, 5, "ratio",
        "issues by people closed in the window / opened in it; over 1 a backlog shrinks, the score ends at 1",
    ),
    "contributor_absence_factor": Rule(
        7.5, 0, 4, 10, "people",
        "smallest number of people who together made at least half of the contributions in the window; bots are left "
        "out",
    ),
    "review": Rule(
        7.5, 0, 1, 5, "share",
        "pull requests by people merged in the window that a person other than the author reviewed "
        "(review or comment on the diff) / all of them",
    ),
    "maintenance": Rule(
        10, 0, 12, 0, "commits and issues in 90 days",
        "min(1, (commits by people + issues touched by maintainers) / 12) over the 90 days before the end; 0 when "
        "archived or younger than 90 days; maintainers are people who then pushed, merged, released or closed what "
        "others opened; where not all commits are known and more pushes are, these stand for them",
    ),
    "release_frequency": Rule(
        5, 180, 30, 2, "days",
        "median days between GitHub releases known up to the end of the window, pre-releases left out; only intervals "
        "without a gap in collection count; the time since the last release where that is longer",
    ),
    "ci_success": Rule(
        5, 0, 1, 10, "share",
        "successful workflow runs on the default branch / those of the latest hundred that gave a verdict (skipped, "
        "cancelled, neutral, stale and action_required runs give none), as last observed",
    ),
    "community_profile": Rule(
        2.5, 0, 100, 1, "percent",
        "GitHub's health percentage of the community profile (readme, license, contributing guide…), as last observed",
    ),
    "open_advisories": Rule(
        5, 4, 0, 0, "advisories",
        "number of security advisories without a fixed version, not withdrawn, as last observed; none is best, four "
        "or more score 0",
    ),
}  # fmt: skip

TOTAL_WEIGHT = sum(rule.weight for rule in RULES.values())
MINIMUM_KNOWN_SHARE = 0.6
"""Below this share of known weight there is no health score."""

FLAT_BELOW = 2.0
"""A trend of fewer points than this is called flat."""

ADVISE_BELOW = 0.6
"""Components that score lower get a recommendation."""

BUSINESS_HOURS_TO_ANSWER = 48.0
MAINTENANCE_DAYS = 90
UNKNOWN_SHARE = 0.2
"""Where more than this share of what should count is not known, there is no score."""


def score_of(name: str, value: float) -> float:
    """Return the score of a component's value, 0 to 1."""
    rule = RULES[name]
    return min(1.0, max(0.0, (value - rule.zero_at) / (rule.full_at - rule.zero_at)))


MAX_RECOMMENDATIONS = 5

_ADVICE = {
    "responsiveness": "Answer new issues and pull requests sooner: {value:.0%} had an answer within two business days.",
    "change_request_closure": "Close or merge more pull requests: {value:.2f} were finished for each one opened.",
    "issue_closure": "Work on the issue backlog: {value:.2f} were closed for each one opened.",
    "contributor_absence_factor": "Share the work among more people: {value:.0f} made half of the contributions.",
    "review": "Have pull requests reviewed by a second person before merging: {value:.0%} were.",
    "maintenance": "Keep maintaining: {value:.0f} commits and issues touched by maintainers in 90 days.",
    "release_frequency": "Release more often: {value:.0f} days pass between releases.",
    "ci_success": "Make the workflows on the default branch pass: {value:.0%} of the runs did.",
    "community_profile": "Complete the community profile (readme, license, guides): it stands at {value:.0f} %.",
    "open_advisories": "Resolve open security advisories: there are {value:.0f}.",
}


def recommend(components: Sequence[Component]) -> tuple[str, ...]:
    """Return advice for components with a low score, the most weight to win first."""
    low = [c for c in components if c.score is not None and c.value is not None and c.score < ADVISE_BELOW]
    low.sort(key=lambda c: (-c.weight * (1 - (c.score or 0)), c.name))
    return tuple(_ADVICE[c.name].format(value=c.value) for c in low[:MAX_RECOMMENDATIONS])
