"""What GitHub can never give does not stand in the way of the rest, and is asked for ever more rarely."""

import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting import collector
from github_events_monitor.errors import Forbidden, GitHubError, InvalidInput, NotFound, Unreachable
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.infrastructure.questions.question import Question
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, iso, sha
from tests.integration.collecting.conftest import World, build, hello

JSON = {"Content-Type": "application/json"}


def refuse(world: World, status: int, *numbers: int) -> list[int]:
    """Answer for some commits with a status; return the list that decides which."""
    chosen = list(numbers)

    def fault(path: str) -> Reply | None:
        refused = any(path.endswith(f"/commits/{sha(number)}") for number in chosen)
        return (status, JSON, b'{"message": "this diff is taking too long to generate"}') if refused else None

    world.github.faults.append(fault)
    return chosen


async def known(world: World) -> list[bool]:
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    return [row.additions is not None for row in answer.commits]


async def test_one_commit_whose_diff_cannot_be_made_holds_up_no_other(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    refused = refuse(world, 500, 5)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert await known(world) == [False, True, True, True, True]
    assert (row.status, "asked for again later" in (row.note or "")) == ("collected", True)
    for minutes, asked in ((10, False), (60, True), (60, False), (60, True)):
        world.pass_time(minutes=minutes)
        before = world.asked(sha(5))
        await world.collector.collect(["octo/hello"])
        assert (world.asked(sha(5)) > before) is asked
    refused.clear()
    world.pass_time(hours=5)
    await world.collector.collect(["octo/hello"])
    assert await known(world) == [True] * 5
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.refused == {}


async def test_a_commit_that_is_gone_is_not_asked_for_in_every_pass(world: World) -> None:
    refuse(world, 404, 4)
    for _ in range(3):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=5)
    assert world.asked(sha(4)) == 1


async def test_an_outage_is_no_commits_fault(world: World) -> None:
    refused = refuse(world, 503, 1, 2, 3, 4, 5)
    await world.collector.collect(["octo/hello"])
    refused.clear()
    world.pass_time(minutes=5)
    await world.collector.collect(["octo/hello"])
    assert await known(world) == [True] * 5


async def test_one_malformed_name_among_several_is_an_error_in_its_place(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(FakeRepository("Octo/Hello")), manager=manager)
    passed = await world.collector.collect(["bad name", "octo/hello", "octo/none"])
    assert [(row.repo, row.status) for row in passed.repositories] == [
        ("bad name", "invalid"),
        ("Octo/Hello", "collected"),
        ("octo/none", "not_found"),
    ]
    error = passed.repositories[0].error
    assert error is not None
    assert (error.code, "owner/name" in error.message) == ("invalid", True)
    with pytest.raises(InvalidInput, match="owner/name"):
        await world.collector.collect(["bad name", "oops"])


@pytest.mark.parametrize(
    ("status", "error"), [(403, Forbidden), (404, NotFound), (500, Unreachable)], ids=["forbidden", "hidden", "outage"]
)
async def test_issues_that_may_not_be_read_are_an_error_and_no_empty_list(
    manager: DatabaseManager, status: int, error: type[GitHubError]
) -> None:
    """Commits and events of the repository are known all the same; asked again soon, GitHub is left alone."""
    world = build(FakeGitHub(hello()), manager=manager)

    def fault(path: str) -> Reply | None:
        return (status, JSON, b'{"message": "not for you"}') if "/issues" in path or "graphql" in path else None

    world.github.faults.append(fault)
    await world.collector.collect(["octo/hello"])
    for _ in range(2):
        before = len(world.github.requests)
        with pytest.raises(error, match="issues of Octo/Hello"):
            await world.service.ask(PULL_REQUESTS, repo="octo/hello")
        from_feed = await world.service.ask(ISSUES, repo="octo/hello")
        assert (from_feed.total_issues, "issues of Octo/Hello" in (from_feed.coverage.note or "")) == (1, True)
    assert len(world.github.requests) == before
    assert (await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)).total_commits == 5
    world.github.faults.clear()
    world.pass_time(minutes=6)
    assert (await world.service.ask(ISSUES, repo="octo/hello")).coverage.complete


@pytest.mark.parametrize("status", [404, 410])
async def test_a_repository_without_issues_is_there_for_every_other_question(
    manager: DatabaseManager, status: int
) -> None:
    """That a question about issues found none of them says nothing of deliveries, security, health and news."""
    world = build(FakeGitHub(hello()), manager=manager)
    off: Reply = (status, JSON, b'{"message": "Issues are disabled for this repo"}')
    world.github.faults.append(lambda path: off if "/issues" in path or "graphql" in path else None)
    with pytest.raises(NotFound, match="issues of Octo/Hello"):
        await world.service.ask(PULL_REQUESTS, repo="octo/hello")
    coverages = (
        (await world.service.ask(RECENT_COMMITS, repo="octo/hello")).coverage,
        (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).coverage,
        (await world.service.ask(SECURITY_REPORT, repo="octo/hello")).coverage,
        (await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")).coverage,
    )
    assert not [one.note for one in coverages if "collecting failed" in (one.note or "")]
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"])
    assert ([part.note for part in news.repositories], "mark stays" in (news.note or "")) == ([None], False)
    before = len(world.github.requests)
    for _ in range(2):
        with pytest.raises(NotFound, match="repository octo/none"):
            await world.service.ask(ISSUES, repo="octo/none")
    assert len(world.github.requests) == before + 1


async def test_health_and_news_say_that_issues_may_not_be_read(manager: DatabaseManager) -> None:
    """Also where another process collected; and no more once they are read."""
    world = build(FakeGitHub(hello(), FakeRepository("Octo/Other", id=8)), manager=manager)
    denied: Reply = (403, JSON, b'{"message": "not for you"}')
    there = ("/repos/octo/hello/issues", "graphql")
    world.github.faults.append(lambda path: denied if any(part in path.lower() for part in there) else None)
    await world.collector.collect(["octo/hello", "octo/other"])
    stored = DatabaseService(QuestionContext(manager=manager, clock=world.clock))
    for service in (world.service, stored):
        health = await service.ask(REPOSITORY_HEALTH, repo="octo/hello")
        assert "Issues and pull requests are not read: " in (health.coverage.note or "")
        both = await service.ask(REPOSITORY_HEALTH, repos=["octo/hello", "octo/other"])
        assert "are not read of: Octo/Hello." in (both.coverage.note or "")
        news = await service.ask(WHATS_NEW, repos=["octo/hello", "octo/other"])
        assert "Issues and pull requests of Octo/Hello are not read: " in (news.note or "")
    world.github.faults.clear()
    world.pass_time(minutes=6)
    await world.collector.collect(["octo/hello"])
    assert "not read" not in ((await stored.ask(REPOSITORY_HEALTH, repo="octo/hello")).coverage.note or "")
    assert "not read" not in ((await stored.ask(WHATS_NEW, repos=["octo/hello"])).note or "")


def large(world: World, number: int, files: int) -> None:
    """Give a commit so many files, 300 on a page."""
    row = next(one for one in world.hello.commits if one["sha"] == sha(number))
    names = [{"filename": f"src/{n:04d}.py", "status": "added", "additions": 1} for n in range(files)]

    def fault(path: str) -> Reply | None:
        if not path.endswith(f"/commits/{sha(number)}"):
            return None
        page = int(world.github.requests[-1].partition("page=")[2] or 1)
        following = f'<{world.github.base}{path}?page={page + 1}>; rel="next"'
        link = {"Link": following} if page * 300 < files else {}
        shown = {**row, "files": names[(page - 1) * 300 : page * 300], "stats": {"additions": files, "deletions": 0}}
        return 200, {**JSON, **link}, json.dumps(shown).encode()

    world.github.faults.append(fault)


@pytest.mark.parametrize("history", [True, False])
async def test_a_large_commit_is_read_on_in_later_passes_and_keeps_no_other_waiting(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch, history: bool
) -> None:
    """Of its ten pages each pass asks for those that were not read, once the others were asked for."""
    world = build(FakeGitHub(hello()), manager=manager)
    world.github.with_history = history
    large(world, 5, 2_950)
    monkeypatch.setattr(collector, "REQUESTS_WITH_TOKEN", 20)
    read = []
    for _ in range(7):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
        files = await manager.commits.get_files("octo/hello", [sha(number) for number in range(1, 6)])
        read.append(len(files.get(sha(5), ())))
    assert read == sorted(read)
    assert 0 < min(one for one in read if one) < 2_950
    assert (read[-1], len(files)) == (2_950, 5)
    pages = [path for path in world.github.requests if sha(5) in path]
    assert len(pages) <= 14
    record = await manager.commits.get_commit("octo/hello", sha(5))
    assert record is not None
    assert record.commit.files_changed == 2_950
    await world.collector.collect(["octo/hello"])
    assert len([path for path in world.github.requests if sha(5) in path]) == len(pages)


BESIDE = ("/releases", "/deployments", "/actions/runs", "/profile", "-advisories", "/activity")


LISTED = ("/releases", "/deployments", "/actions/runs", "/activity")


def deny(world: World) -> None:
    """Let nothing be read but the repository, its events, commits and issues."""
    words = (*BESIDE, "graphql")
    denied: Reply = (403, JSON, b'{"message": "not for you"}')
    gone: Reply = (410, JSON, b'{"message": "This was disabled"}')
    world.github.faults.append(
        lambda path: (gone if "/releases" in path else denied) if any(word in path for word in words) else None
    )


async def converse(world: World) -> list[str]:
    """Ask what rests on the rest, six minutes apart, and return what GitHub was asked for beside the listings."""
    world.github.requests.clear()
    questions: tuple[Question[Any, Any], ...] = (DEPLOYMENT_METRICS, REPOSITORY_HEALTH, SECURITY_REPORT)
    for question in questions:
        world.pass_time(minutes=6)
        await world.service.ask(question, repo="octo/hello")
    return [word for word in BESIDE if world.asked(word)]


@pytest.mark.parametrize("token", ["token", None])
async def test_what_may_not_be_read_is_not_asked_for_by_every_question(
    manager: DatabaseManager, token: str | None
) -> None:
    """For an hour; then one question tries again. It stays unknown meanwhile."""
    world = build(FakeGitHub(hello()), manager=manager, token=token)
    deny(world)
    refused = [word for word in BESIDE if token or word != "/deployments"]
    assert await converse(world) == refused
    for _ in range(2):
        assert await converse(world) == []
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert (answer.dora[0].value, answer.workflow_runs) == (None, None)
    assert "Releases were not listed, how many there are is unknown: deleted or" in (answer.coverage.note or "")
    health = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    assert "not for you" in next(part for part in health.components if part.name == "ci_success").explanation
    world.pass_time(minutes=30)
    assert await converse(world) == [word for word in refused if word not in {"/profile", "-advisories"}]
    world.github.faults.clear()
    assert await converse(world) == []
    world.pass_time(hours=1)
    await converse(world)
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert (
        state.refused,
        [state.ledger.spans[kind] for kind in ("releases", "workflow_runs", "activity")].count(()),
    ) == ({}, 0)


@pytest.mark.parametrize("status", [503, 401])
async def test_an_outage_or_a_rejected_token_is_no_refusal(manager: DatabaseManager, status: int) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    world.github.faults.append(lambda path: (status, JSON, b"{}") if any(word in path for word in BESIDE) else None)
    await converse(world)
    world.github.faults.clear()
    assert {"/releases", "/actions/runs", "/activity"} <= {*await converse(world)}


@pytest.mark.parametrize(
    "refusal",
    [
        (403, JSON, b'{"message": "GraphQL is switched off"}'),
        (404, JSON, b'{"message": "Not Found"}'),
        (400, JSON, b'{"message": "Problems parsing"}'),
        (200, JSON, b'{"errors": [{"message": "Field does not exist", "extensions": {"code": "undefinedField"}}]}'),
    ],
    ids=["forbidden", "none", "bad", "older"],
)
async def test_questions_begin_the_record_by_rest_where_graphql_is_refused(refusal: Reply) -> None:
    """With a token, too; GraphQL is asked again after an hour."""
    at = iso(NOW - timedelta(days=2))
    world = build(FakeGitHub(hello()))
    world.hello.issues = [{"number": 1, "title": "Broken", "state": "open", "created_at": at, "updated_at": at}]
    world.github.faults.append(lambda path: refusal if "graphql" in path else None)
    for _ in range(2):
        await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
        world.pass_time(minutes=6)
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.ledger.spans["threads"]
    assert (await world.service.ask(ISSUES, repo="octo/hello")).total_issues == 1
    world.github.requests.clear()
    world.hello.issues[0]["updated_at"] = iso(NOW)
    world.pass_time(hours=1)
    await world.service.ask(ISSUES, repo="octo/hello")
    assert world.asked("graphql") == 2


async def test_a_rejected_token_or_an_outage_does_not_put_graphql_off() -> None:
    for status in (401, 502):
        world = build(FakeGitHub(hello()))
        world.github.faults.append(
            lambda path, status=status: (status, JSON, b"{}") if "graphql" in path else None  # type: ignore[misc]
        )
        await world.collector.collect(["octo/hello"])
        assert world.collector.client.has_graphql_threads("octo/hello")
