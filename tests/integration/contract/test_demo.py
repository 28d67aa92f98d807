"""The invented project on every provider: all questions have something good to say of it."""

from typing import Any

import pytest

from github_events_monitor.demo.project import REPOSITORIES, store_demo
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.infrastructure.questions.status import STATUS
from tests.integration.conftest import NOW, clock

READING = ("asks GitHub", "reads")
LIGHTHOUSE, FOGHORN, TIDE_TABLES = REPOSITORIES


@pytest.fixture
async def demo(manager: DatabaseManager) -> DatabaseService:
    await store_demo(manager, NOW)
    return DatabaseService(QuestionContext(manager=manager, clock=clock))


async def test_every_question_has_a_good_answer(demo: DatabaseService) -> None:
    async def ask(name: str, **arguments: Any) -> Any:
        return await demo.ask_by_name(name, arguments)

    health = await ask("repository_health", repo=LIGHTHOUSE)
    assert [part.name for part in health.components if part.score is None] == []
    assert health.confidence == 1
    assert health.trend.direction is not None
    assert health.bots
    assert health.coverage.gaps

    found = {finding.type for finding in (await ask("security_report", repo=LIGHTHOUSE)).findings}
    assert {
        "tag_moved",
        "workflow_changed_by_newcomer",
        "member_added",
        "first_time_releaser",
        "open_advisories",
    } <= found
    assert {one.type for one in (await ask("event_anomalies", repo=LIGHTHOUSE)).anomalies} == {"spike", "burst"}

    delivery = await ask("deployment_metrics", repo=LIGHTHOUSE)
    assert [key.name for key in delivery.dora if key.band is None] == []
    assert len(delivery.deployments) == delivery.total_deployments

    news = await ask("whats_new", since="2025-03-28")
    assert {look.kind for look in news.attention} == {
        "checks_failing", "pull_request_unanswered", "pull_request_waiting", "security", "release",
    }  # fmt: skip
    assert news.quiet == (TIDE_TABLES,)

    waiting = {row.waiting_for for row in (await ask("pull_requests", repo=LIGHTHOUSE)).pull_requests}
    assert waiting == {"review", "author", "merge"}
    issues = await ask("issues", repo=LIGHTHOUSE)
    assert any(row.first_response_hours is None for row in issues.issues)
    assert issues.summary.median_hours_to_first_response

    commits = await ask("recent_commits", repo=LIGHTHOUSE, hours=2160, limit=100)
    assert not [row for row in commits.commits if row.additions is None or row.author_login is None]
    assert {"breaking"} <= {"breaking" for row in commits.commits if row.summary and row.summary.breaking}
    assert len((await ask("monitor_commits", hours=720)).repositories) == 3
    month = await ask("repository_activity", repo=LIGHTHOUSE, hours=720)
    assert sum(map(sum, month.weekday_hours)) == month.total_events
    assert "weekday_hours" not in (await ask("repository_activity", repo=LIGHTHOUSE, hours=24)).to_wire()
    people = (await ask("developer_activity", repo=LIGHTHOUSE, hours=2160)).developers
    assert len(people) >= 6
    ranked = [row.repo for row in (await ask("trending_repositories", hours=720)).repositories]
    assert ranked == list(REPOSITORIES)


async def test_the_answers_are_the_same_on_every_provider(demo: DatabaseService) -> None:
    async with get_sqlite_manager(":memory:", clock=clock) as other:
        await store_demo(other, NOW)
        reference = DatabaseService(QuestionContext(manager=other, clock=clock))
        for question in questions():
            names = question.query.model_fields
            if question.effect not in READING or "sha" in names or question is STATUS:
                continue
            for repo in REPOSITORIES if "repo" in names else [None]:
                for hours in (24, 720) if "hours" in names else [None]:
                    given = {"repo": repo, "hours": hours, "since": "2025-03-24" if hours is None else None}
                    arguments = {name: value for name, value in given.items() if value is not None and name in names}
                    mine, theirs = [await one.ask_by_name(question.name, arguments) for one in (demo, reference)]
                    assert mine.to_wire() == theirs.to_wire(), (question.name, arguments)


async def test_storing_it_again_changes_nothing(demo: DatabaseService, manager: DatabaseManager) -> None:
    again = await store_demo(manager, NOW)
    assert set(again.values()) == {(0, 0)}
