"""Answers stay small whatever strangers write into repositories."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from mcp.types import TextResourceContents

from tests.fake_github import commit, event, sha
from tests.integration.mcp.conftest import World
from tests.integration.mcp.sessions import connect, size_of, text_of

NASTY = ('🦊"\\\u0007漢' * 2_000, '"' * 9_000, "\\" * 9_000, "é\u202e" * 5_000, "<script>&\t" * 900)


@pytest.fixture
def nasty(world: World) -> World:
    """Every text long and of what takes most bytes in JSON; hundreds of people, releases and files."""
    commits, events, releases = world.repository.commits, world.repository.events, world.repository.releases
    commits.clear()
    events.clear()
    for number in range(1, 151):
        at, text = world.now - timedelta(minutes=5 * number), NASTY[number % len(NASTY)]
        record = commit(number, at, author=f"person-{number}-{'z' * 20}", message=f"feat!: {text}\n\n{text}")
        record["commit"]["author"]["name"] = text[:300]
        commits.append(record)
        issue = {
            "number": number,
            "title": text,
            "user": {"login": "eve"},
            "body": text,
            "html_url": f"https://x/{text}",
        }
        payload = {"action": "opened", "issue": issue}
        events.append(event(number, "IssuesEvent", f"actor-{number}-{'z' * 20}", at, payload, "octo/Hello"))
        release = {"id": number, "tag_name": f"v{number}-{'z' * 200}", "name": text, "body": text, "draft": False}
        release |= {"prerelease": False, "author": {"login": "eve"}, "html_url": "https://x/" + "z" * 400}
        releases.append({**release, "published_at": at.isoformat(), "created_at": at.isoformat()})
    files = [{"filename": f"{number}/{text[:400]}", "status": "added"} for number, text in enumerate(NASTY * 60)]
    commits[0]["files"] = [{**file, "additions": 1, "deletions": 0} for file in files]
    return world


async def test_thirty_commits_are_under_16000_bytes_of_structure_and_6000_of_text(nasty: World) -> None:
    seen: list[str] = []
    arguments: dict[str, Any] = {"repo": "octo/hello"}
    async with connect() as client:
        while True:
            result = await client.call_tool("recent_commits", arguments)
            assert not result.is_error, text_of(result)
            structure = result.structured_content or {}
            assert len(orjson.dumps(structure)) < 16_000
            assert len(text_of(result).encode()) < 6_000
            assert structure["total_commits"] == 150
            assert all(f"\n{row['sha'][:10]} " in text_of(result) for row in structure["commits"])
            seen += [row["sha"] for row in structure["commits"]]
            if structure["next_cursor"] is None:
                break
            arguments["cursor"] = structure["next_cursor"]
    assert seen == [sha(number) for number in range(1, 151)]


async def test_thirty_commits_with_long_messages_in_a_script_of_many_bytes_are_all_shown(world: World) -> None:
    for record in world.repository.commits:
        record["commit"]["message"] = "修正：" + "長い説明" * 100
    async with connect() as client:
        result = await client.call_tool("recent_commits", {"repo": "octo/hello", "limit": 30})
    assert result.structured_content is not None
    messages = [row["message"] for row in result.structured_content["commits"]]
    assert len(messages) == 30
    assert all(len(message) >= 30 and ("修正：" + "長い説明" * 100).startswith(message) for message in messages)
    assert len(orjson.dumps(result.structured_content)) < 16_000
    assert len(text_of(result).encode()) < 6_000


@pytest.mark.parametrize("tool", ["monitor_commits", "collect_now", "watch_repositories"])
async def test_an_answer_about_a_hundred_repositories_is_under_20000_bytes(world: World, tool: str) -> None:
    names = [f"{'o' * 30}/{'n' * 60}-{number}" for number in range(99)] + ["octo/hello"]
    async with connect() as client:
        result = await client.call_tool(tool, {"add" if tool == "watch_repositories" else "repos": names})
    assert not result.is_error, text_of(result)
    assert size_of(result) < 20_000
    assert "it shows the first" in str((result.structured_content or {})["note"])


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("recent_commits", {"repo": "octo/hello", "limit": 100}),
    ("commit_details", {"repo": "octo/hello", "sha": sha(1)}),
    ("repository_health", {"repo": "octo/hello"}),
    ("monitor_commits", {"repos": ["octo/hello"], "limit_per_repo": 100}),
    ("repository_activity", {"repo": "octo/hello", "limit": 100}),
    ("trending_repositories", {"limit": 100}),
    ("developer_activity", {"repo": "octo/hello"}),
    ("security_report", {"repo": "octo/hello"}),
    ("event_anomalies", {"repo": "octo/hello"}),
    ("deployment_metrics", {"repo": "octo/hello"}),
]


async def test_no_answer_is_over_20000_bytes(nasty: World) -> None:
    async with connect() as client:
        collected = await client.call_tool("collect_now", {"repos": ["octo/hello"]})
        sizes = {"collect_now": size_of(collected)}
        for tool, arguments in QUESTIONS:
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, text_of(result)
            sizes[tool] = size_of(result)
    assert {tool: size for tool, size in sizes.items() if size >= 20_000} == {}


async def test_no_resource_is_over_20000_bytes(nasty: World) -> None:
    repository = "github-events://repositories/octo/hello"
    uris = [f"{repository}/{kind}?hours=200" for kind in ("commits", "health", "events")]
    sizes = {}
    async with connect() as client:
        await client.call_tool("collect_now", {"repos": ["octo/hello"]})
        for uri in (*uris, f"github-events://commits/octo/hello/{sha(1)}", "github-events://repositories"):
            (contents,) = (await client.read_resource(uri)).contents
            assert isinstance(contents, TextResourceContents)
            assert orjson.loads(contents.text)
            sizes[uri] = len(contents.text.encode())
    assert {uri: size for uri, size in sizes.items() if size >= 20_000} == {}


async def test_an_error_does_not_repeat_what_it_was_given_at_length(world: World) -> None:
    async with connect() as client:
        for arguments in ({"repo": "x" * 100_000}, {"y" * 100_000: 1}, {"repo": "a/b", "cursor": "z" * 100_000}):
            result = await client.call_tool("recent_commits", arguments)
            assert result.is_error
            assert len(text_of(result)) < 500
