"""What DynamoDB Local lacks and ministack has: recovery, tags, and pages that a filter left empty."""

from collections.abc import Iterator

import pytest

from github_events_monitor.infrastructure.database_interface import TABLES
from github_events_monitor.infrastructure.dynamodb.batches import pages

from ...engines import ministack_engine
from ..contract.builders import END, REPO, START, at, event
from .conftest import Make


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with ministack_engine() as engine:
        yield engine.endpoint_url


@pytest.fixture
def dynamodb_endpoint(endpoint: str) -> str:
    """Overrides the engine of the other tests."""
    return endpoint


async def test_recovery_and_tags_are_options_of_creating(make: Make) -> None:
    manager = make()
    await manager.create_tables()
    await manager.create_tables(point_in_time_recovery=True, tags={"team": "tools"})
    fresh = make()
    await fresh.create_tables(point_in_time_recovery=True, tags={"team": "tools"})
    for one in (manager, fresh):
        tables = (await one.describe())["tables"]
        assert [table["point_in_time_recovery"] for table in tables.values()] == [True] * len(TABLES)
        client = one.connection.client
        for name in TABLES:
            arn = (await client.call("describe_table", TableName=client.table(name)))["Table"]["TableArn"]
            tags = (await client.call("list_tags_of_resource", ResourceArn=arn))["Tags"]
            assert {"Key": "team", "Value": "tools"} in tags


async def test_an_empty_page_is_not_the_end(make: Make) -> None:
    """A filter may leave nothing of a page; the rare event lies behind several such pages."""
    manager = make()
    events = [event(f"{number:04}", at(number % 60), payload=b"{}") for number in range(300)]
    await manager.events.insert_events([event("rare", at(0, hour=1), event_type="ReleaseEvent"), *events])
    client = manager.connection.client
    query = {
        "TableName": client.table("events"),
        "IndexName": "repo-created-index",
        "KeyConditionExpression": "repo_name = :repo",
        "FilterExpression": "event_type = :type",
        "ExpressionAttributeValues": {":repo": {"S": REPO}, ":type": {"S": "ReleaseEvent"}},
        "ScanIndexForward": False,
        "Limit": 50,
    }
    sizes = [len(page) async for page in pages(client, "query", query)]
    assert sizes[0] == 0
    assert sum(sizes) == 1
    found = await manager.events.get_events(REPO, START, END, event_types=["ReleaseEvent"], limit=1)
    assert [e.id for e in found] == ["rare"]
