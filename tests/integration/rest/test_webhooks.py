"""Webhook deliveries: verified, stored once, and not again what polling brings."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from threading import Event as Gate
from typing import Any
from urllib.parse import urlencode

import pytest

from github_events_monitor.collecting import webhooks
from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.http import deliveries
from github_events_monitor.infrastructure.contract import deliveries as comparing
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.records import Lease
from tests.fake_github import NOW, event, iso, sha

from .conftest import World, close, open_world

REPOSITORY = {"id": 7, "full_name": "Octo/Hello", "default_branch": "main", "pushed_at": int(NOW.timestamp()) - 3600}
ADA, BOB, EVE = ({"login": login} for login in ("ada", "bob", "eve"))


def push(**changes: Any) -> dict[str, Any]:
    return {
        "ref": "refs/heads/main",
        "before": "0" * 39 + "1",
        "after": "a" * 40,
        "forced": False,
        "deleted": False,
        "created": False,
        "commits": [],
        "repository": REPOSITORY,
        "sender": ADA,
        **changes,
    }


COMMENTED: dict[str, Any] = {
    "action": "created",
    "issue": {"number": 1, "user": ADA},
    "comment": {"id": 40, "created_at": iso(NOW - timedelta(hours=3))},
    "repository": REPOSITORY,
    "sender": BOB,
}
OPENED: dict[str, Any] = {
    "action": "opened",
    "issue": {"number": 1, "user": ADA, "created_at": iso(NOW - timedelta(hours=5))},
    "repository": REPOSITORY,
    "sender": ADA,
}
STARRED: dict[str, Any] = {
    "action": "created",
    "starred_at": iso(NOW - timedelta(hours=24)),
    "repository": REPOSITORY,
    "sender": EVE,
}
SAME_AS_THE_FEED = [("push", push()), ("issue_comment", COMMENTED), ("issues", OPENED), ("star", STARRED)]
"""Deliveries of what the feed of the world's repository tells, too."""


async def events(world: World) -> list[tuple[str, str]]:
    answer = await world.get("/events/recent", repo="octo/hello", hours=72)
    return sorted((row["event_type"], row["actor_login"]) for row in answer["events"])


async def test_a_delivery_is_stored_and_its_repeat_is_not(world: World) -> None:
    first = await world.deliver("issues", OPENED)
    again = await world.deliver("issues", OPENED)
    assert (first.status_code, first.json()["events"]) == (202, 1)
    assert (again.status_code, again.json()["reason"]) == (200, "this event is stored already")


async def test_what_a_webhook_brought_polling_does_not_bring_again(world: World) -> None:
    for number, (kind, payload) in enumerate(SAME_AS_THE_FEED):
        assert (await world.deliver(kind, payload, f"d-{number}")).json()["events"] == 1
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    assert await events(world) == [
        ("CreateEvent", "ada"),
        ("IssueCommentEvent", "bob"),
        ("IssuesEvent", "ada"),
        ("PushEvent", "ada"),
        ("WatchEvent", "eve"),
    ]


async def test_what_polling_brought_a_webhook_does_not_bring_again(world: World) -> None:
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    before = await events(world)
    for number, (kind, payload) in enumerate(SAME_AS_THE_FEED):
        receipt = await world.deliver(kind, payload, f"d-{number}")
        assert (receipt.status_code, receipt.json()["events"]) == (200, 0), kind
    assert await events(world) == before


async def test_what_only_looks_alike_is_stored_beside_it(world: World) -> None:
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    others = [
        ("push", push(after="b" * 40)),
        ("issue_comment", {**COMMENTED, "comment": {**COMMENTED["comment"], "id": 41}}),
        ("star", {**STARRED, "sender": BOB}),
    ]
    for number, (kind, payload) in enumerate(others):
        assert (await world.deliver(kind, payload, f"d-{number}")).json()["events"] == 1, kind


async def test_a_push_brings_its_commits_and_a_force_push_is_noted(world: World) -> None:
    author = {"name": "Ada", "email": "ada@example.org", "username": "ada"}
    row = {"id": sha(9), "message": "fix: nine", "timestamp": iso(NOW - timedelta(hours=1)), "author": author}
    receipt = await world.deliver("push", push(commits=[row], after=sha(9), forced=True))
    assert receipt.json() == {"repo": "octo/hello", "events": 1, "commits": 1, "reason": None}
    stored = await world.runtime.manager.commits.get_commit("octo/hello", sha(9))
    assert stored is not None
    assert (stored.commit.author_login, stored.commit.branches, stored.commit.source) == ("ada", ("main",), "webhook")
    assert stored.summary is not None
    report = await world.get("/metrics/security-monitoring", repo="octo/hello", hours=72)
    assert "force_push_default_branch" in [finding["type"] for finding in report["findings"]]


async def test_a_happening_of_which_both_the_feed_and_a_delivery_tell_counts_once_and_a_second_one_twice(
    world: World,
) -> None:
    def closed(minute: int) -> dict[str, Any]:
        issue = {
            "number": 1,
            "title": "t",
            "user": {"login": "ada"},
            "updated_at": iso(NOW - timedelta(minutes=minute)),
        }
        return {"action": "closed", "issue": issue, "repository": REPOSITORY, "sender": {"login": "ada"}}

    feed = {
        "id": "41", "event_type": "IssuesEvent", "repo_name": "octo/hello", "actor_login": "ada",
        "created_at": iso(NOW - timedelta(minutes=30) + timedelta(seconds=2)),
        "payload": {"action": "closed", "issue": {"number": 1}},
    }  # fmt: skip
    await world.runtime.manager.events.insert_events([feed])
    told = [(await world.deliver("issues", closed(minute), f"d-{minute}")).json()["events"] for minute in (30, 20, 20)]
    assert told == [0, 1, 0]


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        ("ping", {"zen": "Keep it simple.", "repository": REPOSITORY}, "ping"),
        ("push", push(deleted=True), "delete"),
        ("push", push(ref="refs/tags/v1", created=True), "tag"),
        ("push", push(created=True), "create delivery"),
        ("star", {**STARRED, "action": "deleted"}, "taken back"),
        ("release", {"action": "prereleased", "repository": REPOSITORY}, "published"),
        ("sponsorship", {"action": "created"}, "not among those"),
        ("issues", {"action": "opened"}, "no repository"),
    ],
)
async def test_what_is_not_stored_says_why(world: World, kind: str, payload: dict[str, Any], said: str) -> None:
    receipt = await world.deliver(kind, payload)
    assert receipt.status_code == 200
    assert said in receipt.json()["reason"]
    assert await world.runtime.manager.events.get_events_by_type("PushEvent") == []


async def test_a_wrong_signature_is_refused_before_the_body_is_read(world: World) -> None:
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": "d", "X-Hub-Signature-256": "sha256=" + "0" * 64}
    for body in (b"{}", b"not json"):
        assert (await world.http.post("/webhooks/github", content=body, headers=headers)).status_code == 401
    assert (await world.http.post("/webhooks/github", content=b"{}")).status_code == 401


@pytest.mark.parametrize(
    "signature", [None, "", "sha1=" + "0" * 40, "sha256=", "sha256=" + "0" * 63, "sha256=" + "g" * 64]
)
async def test_without_a_signature_that_may_be_one_the_body_is_not_read(world: World, signature: str | None) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"{}"

    headers = {"X-Hub-Signature-256": signature} if signature is not None else {}
    refused = await world.http.post("/webhooks/github", content=body(), headers=headers)
    assert (refused.status_code, read) == (401, False)
    assert "X-Hub-Signature-256" in refused.json()["message"]


async def test_only_a_few_bodies_are_read_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "TURN_WITHIN", 0.05)
    reading, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        reading.release()
        await go_on.wait()
        yield b"{}"

    headers = world.signed(b"{}") | {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "d"}
    first = [
        asyncio.create_task(world.http.post("/webhooks/github", content=slow(), headers=headers))
        for _ in range(deliveries.AT_ONCE)
    ]
    for _ in first:
        await reading.acquire()
    refused = await world.http.post("/webhooks/github", content=b"{}", headers=headers)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    go_on.set()
    assert [(await answer).status_code for answer in first] == [200] * len(first)
    assert (await world.http.post("/webhooks/github", content=b"{}", headers=headers)).status_code == 200


async def test_a_body_that_does_not_arrive_gives_its_turn_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "READ_WITHIN", 0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    for _ in range(deliveries.AT_ONCE + 1):
        late = await world.http.post("/webhooks/github", content=never(), headers=world.signed(b"{"))
        assert late.status_code == 408


async def test_a_signed_body_that_is_no_json_object_is_refused(world: World) -> None:
    assert (await world.deliver("push", [1])).status_code == 422  # type: ignore[arg-type]
    assert (await world.deliver("push", push(repository={"full_name": "../.."}))).status_code == 422


async def test_without_a_secret_there_is_no_such_endpoint() -> None:
    world = await open_world(github_webhook_secret=None)
    try:
        assert (await world.deliver("ping", {})).status_code == 404
    finally:
        await close(world)


async def test_coverage_names_webhooks_as_a_source_and_keeps_what_polling_learned(world: World) -> None:
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    before = await world.runtime.manager.collector_state.get_state("octo/hello")
    await world.deliver("push", push(after="c" * 40))
    after = await world.runtime.manager.collector_state.get_state("octo/hello")
    assert before is not None
    assert after is not None
    assert after.sources == tuple(sorted((*before.sources, "webhook")))
    assert (after.ledger, after.etags) == (before.ledger, before.etags)
    coverage = (await world.get("/metrics/event-counts", repo="octo/hello"))["coverage"]
    assert "webhook" in coverage["sources"]


async def test_a_delivery_during_a_collectors_pass_leaves_the_collectors_state_alone(world: World) -> None:
    collector_state = world.runtime.manager.collector_state
    lease = await collector_state.acquire_lease("octo/hello", "a collector", iso(NOW), iso(NOW + timedelta(seconds=20)))
    assert isinstance(lease, Lease)
    assert (await world.deliver("issues", OPENED)).json()["events"] == 1
    assert await collector_state.get_state("octo/hello") is None


async def test_deliveries_before_and_after_a_rename_make_one_history_though_nothing_was_collected(world: World) -> None:
    await world.deliver("push", push(after="c" * 40))
    renamed = {**REPOSITORY, "full_name": "Octo/Renamed"}
    for after in ("d", "e"):
        receipt = await world.deliver("push", push(after=after * 40, repository=renamed))
        assert (receipt.json()["repo"], receipt.json()["events"]) == ("octo/hello", 1)
        state = await world.runtime.manager.collector_state.get_state("octo/hello")
        assert (state and state.full_name) == "Octo/Renamed"
    assert await world.runtime.manager.collector_state.get_alias("octo/renamed") == "octo/hello"


async def test_a_renamed_repositorys_deliveries_go_where_its_history_is(world: World) -> None:
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    renamed = {**REPOSITORY, "full_name": "Octo/Renamed"}
    receipt = await world.deliver("push", push(after="d" * 40, repository=renamed))
    assert receipt.json()["repo"] == "octo/hello"


async def test_a_repository_with_the_former_name_of_another_is_not_mixed_with_it(world: World) -> None:
    await world.http.post("/collect", json={"repos": ["octo/hello"]})
    another = {**REPOSITORY, "id": 8}
    receipt = (await world.deliver("push", push(after="d" * 40, repository=another))).json()
    assert (receipt["events"], receipt["reason"]) == (
        0,
        "another repository is stored under this name; collect it first",
    )


async def test_listeners_hear_of_what_a_webhook_brought(world: World) -> None:
    heard: list[str] = []

    async def listen(repo: str) -> None:
        heard.append(repo)

    world.runtime.on_stored(listen)
    await world.deliver("issues", OPENED)
    await world.deliver("issues", OPENED)
    assert heard == ["octo/hello"]


async def test_every_provider_knows_what_the_feed_brought(manager: DatabaseManager) -> None:
    feed = event(5, "PushEvent", "ada", NOW - timedelta(hours=1), {"ref": "refs/heads/main", "head": "a" * 40})
    row = {"id": "5", "event_type": "PushEvent", "repo_name": "octo/hello", "actor_login": "ada"}
    await manager.events.insert_events([{**row, "payload": feed["payload"], "created_at": feed["created_at"]}])

    async def deliver(payload: dict[str, Any]) -> int:
        body = json.dumps(payload).encode()
        return (await receive_webhook(manager, lambda: NOW, "push", "d", body)).events

    assert [await deliver(push()), await deliver(push(after="e" * 40)), await deliver(push(after="e" * 40))] == [
        0,
        1,
        0,
    ]
    assert len(await manager.events.get_events_by_type("PushEvent", "octo/hello")) == 2
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    assert state.sources == ("webhook",)


async def test_a_delivery_may_be_a_form(world: World) -> None:
    body = urlencode({"payload": json.dumps(OPENED)}).encode()
    signed = world.signed(body)
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-1"}
    first = await world.http.post("/webhooks/github", content=body, headers=form | signed)
    assert (first.status_code, first.json()["events"]) == (202, 1)
    again = await world.deliver("issues", OPENED)
    assert (again.status_code, again.json()["reason"]) == (200, "this event is stored already")
    empty = await world.http.post("/webhooks/github", content=b"payload=", headers=form | world.signed(b"payload="))
    assert empty.status_code == 422


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (deliveries, "verify_signature"),
        (deliveries, "payload_of"),
        (webhooks, "parse_webhook"),
        (webhooks, "rekey"),
        (comparing, "possible_keys"),
    ],
)
async def test_others_are_answered_while_a_long_delivery_is_read(
    module: Any, step: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that takes long goes on only once another request was answered."""
    await world.http.post("/collect", json={"repos": ["octo/hello"]})  # so that the delivery is compared with the feed
    begun, answered, on_its_own = asyncio.Event(), Gate(), getattr(module, step)
    loop = asyncio.get_running_loop()

    def held_up(*given: Any, **named: Any) -> Any:
        loop.call_soon_threadsafe(begun.set)
        assert answered.wait(20), f"{step} keeps the event loop"
        return on_its_own(*given, **named)

    monkeypatch.setattr(module, step, held_up)
    delivering = asyncio.create_task(world.deliver("issues", OPENED))
    await asyncio.wait({delivering, begun_task := asyncio.create_task(begun.wait())}, return_when="FIRST_COMPLETED")
    assert begun_task.done()
    assert (await world.http.get("/health")).status_code == 200
    answered.set()
    assert (await delivering).status_code == 200


def test_a_form_is_unpacked_piece_by_piece_as_it_would_be_in_one() -> None:
    payload = json.dumps({"text": "a+b & %41 \u00e9 %" * 9_000}, ensure_ascii=False)
    for shift in range(4):  # escapes lie across the ends of pieces
        text = "x" * shift + payload
        assert deliveries.payload_of(urlencode({"payload": text}).encode()) == text.encode()
    assert deliveries.payload_of(b"payload=%4") == b"%4"


async def test_a_delivery_of_more_values_than_github_sends_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("github_events_monitor.github.webhooks.MAX_VALUES", 100)
    refused = await world.deliver("issues", {**OPENED, "more": [0] * 101})
    assert (refused.status_code, refused.json()["message"]) == (
        422,
        "the body of a webhook delivery has at most 100 values",
    )
    taken = await world.deliver("issues", {**OPENED, "more": "0," * 101})
    assert taken.status_code == 202
