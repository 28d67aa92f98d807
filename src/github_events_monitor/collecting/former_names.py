"""A name that a repository had before, and that another one may have by now: the two are kept apart.

https://docs.github.com/en/repositories/creating-and-managing-repositories/renaming-a-repository — the old name leads to
the renamed repository only until another one gets it.
"""

from msgspec.structs import replace

from ..errors import GitHubError, InvalidInput
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..github.resources import RepositoryInfo, parse_repository
from ..infrastructure.database_interface import DatabaseManager
from ..records import RepositoryState, name_by_id, repo_key


class NameTaken(Exception):
    """Another repository has the name under which one is stored that has another one by now: `full_name`."""

    def __init__(self, full_name: str) -> None:
        super().__init__(full_name)
        self.full_name = full_name


def has_another_name(state: RepositoryState) -> bool:
    """Return whether a repository is stored under a name that it has no more."""
    return state.full_name is not None and repo_key(state.full_name) != state.repo_name


async def look_up_name(client: GitHubClient, name: str | int, budget: RequestBudget) -> RepositoryInfo | None:
    """Return which repository has a name, or an id; None where none has, or GitHub cannot be asked."""
    try:
        answer = await client.fetch_repository(name, budget=budget)
        return parse_repository(answer.body) if answer.status == "ok" else None
    except (GitHubError, InvalidInput, BudgetSpent):
        return None


async def is_taken(client: GitHubClient, name: str, state: RepositoryState | None, budget: RequestBudget) -> bool:
    """Return whether another repository than the stored one has a name by now."""
    if state is None or state.repository_id is None:
        return False
    found = await look_up_name(client, name, budget)
    return found is not None and found.id != state.repository_id


async def give_up_name(manager: DatabaseManager, state: RepositoryState, full_name: str) -> bool:
    """Store a repository under its present name, so that another one can be stored under the former one.

    Needs the lease of the former one. Return whether it was done: not where a third one is stored there.
    """
    collector_state, key = manager.collector_state, repo_key(full_name)
    other = await collector_state.get_state(key)
    if other is not None and other.repository_id not in {None, state.repository_id}:
        return False
    await collector_state.save_states([replace(state, full_name=full_name)])
    await manager.join_repositories(state.repo_name, key)
    if state.repository_id is not None:
        await collector_state.save_alias(name_by_id(state.repository_id), key)
    return True
