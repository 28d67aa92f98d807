"""Lines of GH Archive or of the Events API -> events, and the commits that old pushes carry.

https://www.gharchive.org/ (one event a line, in the shape of the Events API since 2015-01-01).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import msgspec

from ..errors import DataFileError, InvalidInput
from ..github.commits import parse_push_commits
from ..github.events import parse_event
from ..github.thread_lists import DELIVERED
from ..infrastructure.database_interface import BatchEncoder, Newest, keep_newest
from ..records import Event, EventSource, repo_key
from .lines import MAX_LINE_BYTES, Block

_FIRST_LINES = 4_000
_BATCH_LINES = 24_000
_BATCH_BYTES = 128 << 20
"""Lines of one transaction, and how long they may be together. Fewer write the pages of the indexes more often, more
need more memory. At first they are few, so that writing begins soon, and twice as many each time."""


@dataclass(frozen=True)
class Wanted:
    """What to take: keys of repositories and event types; None is all of them. ids: of those, under any name.

    recorded, recorded_ids: the repositories whose issues and pull requests are recorded, too, likewise.
    delivered, delivered_ids: those of which webhooks told, likewise: they may have brought an event under another id.
    """

    repos: frozenset[str] | None = None
    types: frozenset[str] | None = None
    ids: frozenset[int] = frozenset()
    recorded: frozenset[str] = frozenset()
    recorded_ids: frozenset[int] = frozenset()
    delivered: frozenset[str] = frozenset()
    delivered_ids: frozenset[int] = frozenset()

    @cached_property
    def everything(self) -> bool:
        """Return whether nothing is left out."""
        return self.repos is None and self.types is None


class Batch(msgspec.Struct):
    """What some blocks of lines held, to be stored in one step.

    records: the events, each once, and the commits that pushes carry, as the provider's encoder made them, without
    to_compare: events that webhooks may have brought before. told: events of both that tell of issues and pull requests
    to be recorded. newest: by repository. broken: number and reason of each line that is. odd: whose events those may
    have been; None is anybody's. hours: lines of each `YYYY-MM-DDTHH`, those not wanted included.
    """

    records: bytes = b""
    to_compare: list[Event] = []
    told: list[Event] = []
    newest: dict[str, Newest] = {}
    broken: list[tuple[int, str]] = []
    odd: set[str | None] = set()
    hours: dict[str, int] = {}
    read: int = 0
    filtered: int = 0


class Share(NamedTuple):
    """Which transactions of a file are asked for: from the `first` on (the first of all is 0) one `of` so many."""

    first: int = 0
    of: int = 1


ALL = Share()


class _Name(msgspec.Struct):
    name: str | None = None
    id: int | None = None


class _Header(msgspec.Struct):
    type: str | None = None
    repo: _Name | None = None
    created_at: str | None = None


_decode_header = msgspec.json.Decoder(_Header).decode


def batches_of(
    blocks: Iterator[Block], wanted: Wanted, encoder: type[BatchEncoder], share: Share = ALL
) -> Iterator[Batch]:
    """As many blocks together as one transaction should have; those before a `DataFileError` too, then it is raised."""
    for number, some in groupby(_by_transaction(blocks), itemgetter(0)):
        if number % share.of != share.first:
            continue
        lines = _Lines(wanted, encoder())
        try:
            for _, block in some:
                lines.add(block)
        except DataFileError:
            yield lines.batch()
            raise
        yield lines.batch()


def _by_transaction(blocks: Iterator[Block]) -> Iterator[tuple[int, Block]]:
    """Yield blocks with the numbers of their transactions, which are the same whatever is wanted of the lines."""
    number = lines = size = 0
    many = _FIRST_LINES
    for block in blocks:
        yield number, block
        lines += len(block.lines)
        size += sum(map(len, block.lines))
        if lines >= many or size >= _BATCH_BYTES:
            number, lines, size, many = number + 1, 0, 0, min(2 * many, _BATCH_LINES)


class _Lines:
    """Lines on their way to a batch.

    Commits come without a summary: theirs is made from the message alone, which can as well be done when it is asked
    for.
    """

    def __init__(self, wanted: Wanted, encoder: BatchEncoder) -> None:
        self._wanted = wanted
        self._encoder = encoder
        self._batch = Batch()
        self._seen: set[tuple[str, str, str, int | str | None]] = set()

    def batch(self) -> Batch:
        """Return what was read."""
        self._batch.records = self._encoder.encode()
        return self._batch

    def add(self, block: Block) -> None:
        """Every line of a block as a record, except blank ones, those not wanted and broken ones."""
        batch, wanted = self._batch, self._wanted
        for number in block.too_long:
            batch.broken.append((number, f"the line is longer than {MAX_LINE_BYTES >> 20} MiB"))
            batch.odd.add(None)
        batch.read += len(block.too_long)
        for number, line in enumerate(block.lines, block.first_line):
            if not line or line.isspace():
                continue
            batch.read += 1
            if not wanted.everything and self._is_unwanted(line):
                continue
            try:
                event, source = parse_event(line)
            except InvalidInput as error:
                batch.broken.append((number, error.message))
                batch.odd |= _owners(line)
                continue
            self._count(event.created_at)
            # Only now is it known for sure: the look at the header lets through what it cannot read.
            if wanted.everything or _matches(
                wanted, event.event_type, event.repo_name, source.repository_id if source else None
            ):
                self._take(event, source)
            else:
                batch.filtered += 1

    def _take(self, event: Event, source: EventSource | None) -> None:
        wanted, name, number = self._wanted, event.repo_name, source.repository_id if source else None
        known = (event.id, event.event_type, event.created_at, number or name)
        if known in self._seen:
            return
        self._seen.add(known)
        if name in wanted.delivered or number in wanted.delivered_ids:
            self._batch.to_compare.append(event)
        else:
            self._encoder.add(event, parse_push_commits(event))
        if event.event_type in DELIVERED and (name in wanted.recorded or number in wanted.recorded_ids):
            self._batch.told.append(event)
        if source is not None and name is not None:
            keep_newest(self._batch.newest, name, (event.created_at, source))

    def _is_unwanted(self, line: bytes) -> bool:
        """Looks at type and repository only, and says so only where it is sure."""
        try:
            header = _decode_header(line)
        except (ValueError, RecursionError):
            return False
        repo = header.repo or _Name()
        if not repo.name or _matches(self._wanted, header.type, repo.name.strip().lower(), repo.id):
            return False
        self._count(header.created_at or "")
        self._batch.filtered += 1
        return True

    def _count(self, instant: str) -> None:
        hours, hour = self._batch.hours, instant[:13]
        hours[hour] = hours.get(hour, 0) + 1


def _owners(line: bytes) -> set[str | None]:
    """Return the repositories that an unusable line may be of: none where what it names can be no repository."""
    try:
        header = _decode_header(line)
    except (ValueError, RecursionError):
        return {None}
    if header.repo is None or not header.repo.name:
        return {None}
    try:
        return {repo_key(header.repo.name)}
    except InvalidInput:
        return set()


def _matches(wanted: Wanted, event_type: str | None, repo: str | None, repository_id: int | None) -> bool:
    if wanted.repos is not None and repo not in wanted.repos and repository_id not in wanted.ids:
        return False
    return wanted.types is None or event_type is None or event_type in wanted.types
