"""What things cost, by the engine's own figures."""

from datetime import timedelta
from hashlib import sha1
from random import Random
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from github_events_monitor.collecting import poller
from github_events_monitor.collecting.collector import Collector
from github_events_monitor.github.client import GitHubClient
from github_events_monitor.github.credentials import StaticToken
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.instants import shift
from github_events_monitor.jsontext import dump_json
from github_events_monitor.records import CollectedBatch, Event, Reply, RepositoryState, Thread
from github_events_monitor.settings import Settings
from tests import fake_github

from ..conftest import NOW
from ..contract.builders import END, REPO, START, at, event, full_commit
from ..contract.test_threads import full_thread
from .conftest import Make

STATE = RepositoryState(repo_name=REPO, full_name="Octo/Spoon", etags={"events/1": 'W/"' + "5e" * 32 + '"'})


def _push(number: int) -> Event:
    """A push with a payload as large as those of the time before it was trimmed."""
    commits = [
        {
            "sha": f"{number * 20 + index:040x}",
            "author": {"email": f"dev{index}@example.org", "name": f"Developer {index}"},
            "message": f"Change number {index} of push {number}\n\nIt says why, in a sentence or two.",
            "distinct": True,
            "url": f"https://api.github.com/repos/octo/spoon/commits/{number * 20 + index:040x}",
        }
        for index in range(8)
    ]
    payload: dict[str, Any] = {"push_id": 10**9 + number, "size": 8, "ref": "refs/heads/main", "commits": commits}
    return event(
        f"{40_000_000_000 + number}",
        at(number % 60, hour=number % 24),
        event_type="PushEvent",
        actor_login=f"dev{number % 7}",
        payload=dump_json(payload),
    )


async def test_an_event_costs_less_than_the_documented_units(manager: DynamoDBManager) -> None:
    capacity, table = manager.connection.capacity, manager.connection.client.table("events")
    events = [_push(number) for number in range(200)]
    await manager.events.insert_events(events)
    _, written = capacity.of(table)
    assert 0 < written / len(events) <= 3.5
    capacity.reset()
    assert await manager.events.insert_events(events) == 0
    assert capacity.write_units == 0


async def test_counting_a_busy_repository_takes_tens_of_read_units(manager: DynamoDBManager) -> None:
    await manager.events.insert_events([_push(number) for number in range(1000)])
    manager.connection.capacity.reset()
    assert await manager.events.count_by_type(REPO, START, END) == {"PushEvent": 1000}
    assert manager.connection.capacity.read_units <= 40
    assert manager.connection.capacity.calls["batch_get_item"] == 0


async def test_each_write_of_a_quiet_poll_is_one_unit(manager: DynamoDBManager) -> None:
    moment = [NOW]
    repository = fake_github.FakeRepository("octo/polled")
    repository.events = [
        fake_github.event(number, "WatchEvent", "ada", NOW, {"action": "started"}, "octo/polled")
        for number in range(100, 0, -1)
    ]
    repository.branches["main"] = [fake_github.commit(number, NOW) for number in range(9, 0, -1)]
    github = fake_github.FakeGitHub(repository)
    github.clock = clock = lambda: moment[0]
    async with GitHubClient(
        github.base, StaticToken(SecretStr("token"), "test"), clock, transport=github.transport()
    ) as client:
        collector = Collector(manager, client, clock=clock, with_token=True)
        for _ in range(5):  # the first pass fetches everything, the next what it left
            moment[0] += timedelta(minutes=5)
            manager.connection.capacity.reset()
            await collector.collect([repository.full_name])
    capacity = manager.connection.capacity
    assert 0 < capacity.write_units == capacity.calls["update_item"] <= 4


async def test_a_round_in_which_nothing_changed_costs_one_note_and_the_watch_list(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "VISIT_EVERY", poller.UNSEEN_FOR)  # as where a hundred and more are watched
    moment, names = [NOW], [f"octo/quiet-{number}" for number in range(3)]
    repositories = [fake_github.FakeRepository(name, id=number) for number, name in enumerate(names, 1)]
    for number, repository in enumerate(repositories):
        repository.branches["main"] = [fake_github.commit(number, NOW - timedelta(days=1))]
    github = fake_github.FakeGitHub(*repositories)
    github.clock = clock = lambda: moment[0]
    github.with_looks = True
    await manager.collector_state.watch(names)
    async with GitHubClient(
        github.base, StaticToken(SecretStr("token"), "test"), clock, transport=github.transport()
    ) as client:
        polling = poller.Poller(Collector(manager, client, clock=clock, with_token=True), Settings.load(), clock)
        visited = []
        for _ in range(4):
            manager.connection.capacity.reset()
            visited.append(len(await polling.tick()))
            moment[0] += timedelta(minutes=5)
    assert visited == [0, 3, 0, 0]
    assert manager.connection.capacity.write_units == 1
    assert manager.connection.capacity.read_units <= 4


def _discussed(number: int, replies: int, updated_at: str, **fields: Any) -> Thread:
    """A pull request as people write them, with so many replies by eight of them, hours or days apart."""
    chance, second, name, words = Random(number), 0, 3_100_000_000, []
    for index in range(replies):
        gap = int(chance.expovariate(1 / chance.choice((60, 3_600, 86_400))))
        second, name = second + gap, name + gap * chance.randint(20, 50) + chance.randrange(40)
        who = chance.choice(("ada-l", "ben-dev", "Chris42", "dana", "eve-io", "finn", "gus", "hal9000"))
        common = {"id": str(name), "created_at": shift(at(0, day=2), timedelta(seconds=second)), "author_login": who}
        words.append(
            (
                Reply(kind="comment", author_type="User", **common),
                Reply(kind="review", author_type="User", state="commented", **common),
                Reply(kind="review_comment", author_type="User", **common),
            )[index % 3]
        )
    fields = {
        "title": "Fix the parser so that nested generics in default arguments are kept",
        "head_sha": sha1(b"head%d" % number).hexdigest(),
        "merge_sha": sha1(b"merge%d" % number).hexdigest(),
        **fields,
    }
    return msgspec.structs.replace(
        full_thread(number, state="open", closed_at=None, merged_at=None, closed_by=None, merged_by=None),
        updated_at=updated_at, comments=replies, replies=tuple(words), **fields,
    )  # fmt: skip


@pytest.mark.parametrize("replies", [0, 8, 50])
async def test_a_changed_thread_costs_at_most_four_write_units_with_its_indexes(
    manager: DynamoDBManager, replies: int
) -> None:
    capacity, table = manager.connection.capacity, manager.connection.client.table("threads")
    numbers, step = range(1, 21), 1

    async def units(threads: list[Thread]) -> float:
        capacity.reset()
        assert await manager.threads.save_threads(threads) == len(threads)
        return capacity.of(table)[1] / len(threads)

    assert await units([_discussed(number, replies, at(0)) for number in numbers]) <= 4
    assert await units([_discussed(number, replies + step, at(10)) for number in numbers]) <= 4
    closed = {"state": "merged", "merged_at": at(20), "closed_at": at(20), "merged_by": "ada", "closed_by": "ada"}
    assert await units([_discussed(number, replies, at(20), **closed) for number in numbers]) <= 4
    filled = [_discussed(number, replies, at(20), **closed, ending_known=True) for number in numbers]
    assert await units(filled) <= 1  # indexes hold keys alone
    capacity.reset()
    assert await manager.threads.save_threads([_discussed(number, replies, at(15)) for number in numbers]) == 0
    assert capacity.write_units == 0


async def test_a_changed_thread_of_two_hundred_replies_costs_four_write_units_and_one_more_when_it_closes(
    manager: DynamoDBManager,
) -> None:
    capacity, table = manager.connection.capacity, manager.connection.client.table("threads")
    closed = {"state": "closed", "closed_at": at(20), "closed_by": "ada"}
    for replies, minute, fields, most in ((195, 0, {}, 4), (200, 10, {}, 4), (200, 20, closed, 5)):
        capacity.reset()
        threads = [_discussed(number, replies, at(minute), **fields) for number in range(1, 21)]
        assert await manager.threads.save_threads(threads) == 20
        assert capacity.of(table)[1] / 20 <= most


async def test_no_question_scans(manager: DynamoDBManager) -> None:
    lease = await manager.collector_state.acquire_lease(REPO, "a", at(0), at(5))
    assert lease is not None
    await manager.store(CollectedBatch(state=STATE, events=(_push(1),), commits=(full_commit(),)), lease)
    await manager.threads.save_threads([full_thread(1), full_thread(2)])
    sha = full_commit().commit.sha
    events, commits, metrics = manager.events, manager.commits, manager.metrics
    collector_state = manager.collector_state
    await events.get_events_by_type("PushEvent")
    await events.get_events(REPO, START, END, actor="dev1")
    await events.count_by_type(REPO, START, END)
    await events.get_activity(REPO, START, END)
    await events.get_repositories_of("dev1", START, END)
    await events.get_trending(START, END, 10)
    await commits.get_commit(REPO, sha[:8])
    await commits.get_commits(REPO, START, END, branch="main")
    await commits.count_commits(REPO, START, END)
    await commits.get_page(REPO, START, END, branch=None, limit=100, after=None)
    await commits.get_authorship(REPO, START, END)
    await commits.get_summaries(REPO, START, END)
    await commits.get_messages(REPO, START, END)
    await commits.get_without_details(REPO, 10)
    await commits.get_files(REPO, [sha])
    await manager.threads.get_thread(REPO, 1)
    await manager.threads.get_threads(REPO)
    await manager.threads.get_threads(REPO, START)
    await metrics.get_metrics("security_metrics", REPO)
    await metrics.get_health(REPO, "2025-01-01", "2025-12-31")
    await collector_state.get_states([REPO])
    await collector_state.get_watch_list()
    await collector_state.get_repositories("o")
    await collector_state.get_alias(REPO)
    assert manager.connection.capacity.calls["query"] > 10
    assert manager.connection.capacity.calls["scan"] == 0


async def test_a_quiet_poll_costs_a_few_units(manager: DynamoDBManager) -> None:
    """Lease, state, release: what every poll of every repository costs, whether anything happened or not."""
    lease = await manager.collector_state.acquire_lease(REPO, "a", at(0), at(5))
    assert lease is not None
    await manager.store(CollectedBatch(state=STATE), lease)
    manager.connection.capacity.reset()
    lease = await manager.collector_state.acquire_lease(REPO, "a", at(6), at(9))
    assert lease is not None
    await manager.store(CollectedBatch(state=STATE), lease)
    await manager.collector_state.release_lease(lease)
    assert manager.connection.capacity.write_units <= 4


async def test_a_look_at_a_thousand_repositories_costs_a_few_units(manager: DynamoDBManager) -> None:
    state, capacity = manager.collector_state, manager.connection.capacity
    names = [f"octo/repository-{number}" for number in range(1000)]
    await state.watch(names)
    await state.save_look(at(0), names, [])
    capacity.reset()
    await state.get_watch_list()
    await state.get_patterns()
    await state.save_look(at(5), names, [])
    assert capacity.write_units <= 6
    assert capacity.read_units <= 20
    await state.save_states([STATE])
    capacity.reset()
    assert await state.get_looked_states([REPO], at(6)) == {REPO: STATE}
    assert capacity.read_units <= 3
    assert capacity.calls.total() == 1


async def test_the_estimate_is_made_of_measurements(make: Make) -> None:
    manager = make()
    empty = await manager.estimate_cost()
    assert (empty["events_per_day"], empty["write_units_per_event"]) == (0, None)
    day = NOW.strftime("%Y-%m-%d")
    events = [event(str(number), f"{day}T0{number % 9}:00:00Z", payload=b"{}") for number in range(70)]
    capacity, table = manager.connection.capacity, manager.connection.client.table("events")
    capacity.reset()
    await manager.events.insert_events(events)
    _, written = capacity.of(table)
    estimate = await manager.estimate_cost()
    assert estimate["events_per_day"] == 10
    assert written / len(events) <= estimate["write_units_per_event"] == 3
    assert estimate["monthly_usd"]["events"] == pytest.approx(10 * 30 * 3 * 0.625 / 1_000_000)
    assert (estimate["polled_repositories"], estimate["monthly_usd"]["polls"]) == (0, 0)
    assert estimate["stored_bytes"] > 0
    assert estimate["read_units"]["counts by type"] > 0
    assert "estimate" in estimate["note"].lower()


async def test_the_estimate_counts_the_polls_of_repositories_collected_lately(make: Make) -> None:
    manager = make()
    lately, long_ago = NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), "2020-01-01T00:00:00Z"
    times = {"octo/polled": lately, "octo/left": long_ago}
    states = [RepositoryState(repo_name=repo, last_collected_at=time) for repo, time in times.items()]
    await manager.collector_state.save_states(states)
    estimate = await manager.estimate_cost()
    assert estimate["polled_repositories"] == 1
    units = 30 * 288 * (3 * 0.625 + 4 * 0.125) / 1_000_000
    assert estimate["monthly_usd"]["polls"] == pytest.approx(units)
    assert estimate["monthly_usd"]["total"] == pytest.approx(units, rel=0.1)


async def test_the_estimate_knows_that_many_quiet_repositories_are_looked_at_together(make: Make) -> None:
    manager = make()
    lately = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    await manager.collector_state.save_states(
        RepositoryState(repo_name=f"octo/r{number}", last_collected_at=lately) for number in range(210)
    )
    estimate = await manager.estimate_cost()
    assert estimate["polled_repositories"] == 210
    each_visited = 210 * 30 * 288 * (3 * 0.625 + 4 * 0.125) / 1_000_000
    assert each_visited / 11 < estimate["monthly_usd"]["polls"] < each_visited / 9
