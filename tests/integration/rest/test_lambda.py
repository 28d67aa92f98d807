"""Under AWS Lambda: a cold start, the same container again, both event formats of API Gateway, on both providers."""

import asyncio
import base64
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mangum import Mangum

from github_events_monitor.api import create_app
from github_events_monitor.infrastructure.database_factory import get_dynamodb_manager

TOKEN = "lambda-token"
Call = Callable[..., tuple[int, Any]]


def v1(method: str, path: str, query: dict[str, str], headers: dict[str, str], body: str | None) -> dict[str, Any]:
    """An event of a REST API."""
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "requestContext": {"stage": "prod", "identity": {"sourceIp": "192.0.2.1"}, "httpMethod": method},
        "body": body,
        "isBase64Encoded": False,
    }


def v2(method: str, path: str, query: dict[str, str], headers: dict[str, str], body: str | None) -> dict[str, Any]:
    """An event of an HTTP API, or of a function URL."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.fixture(params=["sqlite", "dynamodb"])
def environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What AWS and the user set; no GitHub is at GITHUB_API_URL."""
    chosen = {
        "AWS_LAMBDA_FUNCTION_NAME": "monitor",
        "API_TOKEN": TOKEN,
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "DATABASE_PROVIDER": request.param,
        "DATABASE_PATH": ":memory:",
    }
    if request.param == "dynamodb":
        chosen |= {
            "DYNAMODB_ENDPOINT_URL": request.getfixturevalue("dynamodb_endpoint"),
            "DYNAMODB_TABLE_PREFIX": "lambda-",
            "AWS_ACCESS_KEY_ID": "dummy",
            "AWS_SECRET_ACCESS_KEY": "dummy",
            "AWS_REGION": "us-east-1",
        }
        asyncio.run(made(chosen["DYNAMODB_ENDPOINT_URL"]))
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    chosen_provider: str = request.param
    return chosen_provider


async def made(endpoint: str) -> None:
    """The tables are there before a container starts: making them takes longer than /health waits, here and on AWS."""
    keys = {"aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}
    async with get_dynamodb_manager(region="us-east-1", table_prefix="lambda-", endpoint_url=endpoint, **keys):
        pass


@pytest.fixture(params=[v1, v2])
def call(request: pytest.FixtureRequest, environment: str) -> Iterator[Call]:
    """A container: the handler is made once, each call is an invocation."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app()
    handler = Mangum(app, lifespan="off")

    def invoke(method: str, path: str, *, token: str | None = TOKEN, body: Any = None, **query: str) -> tuple[int, Any]:
        headers = {"Host": "abc.execute-api.us-east-1.amazonaws.com", "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        sent = request.param(method, path, query, headers, json.dumps(body) if body is not None else None)
        answer = handler(sent, {})  # type: ignore[arg-type]
        text = base64.b64decode(answer["body"]).decode() if answer["isBase64Encoded"] else answer["body"]
        return answer["statusCode"], json.loads(text)

    yield invoke
    runtime = app.state.shared.runtime()
    loop.run_until_complete(runtime.client.aclose())
    loop.run_until_complete(runtime.manager.close())
    asyncio.set_event_loop(None)
    loop.close()


def test_a_container_answers_cold_and_again(call: Call, environment: str) -> None:
    status, health = call("GET", "/health", token=None)
    assert status == 200
    assert {"status": "healthy", "provider": environment, "tables_found": 9}.items() <= health["database"].items()
    for _ in range(2):
        assert call("GET", "/metrics/trending", hours="24")[0] == 200
        assert call("POST", "/collect")[1]["repositories"] == []
        assert call("POST", "/collect", body={"repos": ["no-repository"]})[0] == 422
        assert call("GET", "/commits/recent", repo="octo/hello", hour="24")[0] == 422
        assert call("GET", "/metrics/trending", token="wrong")[0] == 401
        assert call("POST", "/mcp", body={})[0] == 400


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def test_mcp_is_answered_in_json_without_a_session(call: Call) -> None:
    client = {"clientInfo": {"name": "t", "version": "1"}, "capabilities": {}}
    status, begun = call("POST", "/mcp", body=rpc("initialize", protocolVersion="2025-11-25", **client))
    assert (status, begun["result"]["serverInfo"]["name"]) == (200, "github-events-monitor")
    for path in ("/mcp", "/mcp/"):
        status, listed = call("POST", path, body=rpc("tools/list"))
        assert status == 200
        assert "recent_commits" in {tool["name"] for tool in listed["result"]["tools"]}
    status, answered = call("POST", "/mcp", body=rpc("tools/call", name="trending_repositories", arguments={}))
    assert (status, answered["result"]["isError"]) == (200, False)
    assert answered["result"]["structuredContent"]["repositories"] == []
    read = call("POST", "/mcp", body=rpc("resources/read", uri="github-events://status"))
    assert read[1]["result"]["contents"][0]["uri"] == "github-events://status"
    assert call("GET", "/mcp")[0] == 405
    assert call("POST", "/mcp", token=None, body=rpc("tools/list"))[0] == 401


@pytest.mark.parametrize("named", [True, False])
def test_without_a_token_nothing_but_health_is_answered(
    call: Call, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    monkeypatch.delenv("API_TOKEN")
    if not named:  # with any runner of the handler it is an invocation
        monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    assert call("GET", "/metrics/trending", token=None)[0] == 401
    assert call("POST", "/webhooks/github", token=None)[0] == 401
    assert call("GET", "/health", token=None)[0] == 200


def test_the_deployed_handler_is_this_app(environment: str) -> None:
    path = Path(__file__).parents[3] / "deploy" / "lambda_function.py"
    spec = importlib.util.spec_from_file_location("lambda_function", path)
    assert spec is not None
    assert spec.loader is not None
    asyncio.set_event_loop(asyncio.new_event_loop())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.handler.app is sys.modules["github_events_monitor.api"].app
    asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)
