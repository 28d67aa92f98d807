"""EVENT_RETENTION_DAYS: what is removed does not count as known any more, whatever the setting becomes later."""

from datetime import timedelta

from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.instants import format_instant
from github_events_monitor.records import Ledger, RepositoryState, Span

from .conftest import World

DAY = 24


async def test_what_was_removed_is_a_gap_also_when_the_setting_is_gone(world: World) -> None:
    world.collector.retention.days = 1
    await world.collector.collect(["octo/hello"])
    service = DatabaseService(QuestionContext(manager=world.manager, clock=lambda: world.now))  # collects nothing
    stored = await service.ask(RECENT_COMMITS, repo="octo/hello", hours=30 * DAY)
    assert stored.total_commits == 2  # of five, in the last day
    assert not stored.coverage.complete
    assert stored.coverage.gaps[0].to == format_instant(world.now - timedelta(days=1))
    day = await service.ask(RECENT_COMMITS, repo="octo/hello", hours=DAY)
    assert day.coverage.complete


async def test_repositories_that_are_not_collected_lose_what_is_removed_too(world: World) -> None:
    now = format_instant(world.now)
    whole = Span("2015-01-01T00:00:00Z", now)
    states = [
        RepositoryState(repo_name=f"other/r{number}", ledger=Ledger(spans={"events": (whole,), "archive": (whole,)}))
        for number in range(1_500)
    ]
    await world.manager.collector_state.save_states(states)
    await world.manager.collector_state.add_archive_hours(whole)
    world.collector.retention.days = 1
    await world.collector.collect(["octo/hello"])
    known = Span(format_instant(world.now - timedelta(days=1)), now)
    found = await world.manager.collector_state.get_states([state.repo_name for state in states])
    assert {spans for state in found.values() for spans in state.ledger.spans.values()} == {(known,)}
    assert await world.manager.collector_state.get_archive_hours() == (known,)
