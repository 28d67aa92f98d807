"""One database straight into another: `migrate`."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from ..errors import InvalidInput, SettingsError
from ..infrastructure.contract.deliveries import may_be_double, without_doubles
from ..infrastructure.contract.export_coverage import MEMORY
from ..infrastructure.contract.export_rows import ParsedItems, parse_items
from ..infrastructure.database_factory import DatabaseFactory
from ..infrastructure.database_interface import TABLES, DatabaseManager, TableItem, retrying_longer
from ..infrastructure.gc_pause import without_garbage_collection
from ..infrastructure.providers import PROVIDERS, provider_of
from ..infrastructure.watch_list import watched_keys
from ..instants import normalise_instant
from .export_file import in_order
from .pipeline import WriteBehind
from .report import ImportReport, Progress, Tally
from .selecting import delivered_repositories, refuse_strangers

logger = logging.getLogger(__name__)

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

    Both are named by URL (see `parse_database_url`). tables, since, repo: as for an export. A migration that was
    interrupted can simply be run again. Raises `InvalidInput` for a URL, for a source that does not exist, or when both
    are the same.
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
    await _check_ids(origin, destination, repo)
    watched = await watched_keys(destination.collector_state, ())
    tally, delivered = Tally(), await delivered_repositories(destination, watched)

    async def store(batches: list[list[TableItem]]) -> None:
        for batch in batches:
            parsed = await asyncio.to_thread(parse_items, batch)
            parsed = await _without_doubles(destination, parsed, delivered)
            for table, count in (await destination.write_items(parsed)).items():
                tally.note_new(table, count)
            tally.read += len(batch)
            if progress:
                await progress(tally.read, None, batch[-1].table)

    chosen, start = in_order(tables), normalise_instant(since) if since is not None else None
    with without_garbage_collection(), retrying_longer():
        async with WriteBehind(store) as writes:
            async for batch in _batches(origin.read_pages(chosen, since=start, repo=repo)):
                await writes.put(batch)
    return tally.report()


async def _check_ids(origin: DatabaseManager, destination: DatabaseManager, repo: str | None) -> None:
    """Refuse to mix two repositories of one name, as an import does."""
    if not await destination.collector_state.get_repositories(limit=1):
        return
    async for page in origin.read_pages((MEMORY,), repo=repo):
        states = await origin.collector_state.get_states(item.item["repo_name"] for item in page)
        ids = {name: state.repository_id for name, state in states.items() if state.repository_id is not None}
        await refuse_strangers(destination, "the source", ids)


async def _without_doubles(manager: DatabaseManager, parsed: ParsedItems, delivered: frozenset[str]) -> ParsedItems:
    """Return items without events that are stored already under other ids."""
    doubtful = [event for event in parsed.events.values() if may_be_double(event, delivered)]
    left = {event.id for event in await without_doubles(manager, doubtful)} if doubtful else set[str]()
    double = {event.id for event in doubtful} - left
    return parsed._replace(events={name: event for name, event in parsed.events.items() if name not in double})


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


_FORMS = " or ".join(provider.url_form for provider in PROVIDERS.values())
_PASSWORD = re.compile(r"//[^/]*@")
_SETTINGS = {
    "db_path": "database_path",
    "region": "aws_region",
    "table_prefix": "dynamodb_table_prefix",
    "endpoint_url": "dynamodb_endpoint_url",
}
"""The setting that stands for a part of a URL, and checks it."""


def parse_database_url(url: str) -> dict[str, Any]:
    """Return what `DatabaseFactory.create` takes; credentials and retention are the environment's, never a URL's.

    `sqlite:///path` is relative, `sqlite:////path` absolute. A region or prefix that is left out is the environment's.

    Raises:
        InvalidInput: The URL names no database; the message shows the accepted forms, and no secret.
    """
    scheme, separator, rest = url.partition("://")
    provider = PROVIDERS.get(scheme) if separator else None
    named = provider.parse_url(rest) if provider else None
    if provider is None or named is None:
        raise InvalidInput(f"{_shown(url)} does not name a database; write {_FORMS}")
    from ..settings import Settings  # noqa: PLC0415 - a process that parses a file never needs them

    try:
        settings = Settings.load(
            database_provider=provider.name, **{_SETTINGS[key]: value for key, value in named.items()}
        )
    except SettingsError as error:
        raise InvalidInput(f"{_shown(url)}: {error.message}") from None
    config = settings.database_config()
    if config.get("endpoint_url") and not named.get("endpoint_url"):
        # The URL alone says where: an endpoint of the environment must not turn AWS into something else.
        config["endpoint_url"] = None
        logger.warning("%s is AWS's DynamoDB: for another add ?endpoint_url=$DYNAMODB_ENDPOINT_URL", _shown(url))
    return config


def database_url(config: Mapping[str, Any]) -> str:
    """Return the URL of a configuration: what `parse_database_url` reads, without credentials."""
    return provider_of(config).format_url(config)


def same_database(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two configurations name one database."""
    provider = provider_of(one)
    return provider is provider_of(other) and provider.identity(one) == provider.identity(other)


def _shown(url: str) -> str:
    """Return what an error may repeat of a URL: no query, and no password."""
    return repr(_PASSWORD.sub("//", url.partition("?")[0])[:200])
