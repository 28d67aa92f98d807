"""What `DatabaseManager` promises beyond export and import, and what `DatabaseConnection` does, of every provider."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from github_events_monitor.errors import LeaseLost
from github_events_monitor.infrastructure.database_interface import CORE_TABLES, TABLES, DatabaseManager
from github_events_monitor.records import RepositoryState, Stored

from .builders import END, OTHER, REPO, START, at, batch, commit, event, full_commit, record, sha


async def test_initialising_and_closing_can_be_repeated(manager: DatabaseManager) -> None:
    await manager.close()
    await manager.initialize()
    await manager.initialize()
    await manager.events.insert_events([event("1")])
    await manager.close()
    await manager.close()
    await manager.events.insert_events([event("2")])
    assert await manager.events.get_event("2") is not None
    async with manager as same:
        assert same is manager
        assert await manager.events.get_event("2") is not None


async def test_many_calls_at_once_initialise_once(manager: DatabaseManager) -> None:
    counts = await asyncio.gather(*(manager.events.insert_events([event(str(number))]) for number in range(12)))
    assert sum(counts) == 12
    assert await manager.events.count_by_type(REPO, START, END) == {"WatchEvent": 12}


async def test_the_same_event_from_many_writers_is_stored_once(manager: DatabaseManager) -> None:
    await asyncio.gather(*(manager.events.insert_events([event("1"), event(f"own{number}")]) for number in range(8)))
    assert await manager.events.count_by_type(REPO, START, END) == {"WatchEvent": 9}


async def test_health_of_a_database_that_answers(manager: DatabaseManager) -> None:
    await manager.initialize()
    found = await manager.health_check()
    assert found["status"] == "healthy"
    assert found["provider"] in {"sqlite", "dynamodb"}
    assert found["tables_found"] == len(CORE_TABLES) == 9
    assert "dummy" not in str(found)


async def test_tables_are_created_once_and_described(manager: DatabaseManager) -> None:
    await manager.delete_tables()
    assert await manager.create_tables() == dict.fromkeys(TABLES, "created")
    assert await manager.create_tables() == dict.fromkeys(TABLES, "exists")
    await manager.events.insert_events([event("1"), event("2")])
    described = await manager.describe()
    assert described["provider"] in {"sqlite", "dynamodb"}
    assert set(described["tables"]) == set(TABLES)
    for table in described["tables"].values():
        assert {"status", "items", "indexes"} <= set(table)


async def test_deleting_the_tables_leaves_nothing_and_can_be_undone(manager: DatabaseManager) -> None:
    await manager.import_events([event("1")], [full_commit()])
    await manager.collector_state.watch([REPO])
    assert sorted(await manager.delete_tables()) == sorted(TABLES)
    await manager.initialize()
    assert await manager.events.get_event("1") is None
    assert await manager.commits.get_commit(REPO, sha(1)) is None
    assert await manager.collector_state.get_watch_list() == {}
    assert await manager.collector_state.get_repositories() == []
    assert await manager.events.insert_events([event("1")]) == 1


async def test_a_batch_is_stored_under_its_lease(manager: DatabaseManager) -> None:
    lease = await manager.collector_state.acquire_lease(REPO, "me", at(0), at(10))
    assert lease is not None
    collected = batch()
    assert await manager.store(collected, lease) == Stored(2, 1)
    assert await manager.store(collected, lease) == Stored(0, 0)
    assert await manager.collector_state.get_state(REPO) == collected.state
    assert await manager.events.get_known_ids(["e1", "e2"]) == {"e1", "e2"}
    assert await manager.commits.get_known_shas(REPO, [sha(1)]) == {sha(1)}
    assert await manager.metrics.get_metrics("security_metrics", REPO) == list(collected.security)
    assert await manager.metrics.get_metrics("deployment_metrics", REPO) == list(collected.deployments)
    assert [repo.full_name for repo in await manager.collector_state.get_repositories()] == ["Octo/Spoon"]


async def test_storing_keeps_the_lease(manager: DatabaseManager) -> None:
    lease = await manager.collector_state.acquire_lease(REPO, "me", at(0), at(10))
    assert lease is not None
    await manager.store(batch(), lease)
    assert await manager.collector_state.acquire_lease(REPO, "other", at(1), at(20)) is None
    await manager.collector_state.release_lease(lease)
    assert await manager.collector_state.get_state(REPO) == batch().state


async def test_a_lost_lease_stores_no_state(manager: DatabaseManager) -> None:
    lost = await manager.collector_state.acquire_lease(REPO, "one", at(0), at(1))
    held = await manager.collector_state.acquire_lease(REPO, "two", at(2), at(20))
    assert lost is not None
    assert held is not None
    before = RepositoryState(repo_name=REPO, full_name="octo/before")
    await manager.store(batch(state=before), held)
    with pytest.raises(LeaseLost):
        await manager.store(
            batch(state=RepositoryState(repo_name=REPO, full_name="octo/after"), events=(event("late"),)), lost
        )
    assert await manager.collector_state.get_state(REPO) == before
    if (await manager.health_check())["provider"] == "sqlite":
        assert await manager.events.get_event("late") is None


async def test_a_batch_without_any_lease_is_refused(manager: DatabaseManager) -> None:
    lease = await manager.collector_state.acquire_lease(OTHER, "me", at(0), at(10))
    assert lease is not None
    with pytest.raises(LeaseLost):
        await manager.store(batch(), lease._replace(repo_name=REPO))
    assert await manager.collector_state.get_state(REPO) is None


async def test_an_empty_batch_still_stores_its_state(manager: DatabaseManager) -> None:
    lease = await manager.collector_state.acquire_lease(REPO, "me", at(0), at(10))
    assert lease is not None
    empty: dict[str, Any] = {"events": (), "commits": (), "security": (), "deployments": ()}
    assert await manager.store(batch(**empty), lease) == Stored(0, 0)
    assert await manager.collector_state.get_state(REPO) == batch().state


async def test_bulk_import_of_many_repositories(manager: DatabaseManager) -> None:
    events = [event(str(number), at(number % 60), repo_name=f"o/r{number % 9}") for number in range(400)]
    commits = [record(number, repo_name=f"o/r{number % 9}", source="push") for number in range(60)]
    later = [msgspec.structs.replace(events[number], actor_login="later") for number in (0, 7)]
    repeated = [later[0], *events, later[1]]
    assert await manager.import_events(repeated[1:], commits + commits[:5]) == Stored(400, 60)
    assert await manager.import_events(repeated, commits) == Stored(0, 0)
    assert (await manager.events.get_trending(START, END, 1))[0].events == 45
    assert await manager.commits.count_commits("o/r3", START, END) == 7
    assert await manager.import_events([], []) == Stored(0, 0)


async def test_a_push_seen_twice_in_one_import_is_merged(manager: DatabaseManager) -> None:
    pushes = [
        record(1, at(20), source="push", branches=("dev",)),
        record(1, at(10), source="push", branches=("main",)),
    ]
    assert await manager.import_events([], pushes) == Stored(0, 1)
    stored = await manager.commits.get_commit(REPO, sha(1))
    assert stored is not None
    assert (stored.commit.commit_date, sorted(stored.commit.branches)) == (at(10), ["dev", "main"])


async def test_a_batch_of_the_providers_encoder_is_stored_like_any_records(manager: DatabaseManager) -> None:
    assert await manager.import_batches([_encoded(manager, range(300), range(60))]) == Stored(301, 60)
    assert await manager.import_batches([_encoded(manager, range(300), range(60))]) == Stored(0, 0)
    overlapping = [_encoded(manager, range(290, 305), range(50, 65)), _encoded(manager, range(300, 310), range(60, 70))]
    assert await manager.import_batches(overlapping) == Stored(12, 10)
    assert await manager.import_batches([_encoded(manager, (), range(69, 72))]) == Stored(1, 2)
    assert await manager.import_batches([manager.batch_encoder().encode()]) == Stored(0, 0)
    assert await manager.events.get_event("0") == event("0", at(0), repo_name="o/r0")
    assert (await manager.events.get_trending(START, END, 1))[0].events == 35
    assert await manager.commits.count_commits("o/r3", START, END) == 8


async def test_what_is_known_better_survives_a_batch(manager: DatabaseManager) -> None:
    await manager.commits.insert_commits([full_commit()])
    known = full_commit().commit
    encoder = manager.batch_encoder()
    encoder.add(event("1"), [commit(1, source="push", branches=("dev",))])
    encoder.add(event("2"), [commit(2, at(20), source="push", branches=("dev",))])
    encoder.add(event("3"), [commit(2, at(10), source="push", branches=("main",))])
    assert await manager.import_batches([encoder.encode()]) == Stored(3, 1)
    kept, merged = [await manager.commits.get_commit(REPO, one) for one in (known.sha, sha(2))]
    assert kept is not None
    assert merged is not None
    assert kept.commit == msgspec.structs.replace(known, branches=(*known.branches, "dev"))
    assert kept.files == full_commit().files
    assert (merged.commit.commit_date, sorted(merged.commit.branches)) == (at(10), ["dev", "main"])


def _encoded(manager: DatabaseManager, events: Iterable[int], commits: Iterable[int]) -> bytes:
    """Events of nine repositories by number, and one push that carries all the commits."""
    encoder = manager.batch_encoder()
    for number in events:
        encoder.add(event(str(number), at(number % 60), repo_name=f"o/r{number % 9}"))
    pushed = [commit(number, repo_name=f"o/r{number % 9}", source="push") for number in commits]
    if pushed:
        encoder.add(event(f"push of {pushed[0].sha} and {len(pushed) - 1} more"), pushed)
    return encoder.encode()
