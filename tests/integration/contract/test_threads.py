"""What `ThreadsRepository` promises about issues and pull requests, of every provider."""

from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from github_events_monitor.errors import InvalidInput, LeaseLost
from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.infrastructure.thread_wire import thread_to_dict
from github_events_monitor.records import CollectedBatch, Ledger, Reply, RepositoryState, Span, Thread

from .builders import OTHER, REPO, at, collect

COMMENT = Reply("11", "comment", at(5), "ada", "User")
REVIEW = Reply("12", "review", at(6), None, None, "approved")


def thread(number: int, updated_at: str = "2025-03-10T12:00:00Z", **fields: Any) -> Thread:
    """An open issue of REPO, unless fields say otherwise."""
    known: dict[str, Any] = {"repo_name": REPO, "kind": "issue", "state": "open", "created_at": at(0, day=9)}
    return Thread(number=number, updated_at=updated_at, **{**known, **fields})


def full_thread(number: int = 1, **fields: Any) -> Thread:
    """A merged pull request with every field known."""
    known: dict[str, Any] = {
        "kind": "pull_request", "state": "merged", "title": "Fix 😀 'all' \"of\" it", "author_login": "Bot[bot]",
        "author_type": "Bot", "state_reason": "completed", "draft": False, "closed_at": at(9), "merged_at": at(9),
        "closed_by": "ada", "merged_by": "ada", "base": "main", "head": "fix/ünï", "head_sha": "a" * 40,
        "merge_sha": "b" * 40, "additions": 3, "deletions": 0, "changed_files": 1, "review_decision": "approved",
        "reviewers": ("bo",), "labels": ("bug", "ü"), "comments": 1, "replies": (COMMENT, REVIEW),
        "comments_complete": True, "reviews_complete": True,
    }  # fmt: skip
    return thread(number, at(9), **{**known, **fields})


async def test_a_thread_comes_back_as_it_was_saved(manager: DatabaseManager) -> None:
    threads = [full_thread(1), thread(2), thread(1, repo_name=OTHER)]
    assert await manager.threads.save_threads(threads) == 3
    assert await manager.threads.get_threads("Octo/SPOON") == threads[:2]
    assert await manager.threads.get_thread(REPO, 1) == full_thread(1)
    assert await manager.threads.get_thread(OTHER, 1) == threads[2]
    assert await manager.threads.get_thread(REPO, 3) is None
    assert await manager.threads.get_threads_by_number("Octo/SPOON", (2, 3, 2)) == {2: thread(2)}
    assert await manager.threads.get_threads("never/stored") == []


async def test_saving_the_same_again_changes_nothing_and_counts_nothing(manager: DatabaseManager) -> None:
    assert await manager.threads.save_threads([full_thread(), thread(2)]) == 2
    assert await manager.threads.save_threads([full_thread(), thread(2), thread(3), thread(3)]) == 1
    assert await manager.threads.save_threads([]) == 0
    loose = [thread(5, comments=0), thread(6, replies=(REVIEW, COMMENT, REVIEW))]
    assert [await manager.threads.save_threads(loose) for _ in range(2)] == [2, 0]


async def test_the_later_update_wins_whichever_came_first_and_the_unknown_overwrites_nothing(
    manager: DatabaseManager,
) -> None:
    early = thread(7, at(1), title="draft of a title", labels=("bug",), replies=(COMMENT,))
    late = thread(7, at(30), state="closed", closed_at=at(30), title="the title")
    for first, second in ((early, late), (late, early)):
        await manager.threads.save_threads([replace(first, repo_name=OTHER if first is late else REPO)])
        await manager.threads.save_threads([replace(second, repo_name=OTHER if first is late else REPO)])
    for repo in (REPO, OTHER):
        found = await manager.threads.get_thread(repo, 7)
        assert found is not None
        assert (found.state, found.title, found.labels, found.replies) == ("closed", "the title", ("bug",), (COMMENT,))
        assert found.updated_at == at(30)


async def test_open_threads_and_those_updated_since_are_found(manager: DatabaseManager) -> None:
    old_open, old_closed = thread(1, at(0)), thread(2, at(0), state="closed", closed_at=at(0))
    edge = thread(3, at(10), state="closed", closed_at=at(10))
    await manager.threads.save_threads([old_open, old_closed, edge])

    async def since(instant: str | None) -> list[int]:
        return [found.number for found in await manager.threads.get_threads(REPO, instant)]

    assert await since(None) == [1, 2, 3]
    assert await since(at(10)) == [1, 3]
    assert await since(at(11)) == [1]
    await manager.threads.save_threads([thread(1, at(20), state="closed", closed_at=at(20))])
    assert await since(at(30)) == []
    await manager.threads.save_threads([thread(1, at(40))])
    assert await since(at(50)) == [1]


async def test_more_threads_than_a_page_of_any_engine_holds(manager: DatabaseManager) -> None:
    replies = tuple(Reply(f"{number:02}", "comment", at(1), f"person-{number}" * 9, "User") for number in range(40))
    threads = [thread(number, at(number % 60), replies=replies) for number in range(1, 301)]
    assert await manager.threads.save_threads(threads) == 300
    assert await manager.threads.get_threads(REPO) == threads


async def test_a_thread_of_any_size_can_be_kept_and_keeps_its_first_and_last_replies(manager: DatabaseManager) -> None:
    chance = Random(7)
    names = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200)) for _ in range(4_000)]
    replies = tuple(Reply(f"{n:04}", "comment", at(n % 60, hour=n // 60 % 24), name) for n, name in enumerate(names))
    replies = tuple(sorted(replies, key=lambda reply: (reply.created_at, reply.id)))
    large = thread(1, replies=replies, comments=4_000, labels=tuple(names), reviewers=tuple(names))
    for part in (replace(large, replies=replies[::2]), replace(large, replies=replies[1::2])):
        await manager.threads.save_threads([part])
    found = await manager.threads.get_thread(REPO, 1)
    assert found is not None
    assert (found.replies[:100], found.replies[-100:]) == (replies[:100], replies[-100:])
    assert found.labels == tuple(names[: len(found.labels or ())])
    row = TableItem("threads", thread_to_dict(found))
    assert await manager.write_items([row]) | {"threads": 0} == await manager.write_items([row])
    lease = await manager.collector_state.acquire_lease(OTHER, "me", at(0), at(1))
    assert lease is not None
    collected = CollectedBatch(
        state=RepositoryState(repo_name=OTHER), threads=(replace(large, repo_name=OTHER), full_thread())
    )
    await manager.store(collected, lease)
    again = await manager.threads.get_thread(OTHER, 1)
    assert again is not None
    assert again.replies == found.replies  # in whatever parts they arrive


async def test_a_collected_batch_brings_its_threads(manager: DatabaseManager) -> None:
    lease = await manager.collector_state.acquire_lease(REPO, "me", at(0), at(1))
    assert lease is not None
    loose = thread(2, replies=(REVIEW, COMMENT, REVIEW))
    batch = CollectedBatch(state=RepositoryState(repo_name=REPO), threads=(full_thread(), loose))
    await manager.store(batch, lease)
    assert await manager.threads.get_threads(REPO) == [full_thread(), replace(loose, replies=(COMMENT, REVIEW))]


async def test_a_lost_lease_stores_no_claim_to_threads(manager: DatabaseManager) -> None:
    lost = await manager.collector_state.acquire_lease(REPO, "me", at(0), at(1))
    assert lost is not None
    assert await manager.collector_state.acquire_lease(REPO, "another", at(2), at(3)) is not None
    state = RepositoryState(repo_name=REPO, ledger=Ledger(spans={"threads": (Span(at(0), at(1)),)}))
    with pytest.raises(LeaseLost):
        await manager.store(CollectedBatch(state=state, threads=(full_thread(),)), lost)
    assert await manager.collector_state.get_state(REPO) is None


async def test_of_the_same_update_an_import_leaves_what_is_there_and_adds_what_it_lacks(
    manager: DatabaseManager,
) -> None:
    await manager.threads.save_threads([thread(1, title="stored", replies=(COMMENT,)), thread(2, at(30))])
    exported = [thread(1, title="exported", labels=("bug",), replies=(REVIEW,)), thread(2, at(20), title="older")]
    rows = [TableItem("threads", thread_to_dict(one)) for one in exported]
    assert (await manager.write_items(rows))["threads"] == 2
    assert (await manager.write_items(rows))["threads"] == 0
    assert await manager.threads.get_threads(REPO) == [
        thread(1, title="stored", labels=("bug",), replies=(COMMENT, REVIEW)),
        thread(2, at(30), title="older"),
    ]


async def test_a_part_by_time_has_open_threads_and_later_ones(manager: DatabaseManager) -> None:
    closed = [thread(number, at(number), state="closed", closed_at=at(number)) for number in (1, 2)]
    await manager.threads.save_threads([*closed, thread(3, at(0)), thread(4, repo_name=OTHER)])
    rows = await collect(manager.read_items(["threads"], since=at(2), repo=REPO))
    assert sorted(row.item["number"] for row in rows) == [2, 3]


async def test_a_part_without_threads_does_not_say_that_they_are_known(manager: DatabaseManager) -> None:
    spans: dict[str, tuple[Span, ...]] = dict.fromkeys(("threads", "events"), (Span(at(0), at(9)),))
    await manager.collector_state.save_states([RepositoryState(repo_name=REPO, ledger=Ledger(spans=spans))])

    async def known(*tables: str) -> set[str]:
        (row,) = await collect(manager.read_items([*tables, "repository_health_metrics"]))
        return set(row.item["tracking"]["ledger"]["spans"])

    assert await known("events") == {"events"}
    assert await known("threads") == {"threads"}


async def test_text_that_is_not_unicode_is_kept_as_far_as_it_can_be(manager: DatabaseManager) -> None:
    await manager.threads.save_threads([thread(1, title="half a \ud83d fox", labels=("\ude00",))])
    found = await manager.threads.get_thread(REPO, 1)
    assert found is not None
    assert (found.title, found.labels) == ("half a \ufffd fox", ("\ufffd",))


async def test_an_issue_that_is_said_to_be_merged_is_closed(manager: DatabaseManager) -> None:
    row = thread(1, state="merged", closed_at=at(5), merged_at=at(5), merged_by="ada")
    await manager.threads.save_threads([row])
    await manager.write_items([TableItem("threads", thread_to_dict(replace(row, number=2)))])
    assert await manager.threads.get_threads(REPO) == [
        thread(number, state="closed", closed_at=at(5)) for number in (1, 2)
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"updated_at": "soon"}, "ISO 8601"), ({"repo_name": "x"}, "owner/name"), ({"number": 0}, "'number'")],
)
async def test_a_thread_that_cannot_be_is_refused_before_any_is_stored(
    manager: DatabaseManager, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        await manager.threads.save_threads([thread(1), replace(thread(2), **wrong)])
    assert await manager.threads.get_threads(REPO) == []


async def test_what_expires_leaves_open_threads(manager: DatabaseManager) -> None:
    await manager.threads.save_threads([thread(1, at(0)), thread(2, at(0), state="closed", closed_at=at(0))])
    removed = await manager.threads.delete_before(at(1))
    left = [found.number for found in await manager.threads.get_threads(REPO)]
    assert (removed, left) in [(1, [1]), (0, [1, 2])]  # DynamoDB removes them later, by expires_at


async def test_threads_of_one_number_that_were_opened_at_different_times_are_not_one(manager: DatabaseManager) -> None:
    """Another repository has the name by now: what the former one had merged is not merged there."""
    new = thread(1, at(5, day=20), kind="pull_request", created_at=at(0, day=20), draft=True)
    for first, second in ((full_thread(), new), (new, full_thread())):
        await manager.threads.save_threads([first])
        await manager.threads.save_threads([second])
        assert await manager.threads.get_threads_by_number(REPO, [1]) == {1: new}
