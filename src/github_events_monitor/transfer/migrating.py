"""One database straight into another: `migrate`."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from ..errors import InvalidInput
from ..infrastructure.database_factory import DatabaseFactory
from ..infrastructure.database_interface import TABLES, DatabaseManager, TableItem, retrying_longer
from ..infrastructure.gc_pause import without_garbage_collection
from ..infrastructure.providers import provider_of
from ..instants import normalise_instant
from .export_file import in_order
from .pipeline import WriteBehind
from .report import ImportReport, Progress, Tally
from .urls import database_url, parse_database_url, same_database

_BATCH_ITEMS = 5_000


async def migrate(
    source_url: str,
    target_url: str,
    *,
    tables: Sequence[str] = TABLES,
    since: str | None = None,
    repo: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Copy what one database stores into another, making its tables; see `write_items` for what is there.

    Both are named by URL (see `urls`). tables, since, repo: as for an export. A migration that was interrupted can
    simply be run again. Raises `InvalidInput` for a URL, for a source that does not exist, or when both are the same.
    """
    source, target = parse_database_url(source_url), parse_database_url(target_url)
    if same_database(source, target):
        raise InvalidInput(f"{database_url(source)} is both source and target; name two databases")
    await require_database(source)
    async with DatabaseFactory.create(source) as origin, DatabaseFactory.create(target) as destination:
        return await copy_items(origin, destination, tables=tables, since=since, repo=repo, progress=progress)


async def copy_items(
    origin: DatabaseManager,
    destination: DatabaseManager,
    *,
    tables: Sequence[str] = TABLES,
    since: str | None = None,
    repo: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Return the same between two managers that are open."""
    tally = Tally()

    async def store(batch: list[TableItem]) -> None:
        for table, count in (await destination.write_items(batch)).items():
            tally.note_new(table, count)
        tally.read += len(batch)
        if progress:
            await progress(tally.read, None, batch[-1].table)

    chosen, start = in_order(tables), normalise_instant(since) if since is not None else None
    with without_garbage_collection(), retrying_longer():
        async with WriteBehind() as writes:
            async for batch in _batches(origin.read_pages(chosen, since=start, repo=repo)):
                await writes.put(store(batch))
    return tally.report()


async def require_database(config: dict[str, Any]) -> None:
    """Refuse a database that is not there, which opening it would make. Raises `InvalidInput`."""
    await provider_of(config).require(config)


async def _batches(pages: AsyncIterator[list[TableItem]]) -> AsyncIterator[list[TableItem]]:
    batch: list[TableItem] = []
    async for page in pages:
        batch += page
        if len(batch) >= _BATCH_ITEMS:
            yield batch
            batch = []
    if batch:
        yield batch
