"""A provider with a mistake must not pass: each of these has one, and the check that is there to notice it does."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any

import msgspec
import pytest

from github_events_monitor.errors import LeaseLost
from github_events_monitor.infrastructure.contract.export_rows import ParsedItems
from github_events_monitor.infrastructure.contract.threads import Merge
from github_events_monitor.infrastructure.contract.types import CommitQuery, EventQuery
from github_events_monitor.infrastructure.database_interface import (
    DatabaseManager,
    MetricTable,
    RepositoryCount,
    TableItem,
)
from github_events_monitor.infrastructure.sqlite.bulk import rows_of
from github_events_monitor.infrastructure.sqlite.collector_state import SQLiteCollectorState
from github_events_monitor.infrastructure.sqlite.commits import SQLiteCommits
from github_events_monitor.infrastructure.sqlite.events import SQLiteEvents, insert_rows
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.infrastructure.sqlite.metrics import SQLiteMetrics
from github_events_monitor.infrastructure.sqlite.rows import INSERT_PUSHED
from github_events_monitor.infrastructure.sqlite.threads import SQLiteThreads
from github_events_monitor.instants import shift
from github_events_monitor.records import (
    Activity,
    CollectedBatch,
    CommitRecord,
    Event,
    Facts,
    Lease,
    MetricRow,
    RepositoryState,
    Stored,
    Thread,
)

from ..conftest import clock
from . import test_commits, test_events, test_items, test_looks, test_manager, test_metrics, test_state, test_threads
from .builders import at

Check = Callable[[DatabaseManager], Awaitable[None]]
SECOND = timedelta(seconds=1)


class CountsRepeats(SQLiteEvents):
    async def _insert(self, events: Sequence[Event]) -> int:
        await super()._insert(events)
        return len(events)


class KeepsTheLastRecord(SQLiteEvents):
    async def _insert(self, events: Sequence[Event]) -> int:
        known = await self._known([event.id for event in events])
        ids = [(event.id,) for event in events]
        await self._db.write(lambda db: db.executemany("DELETE FROM events WHERE id = ?", ids).rowcount)
        return await super()._insert(events) - len(known)


class AnswersPagesOldestFirst(SQLiteEvents):
    async def _page(self, query: EventQuery) -> list[Event]:
        return (await super()._page(query))[::-1]


class IncludesTheEnd(SQLiteEvents):
    async def _count_by_hour(self, query: EventQuery) -> dict[tuple[str, str], int]:
        return await super()._count_by_hour(query._replace(until=shift(query.until, SECOND)))


class DropsTheBeginning(SQLiteEvents):
    async def _page(self, query: EventQuery) -> list[Event]:
        return await super()._page(query._replace(since=shift(query.since, SECOND)))


class LosesTiesBetweenPages(SQLiteEvents):
    async def _page(self, query: EventQuery) -> list[Event]:
        return await super()._page(query._replace(after=query.after and (query.after[0], "")))


class LimitsBeforeItFilters(SQLiteEvents):
    async def _by_type(self, event_type: str, repo: str | None, since: str | None, limit: int | None) -> list[Event]:
        found = await super()._by_type(event_type, None, since, limit)
        return [event for event in found if repo in {None, event.repo_name}]


class CountsWholeHours(SQLiteEvents):
    async def _trending(self, since: str, until: str, limit: int) -> list[RepositoryCount]:
        return await super()._trending(since[:13] + ":00:00Z", until, limit)


class ForgetsTheNamesOrder(SQLiteEvents):
    async def _trending(self, since: str, until: str, limit: int) -> list[RepositoryCount]:
        return sorted(
            await super()._trending(since, until, limit), key=lambda one: (one.events, one.repo_name), reverse=True
        )


class ReadsEveryType(SQLiteEvents):
    async def _activity(self, query: EventQuery, facts: frozenset[str]) -> list[Activity]:
        return await super()._activity(query._replace(event_types=None), facts)


class LeavesNothingOut(SQLiteEvents):
    async def _activity(self, query: EventQuery, facts: frozenset[str]) -> list[Activity]:
        return await super()._activity(query._replace(without=frozenset()), facts)


class ReadsEveryFact(SQLiteEvents):
    async def _activity(self, query: EventQuery, _: frozenset[str]) -> list[Activity]:
        return await super()._activity(query, frozenset(Facts._fields))


class StopsAtAHundred(SQLiteEvents):
    async def _known(self, ids: Sequence[str]) -> set[str]:
        return await super()._known(ids[:100])


class LosesFacts(SQLiteEvents):
    async def _insert(self, events: Sequence[Event]) -> int:
        return await super()._insert(
            [msgspec.structs.replace(one, facts=one.facts._replace(ref=None)) for one in events]
        )


class MindsLetterCase(SQLiteEvents):
    async def _repositories_of(self, actor: str, since: str, until: str) -> list[str]:
        return await super()._repositories_of(actor, since, until) if actor.islower() and actor != "octocat" else []


class OverwritesCommits(SQLiteCommits):
    async def _insert(self, commits: Sequence[CommitRecord]) -> int:
        known = [await self._known(one.commit.repo_name, [one.commit.sha]) for one in commits]
        keys = [(one.commit.repo_name, one.commit.sha) for one in commits]
        await self._db.write(
            lambda db: db.executemany("DELETE FROM commits WHERE repo_name = ? AND sha = ?", keys).rowcount
        )
        return await super()._insert(commits) - sum(map(len, known))


class KnowsCommitsByShaAlone(SQLiteCommits):
    async def _insert(self, commits: Sequence[CommitRecord]) -> int:
        return await super()._insert(list({one.commit.sha: one for one in commits}.values()))


class TakesTheFirstOfTwo(SQLiteCommits):
    async def _resolve(self, repo: str, prefix: str) -> list[str]:
        return (await super()._resolve(repo, prefix))[:1]


class OrdersByDateAlone(SQLiteCommits):
    async def _page(self, query: CommitQuery) -> list[CommitRecord]:
        found = await super()._page(query)
        found.sort(key=lambda one: one.commit.sha, reverse=True)
        return sorted(found, key=lambda one: one.commit.commit_date, reverse=True)


class CountsOnePage(SQLiteCommits):
    async def _count(self, query: CommitQuery) -> int:
        return min(100, await super()._count(query))


class TakesUnknownForZero(SQLiteCommits):
    async def _get(self, repo: str, sha: str) -> CommitRecord | None:
        found = await super()._get(repo, sha)
        return found and msgspec.structs.replace(
            found, commit=msgspec.structs.replace(found.commit, additions=found.commit.additions or 0)
        )


class LeavesFilesBehind(SQLiteCommits):
    async def _delete_before(self, instant: str) -> int:
        return await self._db.write(
            lambda db: db.execute("DELETE FROM commits WHERE commit_date < ?", (instant,)).rowcount
        )


class AddsInsteadOfReplacing(SQLiteMetrics):
    async def _save(self, table: MetricTable, rows: Sequence[MetricRow]) -> int:
        merged = []
        for row in rows:
            old = await self._rows(table, row.key, row.sort)
            merged.append(msgspec.structs.replace(row, data={**(old[0].data if old else {}), **row.data}))
        return await super()._save(table, merged)


class GivesTheLeaseToAnyone(SQLiteCollectorState):
    async def _acquire(self, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None:
        return await super()._acquire(repo, owner, "9999-12-31T23:59:59Z", expires_at, latest)


class NeverGrowsTheEpoch(SQLiteCollectorState):
    async def _acquire(self, repo: str, owner: str, now: str, expires_at: str, latest: str) -> Lease | None:
        lease = await super()._acquire(repo, owner, now, expires_at, latest)
        return lease and lease._replace(epoch=1)


class ReleasesAnybodysLease(SQLiteCollectorState):
    async def _release(self, lease: Lease, *, unused: bool) -> None:
        key = f"#state#{lease.repo_name}"
        await self._db.write(lambda db: db.execute("DELETE FROM event_patterns WHERE repo_name = ?", (key,)).rowcount)


class ForgetsRemovals(SQLiteCollectorState):
    async def _watch_list(self) -> dict[str, bool]:
        return {repo: True for repo, watched in (await super()._watch_list()).items() if watched}


class KeepsNoNotes(SQLiteCollectorState):
    async def _states_and_note(
        self, repos: Sequence[str], namespace: str, name: str
    ) -> tuple[dict[str, RepositoryState], Any]:
        return await self._states(repos), None


class ForgetsRewritings(SQLiteCollectorState):
    async def _save_states(self, states: Sequence[RepositoryState]) -> None:
        await super()._save_states(states)
        for state in states:
            sql = "DELETE FROM event_patterns WHERE repo_name = ? AND event_pattern_detected = 'rewritten'"
            await self._db.write(lambda db, sql=sql, key=f"#state#{state.repo_name}": db.execute(sql, (key,)).rowcount)  # type: ignore[misc]


class MergesStates(SQLiteCollectorState):
    async def _save_states(self, states: Sequence[RepositoryState]) -> None:
        for state in states:
            old = (await self._states([state.repo_name])).get(state.repo_name, state)
            await super()._save_states([msgspec.structs.replace(old, full_name=state.full_name)])


class OverwritesThreads(SQLiteThreads):
    async def _save(self, threads: Sequence[Thread], merge: Merge) -> int:
        return await super()._save(threads, lambda _, arriving: arriving)


class GoesBackInTime(SQLiteThreads):
    async def _save(self, threads: Sequence[Thread], merge: Merge) -> int:
        def latest(stored: Thread, arriving: Thread) -> Thread:
            return msgspec.structs.replace(merge(stored, arriving), state=arriving.state)

        return await super()._save(threads, latest)


class CountsEveryThread(SQLiteThreads):
    async def _save(self, threads: Sequence[Thread], merge: Merge) -> int:
        await super()._save(threads, merge)
        return len(threads)


class ForgetsOldOpenThreads(SQLiteThreads):
    async def _current(self, repo: str, since: str | None) -> list[Thread]:
        return [one for one in await super()._current(repo, since) if since is None or one.updated_at >= since]


class LeavesTheBeginningOut(SQLiteThreads):
    async def _current(self, repo: str, since: str | None) -> list[Thread]:
        return await super()._current(repo, shift(since, SECOND) if since else None)


class RemovesOpenThreads(SQLiteThreads):
    async def _delete_before(self, instant: str) -> int:
        return await self._db.write(
            lambda db: db.execute("DELETE FROM threads WHERE updated_at < ?", (instant,)).rowcount
        )


class LosesTheBatchsThreads(SQLiteManager):
    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        return await super()._store(msgspec.structs.replace(batch, threads=()), lease)


class ImportsOverThreads(SQLiteManager):
    async def _write_items(self, rows: ParsedItems) -> dict[str, int]:
        changed = await self.threads.save_threads(rows.threads.values())
        return await super()._write_items(rows) | {"threads": changed}


class IgnoresALostLease(SQLiteManager):
    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        with suppress(LeaseLost):
            return await super()._store(batch, lease)
        return Stored(0, 0)


class WritesTheStateAllTheSame(SQLiteManager):
    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        await self.collector_state.save_states([batch.state])
        return await super()._store(batch, lease)


class LosesTheBatchsMetrics(SQLiteManager):
    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        return await super()._store(msgspec.structs.replace(batch, security=()), lease)


class ExportsOnePage(SQLiteManager):
    async def _read_pages(self, *part: Any) -> AsyncIterator[list[TableItem]]:
        async for page in super()._read_pages(*part):
            yield page
            if len(page) == 256:
                return


class ExportsItsMemory(SQLiteManager):
    async def _read_pages(self, table: str, *part: Any) -> AsyncIterator[list[TableItem]]:
        async for page in super()._read_pages(table, *part):
            yield page
        if table == "event_patterns":
            yield [TableItem(table, {"repo_name": "#watch", "event_pattern_detected": "o/r", "data": {}})]


class ImportsEventsAlone(SQLiteManager):
    async def _import_batches(self, batches: Sequence[bytes], names: Mapping[str, str]) -> Stored:
        events = chain.from_iterable(rows_of(batch)[0] for batch in batches)
        return Stored(await self.connection.write(lambda db: insert_rows(db, events)), 0)


class ImportsNothingIntoKnownCommits(ImportsEventsAlone):
    async def _import_batches(self, batches: Sequence[bytes], names: Mapping[str, str]) -> Stored:
        commits = chain.from_iterable(rows_of(batch)[1] for batch in batches)
        stored = await super()._import_batches(batches, names)
        insert = f"INSERT OR IGNORE {INSERT_PUSHED}"
        new = await self.connection.write(lambda db: db.executemany(insert, commits).rowcount)
        return Stored(stored.events, max(0, new))


class RoundsNumbers(SQLiteManager):
    async def _write_items(self, rows: ParsedItems) -> dict[str, int]:
        rounded = {
            table: {key: msgspec.structs.replace(row, data=_rounded(row.data)) for key, row in found.items()}
            for table, found in rows.metrics.items()
        }
        return await super()._write_items(rows._replace(metrics=rounded))


class OverwritesOnImport(SQLiteManager):
    async def _write_items(self, rows: ParsedItems) -> dict[str, int]:
        ids = [(event_id,) for event_id in rows.events]
        await self.connection.write(lambda db: db.executemany("DELETE FROM events WHERE id = ?", ids).rowcount)
        return await super()._write_items(rows) | {"events": 0}


def _rounded(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "whole": int(data["whole"])} if "whole" in data else data


LATER_WINS = test_threads.test_the_later_update_wins_whichever_came_first_and_the_unknown_overwrites_nothing

MISTAKES: list[tuple[type[Any], Check]] = [
    (CountsRepeats, test_events.test_an_insert_answers_how_many_events_were_new),
    (KeepsTheLastRecord, test_events.test_the_record_stored_first_is_kept),
    (AnswersPagesOldestFirst, test_events.test_a_window_includes_its_beginning_and_not_its_end),
    (IncludesTheEnd, test_events.test_a_window_includes_its_beginning_and_not_its_end),
    (DropsTheBeginning, test_events.test_a_window_includes_its_beginning_and_not_its_end),
    (LosesTiesBetweenPages, test_events.test_pages_follow_each_other_without_loss_or_repeat),
    (LimitsBeforeItFilters, test_events.test_the_limit_counts_after_all_filters),
    (CountsWholeHours, partial(test_events.test_trending_is_exact_for_any_window, since=at(30), until=at(0, hour=14))),
    (ForgetsTheNamesOrder, test_events.test_trending_ranks_by_number_then_name),
    (ReadsEveryType, test_events.test_filters_by_type_and_actor),
    (LeavesNothingOut, test_events.test_filters_by_type_and_actor),
    (ReadsEveryFact, test_events.test_activity_is_the_narrow_row_oldest_first),
    (StopsAtAHundred, test_events.test_known_ids),
    (LosesFacts, test_events.test_activity_is_the_narrow_row_oldest_first),
    (MindsLetterCase, test_events.test_repositories_of_a_login_in_any_letter_case),
    (OverwritesCommits, test_commits.test_branches_are_united),
    (OverwritesCommits, test_commits.test_unknown_details_never_replace_known_ones),
    (KnowsCommitsByShaAlone, test_commits.test_the_same_sha_in_two_repositories_is_two_commits),
    (TakesTheFirstOfTwo, test_commits.test_a_prefix_finds_its_commit_and_refuses_two),
    (OrdersByDateAlone, test_commits.test_commits_newest_first_then_by_sha),
    (CountsOnePage, test_commits.test_many_commits_are_all_found),
    (TakesUnknownForZero, test_commits.test_unknown_fields_stay_unknown),
    (LeavesFilesBehind, test_commits.test_delete_before_takes_files_and_summaries_along),
    (AddsInsteadOfReplacing, test_metrics.test_saving_a_row_again_replaces_it),
    (GivesTheLeaseToAnyone, test_state.test_a_lease_keeps_others_out_until_it_expires),
    (NeverGrowsTheEpoch, test_state.test_the_same_owner_gets_its_lease_again_with_a_higher_epoch),
    (ReleasesAnybodysLease, test_state.test_releasing_somebody_elses_lease_does_nothing),
    (ForgetsRemovals, test_state.test_the_watch_list_remembers_removals),
    (KeepsNoNotes, test_looks.test_a_quiet_look_makes_commits_and_threads_known_up_to_then_and_events_not),
    (
        ForgetsRewritings,
        test_state.test_what_is_noted_of_branches_stands_until_a_state_says_that_it_was_looked_into,
    ),
    (MergesStates, test_state.test_a_later_state_replaces_an_earlier_one_whole),
    *(
        (mistake, test_threads.test_the_later_update_wins_whichever_came_first_and_the_unknown_overwrites_nothing)
        for mistake in (OverwritesThreads, GoesBackInTime)
    ),
    (CountsEveryThread, test_threads.test_saving_the_same_again_changes_nothing_and_counts_nothing),
    (ForgetsOldOpenThreads, test_threads.test_open_threads_and_those_updated_since_are_found),
    (LeavesTheBeginningOut, test_threads.test_open_threads_and_those_updated_since_are_found),
    (RemovesOpenThreads, test_threads.test_what_expires_leaves_open_threads),
    (LosesTheBatchsThreads, test_threads.test_a_collected_batch_brings_its_threads),
    (
        ImportsOverThreads,
        test_threads.test_of_the_same_update_an_import_leaves_what_is_there_and_adds_what_it_lacks,
    ),
    (IgnoresALostLease, test_manager.test_a_lost_lease_stores_no_state),
    (WritesTheStateAllTheSame, test_manager.test_a_lost_lease_stores_no_state),
    (LosesTheBatchsMetrics, test_manager.test_a_batch_is_stored_under_its_lease),
    (ImportsNothingIntoKnownCommits, test_manager.test_what_is_known_better_survives_a_batch),
    (ImportsEventsAlone, test_manager.test_a_batch_of_the_providers_encoder_is_stored_like_any_records),
    (ExportsOnePage, test_items.test_many_rows_are_all_exported_once),
    (ExportsItsMemory, test_items.test_only_data_is_exported),
    (RoundsNumbers, test_items.test_what_comes_back_equals_what_went_in),
    (OverwritesOnImport, test_items.test_what_is_there_already_stays),
]


def provider_with(mistake: type[Any]) -> SQLiteManager:
    """A sound provider but for one class of its family."""
    if issubclass(mistake, SQLiteManager):
        return mistake(":memory:", clock=clock)
    manager = SQLiteManager(":memory:", clock=clock)
    family: dict[str, type[Any]] = {
        "events": SQLiteEvents,
        "commits": SQLiteCommits,
        "metrics": SQLiteMetrics,
        "collector_state": SQLiteCollectorState,
        "threads": SQLiteThreads,
    }
    for place, kind in family.items():
        if issubclass(mistake, kind):
            setattr(manager, place, mistake(manager.connection))
    return manager


@pytest.mark.parametrize(("mistake", "check"), MISTAKES)
async def test_a_provider_with_a_mistake_fails(mistake: type[Any], check: Check) -> None:
    async with provider_with(mistake) as manager:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            await check(manager)


@pytest.mark.parametrize("check", sorted({check for _, check in MISTAKES}, key=str))
async def test_a_sound_provider_passes_the_same_checks(check: Check) -> None:
    async with provider_with(SQLiteManager) as manager:
        await check(manager)
