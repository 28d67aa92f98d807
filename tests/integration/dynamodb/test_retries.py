"""What AWS does now and then and engines on one's own machine never do: nothing is lost, nothing is stored twice."""

import pytest

from github_events_monitor.errors import DatabaseError, DatabaseUnreachable
from github_events_monitor.records import CommitFile, CommitRecord

from ...engines import free_port
from ..contract.builders import END, REPO, START, at, commit, event, record
from ..contract.test_threads import full_thread
from .conftest import Make
from .faulty import Fault, FaultyDynamoDB

EVENTS = [event(f"e{number}", at(number % 60), payload=b'{"n":%d}' % number) for number in range(80)]
COMMITS = [
    CommitRecord(
        commit=commit(number, at(number), additions=1, deletions=0, files_changed=2),
        files=(CommitFile(filename="a.py"), CommitFile(filename="b.py")),
    )
    for number in range(1, 14)
]

THREADS = [full_thread(number) for number in range(1, 14)]


@pytest.mark.parametrize("fault", ["half", "throttle", "throughput", "error", "error after", "drop", "drop after"])
async def test_every_third_call_fails_and_all_is_stored_once(make: Make, dynamodb_endpoint: str, fault: Fault) -> None:
    batches = {"BatchWriteItem", "BatchGetItem"}

    def plan(operation: str, number: int) -> Fault | None:
        if fault == "half" and operation not in batches:
            return None
        return fault if number % 3 == 1 else None

    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        manager = make(endpoint_url=proxy.endpoint_url)
        assert await manager.events.insert_events(EVENTS) == len(EVENTS)
        assert await manager.commits.insert_commits(COMMITS) == len(COMMITS)
        assert await manager.threads.save_threads(THREADS) == len(THREADS)
        assert await manager.threads.save_threads(THREADS) == 0
        assert await manager.events.insert_events(EVENTS) == 0
        assert await manager.commits.insert_commits(COMMITS) == 0
        assert await manager.events.get_known_ids(e.id for e in EVENTS) == {e.id for e in EVENTS}
        assert proxy.faults[fault] >= 5
        await manager.close()
    direct = make(table_prefix=manager.connection.client.table_prefix)
    assert await direct.events.count_by_type(REPO, START, END) == {"WatchEvent": len(EVENTS)}
    stored = await direct.events.get_events(REPO, START, END, limit=1000)
    assert sorted(stored, key=lambda e: e.id) == sorted(EVENTS, key=lambda e: e.id)
    assert await direct.commits.count_commits(REPO, START, END) == len(COMMITS)
    assert await direct.commits.get_commit(REPO, COMMITS[4].commit.sha) == COMMITS[4]
    assert await direct.threads.get_threads(REPO) == THREADS


@pytest.mark.parametrize("fault", ["nothing", "throttle", "throughput", "error", "drop"])
async def test_what_never_ends_is_an_error_that_says_how_much_is_stored(
    make: Make, dynamodb_endpoint: str, fault: Fault
) -> None:
    allowed = [1_000]

    def plan(operation: str, number: int) -> Fault | None:
        if operation != "BatchWriteItem":
            return None
        allowed[0] -= 1
        return fault if allowed[0] < 0 else None

    plain = [event(f"e{number}", at(0), repo_name=None, actor_login=None) for number in range(130)]
    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        manager = make(endpoint_url=proxy.endpoint_url, retry_for=0.3)
        await manager.initialize()
        allowed[0] = 3
        with pytest.raises(DatabaseError) as raised:
            await manager.events.insert_events(plain)
        assert "(75 of 130 items were written)" in raised.value.message
        assert len(await manager.events.get_known_ids(e.id for e in plain)) == 75
        allowed[0] = 1_000
        assert await manager.events.insert_events(plain) == 55
        await manager.close()


async def test_a_refusal_is_not_repeated_and_names_what_helps(make: Make, dynamodb_endpoint: str) -> None:
    fault: list[Fault] = ["denied"]
    async with FaultyDynamoDB(dynamodb_endpoint, lambda _, __: fault[0]) as proxy:
        manager = make(endpoint_url=proxy.endpoint_url, aws_secret_access_key="do-not-show-me")
        with pytest.raises(DatabaseError, match=r"dynamodb:DescribeTable on own-.*policy.*deploy/iam"):
            await manager.initialize()
        assert proxy.calls["DescribeTable"] <= 9
        fault[0] = "credentials"
        with pytest.raises(
            DatabaseError, match=r"credentials \(UnrecognizedClientException\).*AWS_ACCESS_KEY_ID"
        ) as raised:
            await manager.initialize()
        health = await manager.health_check()
        assert health["status"] == "unhealthy"
        assert "credentials" in health["error"]
        assert "do-not-show-me" not in f"{raised.value!r} {health} {manager!r} {manager.connection!r}"
        await manager.close()


async def test_an_endpoint_that_does_not_answer_is_named(make: Make) -> None:
    manager = make(endpoint_url=f"http://127.0.0.1:{free_port()}")
    address = manager.connection.client.endpoint
    with pytest.raises(DatabaseUnreachable, match=address):
        await manager.events.insert_events([event("1")])
    health = await manager.health_check()
    assert (health["status"], health["tables_found"]) == ("unhealthy", None)
    assert address in health["error"]


async def test_a_table_that_went_away_is_named_with_the_command_that_makes_it(make: Make) -> None:
    manager = make()
    await manager.commits.insert_commits([record(1)])
    other = make(table_prefix=manager.connection.client.table_prefix)
    await other.delete_tables()
    with pytest.raises(DatabaseError, match="github-events-monitor database create"):
        await manager.commits.get_commits(REPO, START, END)
