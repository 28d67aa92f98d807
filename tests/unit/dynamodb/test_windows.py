"""What lies behind the first page of a window, cut into slices of time."""

from datetime import timedelta
from itertools import pairwise

import pytest

from github_events_monitor.infrastructure.dynamodb.layout import REPO_EVENTS
from github_events_monitor.infrastructure.dynamodb.windows import MAX_SLICES, slices, window
from github_events_monitor.instants import shift

SINCE, UNTIL = "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("at", ["2026-06-01T00:00:00Z", "2026-06-03T01:02:03Z", "2026-06-20T00:00:00Z"])
def test_slices_follow_one_another_without_gap_or_overlap(at: str) -> None:
    query, last = window(REPO_EVENTS, "octo/hello", SINCE, UNTIL), {"created_at": {"S": at}, "id": {"S": "7"}}
    assert query is not None
    parts = slices(query, last, "created_at")
    assert len(parts) <= MAX_SLICES
    assert [part.get("ExclusiveStartKey") for part in parts] == [last, *[None] * (len(parts) - 1)]
    values = [part["ExpressionAttributeValues"] for part in parts]
    assert values[0][":begin"]["S"] == SINCE
    for earlier, later in pairwise(values):
        assert later[":begin"]["S"] == shift(earlier[":end"]["S"], SECOND)
    assert values[-1][":end"]["S"] == shift(UNTIL, -SECOND)


def test_a_page_that_ended_at_the_end_leaves_one_slice() -> None:
    query, last = window(REPO_EVENTS, "octo/hello", SINCE, UNTIL), {"created_at": {"S": shift(UNTIL, -SECOND)}}
    assert query is not None
    assert len(slices(query, last, "created_at")) == 1


def test_a_window_without_an_end_is_read_page_by_page() -> None:
    query, last = window(REPO_EVENTS, "octo/hello", SINCE), {"created_at": {"S": SINCE}}
    assert query is not None
    assert slices(query, last, "created_at") == [{**query, "ExclusiveStartKey": last}]
