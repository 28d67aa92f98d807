"""Where GraphQL is refused, reviews are read one pull request at a time, as far as each pass can afford them."""

from datetime import timedelta

import pytest

from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.pull_requests import PULL_REQUESTS
from github_events_monitor.infrastructure.questions.repository_activity import REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.repository_health import REPOSITORY_HEALTH
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Json, commit, iso

from .conftest import World, build, busy_feed

REVIEW = "PullRequestReviewEvent"


def make(manager: DatabaseManager | None, number: int, *, token: str | None = "token") -> World:
    """So many merged pull requests of ada's; bob approved every other one, without a comment."""
    repository = FakeRepository("Octo/Hello")
    repository.branches["main"] = [commit(1, NOW - timedelta(hours=1))]
    repository.events = busy_feed()
    for n in range(number, 0, -1):
        repository.issues.append(issue(n))
        repository.pulls.append(pull(n))
        if n % 2:
            approved_at = iso(NOW - timedelta(hours=2 * (number - n) + 2))
            approval = {"id": 1000 + n, "user": {"login": "bob", "type": "User"}, "state": "APPROVED"}
            repository.reviews[n] = [
                {**approval, "submitted_at": approved_at},
                {**approval, "id": 7, "state": "PENDING"},
            ]
    repository.issue_events = [merge(row) for row in sorted(repository.pulls, key=lambda row: str(row["merged_at"]))]
    repository.issue_events.reverse()
    return build(FakeGitHub(repository), manager=manager, token=token)


def merge(row: Json) -> Json:
    about = {"event": "merged", "actor": {"login": "ada"}, "created_at": row["merged_at"]}
    return {"id": row["number"], **about, "issue": {"number": row["number"]}}


def about(n: int) -> Json:
    merged = iso(NOW - timedelta(hours=n % 50 + 1))
    person = {"login": "ada", "type": "User"}
    times = {"created_at": iso(NOW - timedelta(days=10)), "updated_at": merged, "closed_at": merged}
    return {
        "number": n,
        "title": f"change {n}",
        "user": person,
        "state": "closed",
        "labels": [],
        "comments": 0,
        **times,
    }


def issue(n: int) -> Json:
    return {**about(n), "pull_request": {"merged_at": about(n)["closed_at"]}}


def pull(n: int) -> Json:
    sides = {"head": {"ref": "topic", "sha": "a" * 40}, "base": {"ref": "main", "sha": "b" * 40}}
    return {**about(n), **sides, "merged_at": about(n)["closed_at"], "requested_reviewers": []}


async def review_of(world: World) -> tuple[float | None, int | None]:
    answer = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    [found] = [part for part in answer.components if part.name == "review"]
    return found.value, found.sample_size


async def test_reviews_are_known_after_a_pass_and_then_it_is_free(manager: DatabaseManager) -> None:
    world = make(manager, 8)
    await world.collector.collect(["octo/hello"])
    assert await review_of(world) == (0.5, 8)
    answer = await world.service.ask(PULL_REQUESTS, repo="octo/hello", state="merged")
    assert [row.reviewers for row in answer.pull_requests if row.number in {1, 2}] == [("bob",), ()]
    counted = await world.service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=48)
    assert counted.counts_by_type[REVIEW] == 4
    world.pass_time(minutes=10)
    before = world.github.remaining
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, world.github.remaining, world.asked("/reviews")) == ("not_modified", before, 8)


async def test_what_one_pass_cannot_afford_the_next_ones_read(manager: DatabaseManager) -> None:
    world = make(manager, 150)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert "reviews of older pull requests are read in later passes" in (row.note or "")
    value, read = await review_of(world)
    assert value is None
    assert read is not None
    before = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    assert f"{150 - read} from review" in (before.coverage.note or "")
    world.pass_time(minutes=10)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert row.note is None
    assert await review_of(world) == (0.5, 150)
    after = await world.service.ask(REPOSITORY_HEALTH, repo="octo/hello")
    assert "from review" not in (after.coverage.note or "")
    assert (after.confidence or 0) > (before.confidence or 0)
    assert world.asked("/reviews") == 150


async def test_what_changes_later_is_read_again() -> None:
    world = make(None, 8)
    await world.collector.collect(["octo/hello"])
    world.pass_time(hours=1)
    world.hello.reviews[8] = [{**world.hello.reviews[7][0], "id": 2000}]
    for rows in (world.hello.issues, world.hello.pulls):
        rows[0] = {**rows[0], "updated_at": iso(NOW + timedelta(minutes=30))}
    await world.collector.collect(["octo/hello"])
    assert await review_of(world) == (0.625, 8)
    assert world.asked("/reviews") == 9
    await world.collector.close()


async def test_reviews_that_may_not_be_read_stay_unknown_and_are_not_asked_for_ever() -> None:
    world = make(None, 8)
    world.github.faults.append(lambda path: (403, {}, b'{"message": "no"}') if path.endswith("/reviews") else None)
    for _ in range(3):
        await world.collector.collect(["octo/hello"])
        world.pass_time(minutes=10)
    assert world.asked("/reviews") == 8
    assert (await review_of(world))[0] is None
    await world.collector.close()


async def test_without_a_token_later_passes_read_them() -> None:
    world = make(None, 8, token=None)
    await world.collector.collect(["octo/hello"])
    assert (await review_of(world))[0] is None
    for _ in range(6):
        world.pass_time(hours=1)
        world.github.remaining = 60
        row = (await world.collector.collect(["octo/hello"])).repositories[0]
        assert row.requests <= 15
    assert world.asked("/reviews") == 8
    assert await review_of(world) == (0.5, 8)
    await world.collector.close()


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (404, {}),  # a server or proxy that has none
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Resource": "graphql", "X-RateLimit-Reset": "1795910400"}),
        (502, {}),
        (200, {}),
    ],
)
async def test_however_graphql_fails_rest_reads_what_there_is(status: int, headers: dict[str, str]) -> None:
    world = make(None, 8)
    refusal = (status, {"Content-Type": "application/json", **headers}, b"{}")
    world.github.faults.append(lambda path: refusal if path == "/graphql" else None)
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert (row.status, row.new_commits) == ("collected", 1)
    answer = await world.service.ask(PULL_REQUESTS, repo="octo/hello", state="merged")
    assert (answer.total_pull_requests, answer.coverage.complete) == (8, True)
    assert (await review_of(world))[1] == 8
    await world.collector.close()
