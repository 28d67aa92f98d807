"""Who closed and who merged: REST's listings of issues and pull requests do not say it.

A page of issue events names a hundred; what none of them tells is asked for one by one.
https://docs.github.com/en/rest/issues/events#list-issue-events-for-a-repository
"""

from collections.abc import Iterable
from typing import Literal

from msgspec.structs import replace

from ..github.client import BudgetSpent, RequestBudget
from ..github.thread_lists import Ending, parse_endings, parse_thread
from ..github.threads_merge import SAME_SECONDS, ended_again
from ..insights.threads import lacks_ending
from ..instants import seconds_between
from ..records import Thread
from .missing_parts import MissingPart
from .pass_state import REFUSED, PassState

ENDINGS = MissingPart(
    "threads/without_endings",
    lacks_ending,
    "who closed older issues and pull requests is read in later passes",
)
_LISTING = "issues/events"


async def read_listed_endings(state: PassState, budget: RequestBudget) -> list[Thread]:
    """Return what is named by the listing of issue events; it is read on while its pages name anybody.

    A single thread is asked for by itself, for the same one request.
    """
    lacking = {thread.number: thread for thread in await ENDINGS.stored(state)}
    if len(lacking) < 2 or not state.may_ask(_LISTING):
        return []
    found: dict[int, Thread] = {}
    url = None
    try:
        while lacking.keys() - found.keys():
            answer = await state.client.fetch_issue_events(state.asked_name, budget=budget, url=url)
            reached, endings = parse_endings(answer.body)
            named = _named(lacking, endings)
            found |= named
            url = answer.next_url
            oldest = min(_ended_at(one) for number, one in lacking.items() if number not in found or number in named)
            if not named or url is None or reached is None or reached < oldest:
                break
        state.forget_refusal(_LISTING)
    except BudgetSpent:
        pass
    except REFUSED as refused:
        state.remember_refusal(_LISTING, refused)
    ENDINGS.settle(state, list(lacking.values()), found)
    return list(found.values())


async def read_single_endings(state: PassState, budget: RequestBudget) -> list[Thread]:
    """Return what is asked for by its number, as many as the budget allows; pull requests before issues."""
    lacking = sorted(await ENDINGS.stored(state), key=lambda thread: thread.kind == "issue")
    return await ENDINGS.read_each(state, lacking, budget, _read)


def _named(lacking: dict[int, Thread], endings: Iterable[Ending]) -> dict[int, Thread]:
    """Return the threads whose ending is among those listed; one that was reopened in between ended another time."""
    found = {}
    for ending in endings:
        thread = lacking.get(ending.number)
        if thread and abs(seconds_between(ending.at, _ended_at(thread))) <= SAME_SECONDS:
            merged_by = ending.by if thread.state == "merged" else None
            found[thread.number] = replace(thread, closed_by=ending.by, merged_by=merged_by, ending_known=True)
    return found


async def _read(state: PassState, thread: Thread, budget: RequestBudget) -> Thread | None:
    """Return the thread with who ended it; None where it changed meanwhile, so that it will be listed again.

    The number of an issue that was moved to another repository leads there.
    """
    kind: Literal["pulls", "issues"] = "pulls" if thread.state == "merged" else "issues"
    answer = await state.client.fetch_thread(state.asked_name, kind, thread.number, budget=budget)
    seen = parse_thread(state.repo, answer.body, thread.kind)
    if seen is None or seen.number != thread.number or seen.state == "open" or ended_again(thread, seen):
        return None
    known = {
        name: value
        for name in ("closed_by", "merged_by", "additions", "deletions", "changed_files")
        if (value := getattr(seen, name)) is not None
    }
    return replace(thread, **known, ending_known=True)


def _ended_at(thread: Thread) -> str:
    return thread.merged_at or thread.closed_at or thread.updated_at
