"""What can only be observed in the present, once a day: CI, community profile, advisories, releases, deployments."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from ..github.client import Answer, BudgetSpent
from ..github.resources import parse_community_profile, parse_repository, parse_security_advisories
from ..github.workflow_runs import parse_active_workflows, parse_workflow_runs
from ..insights.workflow_runs import RUN_TYPES, find_failing, verdicts_on
from ..instants import seconds_between, shift
from ..observations import Snapshot
from ..records import Activity
from ..side_by_side import side_by_side
from .gone import collect_gone
from .pass_state import REFUSED, PassState
from .releases import collect_deployments, collect_releases
from .workflow_runs import read_workflow_runs

EVERY = timedelta(days=1)
_MOST_PAGES = 10
"""Pages of advisories, and of workflows, that are read."""

_RUNS = timedelta(days=90)
"""For how long a last failure stands: the default window of `deployment_metrics`."""


def is_snapshot_due(state: PassState) -> bool:
    """Return whether the last one is a day old."""
    last = state.repository.snapshot_at
    return last is None or seconds_between(last, state.now()) >= EVERY.total_seconds()


async def collect_snapshot(state: PassState, *, observed: bool = False) -> None:
    """Add today's snapshot, releases and deployments; what may not be read is unknown with the reason, never 0.

    observed: whether this pass did `collect_observation` already.
    """
    try:
        observing = [] if observed else [collect_observation]
        by_graphql = [collect_deployments, collect_gone] if state.with_token else []
        steps = [*observing, collect_releases, *by_graphql]
        await side_by_side([partial(step, state) for step in steps])
    except BudgetSpent:
        state.postpone("the daily snapshot was read in part; the request budget was spent")
        return
    state.change(snapshot_at=state.now())


async def collect_observation(state: PassState) -> None:
    """Add what there is of it at this moment: CI, community profile, advisories."""
    state.security.append((await _observe(state)).to_row(state.repo))


async def _observe(state: PassState) -> Snapshot:
    unknown: dict[str, str] = {}
    client = state.client
    about: dict[str, Any] = {"repo": state.asked_name, "budget": state.budget}

    async def read(fields: str, fetch: Callable[[], Awaitable[Answer]]) -> Answer | None:
        try:
            return await fetch()
        except REFUSED as error:
            unknown.update(dict.fromkeys(fields.split(), error.message))
            return None

    info = state.info  # asked moments ago, unless it was not modified
    if info is None:
        seen = await read("archived created_at fork", partial(client.fetch_repository, **about))
        info = parse_repository(seen.body) if seen else None
    runs, profile = await side_by_side(
        [
            partial(read, "ci_runs ci_successes", partial(read_workflow_runs, state)),
            partial(read, "community_profile", partial(client.fetch_community_profile, **about)),
        ]
    )
    open_advisories = await _count_advisories(state, unknown)
    verdicts = parse_workflow_runs(state.repo, runs.body).verdicts if runs else ()
    return Snapshot(
        observed_at=state.now(),
        archived=info.archived if info else None,
        created_at=info.created_at if info else None,
        fork=info.fork if info else None,
        default_branch=state.repository.default_branch,
        ci_runs=len(verdicts) if runs else None,
        ci_successes=verdicts.count("success") if runs else None,
        community_profile=parse_community_profile(profile.body) if profile else None,
        open_advisories=open_advisories,
        workflows=await _active_workflows(state) if runs else None,
        unknown=unknown,
    )


async def _active_workflows(state: PassState) -> tuple[int, ...] | None:
    """Return the ids of the workflows that can run, where one failed last; None where none did, or not all were read.

    One whose file was removed or renamed, or that is disabled, does not run again: its last failure would stand.
    """
    now, branch = state.now(), state.repository.default_branch
    rows = await state.manager.events.get_activity(state.repo, shift(now, -_RUNS), now, event_types=RUN_TYPES)
    rows += [
        Activity(one.id, one.event_type, one.created_at, one.actor_login, *one.facts) for one in state.events.values()
    ]
    if not find_failing(verdicts_on({row.id: row for row in rows}.values(), branch)):
        return None
    budget, url = state.budget.share(min(_MOST_PAGES, state.budget.left // 2)), None
    active: list[int] = []
    with contextlib.suppress(*REFUSED, BudgetSpent):
        for _ in range(_MOST_PAGES):
            answer = await state.client.fetch_workflows(state.asked_name, url=url, budget=budget)
            active += parse_active_workflows(answer.body)
            if (url := answer.next_url) is None:
                return tuple(active)
    return None


async def _count_advisories(state: PassState, unknown: dict[str, str]) -> int | None:
    """Return how many advisories are open; None, with the reason, where they were not all read."""
    number, url = 0, None
    try:
        for _ in range(_MOST_PAGES):
            answer = await state.client.fetch_advisories(state.asked_name, url=url, budget=state.budget)
            number += sum(advisory.is_open for advisory in parse_security_advisories(answer.body))
            if (url := answer.next_url) is None:
                return number
    except REFUSED as error:
        unknown["open_advisories"] = error.message if url is None else f"at least {number}; {error.message}"
    else:
        unknown["open_advisories"] = f"at least {number} are open, and not all of them were read"
    return None
