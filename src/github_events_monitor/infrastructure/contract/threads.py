"""What can be asked of the record of issues and pull requests."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...errors import DatabaseError
from ...github.threads_merge import merge_threads
from ...instants import normalise_instant
from ...records import Thread, repo_key
from .. import thread_wire
from .connection import DatabaseConnection

Merge = Callable[[Thread, Thread], Thread]
"""How a stored thread and one that arrives become one."""


class ThreadsRepository(ABC):
    """Issues and pull requests with their replies, by repository and number.

    A thread is merged field by field with what is stored (`merge_threads`): the later update wins, what is not known
    overwrites nothing, and nothing goes back in time.
    """

    def __init__(self, connection: DatabaseConnection) -> None:
        self._connection = connection

    @property
    def available(self) -> bool:
        """Whether threads can be kept: a database of an earlier version may lack the table and the right to make it."""
        return True

    async def save_threads(self, threads: Iterable[Thread]) -> int:
        """Store threads and return how many were new or changed; the same again changes nothing.

        Where they are not `available`, nothing is stored and the result is 0.

        Raises `InvalidInput` naming the record and the field before anything is written.
        """
        records = thread_wire.threads_from(threads)
        if not records:
            return 0
        await self._connection.open()
        return await self._save(records, merge_threads) if self.available else 0

    async def fill_threads(self, threads: Iterable[Thread]) -> int:
        """Store exported threads and return how many were new or changed.

        As `save_threads`, but of two records of the same update the stored one wins: what is there stays.

        Raises:
            DatabaseError: Threads are not `available` here.
        """
        records = thread_wire.threads_from(threads)
        if not records:
            return 0
        await self._connection.open()
        if not self.available:
            raise DatabaseError(
                "issues and pull requests cannot be stored, for this database has no table for them: with the right to"
                " create tables run github-events-monitor database create, or leave the table threads out of the export"
            )
        return await self._save(records, keep_stored)

    async def get_thread(self, repo: str, number: int) -> Thread | None:
        """Return one thread, read consistently, or None."""
        await self._connection.open()
        return (await self._get(repo_key(repo), [number])).get(number)

    async def get_threads_by_number(self, repo: str, numbers: Iterable[int]) -> dict[int, Thread]:
        """Return those of some threads that are stored, read consistently, by number."""
        await self._connection.open()
        return await self._get(repo_key(repo), sorted({*numbers}))

    async def get_threads(self, repo: str, since: str | None = None) -> list[Thread]:
        """Return every open thread and every other one updated at or after an instant (None: all), by number."""
        await self._connection.open()
        start = normalise_instant(since) if since is not None else None
        return sorted(await self._current(repo_key(repo), start), key=lambda thread: thread.number)

    async def delete_before(self, instant: str) -> int:
        """Remove threads that are not open and were last updated before an instant; return how many went.

        DynamoDB removes nothing and returns 0: there the `expires_at` attribute does it.
        """
        await self._connection.open()
        return await self._delete_before(normalise_instant(instant))

    @abstractmethod
    async def _save(self, threads: Sequence[Thread], merge: Merge) -> int: ...
    @abstractmethod
    async def _get(self, repo: str, numbers: Sequence[int]) -> dict[int, Thread]: ...
    @abstractmethod
    async def _current(self, repo: str, since: str | None) -> list[Thread]: ...
    @abstractmethod
    async def _delete_before(self, instant: str) -> int: ...


def keep_stored(stored: Thread, arriving: Thread) -> Thread:
    """Return all that both know; of the same update what is stored wins."""
    return merge_threads(arriving, stored)


def merged_changes(
    stored: Mapping[tuple[str, int], Thread], threads: Iterable[Thread], merge: Merge = merge_threads
) -> list[Thread]:
    """Return what threads become with what is stored of them: only those that are new or change something."""
    after = dict(stored)
    for thread in threads:
        key = (thread.repo_name, thread.number)
        known = after.get(key)
        after[key] = thread if known is None else merge(known, thread)
    return [thread for key, thread in after.items() if thread != stored.get(key)]
