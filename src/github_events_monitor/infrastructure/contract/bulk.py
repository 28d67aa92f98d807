"""Records on their way into the database in bulk: encoded where they were read, which may be in another process."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import msgspec

from ...records import Commit, CommitRecord, Event

RecordT = TypeVar("RecordT", Event, Commit)


class BatchEncoder(ABC):
    """The records of one transaction, in whatever form `DatabaseManager.import_batches` of the same provider takes.

    Whatever a provider does to records before it stores them belongs here: a second processor can then do it. An
    encoder knows no database, and is made without arguments.
    """

    @abstractmethod
    def add(self, event: Event, commits: Sequence[Commit] = ()) -> None:
        """One event (each once), and the commits that it carries as a push."""

    @abstractmethod
    def encode(self) -> bytes:
        """All that was added. An encoder is used once."""


class RecordEncoder(BatchEncoder):
    """The records as they are, for providers that have nothing to prepare."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._commits: list[Commit] = []

    def add(self, event: Event, commits: Sequence[Commit] = ()) -> None:
        """See `BatchEncoder`."""
        self._events.append(event)
        self._commits.extend(commits)

    def encode(self) -> bytes:
        """See `BatchEncoder`."""
        return _encode((self._events, self._commits))


def decode_records(
    batch: bytes, names: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[Event], list[CommitRecord]]:
    """Return what a `RecordEncoder` made, under the keys that names stand for."""
    events, commits = _decode(batch)
    return [_under(names, event) for event in events], [CommitRecord(commit=_under(names, one)) for one in commits]


def _under(names: Mapping[str, str], record: RecordT) -> RecordT:
    key = names.get(record.repo_name) if record.repo_name else None
    return msgspec.structs.replace(record, repo_name=key) if key else record


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[Event], list[Commit]]).decode
