"""Two collectors on the same tables: one at a time for a repository, and no write of the other is lost."""

import asyncio

import pytest

from github_events_monitor.errors import LeaseLost
from github_events_monitor.infrastructure.dynamodb import state_items
from github_events_monitor.records import CollectedBatch, CommitFile, CommitRecord, RepositoryState

from ..contract.builders import END, REPO, START, at, commit, event, record
from .conftest import Make

STATE = RepositoryState(repo_name=REPO, full_name="Octo/Spoon")


async def test_of_many_that_ask_at_once_one_gets_the_lease(make: Make) -> None:
    first = make()
    await first.initialize()
    managers = [first, *(make(table_prefix=first.connection.client.table_prefix) for _ in range(3))]
    taken = await asyncio.gather(
        *(
            manager.collector_state.acquire_lease(REPO, f"collector {number}", at(0), at(5))
            for number, manager in enumerate(managers * 3)
        )
    )
    winners = [lease for lease in taken if lease]
    assert len({lease.owner for lease in winners}) == 1
    later = await first.collector_state.acquire_lease(REPO, "another", at(6), at(9))
    assert later is not None
    assert later.epoch > max(lease.epoch for lease in winners)


async def test_a_lost_lease_writes_nothing_and_a_late_one_no_state(make: Make) -> None:
    manager = make()
    lease = await manager.collector_state.acquire_lease(REPO, "a", at(0), at(5))
    taken = await manager.collector_state.acquire_lease(REPO, "b", at(6), at(9))
    assert lease is not None
    assert taken is not None
    with pytest.raises(LeaseLost):
        await manager.store(CollectedBatch(state=STATE, events=(event("1"),)), lease)
    assert await manager.events.get_known_ids(["1"]) == set()
    # The lease goes while the records are being written: they stay, the state does not change.
    with pytest.raises(LeaseLost):
        await state_items.save_state(manager.connection.client, STATE, lease)
    assert await manager.collector_state.get_state(REPO) is None
    await manager.store(CollectedBatch(state=STATE, events=(event("1"),)), taken)
    assert await manager.collector_state.get_state(REPO) == STATE


async def test_concurrent_writers_of_a_commit_lose_nothing(make: Make) -> None:
    first = make()
    await first.initialize()
    second = make(table_prefix=first.connection.client.table_prefix)
    files = (CommitFile(filename="a.py", additions=1),)
    seen = [
        (manager, CommitRecord(commit=commit(1, at(0), branches=(f"{name}{number}",))))
        for number in range(6)
        for name, manager in (("a", first), ("b", second))
    ]
    detailed = CommitRecord(commit=commit(1, at(0), additions=1, deletions=0, files_changed=1), files=files)
    new = await asyncio.gather(*(manager.commits.insert_commits([one]) for manager, one in [*seen, (second, detailed)]))
    assert sum(new) == 1
    stored = await first.commits.get_commit(REPO, commit(1).sha)
    assert stored is not None
    assert sorted(stored.commit.branches) == sorted(f"{name}{number}" for number in range(6) for name in "ab")
    assert (stored.commit.additions, stored.files) == (1, files)
    assert await first.commits.get_without_details(REPO, 5) == []


async def test_two_programs_that_store_the_same_records_store_them_once(make: Make) -> None:
    first = make()
    await first.initialize()
    second = make(table_prefix=first.connection.client.table_prefix)
    events = [event(str(number)) for number in range(100)]
    commits = [record(number) for number in range(1, 20)]
    both = (first, second)
    assert sum(await asyncio.gather(*(manager.events.insert_events(events) for manager in both))) >= 100
    assert sum(await asyncio.gather(*(manager.commits.insert_commits(commits) for manager in both))) == 19
    assert await first.events.count_by_type(REPO, START, END) == {"WatchEvent": 100}
    assert await first.commits.count_commits(REPO, START, END) == 19
