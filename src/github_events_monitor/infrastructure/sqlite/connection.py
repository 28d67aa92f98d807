"""The connection: opened lazily and once, one writer, one reader, errors translated.

Implementation notes
- A file: all writes and checkpoints go through one connection, questions through a second one that is `query_only`.
  `:memory:`: one connection for both, held open. A file that may not be written to: one that reads; what would write
  is refused in a sentence.
- WAL with synchronous=FULL: what was answered as stored survives a power cut.
- SQLite before 3.51.3 can corrupt a WAL when one connection commits at the very moment another one checkpoints
  (https://www.sqlite.org/wal.html). Automatic checkpoints are therefore off; ours are of the kind that takes the write
  lock first, so that no other process on the file can commit meanwhile. No memory mapping.
- The log is brought into the database with the first write after a pause, half a second after the last one, and under
  steady writing every few seconds: a plain copy of the file lacks moments, and is never empty.
- A file that was removed or replaced while it is open would take what is written with it
  (https://www.sqlite.org/howtocorrupt.html): before each piece of work the name is looked at. SQLite itself leaves the
  files of a moved database alone when it closes it.
- What is damaged once stays so until the file is opened anew: questions that do not meet the damaged pages go on, but
  `health` says it.
- Cancelling a caller does not cut a transaction in two: it runs to its end on the connection's thread (see `worker`).
"""

import asyncio
import contextlib
import sqlite3
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import DatabaseError, DatabaseUnreachable, MonitorError
from ...instants import Clock, system_clock
from ...side_by_side import LoopLock
from ..database_interface import CORE_TABLES, DatabaseConnection
from . import schema
from .faults import DAMAGED, TRANSLATED, is_damage, translate
from .opening import (
    MEMORY,
    Moved,
    Place,
    checkpoint,
    connect,
    connect_to_read,
    is_cut,
    may_only_be_read,
    prepare_reader,
    prepare_stored,
    prepare_writer,
)
from .worker import ResultT, Work, Worker, abandon, in_transaction

_CHECKPOINT_AT = 64 * 1024 * 1024
"""Bytes of write-ahead log from which it is brought into the database."""
IDLE = 0.5
"""Seconds after the last write until that is done in any case."""
LATEST = 5.0
"""Seconds until that is done while writing goes on."""


class SQLiteConnection(DatabaseConnection):
    """A database file, or `:memory:`.

    busy_timeout: seconds to wait for another process that holds the file's lock. idle: see `IDLE`.
    """

    def __init__(
        self, path: str, *, clock: Clock = system_clock, busy_timeout: float = 5.0, idle: float = IDLE
    ) -> None:
        self.path = path if path == MEMORY else str(Path(path).expanduser())
        self.clock = clock
        self._made: frozenset[str] = frozenset()
        self._busy_timeout = busy_timeout
        self._workers: list[Worker] = []
        self._place: Place | None = None
        self._damage: str | None = None
        self._idle = idle
        self._due: asyncio.TimerHandle | None = None
        self._due_since = self._missed_at = float("-inf")
        self._opening = LoopLock()
        weakref.finalize(self, abandon, self._workers).atexit = False

    async def open(self) -> None:
        """See the contract; a file that is not ours is left as it is."""
        if self._workers:
            return
        async with self._opening():
            if not self._workers:
                if self._place is not None and not self.is_there:
                    raise Moved(self.path)
                await self._open()

    @property
    def is_there(self) -> bool:
        """Whether there is such a database already; one in memory always is."""
        return self.path == MEMORY or Path(self.path).exists()

    async def create(self) -> frozenset[str]:
        """Open it and return which tables were made just now."""
        was_open = bool(self._workers)
        await self.open()
        return frozenset() if was_open else self._made

    async def close(self) -> None:
        """Wait for what is running, then let go of the file and end the threads."""
        self._place = None
        await self._let_go()

    async def _let_go(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        workers = self._workers[::-1]
        self._workers.clear()
        self._damage = None
        for worker in workers:
            await worker.close()

    async def read(self, work: Work[ResultT]) -> ResultT:
        """Run a question on one state of the database, and return what it found."""
        return await self._run(-1, in_transaction(work, "BEGIN"))

    async def write(self, work: Work[ResultT], *, missed: bool = True) -> ResultT:
        """Run a transaction, and return its result. Nothing of it stays when `work` raises.

        missed: whether a plain copy of the file would miss it.
        """
        return await self.maintain(in_transaction(work, "BEGIN IMMEDIATE"), missed=missed)

    async def maintain(self, work: Work[ResultT], *, missed: bool = True) -> ResultT:
        """Run statements that cannot be inside a transaction, on the writer."""
        after_a_pause = asyncio.get_running_loop().time() - self._missed_at >= self._idle
        result = await self._run(0, partial(_then_checkpoint, work, self.path, self._busy_timeout))
        if missed:
            self._missed_at = asyncio.get_running_loop().time()
        if self.path != MEMORY:
            self._checkpoint_soon(at_once=missed and after_a_pause)
        return result

    async def health(self) -> dict[str, Any]:
        """See the contract."""
        about: dict[str, Any] = {"status": "healthy", "provider": "sqlite", "database_path": self.path}
        about["sqlite_version"] = sqlite3.sqlite_version
        try:
            await self.open()
            tables = await self.read(partial(_tables_of, self.path))
            if self._damage is not None:
                raise DatabaseError(self._damage)
        except MonitorError as error:
            return about | {"status": "unhealthy", "error": error.message}
        found = len(tables & frozenset(CORE_TABLES))
        if found < len(CORE_TABLES):
            about |= {
                "status": "unhealthy",
                "error": f"{self.path} lacks tables; run github-events-monitor database create",
            }
        return about | {"tables_found": found}

    async def _open(self) -> None:
        if may_only_be_read(self.path):
            self._place = Place.to_read(self.path)
            only, _ = await self._start(partial(prepare_stored, path=self.path), connect_to_read)
            self._workers.append(only)
            return
        writer, self._made = await self._start(partial(prepare_writer, path=self.path, busy_timeout=self._busy_timeout))
        workers = [writer]
        if self.path != MEMORY:
            try:
                workers.append((await self._start(prepare_reader))[0])
            except BaseException:
                abandon([writer])
                raise
        if self.path != MEMORY:
            self._place = Place.of(self.path)
        self._workers.extend(workers)

    def _checkpoint_soon(self, *, at_once: bool) -> None:
        """Have it done: at once, or when writing rests or has gone on for long."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._due is None:
            self._due_since = now
        else:
            self._due.cancel()
        # Not a bound method: a timer must not keep a connection alive that nobody closed.
        work = partial(_checkpoint_quietly, busy_timeout=self._busy_timeout, place=self._place)
        if at_once:
            _submit(weakref.ref(self), work)
        else:
            due = min(now + self._idle, self._due_since + LATEST)
            self._due = loop.call_at(due, _submit, weakref.ref(self), work)

    async def _start(
        self, prepare: Work[ResultT], connecting: Callable[[str, float], sqlite3.Connection] = connect
    ) -> tuple[Worker, ResultT]:
        worker = Worker(partial(connecting, self.path, self._busy_timeout))
        try:
            await worker
            return worker, await worker.run(prepare)
        except (*TRANSLATED, OSError) as error:
            abandon([worker])
            raise translate(error, self.path) from error
        except BaseException:
            abandon([worker])
            raise

    async def _run(self, which: int, work: Work[ResultT], *, anew: bool = True) -> ResultT:
        if not self._workers:
            raise DatabaseUnreachable(f"{self.path} was closed while it was being used")
        worker, place = self._workers[which], self._place
        try:
            return await worker.run(partial(_in_place, work, place))
        except Moved:
            if worker in self._workers:  # another question may have opened the file again meanwhile
                await self._let_go()  # a file that is put there again is opened by the next use
            if not (anew and place and place.can_be_read_anew):
                raise
            await self.open()
            return await self._run(which, work, anew=False)
        except TRANSLATED as error:
            told = translate(error, self.path)
            if is_damage(error):
                self._damage = told.message
            raise told from error


def _in_place(work: Work[ResultT], place: Place | None, db: sqlite3.Connection) -> ResultT:
    """Raises `Moved` instead of working on a file that has another name by now, or none."""
    if place is not None:
        place.check()
    return work(db)


def _tables_of(path: str, db: sqlite3.Connection) -> frozenset[str]:
    if is_cut(db, path):
        raise DatabaseError(DAMAGED.format(path=path))
    return schema.present(db)


def _submit(connection: "weakref.ref[SQLiteConnection]", work: Work[None]) -> None:
    """Make the writer do it after what is queued, without waiting for it."""
    if (alive := connection()) is not None and alive._workers:
        alive._due = None
        alive._workers[0].put(work)


def _checkpoint_quietly(db: sqlite3.Connection, busy_timeout: float, place: Place | None) -> None:
    """Whatever is wrong with the file, the next question says."""
    with contextlib.suppress(sqlite3.Error, DatabaseError):
        if place is not None:
            place.check()
        checkpoint(db, busy_timeout)


def _then_checkpoint(work: Work[ResultT], path: str, busy_timeout: float, db: sqlite3.Connection) -> ResultT:
    result = work(db)
    with contextlib.suppress(FileNotFoundError):
        if path != MEMORY and Path(path + "-wal").stat().st_size > _CHECKPOINT_AT:
            checkpoint(db, busy_timeout)
    return result
