"""GitHub's JSON -> records: the one door to everything that parses.

Pure: no I/O, no clock. Every parser takes both payload eras and GitHub Enterprise Server's, and any field that is
missing, null or of another type than documented.
"""

from .activity import PushActivity, event_from_activity, parse_activity
from .commits import CommitDetails, parse_commit_details, parse_commits, parse_push_commits
from .events import FEED_TYPES, UNKNOWN_TYPE, ParsedEvent, ParsedPage, check_types, parse_event, parse_events
from .facts import extract_facts
from .graphql.commits import HistoryPage, parse_history
from .graphql.looks import Look, parse_deployments_page, parse_looks
from .graphql.threads import ThreadsPage, parse_replies, parse_threads
from .limits import RateLimit, parse_rate_limit_body
from .natural_keys import DERIVED, derived_id, is_dated, natural_key, possible_keys, same_but_for_time
from .resources import (
    DeploymentStatus,
    ListedRepository,
    RepositoryInfo,
    parse_branches,
    parse_community_profile,
    parse_deployment_statuses,
    parse_deployments,
    parse_listed_repositories,
    parse_login,
    parse_releases,
    parse_repository,
    parse_security_advisories,
)
from .workflow_runs import FAILED_VERDICTS, VERDICTS, WorkflowRuns, parse_workflow_runs

__all__ = [
    "DERIVED",
    "FAILED_VERDICTS",
    "FEED_TYPES",
    "UNKNOWN_TYPE",
    "VERDICTS",
    "CommitDetails",
    "DeploymentStatus",
    "HistoryPage",
    "ListedRepository",
    "Look",
    "ParsedEvent",
    "ParsedPage",
    "PushActivity",
    "RateLimit",
    "RepositoryInfo",
    "ThreadsPage",
    "WorkflowRuns",
    "check_types",
    "derived_id",
    "event_from_activity",
    "extract_facts",
    "is_dated",
    "natural_key",
    "parse_activity",
    "parse_branches",
    "parse_commit_details",
    "parse_commits",
    "parse_community_profile",
    "parse_deployment_statuses",
    "parse_deployments",
    "parse_deployments_page",
    "parse_event",
    "parse_events",
    "parse_history",
    "parse_listed_repositories",
    "parse_login",
    "parse_looks",
    "parse_push_commits",
    "parse_rate_limit_body",
    "parse_releases",
    "parse_replies",
    "parse_repository",
    "parse_security_advisories",
    "parse_threads",
    "parse_workflow_runs",
    "possible_keys",
    "same_but_for_time",
]
