"""A clock that jumps: nothing is taken for known that is not, nothing stays asleep, nothing is removed as too old."""

from datetime import timedelta

import pytest

from github_events_monitor.collecting.poller import Poller
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.ledger import without_future
from github_events_monitor.records import Ledger, RepositoryState, Span
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, commit, event, iso
from tests.integration.collecting.conftest import World

LATER = NOW + timedelta(minutes=5)


def something_new(world: World) -> None:
    world.hello.events.insert(0, event(60, "WatchEvent", "zoe", LATER, {"action": "started"}))
    world.hello.commits.insert(0, commit(6, LATER, parents=(5,)))


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=40), timedelta(days=4000)])
@pytest.mark.parametrize("from_the_start", [True, False])
async def test_after_a_clock_that_ran_ahead_the_next_question_collects_and_claims_no_more_than_it_knows(
    world: World, ahead: timedelta, from_the_start: bool
) -> None:
    if not from_the_start:
        await world.collector.collect(["octo/hello"])
    world.now += ahead
    await world.collector.collect(["octo/hello"])
    world.now = NOW + timedelta(minutes=10)
    something_new(world)
    asked = len(world.github.requests)

    commits = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=48)
    activity = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=48)

    assert len(world.github.requests) > asked
    assert (commits.total_commits, commits.coverage.complete) == (5, True)
    assert (sum(activity.counts_by_type.values()), activity.coverage.complete) == (5, True)
    assert commits.coverage.last_collected_at == iso(world.now)


async def test_during_an_outage_after_a_jump_what_is_stored_is_not_called_complete(world: World) -> None:
    world.pass_time(days=3)
    await world.collector.collect(["octo/hello"])
    world.now = NOW + timedelta(minutes=10)
    world.github.fail(100, 503)
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=48)
    assert (answer.coverage.complete, answer.coverage.to) == (False, None)


async def test_polling_does_not_wait_for_a_future_that_was_none(world: World) -> None:
    await world.manager.collector_state.watch(["octo/hello"])
    polling = Poller(world.collector, Settings.load(), world.clock)
    await polling.tick()
    world.pass_time(days=365)
    assert await polling.tick() == ["octo/hello"]
    world.now = NOW
    assert await polling.tick() == []
    world.pass_time(minutes=5)
    assert await polling.tick() == ["octo/hello"]


async def test_a_limit_met_under_a_wrong_clock_does_not_outlast_it(world: World) -> None:
    await world.manager.collector_state.watch(["octo/hello"])
    polling = Poller(world.collector, Settings.load(), world.clock)
    await polling.tick()
    world.pass_time(days=365)
    world.github.fail(1, 429, {"Retry-After": "600"})
    assert await polling.tick() == []
    world.now = NOW + timedelta(minutes=6)
    assert await polling.tick() == ["octo/hello"]
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.error_code is None


async def test_a_clock_far_ahead_of_github_removes_nothing_as_too_old(world: World) -> None:
    world.github.clock = lambda: NOW
    world.collector.retention.days = 30
    await world.collector.collect(["octo/hello"])
    world.pass_time(days=365)
    await world.collector.collect(["octo/hello"])
    stored = await world.manager.events.count_by_type("octo/hello", iso(NOW - timedelta(days=30)), iso(NOW))
    assert sum(stored.values()) == 5


async def test_a_clock_behind_github_is_told_and_proves_nothing_about_events(world: World) -> None:
    world.now = NOW - timedelta(days=9000)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert "clock" in (row.note or "")
    world.now = NOW + timedelta(minutes=10)
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=8760)
    assert not answer.coverage.complete


def test_what_a_right_clock_wrote_is_believed() -> None:
    state = RepositoryState(
        repo_name="octo/hello",
        ledger=Ledger(spans={"events": (Span(iso(NOW - timedelta(days=1)), iso(NOW + timedelta(minutes=1))),)}),
        last_collected_at=iso(NOW),
        next_poll_at=iso(NOW + timedelta(minutes=1)),
        retry_at=iso(NOW + timedelta(hours=1)),
        etags={"events/1": "x"},
    )
    assert without_future(state, iso(NOW)) == state


def test_of_a_wrong_clock_only_the_past_is_believed() -> None:
    past = Span(iso(NOW - timedelta(days=9)), iso(NOW - timedelta(days=8)))
    state = RepositoryState(
        repo_name="octo/hello",
        ledger=Ledger(spans={"events": (past, Span(iso(NOW), iso(NOW + timedelta(days=1)))), "commits": (past,)}),
        snapshot_at=iso(NOW + timedelta(days=1)),
        etags={"events/1": "x"},
    )
    found = without_future(state, iso(NOW))
    assert found.ledger.spans == {"events": (past,), "commits": (past,)}
    assert (found.snapshot_at, found.etags) == (None, {})
