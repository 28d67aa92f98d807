"""Collector state on DynamoDB: see `state_items` for the items it consists of."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ...ledger import clip_spans, merge_spans
from ...records import Lease, RepositoryState, Rewriting, Span
from ...side_by_side import side_by_side
from ..database_interface import CollectorState, KnownRepository
from . import leases, state_items
from .batches import write_items
from .connection import DynamoDBConnection
from .items import pack_json
from .registry import Registry

_MOST = 100_000
"""Repositories, more than anybody stores."""


class DynamoDBCollectorState(CollectorState):
    """See the contract in `database_interface`."""

    def __init__(self, connection: DynamoDBConnection, registry: Registry) -> None:
        super().__init__(connection)
        self._settle_latest = connection.settle_latest
        self._client = connection.client
        self._registry = registry

    async def _states(self, repos: Sequence[str]) -> dict[str, RepositoryState]:
        return await state_items.load_states(self._client, repos)

    async def _states_and_note(
        self, repos: Sequence[str], namespace: str, name: str
    ) -> tuple[dict[str, RepositoryState], Any]:
        return await state_items.load_states_and_note(self._client, repos, namespace, name)

    async def _note_rewritings(self, repo: str, rewritings: Mapping[str, Rewriting]) -> None:
        await state_items.note_rewritings(self._client, repo, rewritings)

    async def _unsettled_states(self) -> dict[str, RepositoryState]:
        stored = await self._registry.repositories("", _MOST)
        return await state_items.load_unsettled_states(self._client, [known.repo_name for known in stored])

    async def _save_states(self, states: Sequence[RepositoryState]) -> None:
        await self._registry.note_repositories({state.repo_name for state in states})
        await self._registry.note_spelling(states)
        due = await self._settle_latest()
        await side_by_side(partial(state_items.save_state, self._client, state, due=due) for state in states)

    async def _archive_hours(self) -> tuple[Span, ...]:
        return await state_items.archive_hours(self._client)

    async def _add_archive_hours(self, hours: Sequence[Span]) -> None:
        await self._settle_latest()
        await state_items.change_archive_hours(self._client, lambda before: merge_spans((*before, *hours)))

    async def _forget_before(self, instant: str) -> None:
        # States are not walked: each is brought up to date whenever its repository is collected.
        await state_items.change_archive_hours(self._client, lambda before: clip_spans(before, instant, "9999"))

    async def _acquire(self, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None:
        return await leases.acquire(self._client, repo, owner, now, expires_at, latest)

    async def _release(self, lease: Lease, *, unused: bool) -> None:
        if not (unused and await leases.delete(self._client, lease)):
            await leases.release(self._client, lease)

    async def _mark(self, repos: Sequence[str], watched: bool) -> None:
        rows = [state_items.row("#watch", repo, watched=watched) for repo in dict.fromkeys(repos)]
        await write_items(self._client, rows)

    async def _watch_list(self) -> dict[str, bool]:
        return await state_items.watch_list(self._client)

    async def _save_aliases(self, aliases: Mapping[str, str]) -> None:
        rows = [state_items.row("#alias", alias, target=repo) for alias, repo in aliases.items()]
        await write_items(self._client, rows)

    async def _aliases(self, names: Sequence[str]) -> dict[str, str]:
        return await state_items.aliases_of(self._client, names)

    async def _notes(self, namespace: str, names: Sequence[str] | None = None) -> dict[str, Any]:
        return await state_items.notes(self._client, namespace, names)

    async def _put_notes(self, namespace: str, notes: Mapping[str, Any]) -> None:
        rows = [state_items.row(namespace, name, note=pack_json(value)) for name, value in notes.items()]
        await write_items(self._client, rows)

    async def _repositories(self, prefix: str, limit: int) -> list[KnownRepository]:
        return await self._registry.repositories(prefix, limit)
