"""A branch that a webhook says has other commits by now is not called complete until its listing was joined anew."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.github.client import Answer
from github_events_monitor.infrastructure.database_factory import get_sqlite_manager
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import DatabaseService, QuestionContext
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS, RecentCommits
from github_events_monitor.transfer import copy_items, export_items
from tests.fake_github import NOW, FakeGitHub, commit, iso, sha
from tests.integration.collecting.conftest import World, build, hello

AMENDED = commit(15, NOW - timedelta(minutes=30), parents=(4,))


async def deliver(world: World, kind: str, name: str = "d-1", *, default: str = "main", **payload: Any) -> None:
    repository = {
        "id": 7,
        "full_name": "Octo/Hello",
        "default_branch": default,
        "pushed_at": int(world.now.timestamp()),
    }
    body = {"repository": repository, "sender": {"login": "ada"}, **payload}
    await receive_webhook(world.manager, world.clock, kind, name, json.dumps(body).encode())


def forced(branch: str = "main", before: int = 5, after: int = 15) -> dict[str, Any]:
    return {"ref": f"refs/heads/{branch}", "before": sha(before), "after": sha(after), "forced": True, "commits": []}


async def stored(world: World, **asked: Any) -> RecentCommits:
    """What is answered where GitHub is not asked."""
    service = DatabaseService(QuestionContext(manager=world.manager, clock=world.clock))
    return await service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, **asked)


async def collected(manager: DatabaseManager) -> World:
    world = build(FakeGitHub(hello()), manager=manager)
    await world.collector.collect(["octo/hello"])
    assert (await stored(world)).coverage.complete
    return world


async def test_a_delivered_force_push_makes_the_branch_unsure_until_it_is_listed_anew(manager: DatabaseManager) -> None:
    world = await collected(manager)
    world.hello.branches["main"] = [AMENDED, *world.hello.commits[1:]]
    await deliver(world, "push", **forced())
    unsure = (await stored(world)).coverage
    assert not unsure.complete
    assert "main was force-pushed" in (unsure.note or "")
    past = await stored(world, until=iso(NOW - timedelta(hours=2)))
    assert not past.coverage.complete
    row = (await world.collector.collect(["octo/hello"])).repositories[0]
    assert "replaced 1 commit" in (row.note or "")
    answer = await stored(world)
    assert (answer.coverage.complete, answer.coverage.note) == (True, None)
    assert [one.sha for one in answer.commits] == [sha(number) for number in (15, 4, 3, 2, 1)]


async def test_a_question_collects_what_a_force_push_made_unsure(manager: DatabaseManager) -> None:
    world = await collected(manager)
    world.hello.branches["main"] = [AMENDED, *world.hello.commits[1:]]
    await deliver(world, "push", **forced())
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72)
    assert answer.coverage.complete
    assert sha(5) not in [one.sha for one in answer.commits]


async def test_a_delivered_commit_that_no_listing_saw_is_replaced_with_the_branch(manager: DatabaseManager) -> None:
    world = await collected(manager)
    row = {"id": sha(6), "message": "fix: six", "timestamp": iso(NOW - timedelta(minutes=5))}
    await deliver(world, "push", ref="refs/heads/main", before=sha(5), after=sha(6), commits=[row])
    assert sha(6) in [one.sha for one in (await stored(world)).commits]
    world.hello.branches["main"] = [commit(7, NOW - timedelta(minutes=1), parents=(5,)), *world.hello.commits]
    await deliver(world, "push", "d-2", **forced(before=6, after=7))
    world.pass_time(minutes=1)
    await world.collector.collect(["octo/hello"])
    answer = await stored(world)
    assert answer.coverage.complete
    assert [one.sha for one in answer.commits] == [sha(number) for number in (7, 5, 4, 3, 2, 1)]


async def test_what_was_replaced_before_the_first_listing_is_not_called_the_branch_s(manager: DatabaseManager) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    row = {"id": sha(6), "message": "fix: six", "timestamp": iso(NOW - timedelta(minutes=5))}
    await deliver(world, "push", ref="refs/heads/main", before=sha(5), after=sha(6), commits=[row])
    await deliver(world, "push", "d-2", **forced(before=6, after=5))
    await world.collector.collect(["octo/hello"])
    answer = await stored(world)
    assert answer.coverage.complete
    assert [one.sha for one in answer.commits] == [sha(number) for number in (5, 4, 3, 2, 1)]


async def test_a_force_push_during_a_pass_is_not_taken_for_one_that_was_seen(manager: DatabaseManager) -> None:
    world = await collected(manager)
    state = await manager.collector_state.get_state("octo/hello")
    assert state is not None
    await deliver(world, "push", **forced())
    await manager.collector_state.save_states([state])  # as a pass does that began before
    assert not (await stored(world)).coverage.complete


@pytest.mark.parametrize("branch", [None, "dev"])
async def test_a_force_push_during_the_first_listing_makes_it_unsure(
    branch: str | None, manager: DatabaseManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(FakeGitHub(hello()), manager=manager)
    client, name, before = world.collector.client, branch or "main", list(world.hello.commits)
    world.hello.branches[name] = before
    honest, asked = client.fetch_commits, {"branch": branch} if branch else {}

    async def interrupted(repo: str, **wanted: Any) -> Answer:
        answer = await honest(repo, **wanted)
        if wanted.get("branch") == branch and world.hello.branches[name] is before:
            world.hello.branches[name] = [AMENDED, *before[1:]]
            await deliver(world, "push", **forced(name))
        return answer

    monkeypatch.setattr(client, "fetch_commits", interrupted)
    await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, **asked)
    unsure = (await stored(world, **asked)).coverage
    assert (unsure.complete, f"{name} was force-pushed" in (unsure.note or "")) == (False, True)
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, **asked)
    assert answer.coverage.complete
    assert [one.sha for one in answer.commits] == [sha(number) for number in (15, 4, 3, 2, 1)]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("delete", {"ref": "main", "ref_type": "branch"}),
        ("create", {"ref": "main", "ref_type": "branch"}),
        ("push", {"ref": "refs/heads/main", "deleted": True, "after": "0" * 40}),
        ("push", {"ref": "refs/heads/main", "created": True, "commits": [], "after": sha(15)}),
    ],
)
async def test_a_branch_that_was_deleted_or_made_anew_is_unsure(
    kind: str, payload: dict[str, Any], manager: DatabaseManager
) -> None:
    world = await collected(manager)
    await deliver(world, kind, **payload)
    unsure = (await stored(world)).coverage
    assert (unsure.complete, "main was deleted or made anew" in (unsure.note or "")) == (False, True)
    await world.collector.collect(["octo/hello"])
    assert (await stored(world)).coverage.complete


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("repository", {"action": "edited", "changes": {"default_branch": {"from": "main"}}}),
        ("branch_protection_rule", {"action": "created"}),
        ("issues", {"action": "opened", "issue": {"number": 9, "title": "t", "user": {"login": "bob"}}}),
    ],
)
@pytest.mark.parametrize("token", ["token", None])
async def test_a_delivery_with_another_default_branch_makes_the_former_one_unsure(
    kind: str, payload: dict[str, Any], token: str | None, manager: DatabaseManager
) -> None:
    world = build(FakeGitHub(hello()), manager=manager, token=token)
    await world.collector.collect(["octo/hello"])
    world.hello.branches["trunk"] = [commit(9, NOW - timedelta(hours=1), parents=(3,)), *world.hello.commits[2:]]
    world.hello.default_branch = "trunk"
    await deliver(world, kind, default="trunk", **payload)
    unsure = (await stored(world)).coverage
    assert (unsure.complete, "main is not the default branch any more" in (unsure.note or "")) == (False, True)
    world.pass_time(minutes=10)
    await world.collector.collect(["octo/hello"])
    answer = await stored(world)
    assert answer.coverage.complete
    assert [(one.sha, one.branch) for one in answer.commits] == [(sha(number), "trunk") for number in (9, 3, 2, 1)]


async def test_another_branch_that_was_asked_for_is_unsure_and_the_default_one_is_not(manager: DatabaseManager) -> None:
    world = await collected(manager)
    world.hello.branches["dev"] = [commit(8, NOW - timedelta(hours=2), parents=(3,)), *world.hello.commits[2:]]
    await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, branch="dev")
    await deliver(world, "push", **forced("dev", 8, 18))
    await deliver(world, "push", "d-2", **forced("never-asked-for", 1, 19))
    assert (await stored(world)).coverage.complete
    assert not (await stored(world, branch="dev")).coverage.complete
    world.hello.branches["dev"] = [commit(18, NOW - timedelta(hours=1), parents=(3,)), *world.hello.commits[2:]]
    world.pass_time(seconds=5)
    answer = await world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=72, branch="dev")
    assert (answer.coverage.complete, [one.sha for one in answer.commits][:2]) == (True, [sha(18), sha(3)])


async def test_an_export_does_not_call_complete_what_is_unsure(manager: DatabaseManager) -> None:
    world = await collected(manager)
    await deliver(world, "push", **forced())
    await export_items(manager, io.BytesIO())
    async with get_sqlite_manager(":memory:", clock=world.clock) as copy:
        await copy_items(manager, copy)
        state = await copy.collector_state.get_state("octo/hello")
        assert state is not None
        assert "commits" not in state.ledger.spans
        assert "events" in state.ledger.spans
