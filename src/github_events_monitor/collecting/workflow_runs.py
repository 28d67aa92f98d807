"""The runs of workflows on the default branch, kept as the events that webhooks bring: which failed, since when.

https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository: newest first by creation.
"""

from datetime import timedelta

from ..errors import Forbidden, NotFound, Unreachable
from ..github.client import Answer, BudgetSpent
from ..github.payloads import parse_workflow_runs
from ..instants import shift
from ..records import Span
from .pass_state import PassState

KIND = "workflow_runs"
"""The kind of what is known of them; a listing that ends is taken to reach back over `_KEPT`."""

_RESOURCE = "workflow_runs"
_KEPT = timedelta(days=365)
"""GitHub removes runs that are older than 400 days:
https://docs.github.com/en/organizations/managing-organization-settings/configuring-the-retention-period-for-github-actions-artifacts-and-logs-in-your-organization"""


async def collect_workflow_runs(state: PassState) -> None:
    """Draft what finished since the last pass; a repository whose runs may not be read is asked once a day only."""
    if KIND not in state.repository.ledger.spans:
        return
    try:
        await read_workflow_runs(state, state.etag(_RESOURCE))
    except (Forbidden, NotFound, Unreachable) as refused:
        state.notes.append(f"workflow runs are not read: {refused.message}")
    except BudgetSpent:
        state.postpone("workflow runs are read in a later pass; the request budget was spent")


async def read_workflow_runs(state: PassState, etag: str | None = None) -> Answer:
    """Draft finished runs as events, each once, and return GitHub's answer. Raises what GitHub answers."""
    branch, now = state.repository.default_branch, state.now()
    answer = await state.client.fetch_workflow_runs(state.asked_name, branch=branch, etag=etag, budget=state.budget)
    if not state.saw(_RESOURCE, answer):
        state.learn(KIND, Span(state.known(KIND)[-1].until, now))
        return answer
    page = parse_workflow_runs(state.repo, answer.body, branch)
    found = {event.id: event for event in page.events if event.created_at >= (state.cutoff or "")}
    for known in await state.manager.events.get_known_ids(found):
        del found[known]
    state.events |= {id_: event for id_, event in found.items() if id_ not in state.events}
    if found:
        state.modified = True
        state.add_source(KIND)
    since = page.listed_from if answer.next_url else None
    state.learn(KIND, Span(since or shift(now, -_KEPT), now))
    return answer
