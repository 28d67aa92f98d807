"""The runs of workflows on the default branch, kept as the events that webhooks bring: which failed, since when.

https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository: newest first by creation.
"""

from collections.abc import Sequence
from datetime import timedelta

from ..github.client import Answer, BudgetSpent, RequestBudget
from ..github.workflow_runs import WorkflowRuns, parse_workflow_runs
from ..instants import SECOND, shift
from ..ledger import clip_spans, missing_spans
from ..records import Span
from .pass_state import MAX_PAGES, REFUSED, PassState

KIND = "workflow_runs"
"""The kind of what is known of them; a listing that ends is taken to reach back over `_KEPT`."""

UNDER_WAY = "workflow_runs/under_way"
"""The kind of the seconds in which runs were created that had no result when they were read last."""

_RESOURCE = "workflow_runs"
_KEPT = timedelta(days=365)
"""GitHub removes runs that are older than 400 days:
https://docs.github.com/en/organizations/managing-organization-settings/configuring-the-retention-period-for-github-actions-artifacts-and-logs-in-your-organization"""

_REACH = timedelta(days=90)
"""How far back runs are read: the window of `deployment_metrics`."""
_LONGEST = timedelta(days=5)
"""How long a run may be under way, and is asked for until it ends: as a job on a self-hosted runner may be.
https://docs.github.com/en/actions/reference/limits"""
_LATE = 5
"""Runs that the first page does not show and that one pass asks for."""


async def collect_workflow_runs(state: PassState) -> None:
    """Collect the runs that finished since the last pass; where they may not be read, GitHub is asked once a day."""
    if KIND not in state.repository.ledger.spans:
        return
    try:
        await read_workflow_runs(state, state.etag(_RESOURCE))
    except REFUSED as refused:
        state.notes.append(f"workflow runs are not read: {refused.message}")
    except BudgetSpent:
        state.postpone("workflow runs are read in a later pass; the request budget was spent")


async def read_workflow_runs(state: PassState, etag: str | None = None) -> Answer:
    """Collect finished runs as events, each once, and return GitHub's answer. Raises what GitHub answers."""
    branch, now = state.repository.default_branch, state.now()
    with state.noting_refusal(KIND):
        answer = await state.client.fetch_workflow_runs(state.asked_name, branch=branch, etag=etag, budget=state.budget)
    if not state.saw(_RESOURCE, answer):
        state.learn(KIND, Span(state.known(KIND)[-1].until, now))
        return answer
    page = await _keep(state, answer)
    since = page.listed_from if answer.next_url else None
    state.learn(KIND, Span(since or shift(now, -_KEPT), now))
    _note(state, page.under_way, Span(since or "", "9999"))
    await _read_late(state, since or "")
    return answer


async def read_older_runs(state: PassState) -> None:
    """Read what the first page did not show of the last months, newest first, with a share of the budget."""
    known = state.known(KIND)
    floor = max(shift(state.now(), -_REACH), state.cutoff or "")
    gaps = missing_spans(known, floor, known[-1].until) if known else ()
    with state.optional_reading("not all older workflow runs are read") as budget:
        for gap in reversed(gaps):
            await _fill(state, gap, budget)


async def _read_late(state: PassState, listed_from: str) -> None:
    """Read runs that were under way and are behind the first page by now: their ends are on no page that is read."""
    late = clip_spans(state.known(UNDER_WAY), shift(state.now(), -_LONGEST), listed_from)
    with state.optional_reading("not all workflow runs that take long are read") as budget:
        for span in late[:_LATE]:
            await _fill(state, span, budget)


def _note(state: PassState, under_way: Sequence[str], stretch: Span) -> None:
    """Remember which runs of a stretch, all of which was read, are under way."""
    known, oldest = state.known(UNDER_WAY), shift(state.now(), -_LONGEST)
    others = (*clip_spans(known, oldest, stretch.since), *clip_spans(known, max(oldest, stretch.until), "9999"))
    state.know(UNDER_WAY, *others, *(Span(at, shift(at, SECOND)) for at in under_way))


async def _fill(state: PassState, gap: Span, budget: RequestBudget) -> None:
    """Read a stretch, and learn how far that was. Raises what GitHub answers, and `BudgetSpent` before its end."""
    branch, created, url = state.repository.default_branch, f"{gap.since}..{gap.until}", None
    under_way: list[str] = []
    for page in range(1, MAX_PAGES + 1):
        answer = await state.client.fetch_workflow_runs(
            state.asked_name, branch=branch, created=created, url=url, budget=budget
        )
        found, url = await _keep(state, answer), answer.next_url
        listed_from, under_way = found.listed_from, [*under_way, *found.under_way]
        if url is None and page < MAX_PAGES:  # the last page of a search may be followed by more that it does not show
            state.learn(KIND, gap)
            _note(state, under_way, gap)
            return
        if listed_from is not None:
            state.learn(KIND, Span(shift(listed_from, SECOND), gap.until))  # others of that second may be missing
        if url is None:
            return


async def _keep(state: PassState, answer: Answer) -> WorkflowRuns:
    """Keep the finished runs of a page, and return it."""
    page = parse_workflow_runs(state.repo, answer.body, state.repository.default_branch)
    found = {event.id: event for event in page.events if event.created_at >= (state.cutoff or "")}
    for known in await state.manager.events.get_known_ids(found):
        del found[known]
    state.events |= {id_: event for id_, event in found.items() if id_ not in state.events}
    if found:
        state.modified = True
        state.add_source(KIND)
    return page
