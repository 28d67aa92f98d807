"""Every tool, resource and prompt says what it is; the tool schemas are a snapshot."""

import json
import os
from pathlib import Path
from typing import Any

from mcp.types import ListToolsResult

from github_events_monitor.mcp_server import mcp

SNAPSHOT = Path(__file__).parent / "tools.json"

READ_ONLY = {
    "recent_commits", "commit_details", "repository_health", "repository_activity", "trending_repositories",
    "developer_activity", "security_report", "event_anomalies", "deployment_metrics", "status", "pull_requests",
    "issues", "whats_new",
}  # fmt: skip


async def tools() -> list[dict[str, Any]]:
    listed = ListToolsResult(tools=await mcp.list_tools())
    shown: list[dict[str, Any]] = listed.model_dump(mode="json", by_alias=True, exclude_none=True)["tools"]
    return shown


async def test_tool_schemas_are_as_in_the_snapshot() -> None:
    """After a wanted change: `UPDATE_SNAPSHOTS=1 python -m pytest tests/unit/mcp`, and read the difference."""
    found = json.dumps(await tools(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


async def test_tools_list_is_is_small() -> None:
    compact = json.dumps({"tools": await tools()}, separators=(",", ":"), ensure_ascii=False)
    assert len(compact.encode()) < 32_000
    shown = [{key: tool[key] for key in ("name", "description", "inputSchema")} for tool in await tools()]
    assert len(json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode()) < 12_000


async def test_every_tool_is_described_closed_and_annotated_truthfully() -> None:
    for tool in await tools():
        hints = tool["annotations"]
        assert tool["title"]
        assert len(tool["description"]) > 40
        assert tool["inputSchema"]["additionalProperties"] is False
        assert tool["outputSchema"]["type"] == "object"
        assert hints["readOnlyHint"] == (tool["name"] in READ_ONLY)
        assert hints["openWorldHint"] == (tool["name"] not in {"trending_repositories", "status"})
        assert "\n" not in tool["description"]


async def test_tools_worth_looking_at_name_the_view() -> None:
    named = {tool["name"]: tool["_meta"] for tool in await tools() if "_meta" in tool}
    assert set(named) == {
        "repository_health", "repository_activity", "whats_new", "pull_requests", "deployment_metrics"
    }  # fmt: skip
    assert all(meta == {"ui": {"resourceUri": "ui://github-events-monitor/view"}} for meta in named.values())


async def test_arguments_and_defaults_are_those_of_the_contract() -> None:
    shown = {
        tool["name"]: {
            name: schema.get("default", "required" if name in tool["inputSchema"].get("required", ()) else None)
            for name, schema in tool["inputSchema"]["properties"].items()
        }
        for tool in await tools()
    }
    window = {"since": None, "until": None}
    assert shown == {
        "recent_commits": {
            "repo": "required", "hours": 24, "limit": 30, "branch": None, "author": None,
            "path": None, "query": None, "min_risk": None, **window, "cursor": None,
        },
        "commit_details": {"repo": "required", "sha": "required"},
        "repository_health": {"repo": None, "repos": None, "hours": 720, **window},
        "monitor_commits": {"repos": None, "hours": 24, "limit_per_repo": 10, **window},
        "collect_now": {"repos": None, "dry_run": False},
        "repository_activity": {
            "repo": "required", "hours": 24, "event_types": None, "actor": None, "query": None, "limit": 30, **window,
            "cursor": None,
        },
        "trending_repositories": {"hours": 24, "limit": 10, **window},
        "developer_activity": {"repo": None, "actor": None, "hours": 720, **window},
        "security_report": {"repo": "required", "hours": 720, **window},
        "event_anomalies": {"repo": "required", "hours": 168, **window},
        "deployment_metrics": {"repo": "required", "hours": 2160, **window},
        "watch_repositories": {"add": [], "remove": []},
        "status": {},
        "whats_new": {"repos": None, "since": None, "reader": "default"},
        "pull_requests": {
            "repo": "required", "hours": 720, "limit": 30, "state": "open", "author": None, "reviewer": None,
            "sort": "updated", **window, "cursor": None,
        },
        "issues": {
            "repo": "required", "hours": 720, "limit": 30, "state": "open", "author": None, "label": None,
            "sort": "updated", **window, "cursor": None,
        },
    }  # fmt: skip


async def test_resources_and_prompts_are_those_of_the_contract() -> None:
    resources = await mcp.list_resources()
    templates = await mcp.list_resource_templates()
    prompts = await mcp.list_prompts()
    repository = "github-events://repositories/{owner}/{name}"
    assert {item.uri for item in resources} == {
        "github-events://status",
        "github-events://repositories",
        "github-events://formulas",
        "ui://github-events-monitor/view",
    }
    assert {item.uri_template for item in templates} == {
        *(f"{repository}/{kind}{{?hours}}" for kind in ("commits", "health", "events")),
        "github-events://commits/{owner}/{name}/{sha}",
    }
    assert {item.mime_type for item in resources} | {item.mime_type for item in templates} == {
        "application/json",
        "text/html;profile=mcp-app",
    }
    assert {item.name: [argument.name for argument in item.arguments or ()] for item in prompts} == {
        "daily_digest": ["repos"],
        "standup": ["person"],
        "review_queue": ["repos"],
        "repository_review": ["repo"],
        "security_review": ["repo"],
        "release_notes": ["repo", "since"],
    }
    for declared in (resources, templates, prompts):
        assert all(item.description and item.title for item in declared)
