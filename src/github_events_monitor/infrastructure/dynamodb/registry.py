"""Which repositories, event types and people something is stored of, so that finding them takes no scan.

The rows are listed in `state_items`. Each is written once per process, before the first record that it leads to.
"""

from collections.abc import Iterable
from functools import partial
from hashlib import sha1

from ...github.events import FEED_TYPES
from ...records import Event, RepositoryState
from ...side_by_side import side_by_side
from ..contract.types import is_named
from ..database_interface import KnownRepository
from .batches import Write, all_items, delete, put, write_items
from .client import DynamoDBClient
from .items import Item, attributes, must
from .state_items import partition, row

SHARDS = "0123456789abcdef"
_REMEMBERED = 200_000
"""Rows known to be written; beyond it they are forgotten and written again."""


class Registry:
    """Writes the rows that lead to records, each once per process (they are idempotent, so more would only cost)."""

    def __init__(self, client: DynamoDBClient) -> None:
        self._client = client
        self._written: set[tuple[str, str, str]] = set()
        self._spellings: dict[str, str] = {}

    async def note_events(self, events: Iterable[Event], expires_at: dict[str, int | None]) -> None:
        """Types, repositories and who was active where, before the events are stored. `expires_at` is by day."""
        wanted: dict[tuple[str, str, str], Write] = {}
        for event in events:
            if event.event_type not in FEED_TYPES:  # the others register themselves as they come
                wanted["types", event.event_type, ""] = row("#types", event.event_type)
            if event.repo_name:
                wanted["repo", event.repo_name, ""] = row(shard_of(event.repo_name), event.repo_name)
            if event.repo_name and event.actor_login:
                login, day = _seen_as(event.actor_login), event.created_at[:10]
                sort = _seen_on(event.repo_name, day)
                wanted["seen", login, sort] = _presence(login, sort, expires_at.get(day))
        await self._write(wanted)

    async def note_repositories(self, repos: Iterable[str]) -> None:
        """Repositories of which something is about to be stored."""
        await self._write({("repo", repo, ""): row(shard_of(repo), repo) for repo in repos})

    async def note_spelling(self, states: Iterable[RepositoryState]) -> None:
        """GitHub's spelling of repositories, in place of the one that was written last."""
        named = {state.repo_name: state.full_name for state in states if state.full_name}
        names = {repo: name for repo, name in named.items() if self._spellings.get(repo) != name}
        rows = [row(shard_of(repo), f"{repo}#", full_name=name) for repo, name in names.items()]
        await write_items(self._client, rows)
        if len(self._spellings) > _REMEMBERED:
            self._spellings.clear()
        self._spellings.update(names)

    def forget(self) -> None:
        """The rows may be gone, with the tables or with a repository: they are written again."""
        self._written.clear()
        self._spellings.clear()

    async def types(self) -> list[str]:
        """Return every event type of which something may be stored."""
        found = await all_items(self._client, partition(self._client, "#types"))
        return sorted(FEED_TYPES | {must(item, "event_pattern_detected") for item in found})

    async def repositories(self, prefix: str, limit: int) -> list[KnownRepository]:
        """Return the first repositories by key that begin with a prefix."""
        jobs = (partial(self._shard_rows, shard, prefix, limit) for shard in SHARDS)
        rows = sorted((found for shard in await side_by_side(jobs) for found in shard), key=lambda found: found[0])
        names = {sort[:-1]: full_name for sort, full_name in rows if sort.endswith("#")}
        repos = [sort for sort, _ in rows if not sort.endswith("#")]
        return [KnownRepository(repo, names.get(repo) or repo) for repo in repos[:limit]]

    async def _shard_rows(self, shard: str, prefix: str, limit: int) -> list[tuple[str, str | None]]:
        query = partition(self._client, f"#repos#{shard}", prefix)
        found: list[tuple[str, str | None]] = []
        # Each repository has at most two rows, its spelling right behind it.
        while len(found) < 2 * limit:
            answer = await self._client.call("query", **query, Limit=min(2 * limit - len(found), 1000))
            found.extend((must(item, "event_pattern_detected"), _spelling(item)) for item in answer["Items"])
            if not (last := answer.get("LastEvaluatedKey")):
                break
            query["ExclusiveStartKey"] = last
        return found

    async def _write(self, wanted: dict[tuple[str, str, str], Write]) -> None:
        fresh = {known: write for known, write in wanted.items() if known not in self._written}
        await write_items(self._client, list(fresh.values()))
        if len(self._written) > _REMEMBERED:
            self._written.clear()
        self._written.update(fresh)


def _spelling(item: Item) -> str | None:
    name = item.get("full_name", {}).get("S")
    return name if isinstance(name, str) else None


def _seen_as(login: str) -> str:
    """Return the key by which a login is found; one that no asking for names cannot be found on any provider."""
    folded = login.lower()
    return folded if is_named(login, folded) else login


def _seen_on(repo: str | None, day: str) -> str:
    return f"#seen#{repo}#{day}"


def absences(events: Iterable[Event]) -> list[Write]:
    """Return deletions of the rows that say who was active where, on the days of events that move from there."""
    seen = {
        (_seen_as(one.actor_login), _seen_on(one.repo_name, one.created_at[:10])) for one in events if one.actor_login
    }
    return [
        delete("developer_metrics", attributes({"actor_login": login, "repo_time_period": sort}))
        for login, sort in seen
    ]


def shard_of(repo: str) -> str:
    """Return the key under which a repository is registered."""
    return f"#repos#{sha1(repo.encode(), usedforsecurity=False).hexdigest()[0]}"


def _presence(login: str, sort: str, expires_at: int | None) -> Write:
    values = {"actor_login": login, "repo_time_period": sort, "expires_at": expires_at}
    return put("developer_metrics", attributes(values))
