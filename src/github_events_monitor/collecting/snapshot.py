"""What can only be observed in the present, once a day: CI, community profile, advisories, releases, deployments."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from ..errors import Forbidden, NotFound, Unreachable
from ..github.client import Answer, BudgetSpent
from ..github.payloads import (
    parse_community_profile,
    parse_deployment_statuses,
    parse_deployments,
    parse_releases,
    parse_repository,
    parse_security_advisories,
    parse_workflow_runs,
)
from ..instants import seconds_between
from ..observations import Deployment, Snapshot
from ..records import Span
from ..side_by_side import side_by_side
from .pass_state import PassState
from .workflow_runs import read_workflow_runs

EVERY = timedelta(days=1)
MAX_DEPLOYMENTS = 5
MOST_DEPLOYMENTS = 60
"""So many deployments one question of GraphQL brings."""
"""Deployments whose statuses are read in one pass: each costs a request."""

BEGINNING = "2008-01-01T00:00:00Z"
"""No repository of GitHub is older: a listing that is not cut tells of all its releases."""


def is_snapshot_due(state: PassState) -> bool:
    """Return whether the last one is a day old."""
    last = state.repository.snapshot_at
    return last is None or seconds_between(last, state.now()) >= EVERY.total_seconds()


async def collect_snapshot(state: PassState) -> None:
    """Add today's snapshot, releases and deployments; what may not be read is unknown with the reason, never 0."""
    try:
        steps = [_collect_observation, _collect_releases, *([_collect_deployments] if state.with_token else [])]
        await side_by_side([partial(step, state) for step in steps])
    except BudgetSpent:
        state.notes.append("the daily snapshot was read in part; the request budget was spent")
        return
    state.change(snapshot_at=state.now())


async def _collect_observation(state: PassState) -> None:
    state.security.append((await _observe(state)).to_row(state.repo))


async def _observe(state: PassState) -> Snapshot:
    unknown: dict[str, str] = {}
    client = state.client
    about: dict[str, Any] = {"repo": state.asked_name, "budget": state.budget}

    async def read(fields: str, fetch: Callable[[], Awaitable[Answer]]) -> Answer | None:
        try:
            return await fetch()
        except (Forbidden, NotFound, Unreachable) as error:
            unknown.update(dict.fromkeys(fields.split(), error.message))
            return None

    info = state.info  # asked moments ago, unless it was not modified
    if info is None:
        seen = await read("archived created_at fork", partial(client.fetch_repository, **about))
        info = parse_repository(seen.body) if seen else None
    runs, profile, advisories = await side_by_side(
        [
            partial(read, "ci_runs ci_successes", partial(read_workflow_runs, state)),
            partial(read, "community_profile", partial(client.fetch_community_profile, **about)),
            partial(read, "open_advisories", partial(client.fetch_advisories, **about)),
        ]
    )
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
        open_advisories=sum(advisory.is_open for advisory in parse_security_advisories(advisories.body))
        if advisories
        else None,
        unknown=unknown,
    )


async def _collect_releases(state: PassState) -> None:
    try:
        answer = await state.client.fetch_releases(state.asked_name, budget=state.budget)
    except (Forbidden, NotFound, Unreachable):
        return
    releases = parse_releases(answer.body)
    first = min((release.published_at for release in releases), default=state.now())
    state.learn("releases", Span(first if answer.next_url else BEGINNING, state.now()))
    state.deployments += [release.to_row(state.repo) for release in releases]


async def _collect_deployments(state: PassState) -> None:
    try:
        found, whole = await _read_deployments(state)
    except (Forbidden, NotFound, Unreachable):
        return  # what may not be read stays unknown; the events still tell of releases
    first = min((deployment.created_at for deployment in found), default=state.now())
    state.learn("deployments", Span(BEGINNING if whole else first, state.now()))
    state.deployments += [deployment.to_row(state.repo) for deployment in found]


async def _read_deployments(state: PassState) -> tuple[list[Deployment], bool]:
    """Return the latest deployments with their statuses, and whether these are all: one question, or many requests."""
    with contextlib.suppress(Forbidden, Unreachable):
        latest = await state.client.fetch_latest_deployments(state.asked_name, budget=state.budget)
        if latest is not None:
            return latest, len(latest) < MOST_DEPLOYMENTS
    answer = await state.client.fetch_deployments(state.asked_name, budget=state.budget)
    listed = parse_deployments(answer.body)
    found = []
    for number, deployment in listed[:MAX_DEPLOYMENTS]:
        statuses = await state.client.fetch_deployment_statuses(state.asked_name, number, budget=state.budget)
        status = max(parse_deployment_statuses(statuses.body), key=lambda one: one.created_at or "", default=None)
        found.append(replace(deployment, state=status.state, state_at=status.created_at) if status else deployment)
    return found, answer.next_url is None and len(listed) <= MAX_DEPLOYMENTS
