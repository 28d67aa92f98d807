"""Reading the export format back: checked line by line, in batches, its end and its sum demanded."""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from ..errors import DataFileError, InvalidInput
from ..infrastructure.contract.deliveries import may_be_double
from ..infrastructure.contract.export_coverage import MEMORY, Part
from ..infrastructure.contract.export_rows import ParsedItems, parse_items
from ..infrastructure.contract.spool import Spool
from ..infrastructure.database_interface import TABLES, BatchEncoder, TableItem
from ..jsontext import load_json
from ..records import Event
from .archive import Wanted
from .export_file import FORMAT, VERSION
from .files import DataFile
from .lines import Block, blocks_of

_BATCH_ITEMS = 15_000
_BATCH_BYTES = 64 << 20
"""Items of one transaction, and how long their lines may be together."""


class ItemBatch(msgspec.Struct):
    """Checked items: the events as the provider's encoder made them, the others as records.

    to_compare: events beside those that may be stored already under other ids: deliveries, and the feed's where there
    are deliveries. read: how many lines they were; `filtered` of them are not wanted and not among the items.
    """

    events: bytes
    others: ParsedItems
    read: int
    filtered: int = 0
    to_compare: list[Event] = []


class _EventItem(msgspec.Struct):
    """The item of an event, with its payload as the text that it is: what most lines of most exports hold."""

    payload: msgspec.Raw
    id: Any = None
    event_type: Any = None
    repo_name: Any = None
    actor_login: Any = None
    created_at: Any = None


class _EventLine(msgspec.Struct):
    item: _EventItem
    table: Literal["events"]


_decode_event = msgspec.json.Decoder(_EventLine).decode


def is_export(record: Any) -> bool:
    """Return whether a first line is that of an export."""
    return isinstance(record, dict) and record.get("format") == FORMAT and isinstance(record.get("version"), int)


def check_version(first: dict[str, Any], name: str) -> None:
    """Raises `DataFileError` for an export of a newer version of this program."""
    if first["version"] > VERSION:
        raise DataFileError(
            f"{name} has export format {first['version']}, written by a newer version of this program;"
            f" this one reads format {VERSION}: upgrade it"
        )


def item_batches(file: DataFile, wanted: Wanted, encoder: type[BatchEncoder]) -> Iterator[ItemBatch]:
    """Yield the items of an export file, in order, and only then whether they were all there and unaltered.

    What is remembered of repositories comes last, once that is sure: it says that nothing is missing. Raises
    `DataFileError` for a line that is not of the format, for a newer format, and for a file that was cut or altered.
    """
    reader = _ExportReader(file)
    with Spool(MEMORY) as memory:
        for items in reader.batches():
            chosen = _wanted_items(items, wanted)
            memory.put(item for item in chosen if item.table == MEMORY)
            now = [item for item in chosen if item.table != MEMORY]
            batch = _checked(file, now, encoder, wanted)
            batch.filtered = len(items) - len(chosen)
            batch.read = len(now) + batch.filtered
            yield batch
        reader.check_end()
        for items in memory.pages():
            batch = _checked(file, items, encoder, wanted)
            if wanted.types is not None:
                batch.others = _without_events(batch.others)
            yield batch


def _checked(file: DataFile, items: list[TableItem], encoder: type[BatchEncoder], wanted: Wanted) -> ItemBatch:
    try:
        parsed = parse_items(items)
    except InvalidInput as error:
        raise DataFileError(f"{file.name} was altered: {error.message}") from None
    events, to_compare = encoder(), list[Event]()
    for event in parsed.events.values():
        if may_be_double(event, wanted.delivered):
            to_compare.append(event)
        else:
            events.add(event)
    return ItemBatch(events.encode(), parsed._replace(events={}), len(items), to_compare=to_compare)


def _without_events(parsed: ParsedItems) -> ParsedItems:
    """Return the same, where events of some types only came along."""
    part = Part(("commits",))
    rows = parsed.health.items()
    return parsed._replace(
        health={repo: (daily, state and part.restrict(state), mark) for repo, (daily, state, mark) in rows}
    )


class _ExportReader:
    """The items of an export file; `check_end` says whether they were all there and unaltered."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._counts: dict[str, int] = {}
        self._end: dict[str, Any] | None = None
        self._started = False

    def batches(self) -> Iterator[list[TableItem]]:
        """Yield all items, some thousands at a time."""
        batch: list[TableItem] = []
        length = 0
        for block in blocks_of(self._file.pieces()):
            if block.too_long:
                raise self._altered(block.first_line, "is too long")
            length += sum(map(len, block.lines))
            batch += self._items(block)
            if len(batch) >= _BATCH_ITEMS or length >= _BATCH_BYTES:
                yield batch
                batch, length = [], 0
        if batch:
            yield batch

    def check_end(self) -> None:
        """Compare what was read with what the last line says. Raises `DataFileError`."""
        if self._end is None:
            raise DataFileError(f"{self._file.name} is cut: the line that ends an export is missing")
        counts = {table: count for table, count in self._end["counts"].items() if count}
        if counts != self._counts:
            raise DataFileError(f"{self._file.name} was altered: its last line says another number of items")
        if self._end.get("sha256") != self._digest.hexdigest():
            raise DataFileError(f"{self._file.name} was altered: its items do not fit the check sum in its last line")

    def _items(self, block: Block) -> Iterator[TableItem]:
        for number, line in enumerate(block.lines, block.first_line):
            if not line:
                continue
            if self._end is not None:
                raise self._altered(number, "comes after the line that ends the export")
            if self._started and (event := _event(line)) is not None:
                yield self._taken(line, event)
                continue
            record = self._load(number, line)
            if not self._started:
                self._start(record)
            elif record.get("end") is True and isinstance(record.get("counts"), dict):
                self._end = record
            else:
                yield self._item(number, line, record)

    def _start(self, first: dict[str, Any]) -> None:
        if not is_export(first):
            raise DataFileError(f"{self._file.name} is not an export of this program")
        check_version(first, self._file.name)
        self._started = True

    def _item(self, number: int, line: bytes, record: dict[str, Any]) -> TableItem:
        table, item = record.get("table"), record.get("item")
        if table not in TABLES or not isinstance(item, dict):
            raise self._altered(number, "is not an item of one of the ten tables")
        return self._taken(line, TableItem(table, item))

    def _taken(self, line: bytes, item: TableItem) -> TableItem:
        self._digest.update(line)
        self._digest.update(b"\n")
        self._counts[item.table] = self._counts.get(item.table, 0) + 1
        return item

    def _load(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            record = load_json(line)
        except (ValueError, RecursionError):
            raise self._altered(number, "is not JSON") from None
        if not isinstance(record, dict):
            raise self._altered(number, "is not a JSON object")
        return record

    def _altered(self, number: int, why: str) -> DataFileError:
        return DataFileError(f"{self._file.name} was cut or altered: its line {number:,} {why}")


def _event(line: bytes) -> TableItem | None:
    """Return the item of a line that holds an event in its usual form, None for any other line."""
    if not line.endswith(b'"table":"events"}'):
        return None
    try:
        item = _decode_event(line).item
    except (ValueError, RecursionError):
        return None
    return TableItem("events", msgspec.structs.asdict(item))


def _wanted_items(items: list[TableItem], wanted: Wanted) -> list[TableItem]:
    """Return those of the repositories and event types asked for; types say nothing about other tables."""
    if wanted.everything:
        return items
    return [item for item in items if _is_wanted(item, wanted)]


def _is_wanted(item: TableItem, wanted: Wanted) -> bool:
    if item.table == "events" and wanted.types is not None and item.item.get("event_type") not in wanted.types:
        return False
    return wanted.repos is None or _repository_of(item) in wanted.repos


def _repository_of(item: TableItem) -> str | None:
    """Return the key of the repository that an item is about."""
    if item.table == "developer_metrics":
        return str(item.item.get("repo_time_period", "")).rpartition("#")[0].lower()
    name = item.item.get("repo_name")
    return name.lower() if isinstance(name, str) else None
