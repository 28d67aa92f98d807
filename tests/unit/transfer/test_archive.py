"""Lines of GH Archive into events and commits."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import DataFileError
from github_events_monitor.infrastructure.contract.bulk import RecordEncoder, decode_records
from github_events_monitor.records import CommitRecord, Event
from github_events_monitor.transfer import archive
from github_events_monitor.transfer.archive import Batch, Share, Wanted, batches_of
from github_events_monitor.transfer.lines import Block, blocks_of
from tests.unit.transfer.records import a_push, an_event, lines_of

ONE, TWO = "1" * 40, "2" * 40


class Parsed(NamedTuple):
    """A batch with its records."""

    batch: Batch
    events: list[Event]
    commits: list[CommitRecord]


def parse(data: bytes, wanted: Wanted | None = None) -> Parsed:
    (batch,) = batches_of(blocks_of([data]), wanted or Wanted(), RecordEncoder)
    return Parsed(batch, *decode_records(batch.records))


def test_broken_lines_are_counted_with_their_number_and_the_rest_is_read() -> None:
    found = parse(
        lines_of(an_event(1), b'{"id": "2", "type":', b"", an_event(3), b"\xff\xfe", an_event(4) | {"id": None})
    )
    assert [event.id for event in found.events] == ["36000000001", "36000000003"]
    assert [line for line, _ in found.batch.broken] == [2, 5, 6]
    assert found.batch.read == 5


def test_only_the_repositories_and_types_asked_for_are_taken() -> None:
    data = lines_of(
        an_event(1), an_event(2, repo="other/thing"), an_event(3, "ForkEvent"), an_event(4, repo="OCTO/hello")
    )
    found = parse(data, Wanted(frozenset({"octo/hello"}), frozenset({"WatchEvent"})))
    assert [event.id[-1] for event in found.events] == ["1", "4"]
    assert (found.batch.read, found.batch.filtered) == (4, 2)


def test_the_look_at_the_header_misses_no_spelling_of_json() -> None:
    escaped = json.dumps(an_event(1, repo="octo/hello")).replace("octo/hello", "\\u006fcto\\/hello").encode()
    odd = orjson.dumps(an_event(2)).replace(b'"type":"WatchEvent"', b'"type" :\t"WatchEvent"')
    surrogate = json.dumps(an_event(3, payload={"action": "\ud800"})).encode()
    found = parse(lines_of(escaped, odd, surrogate), Wanted(frozenset({"octo/hello"})))
    assert len(found.events) == 3


def test_pushes_give_commits_and_repeated_events_are_stored_once() -> None:
    first, again = a_push(1, ONE, TWO), a_push(1, ONE) | {"actor": {"id": 8, "login": "other"}}
    stranger = a_push(1, ONE) | {"created_at": "2019-03-05T14:50:00Z"}
    found = parse(lines_of(first, again, stranger, an_event(5, repo="A/first")))
    assert [(event.repo_name, event.created_at[-6:]) for event in found.events] == [
        ("octo/hello", "00:01Z"),
        ("octo/hello", "50:00Z"),
        ("a/first", "00:05Z"),
    ]
    assert {record.commit.sha for record in found.commits} == {ONE, TWO}
    assert all(record.commit.source == "push" and record.commit.branches == ("main",) for record in found.commits)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "type", "actor", "repo", "payload", "created_at", "public", "org")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.sets(st.sampled_from(FIELDS)))
def test_no_line_however_odd_ends_the_import(odd: dict[str, object], missing: set[str]) -> None:
    record = {key: value for key, value in (a_push(1, ONE) | odd).items() if key not in missing}
    found = parse(
        lines_of(json.dumps(record).encode(), an_event(2)), Wanted(types=frozenset({"PushEvent", "WatchEvent"}))
    )
    assert found.batch.read == 2 == len(found.events) + found.batch.filtered + len(found.batch.broken)


@given(st.binary(max_size=200))
def test_no_bytes_end_the_import(data: bytes) -> None:
    line = data.replace(b"\n", b"")
    found = parse(lines_of(line, an_event(2)))
    assert "36000000002" in {event.id for event in found.events}


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"payload":' * 100_000])
def test_deeply_nested_lines_are_broken_lines(deep: bytes) -> None:
    assert [line for line, _ in parse(lines_of(deep, an_event(2))).batch.broken] == [1]


LINES = [orjson.dumps(an_event(number, repo=f"octo/r{number % 7}")) for number in range(100)]


def blocks(of: int = 5, *, damaged: bool = False) -> Iterator[Block]:
    for first in range(0, len(LINES), of):
        yield Block(first + 1, LINES[first : first + of])
    if damaged:
        raise DataFileError("cut")


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(frozenset({"octo/r3"})), Wanted(frozenset({"octo/none"}))])
@pytest.mark.parametrize("many", [2, 3, 40])
def test_shares_of_a_file_taken_by_turns_are_the_whole(
    monkeypatch: pytest.MonkeyPatch, wanted: Wanted, many: int
) -> None:
    monkeypatch.setattr(archive, "_FIRST_LINES", 4)
    monkeypatch.setattr(archive, "_BATCH_LINES", 16)
    whole = list(batches_of(blocks(), wanted, RecordEncoder))
    assert len(whole) > 5
    shares = [list(batches_of(blocks(), wanted, RecordEncoder, Share(first, many))) for first in range(many)]
    assert [shares[number % many][number // many] for number in range(len(whole))] == whole
    assert sum(map(len, shares)) == len(whole)


def test_long_lines_make_a_transaction_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_BATCH_BYTES", 10 * len(LINES[0]))
    assert len(list(batches_of(blocks(), Wanted(), RecordEncoder))) == 10


@pytest.mark.parametrize("many", [1, 2])
def test_each_share_of_a_damaged_file_ends_in_the_damage(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(archive, "_FIRST_LINES", 60)
    read: list[int] = []
    for first in range(many):
        batches = batches_of(blocks(damaged=True), Wanted(), RecordEncoder, Share(first, many))
        with pytest.raises(DataFileError):
            read.extend(batch.read for batch in batches)
    assert sum(read) == len(LINES)
