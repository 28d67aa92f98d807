"""The tables: made once by the first that comes, compared when there, never altered and never mistaken for others'."""

import asyncio
from typing import Any

import pytest

from github_events_monitor.errors import DatabaseError, InvalidInput, SchemaMismatch
from github_events_monitor.infrastructure.database_interface import TABLES, TableItem
from github_events_monitor.infrastructure.dynamodb import state_items
from github_events_monitor.infrastructure.dynamodb.batches import write_items
from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.infrastructure.dynamodb.thread_items import thread_key
from github_events_monitor.infrastructure.thread_wire import thread_to_dict
from github_events_monitor.records import CollectedBatch, Ledger, RepositoryState, Span

from ..contract.builders import REPO, at, collect, event, record
from ..contract.test_threads import thread
from .conftest import Make
from .faulty import Fault, FaultyDynamoDB


def _table(name: str, key: str, *, kind: str = "S", index: dict[str, Any] | None = None) -> dict[str, Any]:
    keys = {key, "repo_name", "created_at"} if index else {key}
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": part, "AttributeType": kind} for part in sorted(keys)],
    }
    if index:
        schema = [
            {"AttributeName": "repo_name", "KeyType": "HASH"},
            {"AttributeName": "created_at", "KeyType": "RANGE"},
        ]
        definition["GlobalSecondaryIndexes"] = [
            {"IndexName": "repo-created-index", "KeySchema": schema, "Projection": index}
        ]
    return definition


@pytest.mark.parametrize(
    ("foreign", "difference"),
    [
        ({"key": "event_id"}, "its key is event_id, not id"),
        ({"key": "id", "kind": "N"}, "its key id is of type N"),
        ({"key": "id"}, "the index repo-created-index is missing"),
        ({"key": "id", "index": {"ProjectionType": "KEYS_ONLY"}}, "repo-created-index does not carry action"),
        ({"key": "id", "index": {"ProjectionType": "ALL"}}, "the index type-created-index is missing"),
    ],
)
async def test_a_table_of_another_layout_is_named_and_left_alone(
    make: Make, foreign: dict[str, Any], difference: str
) -> None:
    manager = make()
    client = manager.connection.client
    name = client.table("events")
    await client.call("create_table", **_table(name, **foreign))
    before = await client.call("describe_table", TableName=name)
    for use in (manager.initialize, manager.delete_tables, manager.create_tables):
        with pytest.raises(SchemaMismatch, match=difference) as raised:
            await use()
        assert name in raised.value.message
    after = await client.call("describe_table", TableName=name)
    assert after["Table"]["KeySchema"] == before["Table"]["KeySchema"]
    assert after["Table"].get("GlobalSecondaryIndexes") == before["Table"].get("GlobalSecondaryIndexes")


async def test_several_programs_may_start_at_once(make: Make) -> None:
    first = make()
    prefix = first.connection.client.table_prefix
    managers = [first, *(make(table_prefix=prefix) for _ in range(3))]
    await asyncio.gather(*(manager.initialize() for manager in managers))
    counts = [await manager.events.insert_events([event(str(number))]) for number, manager in enumerate(managers)]
    assert counts == [1, 1, 1, 1]
    assert (await first.health_check())["tables_found"] == 9


async def test_a_start_on_existing_tables_needs_no_right_to_create_or_list(make: Make, dynamodb_endpoint: str) -> None:
    manager = make()
    await manager.initialize()
    allowed = {"DescribeTable", "BatchGetItem"}

    def plan(operation: str, _: int) -> Fault | None:
        return None if operation in allowed else "denied"

    async with FaultyDynamoDB(dynamodb_endpoint, plan) as proxy:
        second = make(endpoint_url=proxy.endpoint_url, table_prefix=manager.connection.client.table_prefix)
        await second.initialize()
        assert await second.events.get_known_ids(["1"]) == set()
        await second.close()


async def _earlier(make: Make) -> str:
    """The prefix of a database of the version before threads."""
    manager = make()
    await manager.initialize()
    client = manager.connection.client
    await client.call("delete_table", TableName=client.table("threads"))
    return client.table_prefix


async def test_a_database_of_the_version_before_gains_the_table_of_threads(make: Make) -> None:
    manager = make(table_prefix=await _earlier(make))
    assert (await manager.health_check())["tables_found"] == 9
    assert (await manager.create_tables())["threads"] == "created"
    again = make(table_prefix=await _earlier(make))
    await again.initialize()
    assert again.threads.available
    assert await again.threads.save_threads([thread(1)]) == 1


async def test_without_the_right_to_add_the_table_the_nine_serve_and_threads_are_unknown(
    make: Make, dynamodb_endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    prefix = await _earlier(make)
    spans: dict[str, tuple[Span, ...]] = dict.fromkeys(("threads", "events"), (Span(at(0), at(9)),))
    state = RepositoryState(repo_name=REPO, ledger=Ledger(spans=spans))
    async with FaultyDynamoDB(dynamodb_endpoint, lambda *_: None, denied_table=f"{prefix}threads") as proxy:
        manager = make(endpoint_url=proxy.endpoint_url, table_prefix=prefix, retention_days=3650)
        lease = await manager.collector_state.acquire_lease(REPO, "me", at(0), at(5))
        assert lease is not None
        assert "github-events-monitor database create" in caplog.text
        assert await manager.health_check() == await make(table_prefix=prefix).health_check()
        await manager.store(CollectedBatch(state=state, events=(event("1"),), threads=(thread(1),)), lease)
        assert (manager.threads.available, await manager.threads.save_threads([thread(1)])) == (False, 0)
        assert (await manager.threads.get_thread(REPO, 1), await manager.threads.get_threads(REPO)) == (None, [])
        stored = await manager.collector_state.get_state(REPO)
        assert stored is not None
        assert set(stored.ledger.spans) == {"events"}
        assert {row.table for row in await collect(manager.read_items())} == {"events", "repository_health_metrics"}
        assert (await manager.describe())["tables"]["threads"]["status"] == "unknown"
        with pytest.raises(DatabaseError, match="database create"):
            await manager.write_items([TableItem("threads", thread_to_dict(thread(1)))])
        await manager.close()


async def test_create_says_what_was_made_and_delete_removes_only_ours(make: Make) -> None:
    manager, other = make(), make()
    await other.initialize()
    assert await manager.create_tables() == dict.fromkeys(TABLES, "created")
    assert await manager.create_tables() == dict.fromkeys(TABLES, "exists")
    await manager.events.insert_events([event("1")])
    assert sorted(await manager.delete_tables()) == sorted(TABLES)
    assert (await manager.health_check())["tables_found"] == 0
    assert (await manager.describe())["tables"]["events"]["status"] == "missing"
    assert (await other.health_check())["tables_found"] == 9
    # The next use creates them again, and nothing is remembered of the old ones.
    assert await manager.events.insert_events([event("1")]) == 1
    assert [repo.repo_name for repo in await manager.collector_state.get_repositories()] == ["octo/spoon"]


async def test_health_has_exactly_the_documented_keys(make: Make) -> None:
    manager = make()
    prefix = manager.connection.client.table_prefix
    healthy = {"status": "healthy", "provider": "dynamodb", "region": "us-east-1", "table_prefix": prefix}
    assert await manager.health_check() == healthy | {"tables_found": 0}
    await manager.initialize()
    assert await manager.health_check() == healthy | {"tables_found": 9}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TableStatus": "DELETING"}, "in state DELETING"),
        ({"TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"}, "in state INACCESSIBLE_ENCRYPTION_CREDENTIALS"),
        ({"GlobalSecondaryIndexes": []}, "the index repo-created-index is missing"),
        ({"TableStatus": "UPDATING"}, None),
    ],
)
async def test_health_is_true_of_tables_that_cannot_be_asked(
    manager: DynamoDBManager, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str | None
) -> None:
    client = manager.connection.client
    asked = client.call

    async def changed(operation: str, **parameters: Any) -> Any:
        found = await asked(operation, **parameters)
        if operation == "describe_table" and parameters["TableName"].endswith("-events"):
            return {**found, "Table": {**found["Table"], **change}}
        return found

    monkeypatch.setattr(client, "call", changed)
    health = await manager.health_check()
    assert health["status"] == ("unhealthy" if said else "healthy")
    assert (said or "") in health.get("error", "")


async def test_describe_tells_what_an_operator_asks(manager: DynamoDBManager) -> None:
    await manager.events.insert_events([event("1"), event("2")])
    about = await manager.describe()
    assert (about["provider"], about["region"]) == ("dynamodb", "us-east-1")
    events = about["tables"]["events"]
    assert events["table"].endswith("-events")
    assert (events["status"], events["billing_mode"], events["expires_by"]) == ("active", "PAY_PER_REQUEST", None)
    assert events["indexes"] == ["repo-created-index", "type-created-index"]
    assert events["items"] == 2
    assert list(about["tables"]) == list(TABLES)


async def test_retention_lets_dynamodb_remove_old_records(make: Make) -> None:
    manager = make(retention_days=3650)
    await manager.events.insert_events([event("1", "2025-03-10T12:00:00Z")])
    await manager.commits.insert_commits([record(1)])
    tables = (await manager.describe())["tables"]
    by_attribute = {name for name, table in tables.items() if table["expires_by"] == "expires_at"}
    assert {"events", "commits", "commit_files", "commit_summaries", "threads"} <= by_attribute
    client = manager.connection.client
    found = await client.call("get_item", TableName=client.table("events"), Key={"id": {"S": "1"}})
    assert found["Item"]["expires_at"] == {"N": str(1741608000 + 3650 * 86_400)}
    closed = thread(2, "2025-03-10T12:00:00Z", state="closed", closed_at="2025-03-10T12:00:00Z")
    await manager.threads.save_threads([thread(1, "2025-03-10T12:00:00Z"), closed])
    items = [
        (await client.call("get_item", TableName=client.table("threads"), Key=thread_key(REPO, number)))["Item"]
        for number in (1, 2)
    ]
    assert [item.get("expires_at") for item in items] == [None, {"N": str(1741608000 + 3650 * 86_400)}]
    again = make(retention_days=30, table_prefix=client.table_prefix)
    await again.initialize()  # finds it enabled
    assert await again.events.delete_before("2025-03-31T00:00:00Z") == 0
    assert await again.events.get_event("1") is not None


async def test_an_unknown_option_is_named(make: Make) -> None:
    with pytest.raises(InvalidInput, match="'backups' is not an option"):
        await make().create_tables(backups=True)


async def test_deletion_protection_is_heeded(make: Make) -> None:
    manager = make()
    await manager.create_tables()
    await manager.create_tables(deletion_protection=True)
    assert (await manager.describe())["tables"]["commits"]["deletion_protection"] is True
    with pytest.raises(DatabaseError, match="DeleteTable"):
        await manager.delete_tables()
    client = manager.connection.client
    for table in TABLES:
        await client.call("update_table", TableName=client.table(table), DeletionProtectionEnabled=False)


async def test_tables_of_a_newer_program_are_refused(make: Make) -> None:
    manager = make()
    await manager.initialize()
    client = manager.connection.client
    await write_items(client, [state_items.row("#layout", "layout", version=state_items.LAYOUT + 1)])
    with pytest.raises(SchemaMismatch, match="newer version"):
        await make(table_prefix=client.table_prefix).initialize()


def test_a_manager_serves_one_event_loop_after_another(dynamodb_endpoint: str) -> None:
    manager = DynamoDBManager(endpoint_url=dynamodb_endpoint, region="us-east-1", table_prefix="loops-")

    async def use(number: int) -> int:
        try:
            return await manager.events.insert_events([event(str(number)), event("same")])
        finally:
            await manager.close()

    assert [asyncio.run(use(number)) for number in (1, 2)] == [2, 1]

    async def remove() -> None:
        await manager.delete_tables()
        await manager.close()

    asyncio.run(remove())
