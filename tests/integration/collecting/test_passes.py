"""What one pass brings, what the next one costs, and what either says when it could not."""

from datetime import timedelta

import pytest

from github_events_monitor.errors import InvalidInput
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, event, iso, sha
from tests.integration.collecting.conftest import World, build, hello


async def test_a_first_pass_stores_events_commits_and_details(world: World) -> None:
    answer = await world.collector.collect(["octo/hello"])

    row = answer.repositories[0]
    assert (row.repo, row.status, row.new_events, row.new_commits) == ("Octo/Hello", "collected", 5, 5)
    commits = await world.service.recent_commits("OCTO/hello", hours=72)
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
    assert (await world.service.recent_commits("octo/hello", hours=72)).total_commits == 7


async def test_a_stale_304_is_broken_out_of(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.github.faults.append(lambda path: (304, {}, b"") if path.endswith("/events") else None)
    world.hello.events.insert(0, event(50, "WatchEvent", "zoe", NOW, {"action": "started"}))
    for _ in range(3):
        world.pass_time(minutes=5)
        await world.collector.collect(["octo/hello"])
    world.github.faults.clear()

    world.pass_time(minutes=5)
    state = await world.manager.metrics.get_state("octo/hello")
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
    activity = await world.service.repository_activity("octo/hello", hours=24)

    assert not activity.coverage.complete
    assert [(gap.from_, gap.to) for gap in activity.coverage.gaps] == [(iso(NOW), iso(start + timedelta(seconds=30)))]


async def test_polls_that_overlap_leave_no_gap(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=5)
    world.hello.events[0:0] = [
        event(1000 + number, "WatchEvent", f"fan{number}", NOW + timedelta(seconds=number), {"action": "started"})
        for number in range(297, 0, -1)
    ]

    await world.collector.collect(["octo/hello"])

    assert (await world.service.repository_activity("octo/hello", hours=24)).coverage.complete


async def test_a_renamed_repository_keeps_its_history_under_either_name(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    renamed = world.github.repositories.pop("octo/hello")
    renamed.full_name = "Octo/World"
    world.github.repositories["octo/world"] = renamed
    world.github.renamed["octo/hello"] = renamed.id
    world.pass_time(minutes=10)

    old = await world.service.recent_commits("octo/hello", hours=72)
    new = await world.service.recent_commits("octo/world", hours=72)

    assert (old.repo, new.repo) == ("Octo/World", "Octo/World")
    assert old.total_commits == new.total_commits == 5


async def test_a_name_that_another_repository_has_by_now_mixes_nothing_silently(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    former, another = world.hello, FakeRepository("Octo/Hello", id=8)
    another.branches["main"] = [commit(77, NOW + timedelta(hours=1))]
    former.full_name = "Octo/World"
    world.github.repositories = {"octo/hello": another, "octo/world": former}
    world.pass_time(hours=2)

    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    before = await world.service.recent_commits("octo/hello", hours=72)
    since = await world.service.recent_commits("octo/hello", hours=2)
    moved = await world.service.recent_commits("octo/world", hours=72)

    assert "another repository" in (row.note or "")
    assert (before.total_commits, before.coverage.complete, before.coverage.from_) == (6, False, iso(NOW))
    assert f"Another repository had the name Octo/Hello before {iso(NOW)}" in (before.coverage.note or "")
    assert (since.total_commits, since.coverage.complete, since.coverage.note) == (1, True, None)
    assert (moved.repo, moved.total_commits, moved.coverage.complete) == ("Octo/World", 5, True)
    world.pass_time(hours=1)
    again = (await world.collector.collect(["octo/hello", "octo/world"])).repositories
    assert [(row.repo, row.status, row.note) for row in again] == [
        ("Octo/Hello", "not_modified", None),
        ("Octo/World", "not_modified", None),
    ]


async def test_an_empty_repository_is_known_to_have_no_commits() -> None:
    world = build(FakeGitHub(FakeRepository("octo/empty")))

    commits = await world.service.recent_commits("octo/empty")

    assert commits.total_commits == 0
    assert commits.coverage.complete
    await world.collector.close()


async def test_another_branch_is_listed_when_asked_for_and_an_unknown_one_is_refused(world: World) -> None:
    world.hello.branches["dev"] = [commit(8, NOW - timedelta(hours=2), parents=(5,)), *world.hello.commits]

    dev = await world.service.recent_commits("octo/hello", hours=72, branch="dev")
    main = await world.service.recent_commits("octo/hello", hours=72)

    assert (dev.total_commits, main.total_commits) == (6, 5)
    assert {item.branch for item in dev.commits} == {"dev"}
    with pytest.raises(InvalidInput, match=r"no branch 'nope'; known: main, dev"):
        await world.service.recent_commits("octo/hello", branch="nope")


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
    assert await world.manager.metrics.get_state("octo/hello") is None
    assert await world.manager.events.get_known_ids(["5"]) == set()


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


def three_more() -> list[FakeRepository]:
    """Repositories with one commit each."""
    found = [FakeRepository(f"octo/r{number}", id=20 + number) for number in range(3)]
    for number, repository in enumerate(found):
        repository.branches["main"] = [commit(number + 1, NOW - timedelta(hours=number + 1))]
    return found


async def test_repositories_share_the_budget_of_a_question_and_what_was_not_reached_says_so() -> None:
    world = build(FakeGitHub(*three_more()))

    names = [f"octo/r{number}" for number in range(3)]
    first = await world.service.monitor_commits(names)
    second = await world.service.monitor_commits(names)

    assert len(world.github.requests) <= 16
    assert [row.total_commits for row in first.repositories] == [1, 1, None]
    assert [row.error and row.error.code for row in first.repositories] == [None, None, "unreachable"]
    assert "8 requests" in (first.repositories[2].error or first).model_dump_json()
    assert [row.total_commits for row in second.repositories] == [1, 1, 1]
    await world.collector.close()


async def test_every_repository_that_exists_is_watched_however_many_are_added() -> None:
    world = build(FakeGitHub(*three_more(), FakeRepository("octo/New", id=30)))
    world.github.renamed["octo/old"] = 30

    answer = await world.service.watch_repositories(add=["octo/r0", "octo/r1", "octo/gone", "octo/r2", "octo/old"])

    assert answer.watching == ("octo/New", "octo/r0", "octo/r1", "octo/r2")
    assert {name: problem.code for name, problem in answer.errors.items()} == {"octo/gone": "not_found"}
    await world.collector.close()


async def test_releases_of_the_listing_are_what_release_frequency_is_measured_by(world: World) -> None:
    for number, days in enumerate((10, 30, 60)):
        at = iso(NOW - timedelta(days=days))
        release = {"id": number, "tag_name": f"v{9 - number}", "draft": False, "prerelease": False, "published_at": at}
        world.hello.releases.append(release)
    await world.collector.collect(["octo/hello"])

    parts = (await world.service.repository_health("octo/hello")).components
    found = next(component for component in parts if component.name == "release_frequency")

    assert (found.value, found.score, found.sample_size) == (25, 1, 2)  # median of 20 and 30 days
