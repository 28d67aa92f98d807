"""What one pass brings, what the next one costs, and what either says when it could not."""

import asyncio
from datetime import timedelta

import pytest

from github_events_monitor.errors import InvalidInput, NotFound
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.dynamodb import batches
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.watch_repositories import WATCH_REPOSITORIES
from github_events_monitor.infrastructure.sqlite.manager import SQLiteManager
from github_events_monitor.records import RepositoryState, Span, name_by_id
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, commit, event, iso, sha
from tests.integration.collecting.conftest import World, build, busy_feed, hello


async def test_a_first_pass_stores_events_commits_and_details(world: World) -> None:
    answer = await world.collector.collect(["octo/hello"])

    row = answer.repositories[0]
    assert (row.repo, row.status, row.new_events, row.new_commits) == ("Octo/Hello", "collected", 5, 5)
    commits = await world.service.ask(RECENT_COMMITS, repo="OCTO/hello", hours=72)
    assert [item.sha for item in commits.commits] == [sha(number) for number in (5, 4, 3, 2, 1)]
    assert [item.additions for item in commits.commits] == [5, 4, 3, 2, 1]
    assert commits.coverage.complete


async def test_an_unchanged_repository_costs_free_304s_and_adds_nothing(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    left = world.github.remaining
    world.pass_time(minutes=10)

    row = (await world.collector.collect(["octo/hello"])).repositories[0]

    assert (row.status, row.new_events, row.new_commits) == ("not_modified", 0, 0)
    assert world.github.remaining == left


async def test_a_commit_pushed_late_with_an_old_date_is_found(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.hello.commits[0:0] = [commit(7, NOW + timedelta(minutes=1), parents=(5, 6))]
    world.hello.commits.insert(4, commit(6, NOW - timedelta(hours=40), parents=(1,)))
    world.pass_time(minutes=10)

    row = (await world.collector.collect(["octo/hello"])).repositories[0]

    assert row.new_commits == 2
    assert (await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)).total_commits == 7


async def test_a_merged_branch_that_is_older_than_the_listing_makes_old_times_unknown(world: World) -> None:
    """The listing of what is new goes back to a fixed time: what is behind that is read again when somebody asks."""
    world.hello.commits.append(commit(0, NOW - timedelta(days=50)))
    for _ in range(2):
        await world.collector.collect(["octo/hello"])
        assert (await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=24 * 90)).total_commits == 6
    world.hello.commits[0:0] = [commit(7, NOW + timedelta(minutes=1), parents=(5, 6))]
    world.hello.commits.insert(6, commit(6, NOW - timedelta(days=40), parents=(0,)))
    world.pass_time(minutes=10)

    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=24 * 90)

    assert (answer.total_commits, answer.coverage.complete) == (8, True)


async def test_a_stale_304_is_broken_out_of(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.github.faults.append(lambda path: (304, {}, b"") if path.endswith("/events") else None)
    world.hello.events.insert(0, event(50, "WatchEvent", "zoe", NOW, {"action": "started"}))
    for _ in range(3):
        world.pass_time(minutes=5)
        await world.collector.collect(["octo/hello"])
    world.github.faults.clear()

    world.pass_time(minutes=5)
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.not_modified["events/1"] == 3
    assert (await world.collector.collect(["octo/hello"])).repositories[0].new_events == 1


async def test_a_poll_without_overlap_is_a_gap(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=5)
    start = world.now - timedelta(hours=1)
    world.hello.events = [
        event(
            1000 + number, "WatchEvent", f"fan{number}", start + timedelta(seconds=10 * number), {"action": "started"}
        )
        for number in range(300, 0, -1)
    ]

    await world.collector.collect(["octo/hello"])
    activity = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=24)

    assert not activity.coverage.complete
    assert [(gap.from_, gap.to) for gap in activity.coverage.gaps] == [(iso(NOW), iso(start + timedelta(seconds=30)))]


async def test_a_stale_304_of_a_later_page_hides_no_gap(world: World) -> None:
    world.hello.events = busy_feed()
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=8)
    start = world.now - timedelta(hours=1)
    world.hello.events = [
        event(20_000 + n, "WatchEvent", f"fan{n}", start + timedelta(seconds=10 * n), {"action": "started"})
        for n in range(300, 0, -1)
    ]
    honest = world.github.answer

    def stale(method: str, url: str, headers: dict[str, str]) -> Reply:
        return (304, {}, b"") if "page=2" in url and "if-none-match" in headers else honest(method, url, headers)

    world.github.answer = stale  # type: ignore[method-assign]
    await world.collector.collect(["octo/hello"])
    activity = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=12)

    assert activity.counts_by_type == {"WatchEvent": 541}
    assert [(gap.from_, gap.to) for gap in activity.coverage.gaps] == [(iso(NOW), iso(start + timedelta(seconds=30)))]


async def test_polls_that_overlap_leave_no_gap(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=5)
    world.hello.events[0:0] = [
        event(1000 + number, "WatchEvent", f"fan{number}", NOW + timedelta(seconds=number), {"action": "started"})
        for number in range(297, 0, -1)
    ]

    await world.collector.collect(["octo/hello"])

    assert (await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=24)).coverage.complete


async def test_a_renamed_repository_keeps_its_history_under_either_name(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    renamed = world.github.repositories.pop("octo/hello")
    renamed.full_name = "Octo/World"
    world.github.repositories["octo/world"] = renamed
    world.github.renamed["octo/hello"] = renamed.id
    world.pass_time(minutes=10)

    old = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    new = await world.service.ask(RECENT_COMMITS, repo="octo/world", hours=72)

    assert (old.repo, new.repo) == ("Octo/World", "Octo/World")
    assert old.total_commits == new.total_commits == 5


async def test_a_former_name_that_another_repository_took_is_not_asked_about(manager: DatabaseManager) -> None:
    """What is stored of a repository is found by its id, under a name that leads elsewhere by now."""
    world = build(FakeGitHub(hello()), manager=manager)
    world.hello.full_name = "Octo/World"
    world.github.repositories = {"octo/world": world.hello, "octo/hello": FakeRepository("Octo/Hello", id=8)}
    await manager.collector_state.save_states([RepositoryState(repo_name="octo/hello", repository_id=7)])
    await manager.collector_state.save_aliases({"repository-id-/7": "octo/hello"})
    for _ in range(2):
        (row,) = (await world.collector.collect(["octo/world"])).repositories
        assert (row.repo, row.error) == ("Octo/World", None)
        found = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/world", hours=72)
        assert (found.repo, sum(found.counts_by_type.values())) == ("Octo/World", 5)
        world.pass_time(minutes=10)


@pytest.mark.parametrize("asked", [["octo/hello"], ["octo/world"], ["octo/hello", "octo/world"]])
async def test_what_is_stored_under_two_names_becomes_one_history(manager: DatabaseManager, asked: list[str]) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    at = iso(NOW - timedelta(hours=2))
    await manager.events.insert_events(
        {"id": f"a{name}", "event_type": "WatchEvent", "repo_name": name, "created_at": at}
        for name in ("octo/hello", "octo/world")
    )
    await manager.collector_state.save_states(
        [RepositoryState(repo_name=name, full_name=name) for name in ("octo/hello", "octo/world")]
    )
    renamed = world.github.repositories.pop("octo/hello")
    renamed.full_name = "Octo/World"
    world.github.repositories["octo/world"] = renamed
    world.github.renamed["octo/hello"] = renamed.id
    for _ in range(2):
        answer = await world.collector.collect(asked)
        assert {(row.status, row.repo) for row in answer.repositories} <= {
            ("collected", "Octo/World"),
            ("not_modified", "Octo/World"),
        }
        world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    for name in ("octo/hello", "octo/world"):
        found = await world.service.ask(REPOSITORY_ACTIVITY, repo=name, hours=72)
        assert (found.repo, found.counts_by_type["WatchEvent"], found.coverage.complete) == ("Octo/World", 3, True)
    assert len(await manager.events.get_trending(iso(NOW - timedelta(days=9)), iso(world.now), 9)) == 1


def take_over(world: World, others: dict[str, FakeRepository] | None = None) -> None:
    """Another repository has the name from now on."""
    another = FakeRepository("Octo/Hello", id=8)
    another.branches["main"] = [commit(77, NOW + timedelta(hours=1))]
    world.github.repositories = {"octo/hello": another, **(others or {})}
    world.pass_time(hours=2)


async def test_a_name_that_another_repository_has_by_now_is_that_ones(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.hello.full_name = "Octo/World"
    take_over(world, {"octo/world": world.hello})

    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    by_name = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    moved = await world.service.ask(RECENT_COMMITS, repo="octo/world", hours=72)

    assert "another repository than the one that had this name before: that is Octo/World now" in (row.note or "")
    assert (by_name.total_commits, by_name.coverage.complete, by_name.coverage.note) == (1, True, None)
    assert (moved.repo, moved.total_commits, moved.coverage.complete) == ("Octo/World", 5, True)
    await world.collector.collect(["octo/hello", "octo/world"])  # details that the questions had no budget for
    world.pass_time(hours=1)
    again = (await world.collector.collect(["octo/hello", "octo/world"])).repositories
    assert [(row.repo, row.status, row.note) for row in again] == [
        ("Octo/Hello", "not_modified", None),
        ("Octo/World", "not_modified", None),
    ]


async def test_the_name_of_one_that_is_gone_mixes_nothing_silently(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    take_over(world)

    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    before = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    since = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=2)

    assert "another repository" in (row.note or "")
    assert (before.total_commits, before.coverage.complete, before.coverage.from_) == (6, False, iso(NOW))
    assert f"Another repository had the name Octo/Hello before {iso(NOW)}" in (before.coverage.note or "")
    assert (since.total_commits, since.coverage.complete, since.coverage.note) == (1, True, None)


async def test_an_empty_repository_is_known_to_have_no_commits() -> None:
    world = build(FakeGitHub(FakeRepository("octo/empty")))

    commits = await world.service.ask(RECENT_COMMITS, repo="octo/empty")

    assert commits.total_commits == 0
    assert commits.coverage.complete
    await world.collector.close()


async def test_another_branch_is_listed_when_asked_for_and_an_unknown_one_is_refused(world: World) -> None:
    world.hello.branches["dev"] = [commit(8, NOW - timedelta(hours=2), parents=(5,)), *world.hello.commits]

    dev = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, branch="dev")
    main = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)

    assert (dev.total_commits, main.total_commits) == (6, 5)
    assert {item.branch for item in dev.commits} == {"dev"}
    with pytest.raises(InvalidInput, match=r"no branch 'nope'; known: main, dev"):
        await world.service.ask(RECENT_COMMITS, repo="octo/hello", branch="nope")


async def test_a_branch_that_is_gone_is_shown_as_it_was_and_said_to_be_gone(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    world.hello.branches["dev"] = [commit(8, NOW - timedelta(hours=2), parents=(5,))]
    await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, branch="dev")
    del world.hello.branches["dev"]
    world.pass_time(minutes=10)
    gone = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, branch="dev")
    assert ([one.sha for one in gone.commits], gone.coverage.complete) == ([sha(8)], False)
    assert gone.coverage.note == (
        f"Octo/Hello has no branch 'dev'; known: main. It is gone, and is shown as it was last read, at {iso(NOW)}."
    )
    nobody = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, branch="dev", author="nobody")
    assert (nobody.commits, "It is gone" in (nobody.coverage.note or "")) == ((), True)
    with pytest.raises(InvalidInput, match=r"no branch 'dev'; known: main"):
        await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=1, branch="dev")
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.error_code is None
    assert (await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)).coverage.complete
    await world.collector.close()


async def test_without_a_token_a_pass_stays_within_fifteen_requests() -> None:
    repository = hello()
    repository.branches["main"] = [
        commit(number, NOW - timedelta(minutes=number), parents=(number + 1,)) for number in range(1, 251)
    ]
    world = build(FakeGitHub(repository, limit=60), token=None)

    row = (await world.collector.collect(["octo/hello"])).repositories[0]

    assert row.requests == 15
    assert row.new_commits == 250
    assert world.github.remaining == 45
    await world.collector.close()


async def test_a_dry_run_asks_but_stores_nothing(world: World) -> None:
    row = (await world.collector.collect(["octo/hello"], dry_run=True)).repositories[0]

    assert (row.new_events, row.new_commits) == (5, 5)
    assert await world.manager.collector_state.get_state("octo/hello") is None
    assert await world.manager.events.get_known_ids(["5"]) == set()
    assert await world.manager.collector_state.get_alias(name_by_id(7)) is None


async def test_a_question_beside_a_dry_run_collects_by_itself(world: World) -> None:
    """It waited for the dry run, took that for its own collection, and found nothing stored."""
    asked_for = asyncio.Event()
    world.github.faults.append(lambda _: asked_for.set())
    dry = asyncio.create_task(world.collector.collect(["octo/hello"], dry_run=True))
    await asked_for.wait()
    asked = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert (asked.total_commits, asked.coverage.complete) == (5, True)
    assert (await dry).repositories[0].status == "collected"


async def test_a_dry_run_joins_no_histories(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.github.renamed["octo/hello"] = 7
    world.github.repositories = {"octo/howdy": world.hello}
    world.github.repositories["octo/howdy"].full_name = "Octo/Howdy"
    star = {"id": "900", "event_type": "WatchEvent", "repo_name": "octo/howdy", "created_at": iso(NOW)}
    await world.manager.events.insert_events([star])
    world.pass_time(minutes=6)
    await world.collector.collect(["octo/hello"], dry_run=True)
    assert await world.manager.events.count_by_type("octo/howdy", iso(NOW), iso(world.now)) == {"WatchEvent": 1}
    await world.collector.collect(["octo/hello"])
    assert await world.manager.events.count_by_type("octo/howdy", iso(NOW), iso(world.now)) == {}


async def test_force_pushes_become_observations(world: World) -> None:
    world.hello.activity = [
        {
            "id": 99,
            "before": "b" * 40,
            "after": "c" * 40,
            "ref": "refs/heads/main",
            "timestamp": iso(NOW - timedelta(hours=2)),
            "activity_type": "force_push",
            "actor": {"login": "mallory"},
        }
    ]

    await world.collector.collect(["octo/hello"])

    rows = await world.manager.metrics.get_metrics("security_metrics", "octo/hello", prefix="force_push#")
    assert [row.data["actor"] for row in rows] == ["mallory"]


def some_more(count: int = 3) -> list[FakeRepository]:
    """Repositories with one commit and 250 events each."""
    found = [FakeRepository(f"octo/r{number}", id=20 + number) for number in range(count)]
    for number, repository in enumerate(found):
        repository.branches["main"] = [commit(number + 1, NOW - timedelta(hours=number + 1))]
        repository.events = [
            event(number * 1000 + minutes, "WatchEvent", "ada", NOW - timedelta(minutes=minutes), {"action": "started"})
            for minutes in range(1, 251)
        ]
    return found


@pytest.mark.parametrize("token", ["token", None])
@pytest.mark.parametrize(("count", "reached"), [(1, 1), (2, 2), (3, 3), (4, 4), (6, 4)])
async def test_commits_of_as_many_repositories_as_the_budget_allows_are_answered(
    token: str | None, count: int, reached: int
) -> None:
    world = build(FakeGitHub(*some_more(count)), token=token)

    names = [f"octo/r{number}" for number in range(count)]
    first = await world.service.ask(MONITOR_COMMITS, repos=names)

    assert len(world.github.requests) <= 8
    assert [row.total_commits for row in first.repositories] == [1] * reached + [None] * (count - reached)
    assert [row.error and row.error.code for row in first.repositories[reached:]] == ["unreachable"] * (count - reached)
    assert all("8 requests" in (row.error or row).model_dump_json() for row in first.repositories[reached:])
    assert all(row.coverage and row.coverage.complete for row in first.repositories[:reached])
    assert list(first.now_watching) == names[:reached]
    second = await world.service.ask(MONITOR_COMMITS, repos=names)
    assert len(world.github.requests) <= 16
    assert [row.total_commits for row in second.repositories] == [1] * count
    assert list(second.now_watching) == names
    await world.collector.close()


@pytest.mark.parametrize("token", ["token", None])
async def test_two_repositories_compared_are_both_listed_and_the_record_waits(
    token: str | None, manager: DatabaseManager
) -> None:
    world = build(FakeGitHub(*some_more(2)), token=token, manager=manager)
    names = ["octo/r0", "octo/r1"]

    await world.service.ask(REPOSITORY_HEALTH, repos=names)

    assert len(world.github.requests) <= 8
    for name in names:
        state = await world.manager.collector_state.get_state(name)
        assert state is not None
        assert {"events", "commits"} <= state.ledger.spans.keys()
    for _ in range(2):
        world.pass_time(minutes=6)
        await world.service.ask(REPOSITORY_HEALTH, repos=names)  # goes on with issues and pull requests
    states = [await world.manager.collector_state.get_state(name) for name in names]
    assert all(state and "threads" in state.ledger.spans for state in states)


async def test_without_a_token_the_record_is_begun_only_where_it_can_be_read_at_all(manager: DatabaseManager) -> None:
    busy = FakeRepository("octo/busy", events=busy_feed())
    busy.branches["main"] = [commit(number, NOW - timedelta(hours=number)) for number in range(1, 651)]
    at = iso(NOW - timedelta(days=1))
    busy.issues = [{"number": 1, "id": 1, "title": "It fails", "state": "open", "created_at": at, "updated_at": at}]
    world = build(FakeGitHub(busy), token=None, manager=manager)

    await world.collector.collect(["octo/busy"])  # events and commits leave four of fifteen requests, and it takes five
    assert world.asked("/issues?") == 1
    assert (world.asked("/comments"), world.asked("/pulls")) == (0, 0)

    before = len(world.github.requests)
    await world.service.ask(REPOSITORY_HEALTH, repo="octo/busy")
    assert len(world.github.requests) - before <= 8
    issues = await world.service.ask(ISSUES, repo="octo/busy", hours=240)
    assert (issues.total_issues, issues.coverage.complete) == (1, True)


@pytest.mark.parametrize("token", ["token", None])
async def test_what_was_listed_of_many_is_fresh_for_the_poll_interval(token: str | None) -> None:
    world = build(FakeGitHub(*some_more(4)), token=token)
    names = [f"octo/r{number}" for number in range(4)]
    await world.service.ask(MONITOR_COMMITS, repos=names)
    asked = len(world.github.requests)
    world.pass_time(seconds=299)
    await world.service.ask(MONITOR_COMMITS, repos=names)
    assert len(world.github.requests) == asked
    world.pass_time(seconds=2)
    await world.service.ask(MONITOR_COMMITS, repos=names)
    assert asked < len(world.github.requests) <= asked + 8
    await world.collector.close()


async def test_events_that_a_question_about_commits_left_out_are_read_when_somebody_asks() -> None:
    world = build(FakeGitHub(*some_more(4)))
    await world.service.ask(MONITOR_COMMITS, repos=[f"octo/r{number}" for number in range(4)])
    assert world.asked("/events") == 0
    assert (await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/r3")).total_events == 250
    await world.collector.close()


async def test_who_waits_for_a_pass_about_something_else_makes_its_own() -> None:
    world = build(FakeGitHub(*some_more(4)))
    day = Span(iso(NOW - timedelta(days=1)), iso(NOW))
    names = [f"octo/r{number}" for number in range(4)]
    first = asyncio.create_task(world.collector.refresh(names, day, None, ["commits"]))
    while not world.github.requests:  # noqa: ASYNC110 - of the first repository, inside the call
        await asyncio.sleep(0)
    assert await world.collector.refresh(names[:1], day, None, ["events"]) == {names[0]: None}
    await first
    assert [world.asked(f"{name}/events") > 0 for name in names] == [True, False, False, False]
    await world.collector.close()


async def test_who_asks_about_a_longer_time_beside_a_shorter_one_is_answered_about_all_of_it(world: World) -> None:
    world.hello.branches["main"] = [
        commit(n, NOW - timedelta(hours=3 * (201 - n)), parents=(n - 1,)) for n in range(200, 0, -1)
    ]
    day, month = await asyncio.gather(
        *(world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=hours) for hours in (24, 720))
    )
    assert [answer.coverage.complete for answer in (day, month)] == [True, True]
    assert [answer.total_commits for answer in (day, month)] == [8, 200]


async def test_a_commit_dated_wrong_hides_nothing(world: World) -> None:
    world.hello.branches["main"] = [
        commit(
            number,
            NOW - (timedelta(days=20) if number == 100 else timedelta(minutes=5 * (151 - number))),
            parents=(number - 1,),
        )
        for number in range(150, 0, -1)
    ]

    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=24)

    assert (answer.total_commits, answer.coverage.complete) == (149, True)


async def test_an_event_without_a_time_at_the_end_of_a_full_feed_hides_nothing(world: World) -> None:
    world.hello.events = [
        event(number, "WatchEvent", "ada", NOW - timedelta(minutes=number), {"action": "started"})
        for number in range(1, 301)
    ]
    world.hello.events[-1]["created_at"] = None

    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=4)

    assert (answer.coverage.complete, answer.coverage.to) == (True, iso(NOW))


async def test_every_repository_that_exists_is_watched_however_many_are_added() -> None:
    world = build(FakeGitHub(*some_more(), FakeRepository("octo/New", id=30)))
    world.github.renamed["octo/old"] = 30

    answer = await world.service.ask(WATCH_REPOSITORIES, add=["octo/r0", "octo/r1", "octo/gone", "octo/r2", "octo/old"])

    assert answer.watching == ("octo/New", "octo/r0", "octo/r1", "octo/r2")
    assert {name: problem.code for name, problem in answer.errors.items()} == {"octo/gone": "not_found"}
    await world.collector.close()


async def test_releases_of_the_listing_are_what_release_frequency_is_measured_by(world: World) -> None:
    for number, days in enumerate((10, 30, 60)):
        at = iso(NOW - timedelta(days=days))
        release = {"id": number, "tag_name": f"v{9 - number}", "draft": False, "prerelease": False, "published_at": at}
        world.hello.releases.append(release)
    await world.collector.collect(["octo/hello"])

    parts = (await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")).components
    found = next(component for component in parts if component.name == "release_frequency")

    assert (found.value, found.score, found.sample_size) == (25, 1, 2)  # median of 20 and 30 days


async def test_listed_releases_and_deployments_can_be_opened(world: World) -> None:
    at, page, address = (
        iso(NOW - timedelta(days=2)),
        "https://github.com/octo/hello/releases/tag/v1",
        "https://api.github.com",
    )
    world.hello.releases = [{"id": 1, "tag_name": "v1", "draft": False, "published_at": at, "html_url": page}]
    deployed = {"sha": "a" * 40, "environment": "production", "created_at": at, "creator": {"login": "ada"}}
    url = f"{address}/repos/octo/hello/deployments/8"
    world.hello.deployments = [{"id": 8, "url": url, **deployed}, {"id": 9, "url": "javascript:alert(1)", **deployed}]
    world.hello.deployment_statuses = {8: [{"id": 1, "state": "success", "created_at": at}]}
    await world.collector.collect(["octo/hello"])

    found = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert [(release.tag, release.evidence) for release in found.releases] == [("v1", (page,))]
    assert [(one.id, one.state, one.evidence) for one in found.deployments] == [
        ("9", None, ("commit:" + "a" * 40,)),
        ("8", "success", (url,)),
    ]
    rows = await world.manager.metrics.get_metrics("deployment_metrics", "octo/hello", prefix="deployment:")
    assert all("creator" not in row.data for row in rows)


async def test_an_event_whose_id_an_archive_has_for_another_is_collected(manager: DatabaseManager) -> None:
    other = {"id": "5", "event_type": "WatchEvent", "repo_name": "other/thing", "created_at": "2019-02-22T10:00:00Z"}
    await manager.events.insert_events([other])
    world = build(FakeGitHub(hello()), manager=manager)
    dry = await world.collector.collect(["octo/hello"], dry_run=True)
    first = await world.collector.collect(["octo/hello"])
    assert [answer.repositories[0].new_events for answer in (dry, first)] == [5, 5]
    world.pass_time(minutes=10)
    world.hello.events.insert(0, event(6, "WatchEvent", "eve", world.now - timedelta(minutes=1), {"action": "started"}))
    again = await world.collector.collect(["octo/hello"])
    assert again.repositories[0].new_events == 1
    asked = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=72)
    assert (sum(asked.counts_by_type.values()), asked.coverage.complete) == (6, True)


async def test_one_event_at_the_end_of_the_calendar_hides_nothing(manager: DatabaseManager) -> None:
    repository = hello()
    repository.events.append(
        {**event(8, "WatchEvent", "eve", NOW, {"action": "started"}), "created_at": "9999-12-31T23:59:59Z"}
    )
    world = build(FakeGitHub(repository), manager=manager)
    await world.collector.collect(["octo/hello"])
    found = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=72)
    assert (sum(found.counts_by_type.values()), found.coverage.complete) == (5, True)


async def test_events_of_a_later_time_make_nothing_known(world: World) -> None:
    """This machine's clock is behind, by years even."""
    for behind in (timedelta(hours=2), timedelta(days=4000)):
        world.now = NOW - behind
        (row,) = (await world.collector.collect(["octo/hello"])).repositories
        assert "set this machine's clock right" in str(row.note) or row.status == "not_modified"
        state = await world.manager.collector_state.get_state("octo/hello")
        assert state is None or "events" not in state.ledger.spans


@pytest.mark.parametrize(("hours", "complete"), [(720, True), (721, False)])
async def test_a_feed_of_thirty_days_covers_thirty_days_asked_for_some_seconds_ago(
    world: World, hours: int, complete: bool
) -> None:
    def take_time(_path: str) -> None:
        world.pass_time(seconds=2)

    world.github.faults.append(take_time)
    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=hours)
    assert answer.coverage.complete is complete


async def test_a_name_that_github_does_not_know_leaves_no_row(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    for name in ("recent_commits", "repository_health", "pull_requests"):
        with pytest.raises(NotFound):
            await world.service.ask_by_name(name, {"repo": "octo/gone"})
    assert (await world.collector.collect(["octo/gone"])).repositories[0].status == "not_found"
    assert await rows_about(manager, "gone") == 0
    assert await rows_about(manager, "hello") == 0
    await world.collector.collect(["octo/hello"])
    assert await rows_about(manager, "hello") > 0


async def rows_about(manager: DatabaseManager, word: str) -> int:
    """How many rows say something of a word, whatever a provider keeps its notes in."""
    if isinstance(manager, SQLiteManager):
        read = "SELECT count(*) FROM event_patterns WHERE repo_name || event_pattern_detected LIKE ?"
        return int(await manager.connection.read(lambda db: db.execute(read, (f"%{word}%",)).fetchone()[0]))
    assert isinstance(manager, DynamoDBManager)
    client = manager.connection.client
    scanned = batches.pages(client, "scan", {"TableName": client.table("event_patterns")})
    return sum([word in str(item) for page in [page async for page in scanned] for item in page])
