"""`database info --cost`: what a month costs, estimated from the stored events and a few real questions.

On-demand prices in us-east-1, US dollars: https://aws.amazon.com/dynamodb/pricing/on-demand/
"""

from collections.abc import Awaitable
from datetime import timedelta
from math import ceil
from statistics import fmean
from typing import Any, NamedTuple, TypeVar

from ...instants import format_instant, shift
from ...records import Event
from . import operations, state_items
from .batches import get_items
from .items import plain, size_of, unpack_json
from .repositories import Repositories
from .rows import event_to_item

WRITE_PRICE = 0.625 / 1_000_000
READ_PRICE = 0.125 / 1_000_000
STORAGE_PRICE = 0.25
"""A GB and month; the first 25 GB of an account are free, which is left out here."""

SECONDS_A_MONTH = 30 * 86_400
PRICES = "on demand in us-east-1: $0.625 per million write units, $0.125 per million read units, $0.25 per GB and month"


class MonthlyCost(NamedTuple):
    """US dollars a month."""

    writes: float
    reads: float
    storage: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.writes + self.reads + self.storage


def monthly_cost(*, write_units: float, read_units: float, seconds: float, stored_bytes: int) -> MonthlyCost:
    """Return what a month costs that goes on like the `seconds` in which these units were measured."""
    months = SECONDS_A_MONTH / seconds
    return MonthlyCost(
        write_units * months * WRITE_PRICE,
        read_units * months * READ_PRICE,
        stored_bytes / 1_000_000_000 * STORAGE_PRICE,
    )


def write_units(item_bytes: int, index_rows: int) -> int:
    """Return units of a new item: one per begun KB, and one for each index row (ours stay below 1 KB).

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
    """
    return ceil(max(item_bytes, 1) / 1024) + index_rows


T = TypeVar("T")

DAYS = 7
_SAMPLED_REPOSITORIES, _SAMPLED_EVENTS = 10, 30
_MAX_REPOSITORIES, _ROUNDS_A_MONTH = 10_000, 30 * 288
_STATE_WRITES, _VISIT_READS = 3, 4
"""A visit without news takes the lease, saves the state, gives the lease back: see `benchmarks/dynamodb.py`."""
_FEW, _MOST = 10, 105
"""Up to `_FEW` repositories are visited in every round, `_MOST` and more every 52 minutes on average: see `Poller`."""
_NOTED_BYTES, _WATCHED_BYTES = 5.3, 61
"""What the note of a look takes for each repository, and its row on the watch list, which is read three times a round:
see `benchmarks/quiet_cycle.py`."""
_NOTE = (
    "An estimate from the events of the last seven days, the repositories collected in them, if they are polled every "
    "five minutes with a token (without one each is visited every time, up to ten times as often), and the questions "
    "asked for it just now. It leaves out visits that bring news, what they read to recognise known events (one or two "
    "read units each), commits, and the rows that lead to repositories and people."
)


async def estimate_cost(database: Repositories) -> dict[str, Any]:
    """Return what a month like the last seven days costs.

    `events_per_day`; `write_units_per_event` with both indexes, over a sample (None without events); `read_units` by
    question, measured; `polled_repositories`; `stored_bytes`; `monthly_usd` {events, polls, storage, total};
    `usd_per_1000_questions`; `prices`; `note`.
    """
    until = format_instant(database.connection.clock())
    since = shift(until, -timedelta(days=DAYS))
    reads: dict[str, float] = {}
    ranked = await _measured(database, reads, "trending", database.events.get_trending(since, until, 1_000_000))
    sample: list[Event] = []
    for repo, _ in ranked[:_SAMPLED_REPOSITORIES]:
        sample += await database.events.get_events(repo, since, until, limit=_SAMPLED_EVENTS)
    for repo, _ in ranked[:1]:
        await _measured(database, reads, "counts by type", database.events.count_by_type(repo, since, until))
        await _measured(database, reads, "thirty events", database.events.get_events(repo, since, until, limit=30))
        await _measured(database, reads, "thirty commits", database.commits.get_commits(repo, since, until, limit=30))
    events = sum(found.events for found in ranked)
    units = fmean(write_units(size_of(event_to_item(event, None)), 2) for event in sample) if sample else None
    stored = await _stored_bytes(database)
    month = monthly_cost(
        write_units=events * (units or 0.0), read_units=0.0, seconds=DAYS * 86_400, stored_bytes=stored
    )
    polled = await _polls(database, since)
    visits = sum(writes * WRITE_PRICE + _VISIT_READS * READ_PRICE for writes in polled)
    polls = visits * _ROUNDS_A_MONTH / max(1.0, min(len(polled), _MOST) / _FEW) + _looks_a_month(len(polled))
    return {
        "events_per_day": events / DAYS,
        "write_units_per_event": units,
        "polled_repositories": len(polled),
        "read_units": reads,
        "stored_bytes": stored,
        "monthly_usd": {
            "events": month.writes,
            "polls": polls,
            "storage": month.storage,
            "total": month.total + polls,
        },
        "usd_per_1000_questions": {question: found * 1000 * READ_PRICE for question, found in reads.items()},
        "prices": PRICES,
        "note": _NOTE,
    }


async def _measured(database: Repositories, reads: dict[str, float], question: str, asked: Awaitable[T]) -> T:
    before = database.connection.capacity.read_units
    answer = await asked
    reads[question] = database.connection.capacity.read_units - before
    return answer


async def _polls(database: Repositories, since: str) -> list[int]:
    """Return write units of a poll without news, for each repository that was collected in the window."""
    client = database.connection.client
    known = await database.collector_state.get_repositories(limit=_MAX_REPOSITORIES)
    keys = [state_items.key(f"#state#{found.repo_name}", "state") for found in known]
    found = [item for item in await get_items(client, state_items.TABLE, keys) if "state" in item]
    collected = [(item, unpack_json(plain(item)["state"]).get("last_collected_at") or "") for item in found]
    return [_STATE_WRITES * write_units(size_of(item), 0) for item, last in collected if last >= since]


def _looks_a_month(polled: int) -> float:
    """Return what a month of rounds costs beside visits: the watch list, and notes of looks."""
    if polled <= _FEW:
        return 0.0
    writes, note_reads = ceil(polled * _NOTED_BYTES / 1024), ceil(polled * _NOTED_BYTES / 4096)
    reads = 3 * ceil(polled * _WATCHED_BYTES / 4096) + note_reads
    return (writes * WRITE_PRICE + reads * READ_PRICE) * _ROUNDS_A_MONTH


async def _stored_bytes(database: Repositories) -> int:
    tables = (await operations.describe(database.connection.client)).values()
    sizes = [table.get("size_bytes") for table in tables]
    sizes += [size for table in tables for size in table.get("index_bytes", {}).values()]
    return sum(size or 0 for size in sizes)
