"""Whatever strangers write, into GitHub's answers, webhooks and files: it is stored or refused, and never in the way.

Records in the documented shapes are spoiled at random places, by what parsers stumble over; then everything is asked,
and what was stored must come through an export into another database unaltered.
"""

import io
import json
from random import Random
from typing import Any

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.errors import Forbidden, InvalidInput, MonitorError, NotFound, RateLimited, Unreachable
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.transfer import export_items, import_files
from tests.fake_github import NOW, FakeGitHub, FakeRepository, Reply, commit, event, iso
from tests.integration.collecting.conftest import World, build, hello
from tests.unit.github.test_graphql_answers import LAST, pull
from tests.unit.github.test_tolerance import FULL, TYPES

NOT_ASKED = {"collect_now", "watch_repositories", "status"}
"""What is asked elsewhere here, or needs a program that runs."""
WIDE = {"repo": "octo/hello", "hours": 8760, "state": "all", "sha": commit(5, NOW)["sha"]}
KINDS = ("push", "issues", "pull_request", "release", "create", "member", "star", "fork", "workflow_run", "ping")
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**53, 2**64, 10**40, 1.5, 1e308, "", "x", "\ud800", "\0", "\u202e", "a" * 300, "é",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-01", iso(NOW), "closed", "refs/heads/x",
    "a" * 40, [], {}, [None], {"x": 1}, [[]], [{}], {"login": None}, {"id": 10**30},
)  # fmt: skip
HEADERS = (
    "X-Poll-Interval",
    "Link",
    "X-RateLimit-Reset",
    "X-RateLimit-Remaining",
    "Retry-After",
    "ETag",
    "Content-Type",
)
VALUES = ("", "0", "-1", "9" * 30, '<http://evil/x>; rel="next"', "<:>; rel=next", "Sat, 01 Jan 9999 00:00:00 -1200")


def spoil(value: Any, chance: Random) -> Any:
    """The value, with something in it that is not as it should be."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        if (fate := chance.random()) < 0.15:
            return {other: inner for other, inner in value.items() if other != name}
        return value | {name: spoil(value[name], chance) if fate < 0.7 else chance.choice(ODD)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], spoil(value[place], chance), *value[place + chance.randrange(2) :]]
    if isinstance(value, str) and value and chance.random() < 0.5:
        place = chance.randrange(len(value))
        return value[:place] + str(chance.choice(["\ud800", "\0", "\u202e", "\n", "<", "/", "9"])) + value[place:]
    return chance.choice(ODD)


def spoiled(value: Any, chance: Random) -> bytes:
    """JSON of the value, spoiled up to three times."""
    for _ in range(chance.randrange(4)):
        value = spoil(value, chance)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.7).encode("utf-8", "surrogatepass")
    return text.replace(b"1e+308", b"1e+388") if chance.random() < 0.5 else text  # beyond any float


ADA = {"login": "ada", "id": 1, "type": "User"}
THREAD = {
    "number": 1, "title": "Fix it", "user": ADA, "state": "closed", "created_at": iso(NOW), "updated_at": iso(NOW),
    "closed_at": iso(NOW), "closed_by": ADA, "comments": 1, "labels": [{"name": "bug"}], "state_reason": "completed",
}  # fmt: skip
PULL = THREAD | {
    "number": 2, "merged_at": iso(NOW), "base": {"ref": "main"}, "head": {"ref": "fix", "sha": "a" * 40},
    "merge_commit_sha": "b" * 40, "requested_reviewers": [ADA], "requested_teams": [{"slug": "core"}], "draft": False,
    "merged_by": ADA, "additions": 1, "deletions": 2, "changed_files": 3,
}  # fmt: skip
REPLY = {"id": 5, "user": ADA, "created_at": iso(NOW), "updated_at": iso(NOW)}
RUN = {
    "id": 6, "name": "CI", "head_branch": "main", "head_sha": "a" * 40, "event": "push", "status": "completed",
    "conclusion": "failure", "created_at": iso(NOW), "updated_at": iso(NOW), "run_started_at": iso(NOW),
    "run_attempt": 1, "workflow_id": 3, "path": ".github/workflows/ci.yml", "actor": ADA,
}  # fmt: skip
ADVISORY = {
    "ghsa_id": "GHSA-aaaa-bbbb-cccc", "severity": "high", "state": "published", "summary": "A hole",
    "published_at": iso(NOW), "updated_at": iso(NOW),
}  # fmt: skip
DEPLOYMENTS = {
    "databaseId": 3, "commitOid": "a" * 40, "environment": "production", "createdAt": iso(NOW),
    "latestStatus": {"state": "SUCCESS", "createdAt": iso(NOW)},
}  # fmt: skip
GRAPHQL = {
    "threads": {"pageInfo": LAST, "nodes": [pull(updatedAt=iso(NOW))]},
    "deployments": {"pageInfo": LAST, "nodes": [DEPLOYMENTS]},
}
"""What is read of answers by GraphQL to questions about threads and deployments."""


def fill(repository: FakeRepository) -> None:
    """Add a row of every other listing."""
    url = "https://api.github.com/repos/octo/hello"
    listed = {"html_url": url, "merged_at": iso(NOW)}
    repository.issues = [PULL | {"pull_request": listed}, THREAD]
    repository.pulls = [PULL]
    repository.issue_comments = [REPLY | {"issue_url": f"{url}/issues/1"}]
    repository.review_comments = [REPLY | {"pull_request_url": f"{url}/pulls/2"}]
    repository.reviews = {2: [REPLY | {"state": "APPROVED", "submitted_at": iso(NOW)}]}
    repository.issue_events = [{"event": "closed", "actor": ADA, "created_at": iso(NOW), "issue": THREAD}]
    deployment = {"id": 3, "sha": "a" * 40, "ref": "main", "environment": "production", "creator": ADA}
    repository.deployments = [deployment | {"created_at": iso(NOW), "updated_at": iso(NOW)}]
    repository.deployment_statuses = {3: [{"id": 4, "state": "success", "created_at": iso(NOW), "creator": ADA}]}
    repository.workflow_runs = [RUN]
    repository.advisories = [ADVISORY]


class HostileGitHub(FakeGitHub):
    def __init__(self, chance: Random) -> None:
        repository = hello()
        kinds: list[str] = list(TYPES.elements)  # type: ignore[attr-defined]
        repository.events += [event(100 + n, kind, "ada", NOW, FULL) for n, kind in enumerate(kinds)]
        pushed = {"ref": "refs/heads/main", "before": "b" * 40, "after": "c" * 40, "timestamp": iso(NOW)}
        repository.activity = [pushed | {"id": 9, "activity_type": "force_push", "actor": {"login": "eve"}}]
        repository.releases = [{"id": 1, "tag_name": "v1", "published_at": iso(NOW), "author": {"login": "ada"}}]
        fill(repository)
        super().__init__(repository)
        self.with_history = self.with_looks = chance.random() < 0.5
        self._threads = chance.random() < 0.5
        self._chance, self._rate = chance, chance.choice([0.1, 0.5, 1.0])

    def answer(self, method: str, url: str, headers: dict[str, str]) -> Reply:
        status, sent, body = super().answer(method, url, headers)
        if method == "POST" and status == 403 and self._threads:
            status, body = 200, json.dumps({"data": {"repository": GRAPHQL}}).encode()
        chance = self._chance
        if status != 200 or chance.random() > self._rate:
            return status, sent, body
        if chance.random() < 0.1:
            sent |= {chance.choice(HEADERS): chance.choice(VALUES)}
        body = spoiled(json.loads(body), chance)
        if chance.random() < 0.05:
            return chance.choice([204, 301, 403, 404, 409, 422, 429, 451, 500]), sent, body
        return status, sent, body if chance.random() < 0.95 else body[: chance.randrange(len(body))]


async def deliver(world: World, chance: Random) -> None:
    """A webhook, and a file of events."""
    repository = {"full_name": "Octo/Hello", "id": 7, "pushed_at": 1_790_000_000}
    body = spoiled(FULL | {"repository": repository, "sender": {"login": "ada"}}, chance)
    try:
        await receive_webhook(world.manager, world.clock, chance.choice(KINDS), str(chance.random()), body)
        lines = [spoiled(event(n, "PushEvent", "ada", NOW, FULL), chance) for n in range(9)]
        await import_files(world.manager, ["-"], stdin=io.BytesIO(b"\n".join(lines)))
    except MonitorError:
        return  # one sentence, which other tests look at


async def ask(world: World) -> None:
    for question in questions():
        if question.name in NOT_ASKED:
            continue
        given = {name: WIDE[name] for name in question.query.schema()["properties"] if name in WIDE}
        try:
            answer = await world.service.ask_by_name(question.name, given)
        except (InvalidInput, NotFound, Unreachable, Forbidden, RateLimited):
            continue  # nothing is known that could be answered
        question.text(answer).encode()
        json.dumps(answer.to_wire(), ensure_ascii=False, allow_nan=False).encode()


async def exported(manager: DatabaseManager) -> list[bytes]:
    out = io.BytesIO()
    await export_items(manager, out)
    return sorted(out.getvalue().splitlines()[1:-1])


@pytest.mark.parametrize("decade", range(60))
async def test_what_strangers_write_is_stored_or_refused_and_survives_an_export(decade: int) -> None:
    for seed in range(10 * decade, 10 * decade + 10):
        chance = Random(seed)
        world = build(HostileGitHub(chance))
        for _ in range(2):
            answer = await world.collector.collect(["octo/hello"])
            json.dumps(answer.to_wire(), ensure_ascii=False).encode()
            await deliver(world, chance)
            await ask(world)
            world.pass_time(hours=chance.choice([1, 30]))
        async with get_sqlite_manager(":memory:") as other:
            out = io.BytesIO()
            await export_items(world.manager, out)
            await import_files(other, ["-"], stdin=io.BytesIO(out.getvalue()))
            assert await exported(other) == await exported(world.manager), seed
        await world.collector.close()
