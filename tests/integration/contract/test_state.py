"""What `CollectorState` promises: states, leases, watch list, aliases."""

import asyncio
from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace

from github_events_monitor.branches import rejoined
from github_events_monitor.errors import InvalidInput, LeaseLost
from github_events_monitor.infrastructure.contract.collector_state import (
    LOOKS,
    NOTIFIED,
    NOTIFYING,
    PATTERNS,
    READERS,
)
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.dynamodb import state_items
from github_events_monitor.infrastructure.dynamodb.batches import put, write_items
from github_events_monitor.infrastructure.dynamodb.items import attributes, pack_json
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.records import (
    CollectedBatch,
    Lease,
    Ledger,
    Notified,
    RepositoryState,
    Rewriting,
    Seen,
    Span,
)

from .builders import OTHER, REPO, at

STATE = RepositoryState(
    repo_name=REPO,
    full_name="Octo/Spoon",
    repository_id=2**40,
    default_branch="main",
    branches=("main", "ünï"),
    etags={"events/1": 'W/"abc"', "commits": '"d"'},
    not_modified={"events/1": 3},
    commits_floor=at(0),
    ledger=Ledger(spans={"events": (Span(at(0), at(5)), Span(at(7), at(9))), "commits:dev": ()}),
    sources=("events", "archive"),
    last_collected_at=at(9),
    last_attempt_at=at(10),
    next_poll_at=at(11),
    error_code="rate_limited",
    error_message="wait 😀",
    retry_at=at(12),
)


async def test_a_state_comes_back_as_it_was(manager: DatabaseManager) -> None:
    assert await manager.collector_state.get_state(REPO) is None
    await manager.collector_state.save_states([STATE, RepositoryState(repo_name=OTHER)])
    assert await manager.collector_state.get_state("Octo/SPOON") == STATE
    assert await manager.collector_state.get_state(OTHER) == RepositoryState(repo_name=OTHER)


async def test_a_later_state_replaces_an_earlier_one_whole(manager: DatabaseManager) -> None:
    await manager.collector_state.save_states([STATE])
    await manager.collector_state.save_states([RepositoryState(repo_name=REPO, full_name="Octo/Fork")])
    assert await manager.collector_state.get_state(REPO) == RepositoryState(repo_name=REPO, full_name="Octo/Fork")


FIRST, SECOND = Rewriting(at(3), "forced", "d-1"), Rewriting(at(4), "remade", "d-2")


async def test_what_is_noted_of_branches_stands_until_a_state_says_that_it_was_looked_into(
    manager: DatabaseManager,
) -> None:
    collector_state = manager.collector_state
    await collector_state.note_rewritings(REPO, {"commits": FIRST})
    assert await collector_state.get_state(REPO) is None
    await collector_state.save_states([STATE, RepositoryState(repo_name=OTHER)])
    await collector_state.note_rewritings("Octo/Spoon", {"commits:dev": SECOND})
    found = await collector_state.get_state(REPO)
    assert found == replace(STATE, rewritten={"commits": FIRST, "commits:dev": SECOND})
    assert (await collector_state.get_looked_states([REPO, OTHER], at(12)))[REPO].rewritten == found.rewritten
    await collector_state.save_states([STATE])  # by a pass that did not know of it
    assert await collector_state.get_state(REPO) == found
    looked_into = rejoined(found, "commits")
    await collector_state.save_states([looked_into])
    assert await collector_state.get_state(REPO) == looked_into
    await collector_state.note_rewritings(REPO, {"commits": SECOND})
    assert (await collector_state.get_states([REPO]))[REPO].rewritten == {"commits": SECOND, "commits:dev": SECOND}


async def test_states_of_several_repositories(manager: DatabaseManager) -> None:
    states = {
        f"o/r{number:03}": RepositoryState(repo_name=f"o/r{number:03}", repository_id=number) for number in range(130)
    }
    await manager.collector_state.save_states(states.values())
    asked = [name.upper() for name in states] + ["o/unknown", "o/r001"]
    assert await manager.collector_state.get_states(asked) == states
    assert await manager.collector_state.get_states([]) == {}


async def test_a_lease_keeps_others_out_until_it_expires(manager: DatabaseManager) -> None:
    first = await manager.collector_state.acquire_lease("Octo/Spoon", "one", at(0), at(10))
    assert first is not None
    assert (first.repo_name, first.owner, first.expires_at) == (REPO, "one", at(10))
    assert await manager.collector_state.acquire_lease(REPO, "two", at(9, second=59), at(20)) is None
    assert await manager.collector_state.acquire_lease(OTHER, "two", at(5), at(20)) is not None
    second = await manager.collector_state.acquire_lease(REPO, "two", at(10), at(20))
    assert second is not None
    assert second.epoch > first.epoch
    assert await manager.collector_state.acquire_lease(REPO, "one", at(11), at(30)) is None


async def test_a_lease_from_a_clock_that_ran_ahead_keeps_nobody_out_and_is_fenced_off(manager: DatabaseManager) -> None:
    ahead = await manager.collector_state.acquire_lease(REPO, "one", "2031-01-01T00:00:00Z", "2031-01-01T00:00:20Z")
    assert ahead is not None
    now = await manager.collector_state.acquire_lease(REPO, "two", at(0), at(10))
    assert now is not None
    assert now.epoch > ahead.epoch
    with pytest.raises(LeaseLost):
        await manager.store(CollectedBatch(state=STATE), ahead)
    await manager.collector_state.release_lease(ahead)
    assert await manager.collector_state.acquire_lease(REPO, "three", at(1), at(11)) is None


async def test_the_same_owner_gets_its_lease_again_with_a_higher_epoch(manager: DatabaseManager) -> None:
    epochs = []
    for minute in range(3):
        lease = await manager.collector_state.acquire_lease(REPO, "one", at(minute), at(minute + 10))
        assert lease is not None
        epochs.append(lease.epoch)
    assert epochs == sorted(set(epochs))
    assert await manager.collector_state.acquire_lease(REPO, "two", at(11), at(30)) is None


async def test_a_released_lease_is_free_and_its_epoch_is_never_given_again(manager: DatabaseManager) -> None:
    first = await manager.collector_state.acquire_lease(REPO, "one", at(0), at(10))
    assert first is not None
    await manager.collector_state.release_lease(first)
    await manager.collector_state.release_lease(first)
    second = await manager.collector_state.acquire_lease(REPO, "two", at(1), at(10))
    assert second is not None
    assert second.epoch > first.epoch


async def test_an_unused_lease_goes_without_a_trace_and_its_epoch_is_never_given_again(
    manager: DatabaseManager,
) -> None:
    state = manager.collector_state
    first = await state.acquire_lease(REPO, "one", at(0), at(10))
    assert first is not None
    await state.release_lease(first, unused=True)
    second = await state.acquire_lease(REPO, "two", at(1), at(10))
    assert second is not None
    assert second.epoch > first.epoch
    with pytest.raises(LeaseLost):
        await manager.store(CollectedBatch(state=STATE), first)
    await state.release_lease(first, unused=True)  # another's by now
    assert await state.acquire_lease(REPO, "three", at(2), at(20)) is None


async def test_an_unused_lease_takes_no_state_with_it(manager: DatabaseManager) -> None:
    state = manager.collector_state
    await state.save_states([STATE])
    lease = await state.acquire_lease(REPO, "one", at(0), at(10))
    assert lease is not None
    await state.release_lease(lease, unused=True)
    assert await state.get_state(REPO) == STATE
    assert await state.acquire_lease(REPO, "two", at(1), at(20)) is not None


async def test_releasing_somebody_elses_lease_does_nothing(manager: DatabaseManager) -> None:
    first = await manager.collector_state.acquire_lease(REPO, "one", at(0), at(1))
    assert first is not None
    assert await manager.collector_state.acquire_lease(REPO, "two", at(2), at(20)) is not None
    await manager.collector_state.release_lease(first)
    assert await manager.collector_state.acquire_lease(REPO, "three", at(3), at(20)) is None
    await manager.collector_state.release_lease(Lease("never/leased", "me", 1, at(0)))


async def test_a_lease_is_no_state(manager: DatabaseManager) -> None:
    await manager.collector_state.acquire_lease(REPO, "one", at(0), at(10))
    assert await manager.collector_state.get_state(REPO) is None
    assert await manager.collector_state.get_states([REPO]) == {}
    assert await manager.collector_state.get_repositories() == []
    await manager.collector_state.save_states([STATE])
    assert await manager.collector_state.get_state(REPO) == STATE
    assert await manager.collector_state.acquire_lease(REPO, "two", at(1), at(10)) is None


async def test_the_watch_list_remembers_removals(manager: DatabaseManager) -> None:
    assert await manager.collector_state.get_watch_list() == {}
    await manager.collector_state.watch(["Octo/Spoon", OTHER])
    await manager.collector_state.unwatch([OTHER.upper(), "never/watched"])
    assert list((await manager.collector_state.get_watch_list()).items()) == [
        ("never/watched", False),
        (OTHER, False),
        (REPO, True),
    ]
    await manager.collector_state.watch([OTHER])
    await manager.collector_state.watch([OTHER])
    assert (await manager.collector_state.get_watch_list())[OTHER] is True
    with pytest.raises(InvalidInput, match="owner/name"):
        await manager.collector_state.watch(["good/name", "bad name"])
    assert "good/name" not in await manager.collector_state.get_watch_list()


async def test_a_long_watch_list_is_complete(manager: DatabaseManager) -> None:
    names = [f"owner/name{number:03}" for number in range(130)]
    await manager.collector_state.watch(reversed(names))
    assert list(await manager.collector_state.get_watch_list()) == names


async def test_an_alias_leads_to_the_key(manager: DatabaseManager) -> None:
    assert await manager.collector_state.get_alias("Old/Name") is None
    await manager.collector_state.save_alias("Old/Name", "New/Name")
    assert await manager.collector_state.get_alias("OLD/name") == "new/name"
    await manager.collector_state.save_alias("old/name", REPO)
    assert await manager.collector_state.get_alias("old/name") == REPO


async def test_a_name_is_claimed_by_the_first_alone(manager: DatabaseManager) -> None:
    state = manager.collector_state
    assert await state.claim_aliases({"Old/Name": REPO, "former/name": REPO}) == {}
    claims = {"old/name": "New/Name", "FORMER/name": REPO, "next/name": "new/name"}
    assert await state.claim_aliases(claims) == {"old/name": REPO}
    known = await state.get_aliases(claims)
    assert known == {"old/name": REPO, "former/name": REPO, "next/name": "new/name"}
    assert await manager.collector_state.get_alias("new/name") is None


async def test_each_reader_has_a_mark_of_its_own(manager: DatabaseManager) -> None:
    state = manager.collector_state
    assert await state.get_reader_mark("default") is None
    await state.save_reader_mark("default", at(1))
    await state.save_reader_mark(" Ünï 😀 ", at(2))
    assert [await state.get_reader_mark(name) for name in ("default", "Ünï 😀", "Default")] == [at(1), at(2), None]
    await state.save_reader_mark("default", at(3))
    assert [await state.get_reader_mark(name) for name in ("default", "Ünï 😀")] == [at(3), at(2)]
    assert await state.get_watch_list() == {}
    assert await state.get_repositories() == []


async def test_what_each_reader_was_told_is_kept_by_repository(manager: DatabaseManager) -> None:
    state = manager.collector_state
    many = {f"octo/r{number}": Seen(since=at(0), keys=(f"{number:012x}",)) for number in range(100)}
    await state.save_reader_mark("ann", at(1), many)
    await state.save_reader_mark("ann", at(2), {"Octo/R1": Seen(since=at(1))})
    assert await state.get_reader_mark("ann") == at(2)
    assert await state.get_seen("ann", [*many, "octo/none"]) == {**many, "octo/r1": Seen(since=at(1))}
    assert await state.get_seen("bob", many) == {}
    assert await state.get_seen("ann", []) == {}


async def test_of_which_repositories_webhooks_told_is_noted_once_each(manager: DatabaseManager) -> None:
    state = manager.collector_state
    assert await state.get_delivered() == frozenset()
    for name in ("Octo/Hello", "octo/hello", "octo/other"):
        await state.save_delivered(name)
    assert await state.get_delivered() == {"octo/hello", "octo/other"}
    assert await state.get_repositories() == []
    assert await state.get_watch_list() == {}


async def test_each_target_of_notifications_has_a_note_and_one_process_at_a_time_a_lease(
    manager: DatabaseManager,
) -> None:
    state = manager.collector_state
    assert await state.get_notified("one") is None
    told = Notified(sent_at=at(1), items={"a1": "2025-03-31"}, repos=(REPO,), since=at(0))
    await state.save_notified("one", told)
    await state.save_notified("two", Notified())
    assert [await state.get_notified(target) for target in ("one", "two")] == [told, Notified()]
    lease = await state.acquire_lease(NOTIFYING, "a", at(0), at(10))
    assert lease is not None
    assert await state.acquire_lease(NOTIFYING, "b", at(5), at(20)) is None
    await state.release_lease(lease)
    assert await state.acquire_lease(NOTIFYING, "b", at(5), at(20)) is not None
    assert await state.get_repositories() == []
    assert await state.get_watch_list() == {}


@pytest.mark.parametrize("reader", ["", "  ", "r" * 101])
async def test_a_reader_without_a_usable_name_is_refused(manager: DatabaseManager, reader: str) -> None:
    with pytest.raises(InvalidInput, match="reader must be a name of 1 to 100 characters"):
        await manager.collector_state.get_reader_mark(reader)
    with pytest.raises(InvalidInput, match="reader must be a name of 1 to 100 characters"):
        await manager.collector_state.save_reader_mark(reader, at(1))


async def test_archive_hours_are_united_whoever_adds_them(manager: DatabaseManager) -> None:
    assert await manager.collector_state.get_archive_hours() == ()
    hours = [Span(at(0, hour=hour), at(0, hour=hour + 1)) for hour in range(8)]
    await asyncio.gather(*(manager.collector_state.add_archive_hours(hour) for hour in hours if hour != hours[3]))
    await manager.collector_state.add_archive_hours(hours[0], hours[1])
    await manager.collector_state.add_archive_hours()
    left = (Span(at(0, hour=0), at(0, hour=3)), Span(at(0, hour=4), at(0, hour=8)))
    assert await manager.collector_state.get_archive_hours() == left
    await manager.collector_state.forget_before(at(30, hour=1))
    assert await manager.collector_state.get_archive_hours() == (Span(at(30, hour=1), at(0, hour=3)), left[1])
    assert await manager.collector_state.get_repositories() == []
    assert [row async for row in manager.read_items()] == []


async def test_a_repository_that_got_its_former_name_back_is_shown_by_that(manager: DatabaseManager) -> None:
    for full_name in ("Octo/Spoon", "Octo/Ladle", "Octo/Spoon"):
        await manager.collector_state.save_states([RepositoryState(repo_name=REPO, full_name=full_name)])
        (known,) = await manager.collector_state.get_repositories()
        assert (known.repo_name, known.full_name) == (REPO, full_name)


@pytest.mark.parametrize("odd", [None, 5, "x", [1], {}, {"repos": 7}])
async def test_a_note_of_another_form_is_as_if_it_had_not_been_written(manager: DatabaseManager, odd: object) -> None:
    state = manager.collector_state
    await state.save_states([STATE])
    await state.save_reader_mark("ada", at(5), {REPO: Seen(since=at(5))})
    name = next(name for name in await state._notes(READERS) if name != "ada")
    for namespace, note in ((READERS, name), (PATTERNS, "octo/*"), (NOTIFIED, "target"), (LOOKS, "quiet")):
        await state._put_notes(namespace, {note: odd})
    assert await state.get_seen("ada", [REPO]) == {}
    assert (await state.get_patterns())["octo/*"].watched
    assert await state.get_notified("target") in (None, Notified())
    assert set(await state.get_looked_states([REPO], at(30))) == {REPO}


@pytest.mark.parametrize(
    "odd",
    [
        *({"full_name": name} for name in ("x", "../..", "octo/\0", "o" * 100_000, "octo/\x1b[31m")),
        {"repo_name": OTHER},
        *({"last_collected_at": moment} for moment in ("", "2026-02-30T00:00:00Z", "2026-01-01")),
        {"ledger": Ledger(spans={"events": (Span("zzz", at(9)),)})},
    ],
)
async def test_a_state_without_sense_is_the_matter_of_its_repository(
    manager: DatabaseManager, odd: dict[str, Any]
) -> None:
    state = manager.collector_state
    sound, unread = replace(STATE, repo_name=OTHER), {"error_code": "internal", "last_collected_at": None}
    await state.save_states([sound, STATE])
    if isinstance(manager, SQLiteManager):
        data = msgspec.json.encode(replace(STATE, **odd)).decode()
        sql = "UPDATE event_patterns SET data = ? WHERE repo_name = ? AND event_pattern_detected = 'state'"
        await manager.connection.write(lambda db: db.execute(sql, (data, f"#state#{REPO}")).rowcount)
    else:
        assert isinstance(manager, DynamoDBManager)
        item = state_items.key(f"#state#{REPO}", "state")
        spoiled = item | attributes({"state": pack_json(msgspec.to_builtins(replace(STATE, **odd)))})
        await write_items(manager.connection.client, [put(state_items.TABLE, spoiled)])
    for found in (await state.get_states([REPO, OTHER]), await state.get_looked_states([REPO, OTHER], at(30))):
        assert found[OTHER] == sound
        assert {name: getattr(found[REPO], name) for name in unread} == unread
    await state.save_states([STATE])
    assert await state.get_state(REPO) == STATE


async def test_what_cannot_be_read_of_branches_is_replaced_by_what_is_told_next(manager: DatabaseManager) -> None:
    state = manager.collector_state
    await state.save_states([STATE])
    await state._note_rewritings(REPO, {"commits": cast("Rewriting", 5)})
    spoiled = await state.get_state(REPO)
    assert spoiled is not None
    assert (spoiled.error_code, spoiled.ledger) == ("internal", Ledger())
    await state.note_rewritings(REPO, {"commits": FIRST})
    assert await state.get_state(REPO) == replace(STATE, rewritten={"commits": FIRST})
