"""What's new across repositories: counts, titles, attention, and marks that readers do not share."""

from datetime import timedelta
from typing import Any

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW, WhatsNew
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, iso

from .conftest import World, build


def issue(number: int, at: str, **fields: Any) -> dict[str, Any]:
    person = {"login": "eve", "type": "User"}
    return {"number": number, "title": f"thing {number}", "user": person, "state": "open", "comments": 0,
            "created_at": at, "updated_at": at, "labels": [], **fields}  # fmt: skip


def make(manager: DatabaseManager | None = None) -> World:
    repository = FakeRepository("Octo/Hello")
    repository.branches["main"] = [commit(1, NOW - timedelta(hours=2), message="feat: a thing")]
    late = iso(NOW - timedelta(days=9))
    pull = {"url": "https://api.github.test/repos/octo/hello/pulls/3", "merged_at": None}
    repository.issues = [issue(4, iso(NOW - timedelta(hours=1))), issue(3, late, pull_request=pull)]
    return build(FakeGitHub(repository, FakeRepository("octo/quiet", id=8)), manager=manager)


async def ask(world: World, **arguments: Any) -> WhatsNew:
    return await world.service.ask(WHATS_NEW, repos=["octo/hello", "octo/quiet"], **arguments)


async def test_news_come_with_titles_and_what_waits_comes_first(manager: DatabaseManager) -> None:
    world = make(manager)
    await world.collector.collect(["octo/hello", "octo/quiet"])
    answer = await ask(world)
    assert [(part.repo, part.counts) for part in answer.repositories] == [
        ("Octo/Hello", {"commits": 1, "issues_opened": 1})
    ]
    assert answer.repositories[0].first["commits"][0].title == "feat: a thing"
    assert answer.quiet == ("octo/quiet",)
    assert [(one.kind, one.repo) for one in answer.attention] == [("pull_request_unanswered", "Octo/Hello")]
    text = WHATS_NEW.text(answer)
    assert '"#4 thing 4"' in text
    assert '#3 "thing 3" by eve has no answer for two business days' in text


async def test_each_reader_is_told_once_and_a_given_since_moves_no_mark() -> None:
    world = make()
    await world.collector.collect(["octo/hello", "octo/quiet"])
    assert len((await ask(world, reader="ann")).repositories) == 1
    assert (await ask(world, reader="ann")).repositories == ()
    world.pass_time(seconds=30)
    assert (await ask(world, reader="ann")).repositories == ()
    assert len((await ask(world, reader="bob", since="2026-11-20")).repositories) == 1
    assert len((await ask(world, reader="bob")).repositories) == 1
    await world.collector.close()


async def test_what_failed_is_named_and_keeps_the_mark_where_it_is() -> None:
    world = make()
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(WHATS_NEW, repos=["octo/hello", "octo/none", "oops"])
    assert {name: problem.code for name, problem in answer.errors.items()} == {
        "octo/none": "not_found",
        "oops": "invalid",
    }
    assert "mark stays" in (answer.note or "")
    assert await world.manager.collector_state.get_reader_mark("default") is None
    await world.collector.close()


async def test_newcomers_are_people(manager: DatabaseManager) -> None:
    world = make(manager)
    repository = world.github.repositories["octo/hello"]
    recent = iso(NOW - timedelta(hours=1))
    repository.issues = [
        issue(4, recent),
        issue(5, recent, user={"login": "dependabot[bot]", "type": "Bot"}),
        issue(6, recent, user={"login": "copilot", "type": "Bot"}),
        issue(7, recent, user={"login": "house-app", "type": "Bot"}),
    ]
    await world.collector.collect(["octo/hello"])
    (news,) = (await world.service.ask(WHATS_NEW, repos=["octo/hello"])).repositories
    assert "eve" in news.newcomers
    assert not {"dependabot[bot]", "copilot", "house-app"} & set(news.newcomers)
