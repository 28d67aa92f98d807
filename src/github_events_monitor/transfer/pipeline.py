"""Reading ahead: the next pieces are prepared while those before them are being written."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ..errors import DataFileError

ItemT = TypeVar("ItemT")


class WriteBehind(Generic[ItemT]):
    """Writes in the background, one at a time; what came during one is written together, in its order.

    many: how many items may wait. Whatever ends the `async with`, a write that was begun is finished first, so that
    nothing is half done; what waits is written, too, but after a cancellation or a failed write.
    """

    def __init__(self, write: Callable[[list[ItemT]], Coroutine[Any, Any, None]], many: int = 1) -> None:
        self._write = write
        self._waiting: list[ItemT] = []
        self._room = asyncio.Semaphore(many)
        self._task: asyncio.Task[None] | None = None

    async def put(self, item: ItemT) -> None:
        """Have an item written, as soon as there is room for it to wait. Raises what a write before it raised."""
        await self._room.acquire()
        if self._task is not None and self._task.done():
            await self._settle()
        self._waiting.append(item)
        if self._task is None:
            self._task = asyncio.create_task(self._write_all())

    async def _settle(self) -> None:
        """Wait until all is written. Raises what a write raised."""
        if self._task is not None:
            try:
                await asyncio.shield(self._task)  # a cancellation must not cut short a write that was begun
            except asyncio.CancelledError:
                await self._abandon()
                raise
            finally:
                self._task = None

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                items, self._waiting = self._waiting, []
                for _ in items:
                    self._room.release()
                await self._write(items)
        except BaseException:
            self._waiting.clear()
            self._room.release()  # who waits for room has to learn of it
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, DataFileError):
            await self._settle()
        else:
            await self._abandon()

    async def _abandon(self) -> None:
        """Have what was begun finished, and nothing else."""
        self._waiting.clear()
        if self._task is not None:
            # What ended the block is the error to tell; nor does another cancellation cut the write short.
            await asyncio.gather(asyncio.shield(self._task), return_exceptions=True)
