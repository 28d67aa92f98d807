"""The quiet cycle: one look at many repositories in place of a visit to each, and what it proves."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting import poller as polling
from github_events_monitor.collecting.poller import UNSEEN_FOR, Poller
from github_events_monitor.github.client import RequestBudget
from github_events_monitor.github.graphql.looks import Look
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from github_events_monitor.settings import Settings
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, event, iso
from tests.integration.collecting.conftest import World, build
from tests.integration.collecting.test_polling import app_of

NAMES = ("octo/a", "octo/b", "octo/c")
LOOK = "/graphql"


class Fleet:
    """A few quiet repositories that are watched, and their poller, after the visits that learn how they look."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.poller = Poller(world.collector, Settings.load(**settings), world.clock)

    async def round(self, **delta: float) -> list[str]:
        """Let time pass and make a round; return whom it visited."""
        self.world.pass_time(**delta)
        self.world.github.requests.clear()
        return await self.poller.tick()

    def repository(self, name: str) -> FakeRepository:
        return self.world.github.repositories[name]


def quiet_repository(name: str, number: int) -> FakeRepository:
    fan = event(number, "WatchEvent", "fan", NOW - timedelta(hours=9), {"action": "started"}, name)
    repository = FakeRepository(name, id=100 + number, events=[fan])
    repository.branches["main"] = [commit(number, NOW - timedelta(hours=8))]
    repository.issues = [issue(number, "2026-11-19T12:00:00Z")]
    return repository


def issue(number: int, updated_at: str) -> Json:
    about = {"number": number, "id": number, "title": "It fails", "state": "open", "user": {"login": "ada"}}
    return {**about, "comments": 0, "created_at": "2026-11-19T10:00:00Z", "updated_at": updated_at}


@pytest.fixture
async def fleet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    monkeypatch.setattr(polling, "VISIT_EVERY", UNSEEN_FOR)  # as where a hundred and more are watched
    world = build(FakeGitHub(*(quiet_repository(name, number) for number, name in enumerate(NAMES, 1))))
    world.github.with_looks = True
    await world.manager.collector_state.watch(NAMES)
    fleet = Fleet(world)
    assert await fleet.round() == []
    assert await fleet.round(minutes=5) == list(NAMES)
    yield fleet
    await world.collector.close()


async def test_repositories_that_did_not_change_are_looked_at_together_and_not_visited(fleet: Fleet) -> None:
    for _ in range(3):
        assert await fleet.round(minutes=5) == []
        assert fleet.world.github.requests == [LOOK]
    assert await fleet.round(minutes=1) == []
    assert fleet.world.github.requests == []


async def test_private_repositories_of_several_installations_are_looked_at_by_the_token_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polling, "VISIT_EVERY", UNSEEN_FOR)
    names = ["acme/a", "acme/c", "octo/b"]
    github = FakeGitHub(*(quiet_repository(name, number) for number, name in enumerate(names, 1)))
    world = build(github, app=app_of({"acme": 11, "octo": 22}))
    world.github.with_looks = True
    client, asked = world.collector.client, list[list[str]]()
    fetch_looks = client.fetch_looks

    async def of_one_installation(repos: Sequence[str], *, budget: RequestBudget) -> dict[str, Look | None]:
        asked.append([*repos])
        found = await fetch_looks(repos, budget=budget)
        return {name: look if name[:4].lower() == repos[0][:4].lower() else None for name, look in found.items()}

    monkeypatch.setattr(client, "fetch_looks", of_one_installation)
    await world.manager.collector_state.watch(names)
    fleet = Fleet(world)
    for _ in range(3):
        await fleet.round(minutes=5)
    assert await fleet.round(minutes=5) == []
    assert sorted(asked[-2:]) == [["acme/a", "acme/c"], ["octo/b"]]
    await world.collector.close()


@pytest.mark.parametrize("change", ["push", "issue", "release", "star", "rename"])
async def test_one_that_changed_is_visited_and_the_others_are_not(fleet: Fleet, change: str) -> None:
    await fleet.round(minutes=5)
    changed = fleet.repository("octo/b")
    if change == "push":
        changed.commits.insert(0, commit(77, fleet.world.now, parents=(2,)))
    elif change == "issue":
        changed.issues.insert(0, issue(9, iso(fleet.world.now)))
    elif change == "release":
        changed.releases.insert(0, {"id": 1, "tag_name": "v1", "published_at": iso(fleet.world.now)})
    elif change == "star":
        changed.stars += 1
    else:
        changed.full_name, known = "Octo/Bee", fleet.world.github.repositories
        known["octo/bee"], fleet.world.github.renamed["octo/b"] = known.pop("octo/b"), changed.id
    assert await fleet.round(minutes=5) == ["octo/b"]
    while await fleet.round(minutes=5):
        assert fleet.world.now < NOW + timedelta(minutes=31)  # until the change is old, for what follows it
    assert fleet.world.github.requests == [LOOK]


async def test_each_is_visited_within_the_hour_in_any_case(fleet: Fleet) -> None:
    started, visited = fleet.world.now, dict[str, list[float]]()
    for _ in range(26):
        for key in await fleet.round(minutes=5):
            minutes = (fleet.world.now - started).total_seconds() / 60
            visited.setdefault(key, []).append(minutes)
    assert visited.keys() == {*NAMES}
    for moments in visited.values():
        gaps = [after - before for before, after in zip([0.0, *moments], moments, strict=False)]
        assert all(45 <= gap <= 60 for gap in gaps)


async def test_what_a_look_proves_counts_in_answers_and_what_it_does_not_see_does_not(fleet: Fleet) -> None:
    hidden = event(900, "CommitCommentEvent", "eve", NOW + timedelta(minutes=6), {"action": "created"}, "octo/a")
    fleet.repository("octo/a").events.insert(0, hidden)
    visited_at = iso(fleet.world.now)
    for _ in range(4):
        assert await fleet.round(minutes=5) == []
    looked_at, ask = iso(fleet.world.now), fleet.world.service.ask
    fleet.world.github.requests.clear()
    await ask(WHATS_NEW, repos=list(NAMES))
    commits, issues = await ask(RECENT_COMMITS, repo="octo/a"), await ask(ISSUES, repo="octo/a")
    assert fleet.world.github.requests == []
    for answer in (commits, issues):
        assert answer.coverage.complete
        assert answer.coverage.to == answer.coverage.last_collected_at == looked_at
    stored = fleet.world.service.context.without_collecting()
    subject = await stored.stored("octo/a")
    spans = stored.known(subject, "events")
    assert spans[-1].until == visited_at
    (count,) = (
        await ask(REPOSITORY_ACTIVITY, repo="octo/a", event_types=["CommitCommentEvent"])
    ).counts_by_type.items()
    assert count == ("CommitCommentEvent", 1)
    assert fleet.world.asked("/events") > 0  # a question about one repository's events brings them


async def test_where_the_look_fails_each_is_visited_as_without_one(fleet: Fleet) -> None:
    await fleet.round(minutes=5)
    fleet.world.github.faults.append(lambda path: (502, {}, b"") if path == LOOK else None)
    assert sorted(await fleet.round(minutes=5)) == sorted(NAMES)
    fleet.world.github.faults.clear()
    fleet.repository("octo/c").stars += 1
    assert await fleet.round(minutes=5) == ["octo/c"]
    assert await fleet.round(minutes=5) == []


async def test_a_part_of_the_answer_that_failed_is_visited(fleet: Fleet) -> None:
    await fleet.round(minutes=5)
    answer = fleet.world.github._looks

    def failing(asked: dict[str, str]) -> Json:
        found = answer(asked)
        return {"data": found["data"] | {"r1": None}, "errors": [{"message": "Something went wrong", "path": ["r1"]}]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet.world.github, "_looks", failing)
        assert await fleet.round(minutes=5) == ["octo/b"]
    del fleet.world.github.repositories["octo/c"]
    for _ in range(2):
        assert await fleet.round(minutes=5) == ["octo/c"]


async def test_a_visit_that_was_shown_a_former_head_does_not_count(fleet: Fleet) -> None:
    await fleet.round(minutes=5)
    changed = fleet.repository("octo/b")
    before = list(changed.commits)
    after = [commit(77, NOW - timedelta(hours=1), parents=(2,)), *before]

    def listing_is_late(path: str) -> None:
        changed.branches["main"] = before if path == "/repos/octo/b/commits" else after

    fleet.world.github.faults.append(listing_is_late)
    for _ in range(4):
        assert await fleet.round(minutes=5) == ["octo/b"]
    fleet.world.github.faults.clear()
    assert await fleet.round(minutes=5) == ["octo/b"]
    assert await fleet.round(minutes=5) == []


@pytest.mark.parametrize(("token", "looks"), [(None, 0), ("token", 1)])
async def test_without_a_token_or_where_graphql_is_refused_each_is_visited(token: str | None, looks: int) -> None:
    names = [f"octo/r{number:02}" for number in range(12)]
    world = build(FakeGitHub(*map(quiet_repository, names, range(1, 13))), token=token)
    await world.manager.collector_state.watch(names)
    fleet = Fleet(world)
    await fleet.round()
    assert [len(await fleet.round(minutes=5)) for _ in range(3)] == [12, 12, 12]
    assert world.github.looks == looks  # a refusal holds for an hour
    await world.collector.close()


async def test_few_are_visited_each_time_for_that_tells_more() -> None:
    world = build(FakeGitHub(*map(quiet_repository, NAMES, range(1, 4))))
    world.github.with_looks = True
    await world.manager.collector_state.watch(NAMES)
    fleet = Fleet(world)
    await fleet.round()
    assert [len(await fleet.round(minutes=5)) for _ in range(3)] == [3, 3, 3]
    assert world.github.looks == 0
    await world.collector.close()
