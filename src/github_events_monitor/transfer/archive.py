"""Lines of GH Archive or of the Events API -> events, and the commits that old pushes carry.

https://www.gharchive.org/ (one event a line, in the shape of the Events API since 2015-01-01).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from ..errors import DataFileError, InvalidInput
from ..github.commits import parse_push_commits
from ..github.payloads import parse_event
from ..records import CommitRecord, Event, EventSource
from .lines import MAX_LINE_BYTES, Block

_PUSH = "PushEvent"
_BATCH_LINES = 30_000
"""Lines of one transaction. Fewer write the pages of the indexes more often, more need more memory."""


@dataclass(frozen=True)
class Wanted:
    """What to take: keys of repositories and event types; null is all of them."""

    repos: frozenset[str] | None = None
    types: frozenset[str] | None = None

    @cached_property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.repos is None and self.types is None


@dataclass
class Batch:
    """What some blocks of lines held.

    sources: of each event. broken: number and reason of each line that is. hours: lines of each `YYYY-MM-DDTHH`, those
    that were not wanted included.
    """

    events: list[Event] = field(default_factory=list)
    sources: list[EventSource | None] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    hours: Counter[str] = field(default_factory=Counter)
    read: int = 0
    filtered: int = 0


class _Name(msgspec.Struct):
    name: str | None = None


class _Header(msgspec.Struct):
    type: str | None = None
    repo: _Name | None = None
    created_at: str | None = None


_decode_header = msgspec.json.Decoder(_Header).decode


def batches_of(blocks: Iterator[Block], wanted: Wanted) -> Iterator[Batch]:
    """As many blocks together as one transaction should have; those before a `DataFileError` too, then it is raised."""
    batch = Batch()
    try:
        for block in blocks:
            _parse_block(block, wanted, batch)
            if batch.read >= _BATCH_LINES:
                yield batch
                batch = Batch()
    except DataFileError:
        yield batch
        raise
    if batch.read:
        yield batch


def ready_to_store(batch: Batch) -> tuple[list[Event], list[CommitRecord]]:
    """The events, each id once, and the commits that pushes carry, both by repository and time.

    Rows that lie together in the tables and indexes are written together: that halves the time of an import. Commits
    come without a summary: theirs is made from the message alone, which can as well be done when it is asked for.
    """
    first: dict[str, Event] = {}
    for event in batch.events:
        first.setdefault(event.id, event)
    events = sorted(first.values(), key=lambda event: (event.repo_name or "", event.created_at))
    pushed = (commit for event in events if event.event_type == _PUSH for commit in parse_push_commits(event))
    commits = sorted(pushed, key=lambda commit: (commit.repo_name, commit.commit_date, commit.sha))
    return events, [CommitRecord(commit=commit) for commit in commits]


def _parse_block(block: Block, wanted: Wanted, batch: Batch) -> None:
    """Every line of a block as a record, except blank ones, those not wanted and broken ones."""
    for number in block.too_long:
        batch.broken.append((number, f"the line is longer than {MAX_LINE_BYTES >> 20} MiB"))
    batch.read += len(block.too_long)
    for number, line in enumerate(block.lines, block.first_line):
        if not line or line.isspace():
            continue
        batch.read += 1
        if not wanted.everything and _is_unwanted(line, wanted, batch):
            continue
        try:
            event, source = parse_event(line)
        except InvalidInput as error:
            batch.broken.append((number, error.message))
            continue
        batch.hours[event.created_at[:13]] += 1
        # Only now is it known for sure: the look at the header lets through what it cannot read.
        if wanted.everything or _matches(wanted, event.event_type, event.repo_name):
            batch.events.append(event)
            batch.sources.append(source)
        else:
            batch.filtered += 1


def _is_unwanted(line: bytes, wanted: Wanted, batch: Batch) -> bool:
    """Looks at type and repository only, and says so only where it is sure."""
    try:
        header = _decode_header(line)
    except (ValueError, RecursionError):
        return False
    name = header.repo.name if header.repo else None
    if not name or _matches(wanted, header.type, name.strip().lower()):
        return False
    batch.hours[(header.created_at or "")[:13]] += 1
    batch.filtered += 1
    return True


def _matches(wanted: Wanted, event_type: str | None, repo: str | None) -> bool:
    if wanted.repos is not None and repo not in wanted.repos:
        return False
    return wanted.types is None or event_type is None or event_type in wanted.types
