"""Values that DynamoDB does not take as they are: what is read equals what was written."""

import secrets
from functools import partial
from typing import Any

import pytest

from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.jsontext import load_json
from github_events_monitor.records import CommitFile, CommitRecord, Facts, MetricRow
from github_events_monitor.side_by_side import side_by_side

from ..contract.builders import END, REPO, START, at, commit, event, record


async def test_a_payload_that_does_not_fit_is_left_out_and_says_so(
    manager: DynamoDBManager, caplog: pytest.LogCaptureFixture
) -> None:
    large = b'"%s"' % secrets.token_hex(500_000).encode()
    compressible = b'"%s"' % (b"ab" * 400_000)
    facts = Facts(action="opened", number=7)
    events = [
        event("1", payload=large, facts=facts),
        event("2", payload=compressible),
        event("3", payload=b'{"small":true}'),
    ]
    assert await manager.events.insert_events(events) == 3
    first, second, third = [await manager.events.get_event(str(number)) for number in (1, 2, 3)]
    assert first is not None
    assert load_json(first.payload) == {"omitted": "a payload of 1,000,002 bytes does not fit into a DynamoDB item"}
    assert caplog.messages == [
        "event 1 is stored without its payload of 1,000,002 bytes: it does not fit into a DynamoDB item"
    ]
    assert first.facts == facts
    assert (second, third) == (events[1], events[2])
    assert await manager.events.insert_events(events) == 0


@pytest.mark.parametrize(
    "data",
    [
        {"score": 0.1 + 0.2, "tiny": 5e-324, "large": 1.7976931348623157e308, "whole": 1.0, "minus": -0.5},
        {"yes": True, "no": False, "nothing": None, "empty": "", "list": [], "object": {}},
        {"long": 2**80, "negative": -(2**63), "zero": 0},
        {"nested": [{"a": [1, 2.5, "x", None, True]}], "unicode": "zoë 😀 \u202e", "ключ": "ü"},
        {"large": ["some longer text that repeats"] * 2000},
        {},
    ],
)
async def test_results_keep_every_value(manager: DynamoDBManager, data: dict[str, Any]) -> None:
    await manager.metrics.save_metrics("security_metrics", [MetricRow(key=REPO, sort="a", data=data)])
    (row,) = await manager.metrics.get_metrics("security_metrics", REPO)
    assert row.data == data
    assert repr(row.data) == repr(data)
    await manager.metrics.save_health(REPO, "2025-03-10", data)
    assert await manager.metrics.get_health(REPO, "2025-03-01", "2025-03-31") == {"2025-03-10": data}


async def test_empty_text_and_reserved_words(manager: DynamoDBManager) -> None:
    empty = event("1", actor_login="", facts=Facts(action="", ref="", sha="", subject="", number=0), payload=b"null")
    await manager.events.insert_events([empty])
    assert await manager.events.get_event("1") == empty
    (row,) = await manager.events.get_activity(REPO, START, END)
    assert (row.action, row.number, row.ref, row.sha, row.subject) == ("", 0, "", "", "")
    bare = record(1, message="", author_name="", author_login=None, branches=("",))
    await manager.commits.insert_commits([bare])
    assert await manager.commits.get_commit(REPO, bare.commit.sha) == bare


async def test_paths_longer_than_a_sort_key(manager: DynamoDBManager) -> None:
    paths = ["é" * 2000 + "1", "é" * 2000 + "2", "short.py"]
    files = tuple(CommitFile(filename=path, additions=1) for path in sorted(paths))
    stored = CommitRecord(commit=commit(1, at(0), additions=3, deletions=0, files_changed=3), files=files)
    await manager.commits.insert_commits([stored])
    assert await manager.commits.get_commit(REPO, stored.commit.sha) == stored
    exported = [item.item["filename"] async for item in manager.read_items(["commit_files"])]
    assert sorted(exported) == sorted(paths)


async def test_four_hundred_days_of_results(manager: DynamoDBManager) -> None:
    """They would not fit into one item; what is older goes."""
    text = secrets.token_hex(800)
    monthly = [f"{year}-{month:02}-15" for year in (2022, 2023, 2024) for month in range(1, 13)]
    daily = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]

    async def save(day: str) -> None:
        await manager.metrics.save_health(REPO, day, {"day": day, "text": text})

    await side_by_side(partial(save, day) for day in [*monthly, *daily])
    stored = await manager.metrics.get_health(REPO, "", "9")
    assert list(stored) == [*monthly, *daily][-400:]
    assert stored["2025-01-02"] == {"day": "2025-01-02", "text": text}
