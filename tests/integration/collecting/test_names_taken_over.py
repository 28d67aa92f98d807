"""An old name that another repository has by now: the answer is about that one, or says about which one it is."""

import json
from datetime import timedelta

import pytest

from github_events_monitor.collecting.webhooks import Receipt, receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, sha
from tests.integration.collecting.conftest import World, build, hello

THEIRS, OURS = [sha(91), sha(90)], [sha(number) for number in (5, 4, 3, 2, 1)]


async def shas(world: World, repo: str) -> tuple[str, list[str], str]:
    answer = await world.service.ask(RECENT_COMMITS, repo=repo, hours=72)
    return answer.repo, [row.sha for row in answer.commits], answer.coverage.note or ""


def rename(world: World) -> None:
    renamed = world.github.repositories.pop("octo/hello")
    renamed.full_name = "Octo/Renamed"
    world.github.repositories["octo/renamed"] = renamed
    world.github.renamed["octo/hello"] = 7
    world.pass_time(minutes=10)


def take_over(world: World) -> None:
    """Another repository gets the name."""
    other = FakeRepository("Octo/Hello", id=8)
    other.branches["main"] = [commit(91, NOW, parents=(90,)), commit(90, NOW - timedelta(hours=1))]
    world.github.repositories["octo/hello"] = other
    del world.github.renamed["octo/hello"]
    world.pass_time(minutes=10)


async def collected(manager: DatabaseManager) -> World:
    world = build(FakeGitHub(hello()), manager=manager)
    await world.collector.collect(["octo/hello"])
    return world


async def kept_apart(world: World) -> None:
    for _ in range(2):
        assert await shas(world, "octo/hello") == ("Octo/Hello", THEIRS, "")
        assert await shas(world, "octo/renamed") == ("Octo/Renamed", OURS, "")
        world.pass_time(minutes=10)
    always, names = ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"), ("octo/hello", "octo/renamed")
    counts = [await world.manager.events.count_by_type(name, *always) for name in names]
    assert [sum(one.values()) for one in counts] == [0, 5]


async def test_an_old_name_says_whose_history_it_shows(manager: DatabaseManager) -> None:
    world = await collected(manager)
    rename(world)
    name, found, note = await shas(world, "octo/hello")
    assert (name, found) == ("Octo/Renamed", OURS)
    assert "The name octo/hello belonged to Octo/Renamed before it was renamed: this is about Octo/Renamed." in note
    assert (await shas(world, "octo/renamed"))[2] == ""
    stored = DatabaseService(QuestionContext(manager=manager, clock=world.clock))
    answer = await stored.ask(RECENT_COMMITS, repo="Octo/Hello", hours=72)
    assert "before it was renamed" in (answer.coverage.note or "")


async def test_an_old_name_that_was_taken_over_is_the_other_one_s(manager: DatabaseManager) -> None:
    world = await collected(manager)
    rename(world)
    await world.collector.collect(["octo/hello"])
    take_over(world)
    await kept_apart(world)


async def test_a_rename_that_was_noticed_only_when_the_name_was_taken_over(manager: DatabaseManager) -> None:
    world = await collected(manager)
    rename(world)
    take_over(world)
    await kept_apart(world)


async def test_an_old_name_under_which_nothing_is_stored(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    rename(world)
    await world.collector.collect(["octo/renamed"])
    await manager.collector_state.save_alias("octo/hello", "octo/renamed")
    assert (await shas(world, "octo/hello"))[0] == "Octo/Renamed"
    take_over(world)
    await kept_apart(world)


async def deliver(world: World, repository_id: int, name: str) -> Receipt:
    repository = {"id": repository_id, "full_name": name, "default_branch": "main"}
    issue = {"number": repository_id, "title": "t", "user": {"login": "bob"}, "state": "open"}
    body = {"action": "opened", "issue": issue, "repository": repository, "sender": {"login": "bob"}}
    return await receive_webhook(world.manager, world.clock, "issues", name, json.dumps(body).encode())


async def test_deliveries_of_the_one_that_has_the_name_now_are_its_own(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    rename(world)
    await world.collector.collect(["octo/renamed"])
    await manager.collector_state.save_alias("octo/hello", "octo/renamed")
    assert await deliver(world, 8, "Octo/Hello") == ("octo/hello", 1, 0, None)
    assert await deliver(world, 7, "Octo/Renamed") == ("octo/renamed", 1, 0, None)


async def test_deliveries_are_kept_apart_once_it_was_collected(manager: DatabaseManager) -> None:
    world = await collected(manager)
    rename(world)
    await world.collector.collect(["octo/hello"])
    take_over(world)
    assert (await deliver(world, 8, "Octo/Hello")).events == 0
    await world.collector.collect(["octo/hello"])
    assert await deliver(world, 8, "Octo/Hello") == ("octo/hello", 1, 0, None)
    assert await deliver(world, 7, "Octo/Renamed") == ("octo/renamed", 1, 0, None)


async def test_a_delivered_rename_is_the_name_from_then_on(manager: DatabaseManager) -> None:
    world = await collected(manager)
    repository = {"id": 7, "full_name": "Octo/Renamed", "default_branch": "main"}
    body = {"action": "renamed", "changes": {"repository": {"name": {"from": "Hello"}}}, "repository": repository}
    receipt = await receive_webhook(manager, world.clock, "repository", "d-1", json.dumps(body).encode())
    assert (receipt.repo, receipt.events) == ("octo/hello", 0)
    stored = DatabaseService(QuestionContext(manager=manager, clock=world.clock))
    for name, is_former in (("octo/renamed", False), ("octo/hello", True)):
        answer = await stored.ask(RECENT_COMMITS, repo=name, hours=72)
        assert (answer.repo, answer.total_commits) == ("Octo/Renamed", 5)
        assert ("before it was renamed" in (answer.coverage.note or "")) == is_former


async def test_old_names_among_several_are_asked_of_github(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    rename(world)
    await world.collector.collect(["octo/renamed"])
    await manager.collector_state.save_alias("octo/hello", "octo/renamed")
    for named in (["octo/hello", "octo/renamed"], ["octo/renamed", "octo/hello"]):
        world.pass_time(minutes=10)
        answer = await world.service.ask(MONITOR_COMMITS, repos=named, hours=72)
        [one] = answer.repositories
        assert (one.repo, [row.sha for row in one.commits]) == ("Octo/Renamed", OURS)
    take_over(world)
    news = await world.service.ask(WHATS_NEW, repos=["octo/renamed", "octo/hello"], since="2026-11-01")
    assert {part.repo: part.counts.get("commits") for part in news.repositories} == {"Octo/Hello": 2, "Octo/Renamed": 5}
    world.pass_time(minutes=10)
    answer = await world.service.ask(MONITOR_COMMITS, repos=["octo/hello", "octo/renamed"], hours=72)
    found = {one.repo: ([row.sha for row in one.commits], one.coverage) for one in answer.repositories}
    assert {name: shas for name, (shas, _) in found.items()} == {"Octo/Hello": THEIRS, "Octo/Renamed": OURS}
    assert not any(coverage and "before it was renamed" in (coverage.note or "") for _, coverage in found.values())
    await kept_apart(world)


async def test_an_old_name_among_several_says_whose_history_it_shows(manager: DatabaseManager) -> None:
    world = await collected(manager)
    world.github.repositories["octo/other"] = FakeRepository("Octo/Other", id=9)
    rename(world)
    answer = await world.service.ask(MONITOR_COMMITS, repos=["octo/hello", "octo/other"], hours=72)
    [one] = [part for part in answer.repositories if part.total_commits]
    assert (one.repo, one.total_commits) == ("Octo/Renamed", 5)
    assert one.coverage is not None
    assert "this is about Octo/Renamed" in (one.coverage.note or "")
    world.pass_time(minutes=10)
    take_over(world)
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello", "octo/other"], since="2026-11-01")
    assert [part.repo for part in news.repositories if part.counts.get("commits")] == ["Octo/Hello"]


@pytest.mark.parametrize("noticed", [False, True])
async def test_a_dry_run_is_about_the_one_that_has_the_name_now(manager: DatabaseManager, *, noticed: bool) -> None:
    world = await collected(manager)
    rename(world)
    if noticed:
        await world.collector.collect(["octo/hello"])
    take_over(world)
    (row,) = (await world.collector.collect(["octo/hello"], dry_run=True)).repositories
    assert (row.status, row.new_commits, "that is Octo/Renamed now" in (row.note or "")) == ("collected", 2, True)
    stored = DatabaseService(QuestionContext(manager=manager, clock=world.clock))
    assert (await stored.ask(RECENT_COMMITS, repo="octo/hello", hours=72)).total_commits == len(OURS)
    await kept_apart(world)
