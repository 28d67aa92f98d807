"""What a running program really asks of DynamoDB, beside what deploy/iam/run.json allows."""

import json
from pathlib import Path

from botocore import xform_name

from github_events_monitor.infrastructure.dynamodb.manager import DynamoDBManager
from github_events_monitor.infrastructure.questions.watch_repositories import WATCH_REPOSITORIES

from .conftest import close, open_world
from .test_webhooks import OPENED, push

RUN = Path(__file__).parents[3] / "deploy" / "iam" / "run.json"
PATHS = (
    *("/health", "/prometheus", "/commits/recent", "/events/recent", "/metrics/trending", "/monitoring/commits"),
    *(f"/metrics/{name}" for name in ("repository-health", "event-counts", "developer-productivity")),
    *(f"/metrics/{name}" for name in ("security-monitoring", "event-anomalies", "release-deployment")),
)


async def test_a_program_on_existing_tables_calls_nothing_that_its_policy_does_not_allow(
    dynamodb_endpoint: str,
) -> None:
    chosen = {
        "database_provider": "dynamodb",
        "dynamodb_endpoint_url": dynamodb_endpoint,
        "dynamodb_table_prefix": "policy-",
        "aws_region": "us-east-1",
        "aws_access_key_id": "dummy",
        "aws_secret_access_key": "dummy",
        "event_retention_days": 365,
    }
    setting_up = await open_world(**chosen)
    await setting_up.runtime.manager.create_tables()
    await close(setting_up)
    world = await open_world(**chosen)
    manager = world.runtime.manager
    assert isinstance(manager, DynamoDBManager)
    try:
        await world.http.post("/collect", json={"repos": ["octo/hello"]})
        await world.runtime.service.ask(WATCH_REPOSITORIES, add=["octo/hello"])
        for path in PATHS:
            without_repo = path in {"/health", "/prometheus", "/metrics/trending", "/monitoring/commits"}
            response = await world.http.get(path, params=None if without_repo else {"repo": "octo/hello"})
            assert response.status_code == 200, response.text
        assert (await world.deliver("issues", OPENED)).status_code == 200
        assert (await world.deliver("push", push(after="b" * 40))).status_code == 202
        allowed = {
            xform_name(action.removeprefix("dynamodb:"))
            for statement in json.loads(RUN.read_text())["Statement"]
            for action in statement["Action"]
        }
        assert manager.connection.capacity.calls.keys() <= allowed
        assert {"query", "batch_write_item", "update_item"} <= manager.connection.capacity.calls.keys()
    finally:
        await manager.delete_tables()
        await close(world)
