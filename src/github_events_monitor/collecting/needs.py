"""What questions rest on beside the listings of events, commits, issues and pull requests, a request each at first.

It is read beside those listings, so that a busy repository's pages leave room for it. What was read longest ago, or
never, comes first: where the requests do not suffice the next pass goes on with the rest.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from ..instants import seconds_between
from .activity import collect_activity
from .pass_state import PassState
from .releases import collect_deployments, collect_releases
from .snapshot import is_of_a_day, read_part, unread_parts
from .workflow_runs import collect_workflow_runs

ACTIVITY = "activity"
_RUNS = "workflow_runs"
_MOMENTS = 60.0
"""Seconds, as GitHub asks between two polls."""


async def _collect_runs(state: PassState) -> None:
    """A question wants the latest runs; how many of them succeeded is counted once a day."""
    if state.known(_RUNS) and _RUNS not in await unread_parts(state):
        await collect_workflow_runs(state)
    else:
        await read_part(state, _RUNS)


NEEDS: Mapping[str, Callable[[PassState], Awaitable[None]]] = {
    "releases": collect_releases,
    "deployments": collect_deployments,
    _RUNS: _collect_runs,
    "advisories": partial(read_part, part="advisories"),
    "community_profile": partial(read_part, part="community_profile"),
    ACTIVITY: collect_activity,
}


async def due_needs(state: PassState) -> list[str]:
    """Return what of a question's needs to read: those first that were never read, then what was longest ago.

    What another pass read moments ago is left out, and for an hour what GitHub refused.
    Deployments take a token: without one each asks for its status by itself. Nor are releases listed more than once a
    day then, for that is one of sixty requests an hour.
    """
    wanted = [need for need in state.needs if need in NEEDS and (state.with_token or need != "deployments")]
    if not wanted:
        return []
    known = {"advisories", "community_profile"} - {*await unread_parts(state)}
    read = {need: spans[-1].until for need in wanted if (spans := state.known(need))}
    if not state.with_token and is_of_a_day(state, read.get("releases")):
        known.add("releases")
    known |= {need for need, until in read.items() if seconds_between(until, state.now()) < _MOMENTS}
    known |= {need for need in wanted if not state.may_ask(need)}
    return sorted((need for need in wanted if need not in known), key=lambda need: read.get(need, ""))
