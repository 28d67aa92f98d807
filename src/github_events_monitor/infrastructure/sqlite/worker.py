"""One SQLite connection on its own thread: a whole question or transaction is one hop to it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL

ResultT = TypeVar("ResultT")
Work = Callable[[sqlite3.Connection], ResultT]
"""What is done with the connection on its thread, from the first statement to the last."""


class Worker(aiosqlite.Connection):
    """An aiosqlite connection that also runs a function in one piece.

    A transaction that begins and ends inside one piece cannot be left open by a cancelled caller, and costs one hop
    between threads instead of one for each statement.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # a database that was not closed must not keep the interpreter from ending

    async def run(self, work: Work[ResultT]) -> ResultT:
        """Return what `work` returns, or raise what it raises. Pieces run in the order in which they came."""
        loop, db = asyncio.get_running_loop(), self._conn
        answer: asyncio.Future[ResultT] = loop.create_future()

        def piece() -> None:
            try:
                deliver: tuple[Callable[..., None], object] = answer.set_result, work(db)
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                deliver = answer.set_exception, error
            # A caller that was cancelled may be gone with its event loop; the thread serves others after it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, answer, *deliver)

        self._tx.put_nowait((None, piece))
        return await answer

    def put(self, work: Work[None]) -> None:
        """Make the thread do something that raises nothing, after what is queued."""
        self._tx.put_nowait((None, partial(work, self._conn)))

    async def close(self) -> None:
        """Finish what is queued, close, and wait for the thread to end."""
        await asyncio.to_thread(self._finish)

    def stop(self) -> None:
        """Make the thread close the connection and end, whether it is waited for or not."""
        # Not aiosqlite's own: it would ask the event loop of this thread for a future, and the loop may be closed by
        # the time that the answer comes. Nor from another thread: at the interpreter's end `Thread.start` never ends.
        self._running = False
        self._tx.put_nowait((None, self._close_and_end))

    def _close_and_end(self) -> object:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return _STOP_RUNNING_SENTINEL

    def _finish(self) -> None:
        self.stop()
        self._thread.join()


def abandon(workers: Iterable[Worker]) -> None:
    """End connections that are not waited for, from whichever thread or loop that is noticed in."""
    for worker in workers:
        worker.stop()


def in_transaction(work: Work[ResultT], begin: str) -> Work[ResultT]:
    """Return the same work inside a transaction: all of it or nothing."""

    def run(db: sqlite3.Connection) -> ResultT:
        db.execute(begin)
        try:
            result = work(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    return run


def _settle(answer: "asyncio.Future[ResultT]", how: Callable[..., None], what: object) -> None:
    if not answer.done():
        how(what)
