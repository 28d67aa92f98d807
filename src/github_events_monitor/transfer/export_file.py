"""The export format: JSON lines, see `export_items`.

    {"exported_at": …, "format": "github-events-monitor", "provider": …, "version": 1}
    {"item": {…}, "table": "events"}
    …
    {"counts": {"events": 1}, "end": true, "sha256": …}

Every line is compact UTF-8 JSON with sorted keys and ends with one newline. `sha256` is taken over the bytes of all
item lines in order, each with its newline; the first and the last line are outside it.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any, BinaryIO

from ..errors import DataFileError, InvalidInput
from ..infrastructure.database_interface import TABLES, DatabaseManager, patiently
from ..infrastructure.garbage import without_garbage_collection
from ..instants import Clock, format_instant, normalise_instant, system_clock
from ..jsontext import dump_sorted
from .pipeline import WriteBehind
from .report import Progress

FORMAT = "github-events-monitor"
VERSION = 1

_BATCH_BYTES = 1 << 20


def check_tables(tables: Sequence[str]) -> tuple[str, ...]:
    """The tables in their usual order. Raises `InvalidInput` for a name that is not among the nine."""
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise InvalidInput(f"there is no table {unknown[0]!r}; the tables are {', '.join(TABLES)}")
    return tuple(name for name in TABLES if name in tables)


async def export_items(
    manager: DatabaseManager,
    out: BinaryIO,
    *,
    tables: Sequence[str] = TABLES,
    since: str | None = None,
    repo: str | None = None,
    progress: Progress | None = None,
    clock: Clock = system_clock,
) -> dict[str, int]:
    """Write what is stored as an export; answers the number of items by table.

    since: events and commits from that instant on. repo: one repository's items only. Memory does not grow with their
    number. Raises `InvalidInput` for an unknown table, `DataFileError` when `out` cannot be written.
    """
    chosen = check_tables(tables)
    start = normalise_instant(since) if since is not None else None
    provider = (await manager.health_check())["provider"]
    begun = format_instant(clock())
    counts = dict.fromkeys(chosen, 0)
    with without_garbage_collection(), patiently():
        async with WriteBehind() as writes:
            writer = _Writer(out, progress, writes)
            await writer.mark({"format": FORMAT, "version": VERSION, "provider": provider, "exported_at": begun})
            async for row in manager.read_items(chosen, since=start, repo=repo):
                counts[row.table] += 1
                await writer.item({"table": row.table, "item": row.item})
            await writer.end(counts)
    return counts


class _Writer:
    """Lines on their way into a file, summed up as they go, behind the reading of those that follow."""

    def __init__(self, out: BinaryIO, progress: Progress | None, writes: WriteBehind) -> None:
        self._out = out
        self._progress = progress
        self._writes = writes
        self._digest = hashlib.sha256()
        self._lines: list[bytes] = []
        self._waiting = 0
        self._items = 0
        self._written = 0

    async def mark(self, record: dict[str, Any]) -> None:
        """The first or the last line, which are outside the sum."""
        await asyncio.to_thread(self._write, dump_sorted(record) + b"\n")

    async def item(self, record: dict[str, Any]) -> None:
        """An item line."""
        line = dump_sorted(record)
        self._lines.append(line)
        self._items += 1
        self._waiting += len(line)
        if self._waiting >= _BATCH_BYTES:
            await self._flush()

    async def end(self, counts: dict[str, int]) -> None:
        """Write what waits, and the last line."""
        await self._flush()
        await self._writes.settle()
        await self.mark({"end": True, "counts": counts, "sha256": self._digest.hexdigest()})

    async def _flush(self) -> None:
        if self._lines:
            data = b"\n".join(self._lines) + b"\n"
            self._lines, self._waiting = [], 0
            await self._writes.put(asyncio.to_thread(self._write_summed, data))
        if self._progress:
            await self._progress(self._written, None, f"{self._items:,} items")

    def _write_summed(self, data: bytes) -> None:
        self._digest.update(data)
        self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            self._out.write(data)
            self._out.flush()
        except BrokenPipeError:
            raise  # whoever read the output has seen enough
        except OSError as error:
            raise DataFileError(f"the export cannot be written: {error.strerror or error}") from None
        self._written += len(data)
