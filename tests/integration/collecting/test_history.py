"""Commits by GraphQL: a hundred with their numbers for one request, and their files as passes can afford them."""

from datetime import timedelta

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS, RecentCommits
from github_events_monitor.records import RepositoryState
from tests.fake_github import NOW, FakeGitHub, FakeRepository, commit, sha

from .conftest import World, build

FIRST = {"repo": "octo/hello", "hours": 720, "limit": 100}


def make(manager: DatabaseManager | None, number: int, *, with_history: bool = True) -> World:
    """So many commits, one an hour, of two changed lines and more each."""
    repository = FakeRepository("Octo/Hello")
    repository.branches["main"] = [
        commit(n, NOW - timedelta(hours=number - n + 1), parents=(n - 1,) if n > 1 else ())
        for n in range(number, 0, -1)
    ]
    world = build(FakeGitHub(repository), manager=manager)
    world.github.with_history = with_history
    return world


async def all_commits(world: World) -> list[tuple[str, int | None]]:
    answer: RecentCommits = await world.service.ask(RECENT_COMMITS, **FIRST)
    rows = [*answer.commits]
    while answer.next_cursor:
        answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", cursor=answer.next_cursor)
        rows += answer.commits
    return [(row.sha, row.additions) for row in rows]


async def files_known(world: World, number: int) -> int:
    shas = [sha(n) for n in range(1, number + 1)]
    return len(await world.manager.commits.get_files("octo/hello", shas))


async def test_the_first_answer_has_its_numbers(manager: DatabaseManager) -> None:
    world = make(manager, 250)
    answer = await world.service.ask(RECENT_COMMITS, **FIRST)
    assert answer.total_commits == 250
    assert answer.coverage.complete
    assert await all_commits(world) == [(sha(n), n) for n in range(250, 0, -1)]
    assert len(world.github.requests) <= 8


async def test_files_follow_with_the_passes_and_then_a_pass_is_free(manager: DatabaseManager) -> None:
    world = make(manager, 250)
    await world.collector.collect(["octo/hello"])
    first = await files_known(world, 250)
    assert first == world.asked("/commits/") == 100
    assert [additions for _, additions in await all_commits(world)] == list(range(250, 0, -1))
    for _ in range(2):
        world.pass_time(minutes=10)
        await world.collector.collect(["octo/hello"])
    assert await files_known(world, 250) == 250
    before = world.github.remaining
    world.pass_time(minutes=10)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, world.github.remaining) == ("not_modified", before)


async def test_where_graphql_is_refused_rest_lists_the_same() -> None:
    world = make(None, 250, with_history=False)
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(RECENT_COMMITS, **FIRST)
    assert (answer.total_commits, answer.coverage.complete) == (250, True)
    await world.collector.close()


async def test_what_graphql_did_not_get_to_is_read_by_rest() -> None:
    world = make(None, 250)
    asked: list[str] = []

    def fail(path: str) -> tuple[int, dict[str, str], bytes] | None:
        history = path == "/graphql" and b"query History" in world.github.asked_body
        if history:
            asked.append(path)
        return (403, {}, b'{"message": "no"}') if history and len(asked) > 1 else None

    world.github.faults.append(fail)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert row.error is None
    answer = await world.service.ask(RECENT_COMMITS, **FIRST)
    assert (answer.total_commits, answer.coverage.complete) == (250, True)
    await world.collector.close()


async def test_without_a_token_graphql_is_not_asked() -> None:
    world = build(FakeGitHub(make(None, 5).hello), token=None)
    await world.collector.collect(["octo/hello"])
    assert world.asked("graphql") == 0
    await world.collector.close()


async def test_the_history_of_a_renamed_repository_is_stored_where_its_records_are(manager: DatabaseManager) -> None:
    world = make(manager, 150)
    world.hello.full_name = "Octo/World"
    world.github.repositories = {"octo/world": world.hello}
    await manager.collector_state.save_states([RepositoryState(repo_name="octo/hello", repository_id=7)])
    await manager.collector_state.save_aliases({"repository-id-/7": "octo/hello"})
    await world.collector.collect(["octo/world"])
    found = await world.service.ask(RECENT_COMMITS, repo="octo/world", hours=720)
    assert (found.repo, found.total_commits, found.coverage.complete) == ("Octo/World", 150, True)
