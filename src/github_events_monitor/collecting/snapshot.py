"""What can only be observed in the present, once a day: CI, community profile, advisories, releases, deployments.

Questions read parts of it earlier. What of CI, profile and advisories was read within a day makes one snapshot.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial

import msgspec

from ..github.client import BudgetSpent
from ..github.resources import parse_community_profile, parse_repository, parse_security_advisories
from ..github.workflow_runs import parse_active_workflows, parse_workflow_runs
from ..insights.workflow_runs import RUN_TYPES, find_failing, verdicts_on
from ..instants import seconds_between, shift
from ..observations import NOT_YET, SNAPSHOT, Snapshot
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

_FACTS = ("archived", "created_at", "fork")
_PARTS = {
    "workflow_runs": ("ci_runs", "ci_successes"),
    "community_profile": ("community_profile",),
    "advisories": ("open_advisories",),
}
"""Fields of a snapshot that one answer of GitHub's has."""
_WORKFLOWS = "workflows"
"""Read with `workflow_runs`, and only where one failed last."""


def is_snapshot_due(state: PassState) -> bool:
    """Return whether the last one is a day old."""
    return not is_of_a_day(state, state.repository.snapshot_at)


def is_of_a_day(state: PassState, instant: str | None) -> bool:
    """Return whether an instant is less than a day ago."""
    return instant is not None and seconds_between(instant, state.now()) < EVERY.total_seconds()


async def collect_snapshot(state: PassState, *, observed: bool = False) -> None:
    """Add today's snapshot, releases and deployments; what may not be read is unknown with the reason, never 0.

    observed: whether this pass did `collect_observation` already.
    """
    try:
        observing = [] if observed else [collect_observation]
        by_graphql = [collect_deployments, collect_gone] if state.with_token else []
        listed = state.known("releases")[-1:]  # without a token that is one of sixty requests an hour
        releases = [] if not state.with_token and listed and is_of_a_day(state, listed[0].until) else [collect_releases]
        steps = [*observing, *releases, *by_graphql]
        await side_by_side([partial(step, state) for step in steps])
    except BudgetSpent:
        state.postpone("the daily snapshot was read in part; the request budget was spent")
        return
    state.change(snapshot_at=await keep_observation(state) or state.now())


async def collect_observation(state: PassState) -> None:
    """Read what there is of it at this moment, and was not read within a day: CI, community profile, advisories."""
    parts = await unread_parts(state, refused=True)
    last = await _last(state)
    if state.info is None and (last is None or last.archived is None):  # else it is as it was when it was asked last
        await _read(state, _FACTS, _read_facts)
    if last is not None and last.workflows is None and "workflow_runs" not in parts:  # a question had no requests left
        state.observed[_WORKFLOWS] = await _active_workflows(state)
    await side_by_side([partial(read_part, state, part) for part in parts if part != "advisories"])
    if "advisories" in parts:
        await read_part(state, "advisories")


async def unread_parts(state: PassState, *, refused: bool = False) -> list[str]:
    """Return which parts of a snapshot were not asked for within a day, or were `refused`, too."""
    snapshot = await _last(state)
    if snapshot is None or not is_of_a_day(state, snapshot.observed_at):
        return list(_PARTS)
    left = {name for name, reason in snapshot.unknown.items() if refused or reason == NOT_YET}
    return [part for part, fields in _PARTS.items() if left.intersection(fields)]


async def read_part(state: PassState, part: str) -> None:
    """Read a part of a snapshot; what GitHub refuses is unknown with the reason. Raises a limit, and `BudgetSpent`."""
    await _read(state, _PARTS[part], _READERS[part])


async def keep_observation(state: PassState) -> str | None:
    """Keep what was read of a snapshot, together with what was read of it before; return as of when."""
    if state.info is not None and is_snapshot_due(state):
        state.observed |= {name: getattr(state.info, name) for name in _FACTS}
    if not state.observed and not state.unread:
        return None
    last = await _last(state)
    before = msgspec.structs.asdict(last) if last is not None else {}
    is_new = last is None or not is_of_a_day(state, last.observed_at)
    names = [*_FACTS, *(name for part in _PARTS.values() for name in part)]
    kept = {name: before[name] for name in (_FACTS if is_new else (*names, _WORKFLOWS)) if before.get(name) is not None}
    values = {**kept, **state.observed}
    reasons = {**dict.fromkeys(names, NOT_YET), **({} if is_new else before.get("unknown", {})), **state.unread}
    snapshot = Snapshot(
        observed_at=state.now() if last is None or is_new else last.observed_at,
        default_branch=state.repository.default_branch,
        unknown={name: reasons[name] for name in names if name not in values},
        **values,
    )
    state.observed, state.unread = {}, {}
    if snapshot != last:
        state.security.append(snapshot.to_row(state.repo))
        state.snapshots = [snapshot]
    return snapshot.observed_at


async def _last(state: PassState) -> Snapshot | None:
    """Return the last snapshot; None where it is of another repository that had the name, or of another branch."""
    if state.snapshots is None:
        rows = await state.manager.metrics.get_metrics("security_metrics", state.repo, prefix=SNAPSHOT)
        state.snapshots = [last for row in rows[-1:] if (last := Snapshot.from_row(row)) is not None]
    last = state.snapshots[-1] if state.snapshots else None
    if last is None or last.default_branch != state.repository.default_branch:
        return None
    return last if last.observed_at > (state.repository.taken_over_at or "") else None


async def _read(
    state: PassState, fields: tuple[str, ...], read: Callable[[PassState], Awaitable[Mapping[str, object]]]
) -> None:
    try:
        state.observed |= await read(state)
    except REFUSED as error:
        state.unread |= dict.fromkeys(fields, error.message)


async def _read_facts(state: PassState) -> Mapping[str, object]:
    answer = await state.client.fetch_repository(state.asked_name, budget=state.budget)
    info = parse_repository(answer.body)
    return {name: getattr(info, name) for name in _FACTS}


async def _read_checks(state: PassState) -> Mapping[str, object]:
    verdicts = parse_workflow_runs(state.repo, (await read_workflow_runs(state)).body).verdicts
    return {
        "ci_runs": len(verdicts),
        "ci_successes": verdicts.count("success"),
        _WORKFLOWS: await _active_workflows(state),
    }


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


async def _read_profile(state: PassState) -> Mapping[str, object]:
    answer = await state.client.fetch_community_profile(state.asked_name, budget=state.budget)
    return {"community_profile": parse_community_profile(answer.body)}


async def _read_advisories(state: PassState) -> Mapping[str, object]:
    """Return how many advisories are open; nothing, with the reason, where they were not all read."""
    number, url = 0, None
    try:
        for _ in range(_MOST_PAGES):
            answer = await state.client.fetch_advisories(state.asked_name, url=url, budget=state.budget)
            number += sum(advisory.is_open for advisory in parse_security_advisories(answer.body))
            if (url := answer.next_url) is None:
                return {"open_advisories": number}
    except REFUSED as error:
        reason = error.message if url is None else f"at least {number}; {error.message}"
    except BudgetSpent:
        if url is None:
            raise
        reason = f"at least {number} are open, and the request budget was spent"
    else:
        reason = f"at least {number} are open, and not all of them were read"
    state.unread["open_advisories"] = reason
    return {}


_READERS: Mapping[str, Callable[[PassState], Awaitable[Mapping[str, object]]]] = {
    "workflow_runs": _read_checks,
    "community_profile": _read_profile,
    "advisories": _read_advisories,
}
