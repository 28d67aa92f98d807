"""Waiting until secondary indexes show what was stored: they follow their table within moments, not at once.

What is completely known is only saved afterwards, so that no answer, of no process, says "complete" over rows that an
index does not show yet. An index that takes longer leaves marks beside the state: until it shows them, nothing of their
kinds counts as known in an answer. What is stored without claiming anything (a webhook, an import) leaves such marks
beforehand, for what was known before it must not be complete without it. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from ...records import Commit, Event, Thread
from ...side_by_side import side_by_side
from .batches import expressions
from .client import DynamoDBClient
from .items import Item, attributes, plain, text
from .layout import OPEN_THREADS, REPO_COMMITS, REPO_EVENTS, TABLES, TYPE_EVENTS, UPDATED_THREADS, Index
from .rows import commit_key
from .windows import window

logger = logging.getLogger(__name__)

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0)
"""Seconds between looks; they are 5.55 together, where an index follows within one as a rule."""

_LOOKS_AT_ITEMS = (2, len(_PAUSES))
"""After how many pauses the items themselves are read, by which one sees whether there is anything to wait for."""

_BRANCHES = 3

_INDEXES = {index.name: index for table in TABLES for index in table.indexes}

Sleep = Callable[[float], Awaitable[None]]
Record = TypeVar("Record", Event, Commit, Thread)


class Mark(msgspec.Struct, frozen=True):
    """Something that an index has to show: an item of a key at an instant; `or_later`: or behind it.

    place: the key of the item in the table, which says whether the index still has to. branches: those that a commit
    has to be shown on, some at least.
    """

    table: str
    index: str
    key: str
    instant: str
    place: dict[str, str | int]
    or_later: bool = False
    branches: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an index that there is not, in what was stored."""
        if self.index not in _INDEXES:
            raise ValueError(f"there is no index {self.index}")


def marks_of(events: Sequence[Event], commits: Sequence[Commit], threads: Sequence[Thread]) -> Iterator[Mark]:
    """Yield the newest and what was written last of what is new, by index."""
    for event in _edges(events, lambda event: event.created_at):
        place: dict[str, str | int] = {"id": event.id}
        if event.repo_name is not None:
            yield Mark("events", REPO_EVENTS.name, event.repo_name, event.created_at, place)
        yield Mark("events", TYPE_EVENTS.name, event.event_type, event.created_at, place)
    for commit in _edges(commits, lambda commit: commit.commit_date):
        place = {"sha": commit_key(commit.repo_name, commit.sha)}
        branches = commit.branches[-_BRANCHES:]  # of a known one those that came last
        yield Mark("commits", REPO_COMMITS.name, commit.repo_name, commit.commit_date, place, branches=branches)
    for thread in _edges(threads, lambda thread: thread.updated_at):  # what is stored may be later
        yield _thread_mark(UPDATED_THREADS, thread, thread.updated_at, or_later=True)
    for thread in _edges([one for one in threads if one.state == "open"], lambda thread: thread.created_at):
        yield _thread_mark(OPEN_THREADS, thread, thread.created_at)


class Records(NamedTuple):
    """Records of one repository."""

    events: list[Event]
    commits: list[Commit]
    threads: list[Thread]


def by_repository(events: Sequence[Event], commits: Sequence[Commit], threads: Sequence[Thread]) -> dict[str, Records]:
    """Return records by repository; events of none are left out."""
    found: defaultdict[str, Records] = defaultdict(lambda: Records([], [], []))
    for event in events:
        if event.repo_name is not None:
            found[event.repo_name].events.append(event)
    for commit in commits:
        found[commit.repo_name].commits.append(commit)
    for thread in threads:
        found[thread.repo_name].threads.append(thread)
    return dict(found)


def newest_marks(events: Sequence[Event], commits: Sequence[Commit], threads: Sequence[Thread]) -> Iterator[Mark]:
    """Yield the newest of each kind, by index."""
    yield from marks_of(
        [max(events, key=lambda event: event.created_at)] if events else [],
        [max(commits, key=lambda commit: commit.commit_date)] if commits else [],
        [max(threads, key=lambda thread: thread.updated_at)] if threads else [],
    )


def _edges(records: Sequence[Record], instant: Callable[[Record], str]) -> list[Record]:
    """Return the newest record and the last one; one where they are the same, none of none."""
    if not records:
        return []
    newest = max(records, key=instant)
    return [newest] if newest == records[-1] else [newest, records[-1]]


def _thread_mark(index: Index, thread: Thread, instant: str, *, or_later: bool = False) -> Mark:
    place: dict[str, str | int] = {"repo_name": thread.repo_name, "number": thread.number}
    return Mark("threads", index.name, thread.repo_name, instant, place, or_later)


async def settle(client: DynamoDBClient, marks: Iterable[Mark], sleep: Sleep = asyncio.sleep) -> list[Mark]:
    """Wait until the indexes show all marks, but no longer than some seconds; return those that they still have to."""
    given = list(marks)
    missing = [mark for number, mark in enumerate(given) if mark not in given[:number]]
    for number, pause in enumerate((*_PAUSES, 0.0)):
        missing = await _not_shown(client, missing)
        if number in _LOOKS_AT_ITEMS:
            missing = await _due(client, missing)
        if not missing:
            return []
        if pause:
            await sleep(pause)
    if missing:
        names = ", ".join(sorted({mark.index for mark in missing}))
        logger.warning(
            "%s does not show yet what was stored %.0f s ago; until it does, answers are not complete",
            names,
            sum(_PAUSES),
        )
    return missing


async def unsettled(client: DynamoDBClient, marks: Iterable[Mark]) -> list[Mark]:
    """Return the marks that indexes still have to show."""
    return await _due(client, await _not_shown(client, list(marks)))


async def _not_shown(client: DynamoDBClient, marks: Sequence[Mark]) -> list[Mark]:
    seen = await side_by_side([partial(_shows, client, mark) for mark in marks])
    return [mark for mark, shown in zip(marks, seen, strict=True) if not shown]


async def _due(client: DynamoDBClient, marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks whose item is still such as the index has to show: it may have changed, moved or expired."""
    due = await side_by_side([partial(_is_due, client, mark) for mark in marks])
    return [mark for mark, is_due in zip(marks, due, strict=True) if is_due]


async def _is_due(client: DynamoDBClient, mark: Mark) -> bool:
    index = _INDEXES[mark.index]
    answer = await client.call(
        "get_item",
        TableName=client.table(mark.table),
        Key=attributes(mark.place),
        ConsistentRead=True,
        **expressions(ProjectionExpression=f"#{index.key}, #{index.sort}{', #branches' if mark.branches else ''}"),
    )
    item: Item = answer.get("Item", {})
    instant = text(item, index.sort or "") or ""
    if text(item, index.key) != mark.key or not set(mark.branches) <= set(plain(item).get("branches", ())):
        return False
    return instant >= mark.instant if mark.or_later else instant == mark.instant


async def _shows(client: DynamoDBClient, mark: Mark) -> bool:
    where, values = _on_its_branches(mark)
    last = None if mark.or_later else mark.instant
    query = window(_INDEXES[mark.index], mark.key, mark.instant, last=last, where=where, values=values)
    if query is None:  # no window reaches so far
        return True
    if not where:
        query["Limit"] = 1
    asked = {"TableName": client.table(mark.table), "Select": "COUNT", **query}
    while True:
        answer = await client.call("query", **asked)
        if answer["Count"] or not where or not (last_read := answer.get("LastEvaluatedKey")):
            return bool(answer["Count"])
        asked["ExclusiveStartKey"] = last_read


def _on_its_branches(mark: Mark) -> tuple[str, Item]:
    """Return a filter for the commit itself, as it is by now, and the filter's values."""
    if not mark.branches:
        return "", {}
    named = {f":branch{number}": name for number, name in enumerate(mark.branches)}
    parts = ["#sha = :sha", *(f"contains(#branches, {name})" for name in named)]
    return " AND ".join(parts), attributes({":sha": mark.place["sha"], **named})
