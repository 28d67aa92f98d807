"""Reading ahead: the next piece is prepared while the one before it is being written."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class WriteBehind:
    """One write in the background; the next one, and the end of the `async with`, wait for it.

    Whatever ends the block, a write that was begun is finished first, so that nothing is half done.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def put(self, write: Coroutine[Any, Any, None]) -> None:
        """Begin a write once the one before it is done. Raises what that one raised."""
        try:
            await self.settle()
        except BaseException:
            write.close()
            raise
        self._task = asyncio.create_task(write)

    async def settle(self) -> None:
        """Wait for the write in the background."""
        task, self._task = self._task, None
        if task is not None:
            await task

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.settle()
        elif self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)  # what ended the block is the error to tell
