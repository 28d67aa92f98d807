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

from ..errors import DataFileError
from ..infrastructure.database_interface import TABLES, DatabaseManager, TableItem, check_tables, retrying_longer
from ..infrastructure.gc_pause import without_garbage_collection
from ..instants import Clock, format_instant, normalise_instant, system_clock
from ..jsontext import dump_sorted
from .pipeline import WriteBehind
from .report import Progress

FORMAT = "github-events-monitor"
VERSION = 1


def in_order(tables: Sequence[str]) -> tuple[str, ...]:
    """Return the tables in their usual order. Raises `InvalidInput` for a name that is not one of them."""
    check_tables(tables)
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
    """Write what is stored as an export; return the number of items by table.

    since: events and commits from that instant on. repo: one repository's items only. Memory does not grow with their
    number. Raises `InvalidInput` for an unknown table, `DataFileError` when `out` cannot be written.
    """
    chosen = in_order(tables)
    start = normalise_instant(since) if since is not None else None
    provider = (await manager.health_check())["provider"]
    begun = format_instant(clock())
    with without_garbage_collection(), retrying_longer():
        writer = _Writer(out, chosen, progress)
        await writer.mark({"format": FORMAT, "version": VERSION, "provider": provider, "exported_at": begun})
        async with WriteBehind(writer.items) as writes:
            async for page in manager.read_pages(chosen, since=start, repo=repo):
                await writes.put(page)
        return await writer.end()


class _Writer:
    """Items on their way into a file, counted and summed up as they go."""

    def __init__(self, out: BinaryIO, tables: Sequence[str], progress: Progress | None) -> None:
        self._out = out
        self._progress = progress
        self._digest = hashlib.sha256()
        self._counts = dict.fromkeys(tables, 0)
        self._written = 0

    async def mark(self, record: dict[str, Any]) -> None:
        """The first or the last line, which are outside the sum."""
        await asyncio.to_thread(self._write, dump_sorted(record) + b"\n")

    async def items(self, pages: Sequence[Sequence[TableItem]]) -> None:
        """Item lines."""
        for page in filter(None, pages):
            self._counts[page[0].table] += len(page)
            await asyncio.to_thread(self._write_items, page)
            if self._progress:
                await self._progress(self._written, None, f"{sum(self._counts.values()):,} items")

    async def end(self) -> dict[str, int]:
        """Write the last line; return the number of items by table."""
        await self.mark({"end": True, "counts": self._counts, "sha256": self._digest.hexdigest()})
        return self._counts

    def _write_items(self, page: Sequence[TableItem]) -> None:
        data = b"".join([dump_sorted({"item": row.item, "table": row.table}) + b"\n" for row in page])
        self._digest.update(data)
        self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            self._out.write(data)
            self._out.flush()
        except BrokenPipeError:
            raise  # the reader of the output has seen enough
        except OSError as error:
            raise DataFileError(
                f"the export cannot be written: {error.strerror or error}; make room, or write it elsewhere"
            ) from None
        self._written += len(data)
