"""Which repository it is: GitHub's spelling, its lasting id, its default branch; and renames.

The old name redirects: https://docs.github.com/en/repositories/creating-and-managing-repositories/renaming-a-repository
"""

from ..github.resources import RepositoryInfo, parse_repository
from ..instants import seconds_between
from ..records import Ledger, name_by_id, repo_key
from .former_names import NameTaken, look_up_name
from .gone import leave_former
from .pass_state import PassState

WITHOUT_TOKEN_SECONDS = 24 * 3600.0
"""Without a token even a 304 costs a request, so identity is then asked once a day."""


class Renamed(Exception):
    """The repository is stored, or will be, under another key; the pass starts again with that one.

    What is stored under the former one belongs there, too. full_name: GitHub's name for it at this moment, which the
    one that is stored may not lead to any more.
    """

    def __init__(self, former: str, key: str, full_name: str) -> None:
        super().__init__(key)
        self.former, self.key, self.full_name = former, key, full_name


async def collect_identity(state: PassState) -> None:
    """Read the repository itself. Raises `Renamed`, `NotFound` and what else GitHub answers."""
    known = state.repository
    recent = known.snapshot_at or known.last_collected_at
    lately = recent and seconds_between(recent, state.now()) < WITHOUT_TOKEN_SECONDS
    if not state.with_token and lately and "commits" not in known.rewritten:
        return
    if known.repository_id is None and await _is_introduced(state):
        return
    answer = await state.client.fetch_repository(state.asked_name, etag=state.etag("repository"), budget=state.budget)
    if state.saw("repository", answer):
        state.info = parse_repository(answer.body)
        await _recognise(state, state.info)


async def _is_introduced(state: PassState) -> bool:
    """Return whether the question about many repositories told which one it is. Raises `Renamed`."""
    if state.introductions is not None:
        state.introduced = await state.introductions.of(state.asked_name, state.budget)
    if state.introduced is None:
        return False
    state.info = state.introduced.introduction.info
    await _recognise(state, state.info)
    return True


async def _recognise(state: PassState, info: RepositoryInfo) -> None:
    collector_state, key, named = state.manager.collector_state, state.repo, repo_key(info.full_name)
    known_as = await collector_state.get_alias(name_by_id(info.id))
    if known_as is not None and known_as != key:
        if await _is_stored_as(state, known_as, info.id):
            raise Renamed(key, known_as, info.full_name)
        known_as = None
    if known_as is None and named != key and state.repository.repository_id is None:
        raise Renamed(key, named, info.full_name)
    if known_as is None and not state.dry_run:
        await collector_state.save_alias(name_by_id(info.id), key)
    if named not in {key, repo_key(state.asked_name)} and not state.dry_run:
        other = await collector_state.get_state(named)
        if other is None or other.repository_id in {None, info.id}:
            await state.manager.join_repositories(named, key)
    if state.repository.repository_id not in {None, info.id}:
        await _separate(state, state.repository.repository_id)
        await _take_over(state, info)
    elif state.repository.default_branch not in {None, info.default_branch}:
        _list_anew(state, info)
    state.change(full_name=info.full_name, repository_id=info.id, default_branch=info.default_branch)


async def _is_stored_as(state: PassState, key: str, repository_id: int) -> bool:
    """Return whether that key is still this repository's, and not by now that of another one with its former name."""
    stored = await state.manager.collector_state.get_state(key)
    return stored is None or stored.repository_id in {None, repository_id}


async def _separate(state: PassState, repository_id: int | None) -> None:
    """Raise `NameTaken` where the repository that had the name before has another one by now."""
    found = await look_up_name(state.client, repository_id, state.budget) if repository_id is not None else None
    if found is not None and found.id == repository_id and repo_key(found.full_name) != state.repo:
        raise NameTaken(found.full_name)


async def _take_over(state: PassState, info: RepositoryInfo) -> None:
    """Another repository has the name now: nothing is known of it yet. What is stored stays, and answers say so."""
    last_seen = state.repository.last_collected_at or state.now()
    taken_over_at = max(info.created_at or last_seen, last_seen)
    await leave_former(state, taken_over_at)
    state.change(
        taken_over_at=taken_over_at,
        ledger=Ledger(),
        etags={},
        heads={},
        not_modified={},
        branches=(),
        commits_floor=None,
        snapshot_at=None,
        refused={},
    )
    state.notes.append(f"{info.full_name} is another repository than the one that had this name before")


def _list_anew(state: PassState, info: RepositoryInfo) -> None:
    """Another branch is the default one, or the same under another name: what it has is not known yet.

    https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-branches-in-your-repository/renaming-a-branch
    """
    kinds = {"commits", f"commits:{info.default_branch}", "workflow_runs"}
    state.forget(kinds)
    known = {kind: spans for kind, spans in state.repository.ledger.spans.items() if kind not in kinds}
    heads = {kind: sha for kind, sha in state.repository.heads.items() if kind not in kinds}
    state.change(ledger=Ledger(spans=known), heads=heads, snapshot_at=None)
