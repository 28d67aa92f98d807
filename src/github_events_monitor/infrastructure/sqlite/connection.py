"""The connection: opened lazily and once, one writer, one reader, errors translated.

Implementation notes
- A file: all writes and checkpoints go through one connection, questions through a second one that is `query_only`.
  `:memory:`: one connection for both, held open.
- WAL with synchronous=FULL: what was answered as stored survives a power cut.
- SQLite before 3.51.3 can corrupt a WAL when one connection commits at the very moment another one checkpoints
  (https://www.sqlite.org/wal.html). Automatic checkpoints are therefore off; ours are of the kind that takes the write
  lock first, so that no other process on the file can commit meanwhile. No memory mapping.
- Cancelling a caller does not cut a transaction in two: it runs to its end on the connection's thread (see `worker`).
"""

import contextlib
import sqlite3
import weakref
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import DatabaseUnreachable, MonitorError
from ...instants import Clock, system_clock
from ..database_interface import CORE_TABLES, DatabaseConnection
from ..loop_lock import LoopLock
from . import schema
from .faults import TRANSLATED, translate
from .opening import MEMORY, checkpoint, connect, prepare_reader, prepare_writer
from .worker import ResultT, Work, Worker, abandon, in_transaction

_CHECKPOINT_AT = 64 * 1024 * 1024
"""Bytes of write-ahead log from which it is brought into the database."""


class SQLiteConnection(DatabaseConnection):
    """A database file, or `:memory:`.

    busy_timeout: seconds to wait for another process that holds the file's lock.
    """

    def __init__(self, path: str, *, clock: Clock = system_clock, busy_timeout: float = 5.0) -> None:
        self.path = path if path == MEMORY else str(Path(path).expanduser())
        self.clock = clock
        self._made: frozenset[str] = frozenset()
        self._busy_timeout = busy_timeout
        self._workers: list[Worker] = []
        self._opening = LoopLock()
        weakref.finalize(self, abandon, self._workers).atexit = False

    async def open(self) -> None:
        """See the contract; a file that is not ours is left as it is."""
        if self._workers:
            return
        async with self._opening():
            if not self._workers:
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
        workers = self._workers[::-1]
        self._workers.clear()
        for worker in workers:
            await worker.close()

    async def read(self, work: Work[ResultT]) -> ResultT:
        """Run a question on one state of the database, and return what it found."""
        return await self._run(-1, in_transaction(work, "BEGIN"))

    async def write(self, work: Work[ResultT]) -> ResultT:
        """Run a transaction, and return its result. Nothing of it stays when `work` raises."""
        return await self.maintain(in_transaction(work, "BEGIN IMMEDIATE"))

    async def maintain(self, work: Work[ResultT]) -> ResultT:
        """Run statements that cannot be inside a transaction, on the writer."""
        return await self._run(0, partial(_then_checkpoint, work, self.path, self._busy_timeout))

    async def health(self) -> dict[str, Any]:
        """See the contract."""
        about: dict[str, Any] = {"status": "healthy", "provider": "sqlite", "database_path": self.path}
        about["sqlite_version"] = sqlite3.sqlite_version
        try:
            await self.open()
            tables = await self.read(schema.present)
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
        writer, self._made = await self._start(partial(prepare_writer, path=self.path, busy_timeout=self._busy_timeout))
        workers = [writer]
        if self.path != MEMORY:
            try:
                workers.append((await self._start(prepare_reader))[0])
            except BaseException:
                abandon([writer])
                raise
        self._workers.extend(workers)

    async def _start(self, prepare: Work[ResultT]) -> tuple[Worker, ResultT]:
        worker = Worker(partial(connect, self.path, self._busy_timeout))
        try:
            await worker
            return worker, await worker.run(prepare)
        except (*TRANSLATED, OSError) as error:
            abandon([worker])
            raise translate(error, self.path) from error
        except BaseException:
            abandon([worker])
            raise

    async def _run(self, which: int, work: Work[ResultT]) -> ResultT:
        if not self._workers:
            raise DatabaseUnreachable(f"{self.path} was closed while it was being used")
        try:
            return await self._workers[which].run(work)
        except TRANSLATED as error:
            raise translate(error, self.path) from error


def _then_checkpoint(work: Work[ResultT], path: str, busy_timeout: float, db: sqlite3.Connection) -> ResultT:
    result = work(db)
    with contextlib.suppress(FileNotFoundError):
        if path != MEMORY and Path(path + "-wal").stat().st_size > _CHECKPOINT_AT:
            checkpoint(db, busy_timeout)
    return result
