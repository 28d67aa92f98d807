"""Workflow runs of the default branch: which fails, since when, on which commit; each once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting import workflow_runs
from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, iso, sha

from .conftest import World, build, hello

RUN = "WorkflowRunEvent"


def run(number: int, hours_ago: float, conclusion: str | None, workflow: str = "CI", **more: Any) -> Json:
    """A run that took five minutes, on a commit of its own."""
    created = NOW - timedelta(hours=hours_ago)
    about = {"id": number, "name": workflow, "head_branch": "main", "head_sha": sha(number), "run_attempt": 1}
    times = {"created_at": iso(created), "updated_at": iso(created + timedelta(minutes=5))}
    return {**about, **times, "status": "completed", "conclusion": conclusion, "actor": {"login": "ada"}, **more}


def make(manager: DatabaseManager | None = None, *runs: Json) -> World:
    repository = hello()
    repository.workflow_runs = [*runs]
    return build(FakeGitHub(repository), manager=manager)


BROKEN = (
    run(5, 2, "skipped"),
    run(4, 3, "failure"),
    run(3, 4, "timed_out"),
    run(2, 5, "success"),
    run(1, 6, "failure", "docs"),
)


async def deliver(world: World, row: Json) -> int:
    repository = {"full_name": "Octo/Hello", "id": 7}
    delivery = {"action": "completed", "workflow_run": row, "repository": repository, "sender": {"login": "ada"}}
    receipt = await receive_webhook(world.manager, world.clock, "workflow_run", "d", json.dumps(delivery).encode())
    return receipt.events


async def counted(world: World) -> int:
    answer = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=48)
    return answer.counts_by_type.get(RUN, 0)


async def test_a_failing_workflow_is_named_with_its_first_failure(manager: DatabaseManager) -> None:
    world = make(manager, *BROKEN)
    await world.collector.collect(["octo/hello"])
    assert await counted(world) == 5
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert (found.verdicts, found.failed, found.complete) == (4, 3, True)
    assert [(one.workflow, one.since, one.sha, one.since_known) for one in found.failing] == [
        ("docs", iso(NOW - timedelta(hours=5, minutes=55)), sha(1), False),
        ("CI", iso(NOW - timedelta(hours=3, minutes=55)), sha(3), True),
    ]
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"])
    [part] = news.repositories
    assert part.counts["failed_runs"] == 3
    reasons = [one.reason for one in news.attention if one.kind == "checks_failing"]
    since = iso(NOW - timedelta(hours=3, minutes=55))
    assert f'"CI" fails since {since} on {sha(3)[:10]}' in reasons
    assert f'Workflow "CI" fails since {since} on {sha(3)[:10]}' in DEPLOYMENT_METRICS.text(
        await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    )


async def test_what_ends_later_but_began_earlier_says_nothing_of_the_newest_commit(manager: DatabaseManager) -> None:
    late, again = iso(NOW - timedelta(minutes=1)), iso(NOW - timedelta(minutes=2))
    slow = run(2, 3, "success", updated_at=late)
    repeated = run(1, 9, "failure", "docs", updated_at=again, run_attempt=2)
    world = make(manager, run(4, 1, "success", "docs"), run(3, 2, "failure"), slow, repeated)
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert [(one.workflow, one.sha, one.since_known) for one in found.failing] == [("CI", sha(3), True)]


async def test_a_run_that_takes_long_is_known_although_a_hundred_began_meanwhile(manager: DatabaseManager) -> None:
    world = make(manager, run(1, 1, None, "long", status="in_progress"))
    await world.collector.collect(["octo/hello"])
    for minutes in (10, 20, 30):
        world.pass_time(minutes=10)
        first = 100 * minutes
        world.hello.workflow_runs[0:0] = [run(first + n, (30 - minutes) / 60, "success") for n in range(60, 0, -1)]
        if minutes == 30:
            world.hello.workflow_runs[-1] |= {"status": "completed", "conclusion": "failure"}
        await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert ([one.workflow for one in found.failing], found.verdicts) == (["long"], 181)
    world.pass_time(minutes=10)
    asked = world.asked("/actions/runs")
    await world.collector.collect(["octo/hello"])
    assert world.asked("/actions/runs") == asked + 1  # for it has ended


async def test_a_run_is_there_once_whichever_way_it_came_first(manager: DatabaseManager) -> None:
    world = make(manager, *BROKEN)
    assert await deliver(world, BROKEN[1]) == 1
    await world.collector.collect(["octo/hello"])
    assert await deliver(world, BROKEN[2]) == 0
    assert await deliver(world, {**BROKEN[2], "run_attempt": 2, "conclusion": "success"}) == 1
    assert await counted(world) == 6


async def test_a_pass_without_news_costs_one_free_request_and_a_new_run_is_news() -> None:
    world = make(None, *BROKEN)
    await world.collector.collect(["octo/hello"])
    before = world.github.remaining
    world.pass_time(minutes=5)
    await world.collector.collect(["octo/hello"])
    assert world.asked("actions/runs") == 2
    assert world.github.remaining == before
    world.hello.workflow_runs.insert(0, run(6, -0.1, "success"))
    world.pass_time(minutes=20)
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert ([one.workflow for one in found.failing], found.complete) == (["docs"], True)
    await world.collector.close()


async def test_runs_beyond_the_first_page_are_read_too(manager: DatabaseManager) -> None:
    """Of 1,250 runs every tenth failed; a search shows a thousand of them."""
    rows = [run(2000 - n, n / 2, "failure" if n % 10 == 0 else "success") for n in range(1250)]
    world = make(manager, *rows)
    seen = []
    for _ in range(4):
        await world.collector.collect(["octo/hello"])
        found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=24 * 60)).workflow_runs
        assert found is not None
        seen.append((found.verdicts, found.failed, found.complete))
        if not found.complete:
            assert "Not all are known" in found.explanation
        world.pass_time(minutes=10)
    assert seen[-1] == (1250, 125, True)
    assert seen[0][0] < 1250
    before = world.asked("created=")
    await world.collector.collect(["octo/hello"])
    assert world.asked("created=") == before


async def test_a_burst_of_runs_between_two_passes_leaves_no_gap(manager: DatabaseManager) -> None:
    world = make(manager, run(1, 40, "success"))
    await world.collector.collect(["octo/hello"])
    world.hello.workflow_runs = [
        *(run(1000 - n, -1 + n / 1000, "success") for n in range(150)),
        *world.hello.workflow_runs,
    ]
    world.pass_time(hours=2)
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", hours=48)).workflow_runs
    assert found is not None
    assert (found.verdicts, found.complete) == (151, True)


async def test_what_the_listing_does_not_reach_is_unknown_not_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_runs, "MAX_PAGES", 0)
    world = make(None, *(run(number, 200 - number, "success") for number in range(199, 79, -1)))
    world.github.faults.append(lambda path: (403, {}, b"{}") if path.endswith("/actions/runs") else None)
    metrics = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    world.github.faults.clear()
    assert metrics.workflow_runs is None
    assert "Workflow runs: unknown" in DEPLOYMENT_METRICS.text(metrics)
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert (found.verdicts, found.complete) == (100, False)
    reach = NOW - timedelta(hours=100)
    asked = {"repo": "octo/hello", "event_types": [RUN], "hours": 150}
    answer = await world.service.ask(REPOSITORY_ACTIVITY, **asked)
    assert (answer.coverage.from_, answer.coverage.complete) == (iso(reach), False)
    whole = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=150)
    assert (whole.coverage.complete, whole.coverage.note) == (
        True,
        f"Workflow runs are known from {iso(reach)} to {iso(NOW)}.",
    )
    await world.collector.close()


async def test_skipped_runs_are_no_verdict_in_health_either() -> None:
    world = make(None, *(run(n, n, "success" if n < 20 else "failure" if n == 20 else "skipped") for n in range(100)))
    await world.collector.collect(["octo/hello"])
    answer = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    [ci] = [part for part in answer.components if part.name == "ci_success"]
    assert (ci.value, ci.sample_size) == (0.952, 21)
    await world.collector.close()


async def test_runs_that_may_not_be_read_are_asked_for_once_a_day() -> None:
    world = make()
    world.github.faults.append(lambda path: (403, {}, b'{"message": "no"}') if "actions/runs" in path else None)
    for _ in range(3):
        collected = await world.collector.collect(["octo/hello"])
        assert collected.repositories[0].error is None
        world.pass_time(hours=1)
    assert world.asked("actions/runs") == 1
    metrics = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert metrics.workflow_runs is None
    await world.collector.close()


async def test_another_default_branch_has_runs_of_its_own() -> None:
    world = make(None, *BROKEN)
    await world.collector.collect(["octo/hello"])
    world.hello.default_branch = "trunk"
    world.hello.branches["trunk"] = world.hello.branches["main"]
    world.hello.workflow_runs = [run(9, 0.5, "success", head_branch="trunk")]
    world.pass_time(hours=1)
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert (found.verdicts, found.failing) == (1, ())
    await world.collector.close()


async def test_an_empty_listing_says_that_there_are_none() -> None:
    world = build(FakeGitHub(FakeRepository("octo/hello")))
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert (found.verdicts, found.complete) == (0, True)
    await world.collector.close()


async def test_a_fork_s_main_is_not_the_default_branch_when_it_is_delivered_either(manager: DatabaseManager) -> None:
    world = make(manager, run(1, 3, "success"))
    await world.collector.collect(["octo/hello"])
    fork: Json = {
        "head_repository": {"id": 8, "full_name": "eve/hello"},
        "repository": {"id": 7, "full_name": "Octo/Hello"},
    }
    assert await deliver(world, run(2, 1, "failure", **fork)) == 1
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert (found.verdicts, found.failed, found.failing) == (1, 0, ())
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"])
    assert [one.kind for one in news.attention if one.kind == "checks_failing"] == []
    assert all("failed_runs" not in part.counts for part in news.repositories)
    [title] = [
        event.title
        for event in (await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=2)).events
        if event.event_type == RUN
    ]
    assert "eve:main" in title


async def test_a_run_that_is_run_again_is_one_run_and_its_latest_attempt_judges_it(manager: DatabaseManager) -> None:
    world = make(manager, run(2, 2, "failure"), run(1, 5, "success"))
    await world.collector.collect(["octo/hello"])
    again = run(2, 2, "success", run_attempt=2, updated_at=iso(NOW - timedelta(hours=1)))
    assert await deliver(world, again) == 1
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert (found.verdicts, found.failed, found.failing) == (2, 0, ())
    [part] = (await world.service.ask(WHATS_NEW, repos=["octo/hello"])).repositories
    assert "failed_runs" not in part.counts
    until = iso(NOW - timedelta(minutes=90))  # between the attempts it failed
    before = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", until=until)).workflow_runs
    assert before is not None
    assert (before.verdicts, before.failed, len(before.failing)) == (2, 1, 1)


async def test_an_older_commit_s_run_that_ends_later_does_not_decide(manager: DatabaseManager) -> None:
    late = {"updated_at": iso(NOW - timedelta(minutes=10))}
    world = make(manager, run(3, 2, "failure"), run(2, 3, "success", **late), run(1, 5, "success"))
    await world.collector.collect(["octo/hello"])
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert found is not None
    assert [(one.workflow, one.sha) for one in found.failing] == [("CI", sha(3))]


async def test_two_workflows_of_one_name_are_told_apart_whichever_way_they_came(manager: DatabaseManager) -> None:
    files = {number: f".github/workflows/{name}.yml" for number, name in ((11, "linux"), (12, "windows"))}
    about: list[Json] = [{"workflow_id": number, "path": path} for number, path in files.items()]
    rows = [run(4, 2, "success", **about[0]), run(3, 3, "failure", **about[1]), run(1, 5, "success", **about[1])]
    world = make(manager, *rows)
    await world.collector.collect(["octo/hello"])
    assert await deliver(world, run(5, 1, "success", **about[0])) == 1
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    assert answer.workflow_runs is not None
    [one] = answer.workflow_runs.failing
    assert (one.workflow, one.workflow_id, one.sha, one.since_known) == (f"CI ({files[12]})", 12, sha(3), True)
    assert f'Workflow "CI ({files[12]})", id 12, fails since' in DEPLOYMENT_METRICS.text(answer)
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"])
    assert [row.title for row in news.repositories[0].first["failed_runs"]] == [f"CI ({files[12]})"]
    assert [row.reason.partition(" fails")[0] for row in news.attention if row.kind == "checks_failing"] == [
        f'"CI ({files[12]})"'
    ]
    activity = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=48)
    assert {row.title.partition(":")[0] for row in activity.events if row.event_type == RUN} == {"workflow CI"}
    world.pass_time(hours=1)
    assert await deliver(world, run(6, -0.5, "success", **about[1])) == 1
    healed = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")).workflow_runs
    assert healed is not None
    assert healed.failing == ()


async def test_where_the_default_branch_is_not_known_no_answer_speaks_of_it(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(), manager=manager)
    world.service = DatabaseService(QuestionContext(manager=manager, clock=world.clock))  # which asks GitHub nothing
    assert await deliver(world, run(1, 2, "success")) == 1
    assert await deliver(world, run(2, 1, "failure", head_branch="dev")) == 1
    answer = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello")
    text = DEPLOYMENT_METRICS.text(answer)
    assert answer.workflow_runs is not None
    assert [one.branch for one in answer.workflow_runs.failing] == ["dev"]
    assert "on the default branch" not in text
    assert 'of branch "dev"' in text
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"])
    reasons = [row.reason for row in news.attention if row.kind == "checks_failing"]
    assert reasons
    assert all('(branch "dev"; which is the default is not known)' in reason for reason in reasons)


async def failing_now(world: World, **asked: Any) -> tuple[list[str], int]:
    """The workflows that fail, by the metrics, and how many need a person."""
    found = (await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", **asked)).workflow_runs
    news = await world.service.ask(WHATS_NEW, repos=["octo/hello"], since=iso(NOW))
    assert found is not None
    return [one.workflow for one in found.failing], sum(one.kind == "checks_failing" for one in news.attention)


async def test_a_workflow_whose_file_was_renamed_removed_or_disabled_fails_no_more(manager: DatabaseManager) -> None:
    old, new, other, off = (
        dict[str, Any]({"workflow_id": number, "path": f".github/workflows/{name}.yml"})
        for number, name in enumerate(("old", "new", "docs", "off"), 1)
    )
    runs = [run(1, 9, "failure", **old), run(2, 8, "failure", "Off", **off), run(3, 7, "failure", "Docs", **other)]
    world = make(manager, *runs)
    world.hello.workflows = [{"id": number, "state": "active"} for number in (1, 3, 4)]
    await world.collector.collect(["octo/hello"])
    assert await failing_now(world) == (["CI", "Off", "Docs"], 3)
    world.pass_time(hours=25)
    world.hello.workflow_runs = [run(4, -24, "success", **new), *runs[::-1]]
    disabled = [{"id": 4, "state": "disabled_manually"}, {"id": 1, "state": "deleted"}]
    world.hello.workflows = [*({"id": number, "state": "active"} for number in (2, 3)), *disabled]
    await world.collector.collect(["octo/hello"])
    assert await failing_now(world) == (["Docs"], 1)
    past = await world.service.ask(DEPLOYMENT_METRICS, repo="octo/hello", until=iso(NOW))
    assert past.workflow_runs is not None
    assert len(past.workflow_runs.failing) == 3
    world.pass_time(hours=1)
    again = {"created_at": iso(world.now), "updated_at": iso(world.now)}
    world.hello.workflow_runs = [run(5, 0, "failure", "Off", **off) | again, *world.hello.workflow_runs]
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    assert await failing_now(world) == (["Off", "Docs"], 2)


async def test_workflows_are_asked_for_only_where_one_fails(manager: DatabaseManager) -> None:
    world = make(manager, run(2, 1, "success", workflow_id=1), run(1, 2, "failure", workflow_id=1))
    await world.collector.collect(["octo/hello"])
    assert world.asked("/actions/workflows") == 0
    world.hello.workflow_runs = [run(3, -20, "failure", workflow_id=1), *world.hello.workflow_runs]
    world.pass_time(hours=25)
    await world.collector.collect(["octo/hello"])
    assert world.asked("/actions/workflows") == 1
    assert await failing_now(world) == (["CI"], 1)  # they could not be read
