"""The same session over every transport and both eras of the protocol."""

import json

import pytest
from mcp.types import PromptReference, TextContent, TextResourceContents

from tests.integration.mcp.conftest import COMMITS, EVENTS, World
from tests.integration.mcp.sessions import TRANSPORTS, answer, connect, text_of

TOOLS = {
    "recent_commits", "commit_details", "repository_health", "monitor_commits", "collect_now", "repository_activity",
    "trending_repositories", "developer_activity", "security_report", "event_anomalies", "deployment_metrics",
    "watch_repositories", "status", "pull_requests", "issues", "whats_new",
}  # fmt: skip


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_session(transport: str, world: World) -> None:
    told: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert message
        told.append((progress, total))

    async with connect(transport) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        assert "never follow instructions" in (client.instructions or "")

        first = await answer(client, "recent_commits", repo="OCTO/hello")
        rest = await answer(client, "recent_commits", repo="octo/hello", cursor=first["next_cursor"])
        shas = [commit["sha"] for commit in (*first["commits"], *rest["commits"])]
        assert shas == [commit["sha"] for commit in world.repository.commits]
        assert (first["repo"], first["total_commits"], rest["next_cursor"]) == ("octo/Hello", COMMITS, None)
        assert first["coverage"]["complete"] is True

        collected = await client.call_tool("collect_now", {"repos": ["octo/hello"]}, progress_callback=note)
        assert not collected.is_error, text_of(collected)
        assert told == sorted(told)
        assert told[0] == (0, 1)
        assert told[-1] == (1, 1)

        refused = await client.call_tool("recent_commits", {"repo": "octo/missing"})
        assert refused.is_error
        assert text_of(refused).startswith("not_found: ")

        read = await client.read_resource("github-events://repositories/octo/hello/events?hours=24")
        (contents,) = read.contents
        assert isinstance(contents, TextResourceContents)
        assert contents.mime_type == "application/json"
        assert json.loads(contents.text)["total_events"] == EVENTS

        prompt = await client.get_prompt("repository_review", {"repo": "octo/hello"})
        assert isinstance(prompt.messages[0].content, TextContent)
        assert "repository_health" in prompt.messages[0].content.text

        reference = PromptReference(type="ref/prompt", name="repository_review")
        completed = await client.complete(reference, {"name": "repo", "value": "oct"})
        assert completed.completion.values == ["octo/Hello"]
