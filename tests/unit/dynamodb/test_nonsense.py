"""An endpoint that answers, but not like DynamoDB, is one sentence that names the setting."""

import pytest
from aiohttp import web

from github_events_monitor.errors import DatabaseError
from github_events_monitor.infrastructure.database_factory import get_dynamodb_manager

NONSENSE = [
    b"[]", b"[" * 20_000, b"null", b"5", b'"x"', b"<html>", b"", b'{"Table": "x"}', b'{"Table": {}}', b'{"Table": []}',
    b'{"Table": {"TableStatus": "ACTIVE", "KeySchema": "x"}}',
    b'{"Table": {"TableStatus": "ACTIVE", "KeySchema": [{}]}}',
    b'{"Table": {"TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": 5}]}}',
    b'{"Table": {"TableStatus": 7, "KeySchema": [{"AttributeName": "id"}]}}',
    b'{"Table": {"TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": "id"}], "AttributeDefinitions": [{}]}}',
    b'{"Table": {"TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": "id"}], "GlobalSecondaryIndexes": [{}]}}',
]  # fmt: skip


@pytest.mark.parametrize("body", NONSENSE)
async def test_what_is_not_dynamodbs_answer_is_one_sentence(body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/x-amz-json-1.0")

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    manager = get_dynamodb_manager(region="us-east-1", endpoint_url=url)
    try:
        for ask in (manager.initialize, manager.check, manager.describe, manager.delete_tables):
            with pytest.raises(DatabaseError, match=r"does not answer like DynamoDB: check DYNAMODB_ENDPOINT_URL"):
                await ask()
        health = await manager.health_check()
        assert (health["status"], "does not answer like DynamoDB" in health["error"]) == ("unhealthy", True)
    finally:
        await manager.close()
        await runner.cleanup()
