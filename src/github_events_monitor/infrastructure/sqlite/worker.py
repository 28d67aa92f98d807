"""One SQLite connection on its own thread: a whole question or transaction is one hop to it."""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL

ResultT = TypeVar("ResultT")
Work = Callable[[sqlite3.Connection], ResultT]
"""What is done with the connection on its thread, from the first statement to the last."""


_Piece = tuple[asyncio.AbstractEventLoop | None, "asyncio.Future[Any] | None", Callable[[], Any]]
"""Where its result is waited for, if anywhere, and what is done."""
_Done = tuple["asyncio.Future[Any]", Callable[..., None], object]


class Worker(aiosqlite.Connection):
    """An aiosqlite connection that also runs a function in one piece.

    A transaction that begins and ends inside one piece cannot be left open by a cancelled caller, and costs one hop
    between threads instead of one for each statement.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._pieces: deque[_Piece] = deque()
        self._done: dict[asyncio.AbstractEventLoop, list[_Done]] = {}
        self._working, self._lock = False, threading.Lock()
        self._thread.daemon = True  # a database that was not closed must not keep the interpreter from ending

    async def run(self, work: Work[ResultT]) -> ResultT:
        """Return what `work` returns, or raise what it raises. Pieces run in the order in which they came.

        Many at once share the ways there and back, where each of its own would wake the other thread once more.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ResultT] = loop.create_future()
        self._queue((loop, answer, partial(work, self._conn)))
        return await answer

    def put(self, work: Work[None]) -> None:
        """Have the thread do something that raises nothing, after what is queued."""
        self._queue((None, None, partial(work, self._conn)))

    def _queue(self, piece: _Piece) -> None:
        with self._lock:
            self._pieces.append(piece)
            working, self._working = self._working, True
        if not working:
            self._tx.put_nowait((None, self._work_off))

    def _work_off(self) -> None:
        """Run all pieces that there are, on the thread."""
        while True:
            with self._lock:
                piece = self._pieces.popleft() if self._pieces else None
                self._working = piece is not None
            if piece is None:
                return
            loop, answer, work = piece
            if loop is None or answer is None:
                work()
                continue
            try:
                self._hand_over(loop, (answer, answer.set_result, work()))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                self._hand_over(loop, (answer, answer.set_exception, error))

    def _hand_over(self, loop: asyncio.AbstractEventLoop, done: _Done) -> None:
        """Have an answer settled on its event loop, which is woken once for all that it has not settled yet."""
        with self._lock:
            waiting = self._done.setdefault(loop, [])
            waiting.append(done)
            first = len(waiting) == 1
        if first:
            try:
                loop.call_soon_threadsafe(self._settle, loop)
            except RuntimeError:  # a caller that was cancelled may be gone with its loop; the thread serves others
                self._done.pop(loop, None)

    def _settle(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            done = self._done.pop(loop, [])
        for answer, how, what in done:
            if not answer.done():
                how(what)

    async def close(self) -> None:
        """Finish what is queued, close, and wait for the thread to end."""
        await asyncio.to_thread(self._finish)

    def stop(self) -> None:
        """Have the thread close the connection and end, whether it is waited for or not."""
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
