"""Statistics and files of commits, newest first, as far as the budget goes; a later pass fills in the rest."""

from collections.abc import Awaitable, Callable

import msgspec

from ..errors import Forbidden, InvalidInput, NotFound, Unreachable
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..github.payloads import CommitDetails, CommitStats, parse_commit_details
from ..insights.commits import analyse_commit
from ..records import CommitRecord
from .pass_state import PassState

CHUNK = 20
"""Commits with files that are stored together."""

LISTED = 100


async def collect_details(state: PassState, store: Callable[[], Awaitable[None]]) -> None:
    """Fill in what the listing does not tell; `store` keeps what was drafted so far. Ends when the budget is spent."""
    shas = await state.manager.commits.get_without_details(state.repo, state.budget.left + LISTED)
    try:
        if state.with_token and len(shas) > state.budget.left:
            await _collect_statistics(state, shas[state.budget.left - 1 :])
        for sha in shas:
            await _collect_files(state, sha)
            if len(state.commits) >= CHUNK:
                await store()
    except BudgetSpent:
        state.notes.append("statistics and files of older commits follow in later passes")


async def _collect_files(state: PassState, sha: str) -> None:
    state.modified = True
    try:
        details = await fetch_details(state.client, state.repo, state.asked_name, sha, state.budget)
    except (NotFound, InvalidInput):
        return  # gone since it was listed, after a force push: it stays without details
    state.add_commit(details.commit, details.files)


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
