"""Statistics and files of commits, newest first, as far as the budget goes; a later pass fills in the rest."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from ..errors import Forbidden, GitHubError, InvalidInput, NotFound, RateLimited, Unreachable
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..github.payloads import CommitDetails, CommitStats, parse_commit_details
from ..insights.commits import analyse_commit
from ..records import CommitRecord
from .pass_state import PassState
from .refusals import forget_refusal, is_due, remember_refusal

CHUNK = 40
"""Commits with files that are fetched beside one another, and stored together."""

LISTED = 100

_OUTAGE = 3
"""When so many fail and none succeeds, GitHub is not reached, and no single commit is to blame."""


async def collect_details(state: PassState, store: Callable[[], Awaitable[None]]) -> None:
    """Fill in what the listing does not tell; `store` keeps what was learned so far. Ends when the budget is spent."""
    limit = state.budget.left + LISTED + len(state.repository.refused)
    shas = await state.manager.commits.get_without_details(state.repo, limit)
    due = [sha for sha in shas if is_due(state, _name(sha))]
    if state.with_token and len(due) > state.budget.left > 0:
        await _collect_statistics(state, due[state.budget.left - 1 :])
    while due and state.budget.left:
        size = min(CHUNK, state.budget.left)
        chunk, due = due[:size], due[size:]
        done = await _collect_files(state, chunk)
        if len(state.commits) >= CHUNK:
            await store()
        if not done:
            break
    else:
        if not due:
            return
    state.notes.append("statistics and files of older commits follow in later passes")


async def _collect_files(state: PassState, shas: Sequence[str]) -> bool:
    """Fetch commits beside one another; return whether the budget was enough for all of them."""
    state.modified = True
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_attempt(state, sha)) for sha in shas]
    found = {sha: task.result() for sha, task in zip(shas, tasks, strict=True)}
    for details in found.values():
        if isinstance(details, CommitDetails):
            state.add_commit(details.commit, details.files)
            forget_refusal(state, _name(details.commit.sha))
    for error in found.values():
        if isinstance(error, RateLimited):
            raise error
    _remember_refusals(state, found)
    return not any(isinstance(outcome, BudgetSpent) for outcome in found.values())


def _remember_refusals(state: PassState, found: Mapping[str, CommitDetails | GitHubError | BudgetSpent]) -> None:
    """Remember which commits GitHub could not give: diffs that are too large, commits gone after a force push."""
    failed = {sha: error for sha, error in found.items() if isinstance(error, GitHubError)}
    denied = [error for error in failed.values() if not isinstance(error, NotFound)]
    if len(denied) >= _OUTAGE and not any(isinstance(outcome, CommitDetails) for outcome in found.values()):
        raise denied[0]
    for sha, error in failed.items():
        remember_refusal(state, _name(sha), error)
    if denied:
        state.notes.append(f"details of {len(denied)} commits are asked for again later: {denied[0].message}")


async def _attempt(state: PassState, sha: str) -> CommitDetails | GitHubError | BudgetSpent:
    try:
        return await fetch_details(state.client, state.repo, state.asked_name, sha, state.budget)
    except InvalidInput as error:  # how GitHub names a sha that it does not have
        return NotFound(error.message)
    except (GitHubError, BudgetSpent) as error:
        return error


def _name(sha: str) -> str:
    return f"commit:{sha}"


async def fetch_details(client: GitHubClient, key: str, name: str, sha: str, budget: RequestBudget) -> CommitDetails:
    """One commit of the repository that GitHub calls `name`, as a record under `key`. Raises what GitHub answers."""
    answers = await client.fetch_commit(name, sha, budget=budget)
    complete = answers[-1].next_url is None
    details = parse_commit_details(key, *(answer.body for answer in answers), complete=complete)
    if details is None:
        raise NotFound(f"GitHub's answer for commit {sha} of {name} has no sha or date")
    return details


async def _collect_statistics(state: PassState, shas: list[str]) -> None:
    """A hundred commits' numbers for one request, for those whose files are out of reach. REST goes on without it."""
    try:
        page = await state.client.fetch_commit_stats(state.asked_name, budget=state.budget)
    except (Forbidden, NotFound, Unreachable):
        return
    for sha in shas:
        if sha in page.stats:
            await _add_statistics(state, sha, page.stats[sha])


async def _add_statistics(state: PassState, sha: str, stats: CommitStats) -> None:
    record = await state.manager.commits.get_commit(state.repo, sha)
    if record is None or stats.additions is None:
        return
    commit = msgspec.structs.replace(
        record.commit, additions=stats.additions, deletions=stats.deletions, files_changed=stats.files_changed
    )
    state.commits[sha] = CommitRecord(commit=commit, summary=analyse_commit(commit, None))
