"""An outage never looks like a quiet repository."""

from datetime import timedelta

import pytest

from github_events_monitor.errors import Forbidden, MonitorError, NotFound, RateLimited, Unreachable
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.commit_details import COMMIT_DETAILS
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.issues import ISSUES
from github_events_monitor.infrastructure.questions.monitor_commits import MONITOR_COMMITS
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, iso, sha
from tests.integration.collecting.conftest import World, build, hello


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "word"),
    [
        (503, {"Content-Type": "text/html"}, b"<html>", Unreachable, "unreachable"),
        (200, {}, b'[{"id": "1", "ty', Unreachable, "unreachable"),
        (403, {}, b'{"message": "Resource not accessible by personal access token"}', Forbidden, "forbidden"),
        (429, {"Retry-After": "120"}, b'{"message": "API rate limit exceeded"}', RateLimited, "rate_limited"),
        (403, {"X-RateLimit-Remaining": "0"}, b'{"message": "API rate limit exceeded"}', RateLimited, "rate_limited"),
    ],
)
async def test_a_failed_first_collection_is_an_error_not_an_empty_list(
    world: World, status: int, headers: dict[str, str], body: bytes, kind: type[Exception], word: str
) -> None:
    world.github.fail(100, status, headers, body)

    with pytest.raises(kind):
        await world.service.ask(RECENT_COMMITS, repo="octo/hello")

    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, row.error and row.error.code) == (word, word)


async def test_a_repository_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="nobody/nothing"):
        await world.service.ask(REPOSITORY_ACTIVITY, repo="nobody/nothing")
    assert await world.service.complete_repositories("") == []


async def test_where_every_repository_failed_the_number_of_commits_is_not_known(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    world.github.fail(100, 503)
    answer = await world.service.ask(MONITOR_COMMITS, repos=["octo/hello"])
    assert MONITOR_COMMITS.summarise(answer).startswith("commits not known in 1 repository, ")


async def test_a_comparison_says_why_it_rests_on_what_is_stored(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello(), FakeRepository("octo/other", id=8)), manager=manager)
    await world.collector.collect(["octo/hello", "octo/other"])
    world.pass_time(hours=1)
    world.github.fail(100, 503)
    both = await world.service.ask(REPOSITORY_HEALTH, repos=["octo/hello", "octo/other"])
    assert (both.coverage.note or "").count("because collecting failed: ") == 1


async def test_stored_records_are_answered_with_a_note_while_github_is_down(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=1)
    world.github.fail(100, 503)

    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)

    assert answer.total_commits == 5
    assert "collecting failed" in (answer.coverage.note or "")
    assert not answer.coverage.complete


async def test_an_empty_window_of_which_nothing_is_known_is_an_error_while_github_is_down(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(days=3)
    world.github.fail(100, 503)

    with pytest.raises(Unreachable):
        await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=2)


STORED_BY_HAND = [
    {
        "id": f"w{number}",
        "event_type": "WatchEvent",
        "repo_name": "octo/hello",
        "actor_login": "ada[bot]",
        "created_at": at,
    }
    for number, at in enumerate(("2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"))
]


@pytest.mark.parametrize("status", [503, 404])
@pytest.mark.parametrize("ask", ["event_anomalies", "deployment_metrics", "security_report", "developer_activity"])
async def test_insights_find_nothing_only_where_something_is_known(world: World, ask: str, status: int) -> None:
    await world.manager.events.insert_events(STORED_BY_HAND)
    world.github.fail(100, status)
    with pytest.raises((Unreachable, NotFound)):
        await world.service.ask_by_name(ask, {"repo": "octo/hello"})


async def test_a_repository_that_is_gone_has_no_empty_list(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(minutes=50)
    del world.github.repositories["octo/hello"]
    with pytest.raises(NotFound):
        await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=1)
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert answer.total_commits == 5
    assert "not found or not visible" in (answer.coverage.note or "")


async def test_somebody_of_whom_nothing_is_stored_is_not_a_quiet_person(world: World) -> None:
    answer = await world.service.ask(DEVELOPER_ACTIVITY, actor="nobody")
    assert (answer.total_people, answer.coverage.complete) == (0, False)
    assert (answer.coverage.note or "").startswith("Nothing of this person is stored for this window. Nobody called")


async def test_one_repository_that_fails_does_not_stop_the_others(world: World) -> None:
    answer = await world.service.ask(MONITOR_COMMITS, repos=["octo/hello", "nobody/nothing"], hours=72)

    first, second = answer.repositories
    assert (first.total_commits, first.error) == (5, None)
    assert second.error is not None
    assert second.error.code == "not_found"
    assert answer.now_watching == ("Octo/Hello",)


async def test_a_question_spends_at_most_eight_requests(world: World) -> None:
    await world.service.ask(RECENT_COMMITS, repo="octo/hello")
    assert len(world.github.requests) <= 8


async def test_a_fresh_repository_is_not_asked_again_until_the_poll_interval_has_passed(world: World) -> None:
    await world.service.ask(RECENT_COMMITS, repo="octo/hello")
    asked = len(world.github.requests)
    world.pass_time(seconds=299)
    await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello")
    assert len(world.github.requests) == asked
    world.pass_time(seconds=2)
    await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello")
    assert len(world.github.requests) > asked


async def test_a_past_window_that_is_completely_known_needs_no_github(world: World) -> None:
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=5)
    world.github.fail(100, 503)
    asked = len(world.github.requests)

    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=24, until="2026-11-20T11:00:00Z")

    assert answer.coverage.complete
    assert answer.coverage.note is None
    assert len(world.github.requests) == asked


async def test_a_limit_met_while_filling_in_details_is_no_failure_of_the_pass(world: World) -> None:
    def limited(path: str) -> tuple[int, dict[str, str], bytes] | None:
        headers = {"Content-Type": "application/json", "X-RateLimit-Remaining": "0"}
        return (403, headers, b'{"message": "API rate limit exceeded"}') if "/commits/" in path else None

    world.github.faults.append(limited)

    row = (await world.collector.collect(["octo/hello"])).repositories[0]

    assert (row.status, row.new_commits, row.error) == ("collected", 5, None)
    assert "next pass" in (row.note or "")


@pytest.mark.parametrize("status", [422, 500])
@pytest.mark.parametrize(
    "place",
    [
        "/activity",
        "/runs",
        "/profile",
        "/security-advisories",
        "/releases",
        "/deployments",
        "/issues/events",
        "/graphql",
    ],
)
async def test_a_question_beside_the_listings_that_github_refuses_stops_nothing(
    world: World, place: str, status: int
) -> None:
    at = iso(NOW - timedelta(days=1))
    about = {"title": "why?", "user": {"login": "ada"}, "state": "closed", "labels": [], "comments": 0}
    times = {"created_at": at, "updated_at": at, "closed_at": at}
    world.hello.issues = [{"number": number, **about, **times} for number in (7, 8, 9)]
    refusal: Reply = (status, {}, b'{"message": "Validation Failed"}')
    world.github.faults.append(lambda path: refusal if path.endswith(place) else None)
    (row,) = (await world.collector.collect(["octo/hello"])).repositories
    assert (row.status, row.new_commits) == ("collected", 5)
    commits = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert [commit.additions for commit in commits.commits] == [5, 4, 3, 2, 1]
    state = await world.manager.collector_state.get_state("octo/hello")
    assert state
    assert state.snapshot_at is not None


async def test_a_repository_without_issues_is_collected_all_the_same(world: World) -> None:
    switched_off: Reply = (410, {}, b'{"message": "Issues are disabled for this repo"}')
    world.github.faults.append(lambda path: switched_off if path.endswith("/issues") else None)
    (row,) = (await world.collector.collect(["octo/hello"])).repositories
    assert (row.status, row.new_commits) == ("collected", 5)
    assert "Issues are disabled" in (row.note or "")


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (409, "Git Repository is empty.", "not_found"),
        (422, "No commit found for SHA: abc", "not_found"),
        (422, "Server Error: Sorry, this diff is unavailable.", "unreachable"),
    ],
)
async def test_a_commit_that_github_cannot_show_is_not_said_to_be_none(
    world: World, status: int, message: str, code: str
) -> None:
    refusal: Reply = (status, {}, b'{"message": "%s"}' % message.encode())
    world.github.faults.append(lambda path: refusal if "/commits/" in path else None)
    with pytest.raises(MonitorError) as raised:
        await world.service.ask(COMMIT_DETAILS, repo="octo/hello", sha=sha(3))
    assert raised.value.code == code
    assert (code == "not_found") == ("has no commit" in raised.value.message)


@pytest.mark.parametrize("status", [500, 422])
async def test_a_record_that_cannot_be_read_keeps_nothing_else_away(world: World, status: int) -> None:
    refusal: Reply = (status, {}, b'{"message": "no"}')
    world.github.faults.append(lambda path: refusal if path.endswith("/issues") else None)
    (row,) = (await world.collector.collect(["octo/hello"])).repositories
    assert (row.status, row.new_events, row.new_commits) == ("collected", 5, 5)
    assert "issues and pull requests are read in a later pass" in (row.note or "")
    commits = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert [commit.additions for commit in commits.commits] == [5, 4, 3, 2, 1]
    issues = await world.service.ask(ISSUES, repo="octo/hello", hours=72)
    assert (issues.total_issues, issues.coverage.complete) == (1, False)  # the feed tells of one
    assert "issues of" in (issues.coverage.note or "")
