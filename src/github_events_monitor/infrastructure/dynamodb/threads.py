"""The record of issues and pull requests in DynamoDB.

Implementation notes
- Both indexes carry keys alone, so that a changed thread costs what its item does (1 write unit for each KB), two units
  where `updated_at` moves in `repo-updated-index`, and one where it leaves or enters `repo-open-index`. With up to some
  50 replies an item stays below 1 KB, and any change costs at most 4 units; with up to some 200 below 2 KB, and only
  closing costs 5. The items are then read from the table, consistently: an index that lags leaves a thread out for a
  moment, but shows none as it was.
- A write is conditional on the version that was read: two writers at once cannot undo one another. A version is random,
  so that a write repeated after a lost answer recognises itself.
"""

import itertools
from collections.abc import Sequence
from functools import partial
from uuid import uuid4

from ...errors import DatabaseError
from ...records import Thread
from ...side_by_side import side_by_side
from ..contract.threads import Merge, merged_changes
from ..database_interface import ThreadsRepository
from .batches import all_items, expressions, get_items
from .connection import DynamoDBConnection
from .faults import ConditionFailed
from .items import attributes, must, number
from .layout import OPEN_THREADS, UPDATED_THREADS
from .thread_items import thread_from_item, thread_key, thread_to_item
from .windows import window

TABLE = "threads"
_TRIES = 8
_PUTS = 24
"""Conditional writes at once; they cannot be batched."""


class DynamoDBThreads(ThreadsRepository):
    """See the contract in `database_interface`."""

    def __init__(self, connection: DynamoDBConnection) -> None:
        super().__init__(connection)
        self._dynamodb, self._client = connection, connection.client

    @property
    def available(self) -> bool:
        """See the contract."""
        return self._dynamodb.has_threads

    async def _save(self, threads: Sequence[Thread], merge: Merge) -> int:
        groups = {key: list(found) for key, found in itertools.groupby(sorted(threads, key=_key_of), key=_key_of)}
        stored = {_key_of(thread): (thread, version) for thread, version in await self._read(list(groups))}
        jobs = [partial(self._save_one, key, found, stored.get(key), merge) for key, found in groups.items()]
        return sum(await side_by_side(jobs, limit=_PUTS))

    async def _save_one(
        self, key: tuple[str, int], threads: Sequence[Thread], known: tuple[Thread, str] | None, merge: Merge
    ) -> bool:
        """Merge what arrived into one item, anew where another writer changed it; return whether it changed."""
        version = uuid4().hex[:12]
        for _ in range(_TRIES):
            changed = merged_changes({key: known[0]} if known else {}, threads, merge)
            if not changed:
                return False
            try:
                await self._put(changed[-1], version, known[1] if known else None)
            except ConditionFailed:
                known = next(iter(await self._read([key])), None)
                if known is None or known[1] != version:  # else it is ours: the answer to an earlier attempt was lost
                    continue
            return True
        raise DatabaseError(f"{key[0]}#{key[1]} is being changed by other writers all the time: try again later")

    async def _put(self, thread: Thread, version: str, known: str | None) -> None:
        condition = expressions(ConditionExpression="#version = :known" if known else "attribute_not_exists(#number)")
        if known:
            condition["ExpressionAttributeValues"] = attributes({":known": known})
        item = thread_to_item(thread, version, self._expiry(thread))
        await self._client.call("put_item", TableName=self._client.table(TABLE), Item=item, **condition)

    async def _get(self, repo: str, numbers: Sequence[int]) -> dict[int, Thread]:
        return {thread.number: thread for thread, _ in await self._read([(repo, number) for number in numbers])}

    async def _current(self, repo: str, since: str | None) -> list[Thread]:
        if not self.available:
            return []
        queries = [window(UPDATED_THREADS, repo, since, show="#number")]
        if since is not None:
            queries.append(window(OPEN_THREADS, repo, None, show="#number"))
        name = {"TableName": self._client.table(TABLE)}
        found = await side_by_side([partial(all_items, self._client, query and {**name, **query}) for query in queries])
        numbers = {number(item, "number") for items in found for item in items}
        return [thread for thread, _ in await self._read([(repo, number) for number in sorted(numbers)])]

    async def _delete_before(self, instant: str) -> int:  # noqa: ARG002 - items expire by themselves
        return 0

    async def _read(self, keys: Sequence[tuple[str, int]]) -> list[tuple[Thread, str]]:
        if not self.available:
            return []
        found = await get_items(self._client, TABLE, (thread_key(*key) for key in keys), consistent=True)
        return [(thread_from_item(item), must(item, "version")) for item in found]

    def _expiry(self, thread: Thread) -> int | None:
        return None if thread.state == "open" else self._dynamodb.expiry(thread.updated_at)


def _key_of(thread: Thread) -> tuple[str, int]:
    return thread.repo_name, thread.number
