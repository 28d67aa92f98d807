"""A commit belongs to a branch at a time: after a rename or a force push the listing is joined again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from github_events_monitor.collecting import collector
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.commit_details import COMMIT_DETAILS
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, iso, sha
from tests.integration.collecting.conftest import World, build, hello


def long_history(count: int) -> FakeRepository:
    repository = FakeRepository("Octo/Hello", default_branch="master")
    ages = range(count, 0, -1)
    repository.branches["master"] = [
        commit(number, NOW - timedelta(minutes=10 * (count - number) + 1), parents=(number - 1,)) for number in ages
    ]
    return repository


async def shas(world: World) -> list[str]:
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert answer.total_commits == len(answer.commits)
    return [row.sha for row in answer.commits]


async def test_a_renamed_default_branch_keeps_all_its_commits(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(long_history(130)), manager=manager)
    await world.collector.collect(["octo/hello"])
    world.hello.branches["main"] = world.hello.branches.pop("master")
    world.hello.default_branch = "main"
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=24)
    assert (answer.total_commits, answer.coverage.complete) == (130, True)
    assert {row.branch for row in answer.commits} == {"main"}


async def test_another_default_branch_is_listed_from_its_own_beginning(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    await world.collector.collect(["octo/hello"])
    world.hello.branches["next"] = [commit(9, NOW - timedelta(hours=1), parents=(3,)), *world.hello.commits[2:]]
    world.hello.default_branch = "next"
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    assert await shas(world) == [sha(9), sha(3), sha(2), sha(1)]


def rewrite(repository: FakeRepository) -> None:
    """Amend the two newest commits."""
    amended = [
        commit(number + 10, NOW - timedelta(hours=12 * (5 - number)), parents=(parent,))
        for number, parent in ((5, 14), (4, 3))
    ]
    repository.branches["main"] = [*amended, *repository.commits[2:]]


async def test_what_a_force_push_replaced_is_found_by_sha_and_counted_no_more(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    await world.collector.collect(["octo/hello"])
    rewrite(world.hello)
    world.pass_time(minutes=10)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.new_commits, "replaced 2 commits" in (row.note or "")) == (2, True)
    assert await shas(world) == [sha(15), sha(14), sha(3), sha(2), sha(1)]
    people = await world.service.ask(DEVELOPER_ACTIVITY, repo="octo/hello", hours=720)
    assert sum(person.contributions.get("commits", 0) for person in people.developers) == 5
    lost = await world.service.ask(COMMIT_DETAILS, repo="octo/hello", sha=sha(5))
    assert (lost.commit.branch, "A force push to" in (lost.note or "")) == (None, True)


async def test_a_force_push_back_brings_the_commits_back(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    before = world.hello.commits
    for rewritten in (False, True, False):
        world.hello.branches["main"] = list(before)
        if rewritten:
            rewrite(world.hello)
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    assert await shas(world) == [sha(number) for number in (5, 4, 3, 2, 1)]


async def test_a_replaced_head_that_no_listing_saw_is_noticed_by_activity(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    unlisted = commit(6, NOW, parents=(5,))
    world.hello.branches["main"] = [unlisted, *world.hello.commits]
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.heads == {"commits": sha(6)}
    world.hello.branches["main"] = [commit(7, NOW, parents=(5,)), *world.hello.commits[1:]]
    actor = {"login": "ada"}
    pushed = {"id": 1, "ref": "refs/heads/main", "before": sha(6), "after": sha(7), "timestamp": iso(world.now)}
    world.hello.activity = [{**pushed, "activity_type": "force_push", "actor": actor}]
    await world.manager.collector_state.save_states([replace(state, heads={})])  # as an earlier version left it
    for _ in range(2):
        world.pass_time(minutes=10)
        await world.collector.collect(["octo/hello"])
    assert sha(6) not in await shas(world)


def allow(monkeypatch: pytest.MonkeyPatch, requests: int) -> None:
    """Let each pass ask so many times from now on."""
    for name in ("REQUESTS_WITH_TOKEN", "REQUESTS_WITHOUT_TOKEN"):
        monkeypatch.setattr(collector, name, requests)


@pytest.mark.parametrize("token", ["token", None])
async def test_a_forced_branch_with_more_pages_than_a_pass_may_ask_for_is_joined_over_several(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    """Each pass goes on where the one before stopped; until then the window is not complete."""
    world = build(FakeGitHub(long_history(900)), manager=manager, token=token)
    world.github.remaining = 10_000
    allow(monkeypatch, 40)
    await world.collector.collect(["octo/hello"])
    rows = world.hello.branches["master"]
    kept = 900 - 610
    new = [
        commit(5_610 - n, NOW - timedelta(minutes=10 * n + 2), parents=(5_609 - n if n < 609 else kept,))
        for n in range(610)
    ]
    world.hello.branches["master"] = [*new, *rows[610:]]
    left = {row["sha"] for row in world.hello.branches["master"]}
    allow(monkeypatch, 10 if token else 6)
    complete = []
    for _ in range(6):
        world.pass_time(minutes=10)
        await world.collector.collect(["octo/hello"])
        state = await manager.collector_state.get_state("octo/hello")
        assert state is not None
        (newest,) = state.ledger.spans["commits"]
        complete.append(newest.since <= iso(NOW - timedelta(days=29)))
        authors = await manager.commits.get_authorship("octo/hello", newest.since, iso(world.now), branch="master")
        assert {row.sha for row in authors} <= left
    assert (complete[0], complete[-1]) == (False, True)
    stored = await manager.commits.get_authorship("octo/hello", "2000", iso(world.now), branch="master")
    assert {row.sha for row in stored} == left


@pytest.mark.parametrize("token", ["token", None])
async def test_a_merge_of_an_old_branch_hides_nothing_that_a_forced_branch_has_lost(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    """A pass that looks for the old branch reads what the one after the force push had left, too."""
    world = build(FakeGitHub(long_history(300)), manager=manager, token=token)
    world.github.remaining = 10_000
    await world.collector.collect(["octo/hello"])
    new = [commit(5_300 - n, NOW - timedelta(minutes=10 * n + 2), parents=(5_299 - n,)) for n in range(290)]
    world.hello.branches["master"] = [*new, *world.hello.commits[290:]]
    allow(monkeypatch, 4 if token else 3)
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.ledger.spans["commits"][0].since > iso(NOW - timedelta(days=2))
    old = commit(9_001, NOW - timedelta(days=29), parents=(10,))
    world.hello.branches["master"] = [commit(9_002, world.now, parents=(5_300, 9_001)), *world.hello.commits, old]
    allow(monkeypatch, 40)
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    stored = await manager.commits.get_authorship("octo/hello", "2000", iso(world.now), branch="master")
    assert {row.sha for row in stored} == {row["sha"] for row in world.hello.commits}
