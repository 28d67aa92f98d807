"""What `whats_new` says a person should look at first: whose turn it is, what was learned late, in how few bytes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions import reading
from github_events_monitor.infrastructure.questions.whats_new import WHATS_NEW, WhatsNew
from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.observations import Release
from github_events_monitor.records import (
    Commit,
    CommitFile,
    CommitRecord,
    CommitSummary,
    Event,
    Ledger,
    RepositoryState,
    Span,
    Thread,
)
from tests.fake_github import NOW, FakeGitHub, iso

from .conftest import World, build

REPO = "octo/hello"
DAY = timedelta(days=1)


async def make(manager: DatabaseManager, *names: str, login: str | None = None) -> World:
    """Repositories of which all is known and nothing stored, and whose the token is."""

    async def user() -> str | None:
        return login

    world = build(FakeGitHub(), manager=manager)
    await know_all(world, names)
    world.service = DatabaseService(QuestionContext(manager=manager, clock=world.clock, login=user))
    return world


async def know_all(world: World, names: Sequence[str]) -> None:
    known = (Span("2026-01-01T00:00:00Z", iso(world.now)),)
    spans: dict[str, tuple[Span, ...]] = dict.fromkeys(("events", "commits", "threads"), known)
    await world.manager.collector_state.save_states(
        RepositoryState(repo_name=name, full_name=name, default_branch="main", ledger=Ledger(spans=spans))
        for name in names
    )


async def ask(world: World, *names: str, reader: str = "default", **arguments: Any) -> WhatsNew:
    """Ask a minute later, when all is known up to now."""
    world.pass_time(seconds=60)
    await know_all(world, names or [REPO])
    return await world.service.ask(WHATS_NEW, repos=list(names or [REPO]), reader=reader, **arguments)


def pull(number: int, repo: str = REPO, **fields: Any) -> Thread:
    at = iso(NOW - timedelta(hours=2))
    return Thread(repo_name=repo, number=number, kind="pull_request", state="open", created_at=at, updated_at=at,
                  title=f"change {number}", author_login=fields.pop("author_login", "eve"), **fields)  # fmt: skip


def events(kind: str, at: str, count: int = 1) -> list[Event]:
    return [
        Event(id=f"{kind}{at}{number}", event_type=kind, created_at=at, repo_name=REPO, actor_login=f"fan{number}")
        for number in range(count)
    ]


def kinds(answer: WhatsNew) -> list[str]:
    return [one.kind for one in answer.attention]


async def test_what_waits_for_the_tokens_own_user_is_said_apart(manager: DatabaseManager) -> None:
    pulls = [
        pull(1, reviewers=("Me", "ann")),
        pull(2, author_login="Me", review_decision="approved"),
        pull(3, author_login="me", review_decision="changes_requested"),
        pull(4, author_login="me", draft=True),
        pull(5),
        pull(6, review_decision="approved"),
        pull(7, reviewers=("me",), draft=True),
    ]
    await manager.threads.save_threads(pulls)
    world = await make(manager, REPO, login="me")
    answer = await ask(world)
    assert [(one.kind, one.reason) for one in answer.attention] == [
        ("review_requested", '#1 "change 1" by eve waits for your review'),
        ("your_pull_request", 'your #2 "change 2" is approved; merge it'),
        ("your_pull_request", 'your #3 "change 3" waits for your answer or changes'),
        ("pull_request_waiting", '#5 "change 5" by eve waits for a review'),
    ]
    world = await make(manager, REPO, login=None)
    answer = await ask(world)
    assert [one.reason[:2] for one in answer.attention] == ["#1", "#5"]
    assert set(kinds(answer)) == {"pull_request_waiting"}


async def test_a_severe_finding_learned_late_needs_attention_once_for_each_reader(manager: DatabaseManager) -> None:
    world = await make(manager, REPO)
    for reader in ("ann", "bob"):
        assert kinds(await ask(world, reader=reader)) == []
    await manager.events.insert_events(events("PublicEvent", iso(NOW - timedelta(hours=20))))
    for reader in ("ann", "bob"):
        assert kinds(await ask(world, reader=reader)) == ["security"]
        assert kinds(await ask(world, reader=reader)) == []


async def test_commits_stored_without_analysis_are_analysed_once_while_nothing_more_is_stored(
    manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed: list[str] = []

    def analyse(commit: Commit, files: Sequence[CommitFile] | None) -> CommitSummary:
        analysed.append(commit.sha)
        return analyse_commit(commit, files)

    monkeypatch.setattr(reading, "analyse_commit", analyse)
    world = await make(manager)
    pushed = [
        Commit(sha=f"{number:040x}", repo_name=REPO, commit_date=iso(NOW - timedelta(hours=2)), message=f"{number}",
               branches=("main",), source="push")
        for number in range(30)
    ]  # fmt: skip
    await manager.commits.insert_commits(CommitRecord(commit=commit) for commit in pushed[1:])
    for reader in ("one", "other"):
        (news,) = (await ask(world, reader=reader)).repositories
        assert (news.counts["commits"], news.first["commits"][0].title) == (29, "1")
    assert sorted(analysed) == [commit.sha for commit in pushed[1:]]
    await manager.commits.insert_commits([CommitRecord(commit=pushed[0])])
    await ask(world, reader="third")
    assert pushed[0].sha in analysed


async def test_an_anomaly_needs_attention_once_also_when_it_was_learned_late(manager: DatabaseManager) -> None:
    world = await make(manager, REPO)
    assert kinds(await ask(world)) == []
    await manager.events.insert_events(events("WatchEvent", iso(NOW - timedelta(hours=20)), 80))
    answer = await ask(world)
    assert set(kinds(answer)) == {"anomaly"}
    assert "spike of WatchEvent in the hour" in answer.attention[0].reason + answer.attention[-1].reason
    assert kinds(await ask(world)) == []


async def test_releases_of_the_whole_window_are_news(manager: DatabaseManager) -> None:
    world = await make(manager, REPO)
    event = {"id": "1", "event_type": "ReleaseEvent", "created_at": iso(NOW - timedelta(days=50)), "repo_name": REPO,
             "payload": {"action": "published", "release": {"tag_name": "v1"}}}  # fmt: skip
    await manager.events.insert_events([event])
    answer = await ask(world, since=iso(NOW - timedelta(days=60)))
    assert kinds(answer) == ["release"]


async def test_a_listed_release_is_news_once_whether_the_listing_or_an_event_tells_first(
    manager: DatabaseManager,
) -> None:
    """The feed brings v1 three seconds late, v2 never, and v3 before it is listed."""
    world = await make(manager, REPO)
    await ask(world)

    def published(tag: str, hours: float) -> Release:
        return Release(id=tag[1:], tag=tag, published_at=iso(NOW - timedelta(hours=hours)), prerelease=False)

    def event(tag: str, hours: float) -> dict[str, Any]:
        at = iso(NOW - timedelta(hours=hours) + timedelta(seconds=3))
        return {"id": tag, "event_type": "ReleaseEvent", "created_at": at, "repo_name": REPO,
                "payload": {"action": "published", "release": {"tag_name": tag}}}  # fmt: skip

    async def told(reader: str = "default") -> list[str]:
        answer = await ask(world, reader=reader, **({} if reader == "default" else {"since": iso(NOW - DAY)}))
        return [one.reason for one in answer.attention if one.kind == "release"]

    listed = [published("v1", 9), published("v2", 8), published("v0", 9_000)]
    await manager.metrics.save_metrics("deployment_metrics", [one.to_row(REPO) for one in listed])
    assert await told() == ['new release "v1"', 'new release "v2"']
    await manager.events.insert_events([event("v1", 9), event("v3", 7)])
    assert await told() == ['new release "v3"']
    await manager.metrics.save_metrics("deployment_metrics", [published("v3", 7).to_row(REPO)])
    assert await told() == []
    assert await told("another") == ['new release "v1"', 'new release "v2"', 'new release "v3"']


async def test_forty_busy_repositories_fit_and_the_mark_moves_on(manager: DatabaseManager) -> None:
    names = [f"octo/repository-{number:02}" for number in range(40)]
    world = await make(manager, *names)
    await manager.threads.save_threads(pull(number, name) for name in names for number in range(1, 8))
    answer = await ask(world, *names)
    text = WHATS_NEW.text(answer)
    assert len(text.encode()) <= 8_000
    assert len(answer.json_bytes) <= 20_000
    assert [part.repo for part in answer.repositories] == names
    assert all(part.counts == {"pull_requests_opened": 7} for part in answer.repositories)
    assert "ends here" not in text
    assert (await ask(world, *names)).repositories == ()


async def test_pull_requests_that_are_too_many_are_counted_by_repository(manager: DatabaseManager) -> None:
    names = [f"octo/repository-{number:02}" for number in range(10)]
    world = await make(manager, *names)
    await manager.threads.save_threads(pull(number, name) for name in names for number in range(1, 21))
    answer = await ask(world, *names)
    assert [one.repo for one in answer.attention] == names
    assert answer.attention[0].reason == "20 pull requests wait for a review: #1, #2, #3, #4, #5 and 15 more"
    assert answer.attention[0].url == "https://github.com/octo/repository-00/pulls"
