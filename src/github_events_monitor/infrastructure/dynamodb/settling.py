"""Waiting until secondary indexes show what was stored: they follow their table within moments, not at once.

What is completely known is only saved afterwards, so that no answer, of no process, says "complete" over rows that an
index does not show yet. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ...records import CollectedBatch, Stored
from ...side_by_side import side_by_side
from .client import DynamoDBClient
from .layout import REPO_COMMITS, REPO_EVENTS, TYPE_EVENTS, UPDATED_THREADS, Index
from .windows import window

logger = logging.getLogger(__name__)

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0)
"""Seconds between looks; they are 5.55 together, where an index follows within one as a rule."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Mark:
    """Something that an index has to show: an item of a key at an instant; `or_later`: or behind it."""

    table: str
    index: Index
    key: str
    instant: str
    or_later: bool = False


def marks_of(batch: CollectedBatch, stored: Stored, threads: int) -> Iterator[Mark]:
    """Yield the newest and what was written last of a batch, by index; nothing for kinds that brought nothing new.

    stored, threads: how many of its events, commits and threads were new or changed.
    """
    repo = batch.state.repo_name
    if stored.events and batch.events:
        newest = max(batch.events, key=lambda event: event.created_at)
        for event in {one.id: one for one in (newest, batch.events[-1])}.values():
            yield Mark("events", REPO_EVENTS, repo, event.created_at)
            yield Mark("events", TYPE_EVENTS, event.event_type, event.created_at)
    if stored.commits and batch.commits:
        dates = [record.commit.commit_date for record in batch.commits]
        yield from (Mark("commits", REPO_COMMITS, repo, date) for date in sorted({max(dates), dates[-1]}))
    if threads and batch.threads:
        newest_update = max(thread.updated_at for thread in batch.threads)
        yield Mark("threads", UPDATED_THREADS, repo, newest_update, or_later=True)  # what is stored may be later


async def settle(client: DynamoDBClient, marks: Iterable[Mark], sleep: Sleep = asyncio.sleep) -> None:
    """Wait until the indexes show all marks, but no longer than some seconds."""
    missing = list(marks)
    for pause in (*_PAUSES, None):
        seen = await side_by_side([partial(_shows, client, mark) for mark in missing])
        missing = [mark for mark, shown in zip(missing, seen, strict=True) if not shown]
        if not missing:
            return
        if pause is not None:
            await sleep(pause)
    names = ", ".join(sorted({mark.index.name for mark in missing}))
    logger.warning("%s does not show yet what was stored %.0f s ago; answers may lack it", names, sum(_PAUSES))


async def _shows(client: DynamoDBClient, mark: Mark) -> bool:
    query = window(mark.index, mark.key, mark.instant, last=None if mark.or_later else mark.instant)
    if query is None:  # no window reaches so far
        return True
    answer = await client.call("query", TableName=client.table(mark.table), Select="COUNT", Limit=1, **query)
    return bool(answer["Count"])
