"""Which kind of contribution an event is, by its type and action.

Actions by event type: https://docs.github.com/en/rest/using-the-rest-api/github-event-types; of a review
webhooks say "submitted" where the Events API says "created".
"""

from typing import Literal

Contribution = Literal[
    "commits", "pull_requests", "merged", "reviews", "issues", "comments", "pushes", "releases", "other"
]

NO_CONTRIBUTIONS = frozenset(
    {"WatchEvent", "ForkEvent", "StarEvent", "StatusEvent", "CheckRunEvent", "CheckSuiteEvent", "WorkflowRunEvent",
     "WorkflowJobEvent", "WorkflowDispatchEvent", "DeploymentStatusEvent"}
)  # fmt: skip
"""Interest in a repository, and what its machines report."""

NEW = frozenset({None, "created", "submitted", "published", "released"})
"""Actions that say a comment, review or release is new, not edited, dismissed or deleted."""

CLOSING = frozenset({"closed", "merged"})

_NEW_THINGS: dict[str, Contribution] = {
    "IssueCommentEvent": "comments",
    "PullRequestReviewCommentEvent": "comments",
    "CommitCommentEvent": "comments",
    "DiscussionCommentEvent": "comments",
    "PullRequestReviewEvent": "reviews",
    "ReleaseEvent": "releases",
}
_BY_ACTION: dict[tuple[str, str | None], Contribution] = {
    ("PullRequestEvent", "opened"): "pull_requests",
    ("PullRequestEvent", "merged"): "merged",
    ("IssuesEvent", "opened"): "issues",
}


def contribution_of(event_type: str, action: str | None) -> Contribution | None:
    """Return the kind of contribution; None for events that are none (stars, forks, reports of machines)."""
    if event_type == "PushEvent":
        return "pushes"
    if event_type in NO_CONTRIBUTIONS:
        return None
    if action in NEW and event_type in _NEW_THINGS:
        return _NEW_THINGS[event_type]
    return _BY_ACTION.get((event_type, action), "other")
