"""The first answer of a question uses its requests for what that very question rests on; later ones go on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting import collector
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.observations import FORCE_PUSH
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, iso
from tests.integration.collecting.conftest import World, build, busy_feed, hello


def delivering() -> FakeRepository:
    """A repository with releases, a deployment, runs, an open advisory and a force push."""
    repository, at = hello(), iso(NOW - timedelta(days=2))
    repository.releases = [
        {"id": number, "tag_name": f"v{number}", "published_at": iso(NOW - timedelta(days=20 * number))}
        for number in range(1, 4)
    ]
    repository.advisories = [{"ghsa_id": "GHSA-1", "state": "published", "vulnerabilities": [{}]}]
    repository.workflow_runs = [_run(number) for number in range(1, 13)]
    repository.issues = [{"number": 1, "title": "Broken", "state": "open", "created_at": at, "updated_at": at}]
    repository.activity = [
        {
            "id": 9,
            "activity_type": "force_push",
            "ref": "refs/heads/main",
            "actor": {"login": "mallory"},
            "before": "b" * 40,
            "after": "c" * 40,
            "timestamp": at,
        }
    ]
    return repository


def _run(number: int) -> Json:
    at = iso(NOW - timedelta(hours=number))
    about = {"id": number, "name": "ci", "workflow_id": 3, "head_branch": "main", "head_sha": "a" * 40}
    return {**about, "status": "completed", "conclusion": "success", "created_at": at, "updated_at": at}


def busy() -> FakeRepository:
    """The same with a whole feed, and more commits than the requests of a question list."""
    repository = delivering()
    repository.events = busy_feed()
    times = [NOW - timedelta(minutes=number + 1) for number in range(1_200)]
    repository.branches["main"] = [commit(2_000 - n, at, parents=(1_999 - n,)) for n, at in enumerate(times)]
    return repository


@pytest.fixture(params=[delivering, busy])
def world(request: pytest.FixtureRequest, manager: DatabaseManager) -> World:
    github = FakeGitHub(request.param())
    github.with_history = True
    return build(github, manager=manager)


async def test_the_first_delivery_figures_rest_on_releases_and_runs(world: World) -> None:
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert len(world.github.requests) <= 8
    assert answer.total_releases == 3
    assert answer.dora[0].value is not None
    assert answer.workflow_runs is not None
    assert world.asked("/events") >= 1 <= world.asked("/commits")


async def test_the_first_security_report_looks_at_force_pushes_and_advisories(world: World) -> None:
    answer = await world.service.ask(SECURITY_REPORT, repo="octo/hello")
    assert len(world.github.requests) <= 8
    assert {"force_push_default_branch", "open_advisories"} <= {finding.type for finding in answer.findings}


async def components(world: World) -> dict[str, Any]:
    answer = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    return {part.name: part for part in answer.components}


async def test_health_reads_what_it_is_judged_by_in_the_first_answers(world: World) -> None:
    first = await components(world)
    assert len(world.github.requests) <= 8
    assert first["release_frequency"].sample_size == 2
    assert (first["ci_success"].value, first["ci_success"].sample_size) == (1, 12)
    assert first["open_advisories"].value == 1
    assert "not asked for yet" in first["community_profile"].explanation
    world.pass_time(minutes=6)
    world.github.requests.clear()
    second = await components(world)
    assert len(world.github.requests) <= 8
    assert (second["open_advisories"].value, second["ci_success"].sample_size) == (1, 12)
    assert (world.asked("-advisories"), world.asked("/pulls/comments")) == (0, 1)  # the record, by REST
    for asked in (1, 0):  # once a day
        world.pass_time(minutes=6)
        world.github.requests.clear()
        await components(world)
        assert (world.asked("-advisories"), world.asked("/profile")) == (0, asked)


async def test_a_question_about_commits_leaves_none_of_it_to_the_next_about_deliveries(world: World) -> None:
    await world.service.ask(RECENT_COMMITS, repo="octo/hello")
    world.pass_time(minutes=1)
    world.github.requests.clear()
    assert (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).total_releases == 3
    world.github.requests.clear()
    await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert world.github.requests == []


@pytest.mark.parametrize("question", [DEPLOYMENT_METRICS, REPOSITORY_HEALTH, SECURITY_REPORT], ids=lambda it: it.name)
@pytest.mark.parametrize("token", ["token", None])
async def test_questions_that_are_asked_at_once_share_a_pass(
    manager: DatabaseManager, token: str | None, question: Any
) -> None:
    """Whatever of their needs is known already, takes a token, or has to wait for the next pass."""
    world = build(FakeGitHub(delivering()), manager=manager, token=token)
    for _ in range(3):
        world.github.requests.clear()
        await asyncio.gather(*(world.service.ask(question, repo="octo/hello") for _ in range(3)))
        assert 2 <= len(world.github.requests) <= 8
        world.pass_time(minutes=6)


@pytest.mark.parametrize("thorough", [False, True])
async def test_pushes_that_were_read_are_kept_where_the_feed_fails(manager: DatabaseManager, thorough: bool) -> None:
    """Nor is a push there twice once the feed brings it, too."""
    world = build(FakeGitHub(delivering()), manager=manager)
    pushed = {"id": 8, "activity_type": "push", "ref": "refs/heads/main", "before": "d" * 40, "after": "a" * 40}
    pushed |= {"actor": {"login": "ada"}, "timestamp": world.hello.events[0]["created_at"]}
    world.hello.activity = [pushed, *world.hello.activity]
    world.github.faults.append(lambda path: (502, {}, b"") if path.endswith("/events") else None)
    if thorough:
        await world.collector.collect(["octo/hello"])
    else:
        await world.service.ask(SECURITY_REPORT, repo="octo/hello")
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert ("activity" in state.ledger.spans, "events" in state.ledger.spans) == (True, False)
    rows = await manager.metrics.get_metrics("security_metrics", "octo/hello", prefix=FORCE_PUSH)
    assert len(rows) == 1
    world.github.faults.clear()
    for _ in range(2):
        world.pass_time(minutes=6)
        await world.collector.collect(["octo/hello"])
    pushes = await manager.events.get_activity("octo/hello", "2000", iso(world.now), event_types={"PushEvent"})
    assert [row.sha for row in pushes] == ["c" * 40, "a" * 40]


async def test_workflows_that_a_question_had_no_requests_for_are_read_by_the_next_pass(
    manager: DatabaseManager,
) -> None:
    """A failure of one whose file was removed would stand for another day."""
    world = build(FakeGitHub(delivering()), manager=manager)
    for run in world.hello.workflow_runs:
        run["conclusion"] = "failure"
    world.hello.workflows = []
    await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    assert (world.asked("/actions/runs"), world.asked("/actions/workflows")) == (1, 0)
    world.pass_time(minutes=6)
    for _ in range(2):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=6)
    assert world.asked("/actions/workflows") == 1
    runs = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert runs is not None
    assert (runs.failed, runs.failing) == (12, ())


async def test_what_is_known_of_the_repository_itself_counts_without_a_snapshot(world: World) -> None:
    """An archived repository is not maintained, whoever was told so, and by which question."""
    world.hello.archived = True
    await world.service.ask(RECENT_COMMITS, repo="octo/hello")
    found = (await components(world))["maintenance"]
    assert (found.score, "archived" in found.explanation) == (0, True)


async def test_a_thorough_pass_completes_what_questions_read(world: World) -> None:
    await components(world)
    world.pass_time(minutes=6)
    await world.collector.collect(["octo/hello"])
    found = await components(world)
    assert (found["open_advisories"].value, found["ci_success"].sample_size) == (1, 12)
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.snapshot_at == iso(NOW)
    world.pass_time(days=1)
    world.hello.advisories = []
    await world.collector.collect(["octo/hello"])
    assert (await components(world))["open_advisories"].value == 0


async def test_issues_that_a_pass_had_no_room_for_are_read_when_somebody_asks_again(manager: DatabaseManager) -> None:
    """They do not wait for the poll interval; what is known by then is not asked for again."""
    repositories = [hello(), hello()]
    repositories[1].full_name, repositories[1].id = "Octo/Other", 8
    world = build(FakeGitHub(*repositories), manager=manager)
    names = ["octo/hello", "octo/other"]
    known = []
    for _ in range(4):
        world.github.requests.clear()
        await world.service.ask(REPOSITORY_HEALTH, repos=names)
        world.pass_time(seconds=10)
        states = await manager.collector_state.get_states(names)
        known.append([bool(states[name].ledger.spans.get("threads")) for name in names])
    assert known == [[False, False], [True, True], [True, True], [True, True]]
    assert world.github.requests == []


@pytest.mark.parametrize("requests", [3, 5, 7])
async def test_passes_of_few_requests_get_to_everything_by_turns(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch, requests: int
) -> None:
    """Without a token; what one pass had no requests for the next ones read, and the listings go on being read."""
    monkeypatch.setattr(collector, "REQUESTS_WITHOUT_TOKEN", requests)
    world = build(FakeGitHub(delivering()), manager=manager, token=None)
    for _ in range(5):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.snapshot_at is not None
    assert {"activity", "releases", "workflow_runs"} <= {*state.ledger.spans}
    for kind in ("events", "commits"):
        assert state.ledger.spans[kind][-1].until >= iso(NOW + timedelta(minutes=30))
    found = await components(world)
    assert (found["open_advisories"].value, found["ci_success"].sample_size) == (1, 12)


async def test_a_feed_in_which_nothing_is_new_is_known_where_its_other_pages_have_no_requests_left(
    manager: DatabaseManager,
) -> None:
    """Else each answer says that collecting failed, while issues change."""
    world = build(FakeGitHub(busy()), manager=manager)
    world.github.with_history = True
    await world.collector.collect(["octo/hello"])
    for _ in range(3):
        world.pass_time(minutes=6)
        world.hello.issues[0]["updated_at"] = iso(world.now)
        world.github.requests.clear()
        answer = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
        assert 2 <= len(world.github.requests) <= 8
        assert "collecting failed" not in (answer.coverage.note or "")
        assert answer.coverage.to == iso(world.now)
