"""Patterns of the watch list: resolved with the token's rights, kept a day, shown as patterns and as names."""

import pytest

from github_events_monitor.collecting.poller import Poller
from github_events_monitor.errors import SettingsError
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.watch_repositories import WATCH_REPOSITORIES, WatchList
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.records import Pattern
from github_events_monitor.runtime import open_runtime
from github_events_monitor.settings import Settings
from tests.fake_github import FakeGitHub, FakeRepository

from .conftest import World, build


def make(manager: DatabaseManager | None = None, *, token: str | None = "token") -> World:
    names = ["Octo/Api", "octo/Web", "octo/old-site", "octo/fork", "octo/attic", "eve/notes", "rust-lang/rust"]
    repositories = [FakeRepository(name, id=number) for number, name in enumerate(names, 1)]
    github = FakeGitHub(*repositories)
    github.repositories["octo/fork"].fork = github.repositories["octo/attic"].archived = True
    github.listings = {
        "orgs/octo/repos": ["octo/api", "octo/attic", "octo/fork", "octo/old-site", "octo/web"],
        "users/eve/repos": ["eve/notes"],
        "user/repos": ["eve/notes", "octo/api"],
        "user/starred": ["rust-lang/rust"],
    }
    world = build(github, token=token, manager=manager)
    world.service.context.resolve = world.collector.patterns.resolve
    return world


async def watch(world: World, **changes: list[str]) -> WatchList:
    return await world.service.ask(WATCH_REPOSITORIES, **changes)


async def test_a_pattern_is_shown_as_it_is_and_as_the_names_it_stands_for(manager: DatabaseManager) -> None:
    world = make(manager)
    shown = await watch(world, add=["OCTO/*", "!octo/old-*"])
    assert shown.watching == ("Octo/Api", "octo/Web")
    assert [(row.pattern, row.repositories) for row in shown.patterns] == [("!octo/old-*", None), ("octo/*", 3)]
    text = WATCH_REPOSITORIES.text(shown)
    assert f"Pattern octo/*: 3 repositories on {world.now:%Y-%m-%d}" in text
    assert "Watching Octo/Api" in text
    assert (await watch(world, remove=["octo/*"])).watching == ()
    assert await manager.collector_state.get_watch_list() == {}


async def test_it_is_said_what_was_to_be_removed_and_was_not_on_the_list(manager: DatabaseManager) -> None:
    world = make(manager)
    await watch(world, add=["OCTO/*", "!octo/old-*"])
    gone = await watch(world, remove=["octo/*", "Octo/Api"])
    assert (gone.watching, gone.note) == ((), None)
    nothing = await watch(world, remove=["Octo/*", "octo/NONE", "!octo/old-*"])
    assert nothing.summary_line == "Watching 0 repositories. Not on the list before: octo/none, octo/*."


async def test_one_taken_out_stays_out_and_one_added_by_name_outranks_what_takes_it_out() -> None:
    world = make()
    await watch(world, add=["octo/*"])
    assert (await watch(world, add=["!octo/web"])).watching == ("Octo/Api", "octo/old-site")
    assert (await watch(world, add=["!octo/a*", "octo/api"])).watching == ("Octo/Api", "octo/old-site")
    await world.collector.close()


async def test_the_tokens_user_and_stars(manager: DatabaseManager) -> None:
    world = make(manager)
    assert (await watch(world, add=["@me"])).watching == ("eve/notes", "Octo/Api")
    assert (await watch(world, add=["@starred"])).watching == ("eve/notes", "Octo/Api", "rust-lang/rust")


async def test_without_a_token_it_is_said_what_to_do() -> None:
    world = make(token=None)
    shown = await watch(world, add=["@me", "eve/*"])
    assert shown.watching == ("eve/notes",)
    assert "GITHUB_TOKEN" in shown.errors["@me"].message
    with pytest.raises(SettingsError, match="TARGET_REPOSITORIES='@me' needs a token"):
        async with open_runtime(Settings(target_repositories=("@me",), database_path=":memory:")):
            raise AssertionError
    await world.collector.close()


async def test_an_unknown_owner_is_not_watched() -> None:
    world = make()
    shown = await watch(world, add=["nobody/*", "octo/pre-*"])
    assert {word: problem.code for word, problem in shown.errors.items()} == {
        "nobody/*": "not_found",
        "octo/pre-*": "invalid",
    }
    assert shown.patterns == ()
    await world.collector.close()


async def test_the_poller_notices_within_a_day_who_came_and_who_went(manager: DatabaseManager) -> None:
    world = make(manager)
    polling = Poller(world.collector, Settings(target_repositories=("octo/*",)), world.clock)
    world.service.context.targets = ("octo/*",)
    await polling.tick()
    assert (await watch(world)).watching == ("Octo/Api", "octo/old-site", "octo/Web")
    world.github.repositories["octo/new"] = FakeRepository("octo/new", id=20)
    world.github.listings["orgs/octo/repos"] = ["octo/api", "octo/new", "octo/web"]
    world.pass_time(hours=23)
    await polling.tick()
    assert "octo/new" not in (await watch(world)).watching
    world.pass_time(hours=1)
    await polling.tick()
    shown = await watch(world)
    assert shown.watching == ("Octo/Api", "octo/new", "octo/Web")
    assert shown.patterns[0].note == "No longer there: octo/old-site. New: octo/new."


async def test_an_unchanged_listing_of_several_pages_costs_no_quota() -> None:
    world = make()
    names = [f"octo/r{number:03}" for number in range(230)]
    world.github.repositories |= {name: FakeRepository(name, id=100 + at) for at, name in enumerate(names)}
    world.github.listings["orgs/octo/repos"] = names
    found = (await world.collector.patterns.resolve(["octo/*"]))["octo/*"]
    assert isinstance(found, Pattern)
    assert len(found.repos) == 230
    left = world.github.remaining
    world.pass_time(days=1)
    again = (await world.collector.patterns.resolve(["octo/*"]))["octo/*"]
    assert isinstance(again, Pattern)
    assert (again.repos, again.note) == (found.repos, None)
    assert world.github.remaining == left
    await world.collector.close()


async def test_what_was_known_stays_when_github_cannot_be_asked_again() -> None:
    world = make()
    await watch(world, add=["octo/*"])
    world.pass_time(days=2)
    world.github.fail(50, 503)
    shown = await watch(world)
    assert shown.watching == ("Octo/Api", "octo/old-site", "octo/Web")
    assert "could not be resolved again" in (shown.patterns[0].note or "")
    await world.collector.close()


async def test_questions_and_passes_take_patterns_in_place_of_names() -> None:
    world = make()
    answer = await world.service.ask(MONITOR_COMMITS, repos=["octo/*", "!octo/old-*", "@nobody"])
    assert [part.repo for part in answer.repositories] == ["Octo/Api", "octo/Web", "@nobody"]
    assert answer.now_watching == ("Octo/Api", "octo/Web")
    passed = await world.collector.collect(["eve/*", "nobody/*"])
    assert [(row.repo, row.status) for row in passed.repositories] == [
        ("nobody/*", "not_found"),
        ("eve/notes", "collected"),
    ]
    news = await world.service.ask(WHATS_NEW, repos=["eve/*", "octo/x*"])
    assert news.quiet == ("eve/notes",)
    assert news.errors["octo/x*"].code == "invalid"
    await world.collector.close()


async def test_whose_the_token_is_is_asked_once_a_day_and_not_without_one() -> None:
    world = make()
    asked = world.collector.patterns.login
    first = [await asked(), await asked()]
    assert first == ["eve", "eve"]
    assert world.github.requests.count("/user") == 1
    world.pass_time(days=1, seconds=1)
    await asked()
    assert world.github.requests.count("/user") == 2
    await world.collector.close()
    without = make(token=None)
    assert await without.collector.patterns.login() is None
    assert without.github.requests == []
    await without.collector.close()
