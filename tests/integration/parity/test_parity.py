"""The same history in two databases, then every question to both: the answers are equal, field by field.

The databases live through all examples, so that histories grow on top of each other.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from github_events_monitor.errors import MonitorError
from github_events_monitor.infrastructure.database_factory import get_dynamodb_manager, get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.commit_details import COMMIT_DETAILS
from github_events_monitor.infrastructure.questions.deployment_metrics import DEPLOYMENT_METRICS
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.event_anomalies import EVENT_ANOMALIES
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import EVENT_COUNTS, REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.infrastructure.questions.trending_repositories import TRENDING_REPOSITORIES
from tests.integration.parity.histories import ACTORS, NOW, REPOS, Step, ago, steps, take
from tests.properties import examples

Ask = Callable[[DatabaseService], Awaitable[Any]]


class Pair:
    """Two databases and a loop to run them in."""

    def __init__(self, first: DatabaseManager, second: DatabaseManager) -> None:
        self.runner = asyncio.Runner()
        self.managers = (first, second)
        self.services = tuple(
            DatabaseService(QuestionContext(manager=manager, clock=lambda: NOW)) for manager in self.managers
        )

    def take(self, step: Step) -> None:
        first, second = (self.runner.run(take(manager, step)) for manager in self.managers)
        assert first == second, step[0]

    def ask(self, name: str, ask: Ask) -> None:
        first, second = (self.runner.run(_answer(ask, service)) for service in self.services)
        assert first == second, name

    def close(self) -> None:
        for manager in self.managers:
            self.runner.run(manager.close())
        self.runner.close()


async def _answer(ask: Ask, service: DatabaseService) -> Any:
    try:
        answer = await ask(service)
    except MonitorError as error:
        return type(error).__name__, error.message
    return answer.to_wire() if hasattr(answer, "to_wire") else answer


@pytest.fixture(scope="module")
def pair(dynamodb_endpoint: str) -> Iterator[Pair]:
    second = get_dynamodb_manager(
        region="us-east-1",
        table_prefix=f"parity-{os.getpid()}-",
        endpoint_url=dynamodb_endpoint,
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
        clock=lambda: NOW,
    )
    both = Pair(get_sqlite_manager(":memory:", clock=lambda: NOW), second)
    yield both
    both.runner.run(second.delete_tables())
    both.close()


def questions(repo: str, actor: str, hours: int, until: str | None) -> dict[str, Ask]:
    window: dict[str, Any] = {"hours": hours, "until": until}
    return {
        "recent_commits": lambda s: s.ask(RECENT_COMMITS, repo=repo, **window),
        "recent_commits of a branch": lambda s: s.ask(RECENT_COMMITS, repo=repo, **window, branch="dev"),
        "recent_commits of an author": lambda s: s.ask(RECENT_COMMITS, repo=repo, **window, author=actor, limit=2),
        "commit_details": lambda s: s.ask(COMMIT_DETAILS, repo=repo, sha=f"{7:040x}"),
        "monitor_commits": lambda s: s.ask(MONITOR_COMMITS, repos=list(REPOS), **window),
        "repository_activity": lambda s: s.ask(REPOSITORY_ACTIVITY, repo=repo, **window),
        "repository_activity filtered": lambda s: s.ask(
            REPOSITORY_ACTIVITY, repo=repo, **window, actor=actor, event_types=["IssuesEvent", "PushEvent"], limit=3
        ),
        "event_counts": lambda s: s.ask(EVENT_COUNTS, repo=repo, **window),
        "trending_repositories": lambda s: s.ask(TRENDING_REPOSITORIES, **window),
        "repository_health": lambda s: s.ask(REPOSITORY_HEALTH, repo=repo, **window),
        "developer_activity of a repository": lambda s: s.ask(DEVELOPER_ACTIVITY, repo=repo, **window),
        "developer_activity of a person": lambda s: s.ask(DEVELOPER_ACTIVITY, actor=actor, **window),
        "security_report": lambda s: s.ask(SECURITY_REPORT, repo=repo, **window),
        "event_anomalies": lambda s: s.ask(EVENT_ANOMALIES, repo=repo, **window),
        "deployment_metrics": lambda s: s.ask(DEPLOYMENT_METRICS, repo=repo, **window),
        "pull_requests": lambda s: s.ask(PULL_REQUESTS, repo=repo, state="all", **window),
        "pull_requests that wait": lambda s: s.ask(PULL_REQUESTS, repo=repo, sort="waiting", reviewer=actor),
        "issues": lambda s: s.ask(ISSUES, repo=repo, state="all", **window, sort="created", limit=3),
        "repositories": lambda s: s.complete_repositories(""),
        "watching": lambda s: s.watching(),
    }


@settings(
    examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    history=st.lists(steps, min_size=1, max_size=8),
    repo=st.sampled_from(REPOS),
    actor=st.sampled_from(ACTORS),
    hours=st.sampled_from([1, 24, 720, 1900]),
    until=st.sampled_from([None, ago(0), ago(60 * 24 * 3), ago(60 * 24 * 30 + 17)]),
)
def test_both_databases_say_the_same(
    pair: Pair, history: list[Step], repo: str, actor: str, hours: int, until: str | None
) -> None:
    for step in history:
        pair.take(step)
    first, second = (pair.runner.run(manager.threads.get_threads(repo, until)) for manager in pair.managers)
    assert first == second
    for name, ask in questions(repo, actor, hours, until).items():
        pair.ask(name, ask)


def test_pages_through_cursors_are_the_same(pair: Pair) -> None:
    async def pages(service: DatabaseService) -> list[Any]:
        found, cursor = [], None
        while True:
            answer = await service.ask(
                REPOSITORY_ACTIVITY,
                repo="octo/hello",
                hours=None if cursor else 8760,
                limit=7 if not cursor else None,
                cursor=cursor,
            )
            found.append([event.id for event in answer.events])
            cursor = answer.next_cursor
            if cursor is None:
                return found

    pair.ask("all pages", pages)
