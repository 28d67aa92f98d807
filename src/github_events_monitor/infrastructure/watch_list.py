"""Which repositories are watched, and whose turn it is."""

from collections.abc import Iterable, Mapping, Sequence

from ..errors import RateLimited
from ..records import RepositoryState, repo_key
from .database_interface import CollectorState


async def watched(collector_state: CollectorState, targets: Iterable[str]) -> dict[str, str]:
    """Watched repositories by key, in order, in GitHub's spelling where it is known. A removal outranks a target."""
    named = {repo_key(name): name for name in targets}
    keys = await watched_keys(collector_state, named)
    states = await collector_state.get_states(keys)
    return {key: (states[key].full_name if key in states else None) or named.get(key, key) for key in keys}


async def watched_keys(collector_state: CollectorState, targets: Iterable[str]) -> list[str]:
    """Return the keys of watched repositories in order, without reading what is remembered of each."""
    listed = await collector_state.get_watch_list()
    return sorted(key for key in {*listed, *map(repo_key, targets)} if listed.get(key, True))


def oldest_first(repos: Sequence[str], states: Mapping[str, RepositoryState | None]) -> list[str]:
    """Repositories in the order in which a budget is shared out: least recently collected first, then by name.

    One that was never collected counts by its last attempt; if a rate limit cut that short, it keeps its place.
    """

    def collected(repo: str) -> str:
        state = states.get(repo)
        if state is None:
            return ""
        attempt = None if state.error_code == RateLimited.code else state.last_attempt_at
        return state.last_collected_at or attempt or ""

    return sorted(repos, key=lambda repo: (collected(repo), repo))
