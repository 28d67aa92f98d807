"""How issues and pull requests are laid out in items of DynamoDB."""

import msgspec

from github_events_monitor.infrastructure.dynamodb.items import compress
from github_events_monitor.infrastructure.dynamodb.thread_items import thread_from_item, thread_to_item
from github_events_monitor.instants import FIRST, LAST
from github_events_monitor.records import Reply, Thread

IDS = ("7", "3", "007", "-5", "", "x", "²", "٣", "9" * 18, "9" * 19, "0")
"""As GitHub gives them and as somebody's export may."""

REPLIES = tuple(
    Reply(name, reply.kind, instant, "ada", None, reply.state)
    for instant in (FIRST, "2025-03-10T12:00:05Z", "2025-03-10T12:00:05Z", LAST)
    for reply in (
        Reply("", "comment", ""),
        Reply("", "review", "", state="approved"),
        Reply("", "review", "", state="dismissed"),
        Reply("", "review_comment", ""),
    )
    for name in IDS
)


def thread(replies: tuple[Reply, ...]) -> Thread:
    """An issue with replies."""
    return Thread(
        repo_name="octo/spoon", number=7, kind="issue", state="open", created_at=FIRST, updated_at=LAST, replies=replies
    )


def test_a_thread_comes_back_out_of_its_item_whatever_its_replies_are() -> None:
    for replies in ((), REPLIES[:1], REPLIES, REPLIES[::-1]):
        assert thread_from_item(thread_to_item(thread(replies), "1", None)) == thread(replies)


def test_an_item_of_an_earlier_version_is_read() -> None:
    stored = thread(REPLIES[:3])
    item = thread_to_item(stored, "1", None)
    item["data"] = {"B": compress(msgspec.json.encode(stored))}
    assert thread_from_item(item) == stored
