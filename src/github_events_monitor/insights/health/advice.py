"""Recommendations: what the numbers suggest to do first."""

from collections.abc import Sequence

from ..results import Component
from .rules import ADVISE_BELOW

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
    """For components with a low score, the most weight to win first."""
    low = [c for c in components if c.score is not None and c.value is not None and c.score < ADVISE_BELOW]
    low.sort(key=lambda c: (-c.weight * (1 - (c.score or 0)), c.name))
    return tuple(_ADVICE[c.name].format(value=c.value) for c in low[:MAX_RECOMMENDATIONS])
