"""TOOLS and READ_ONLY: which tools are offered."""

import pytest

from github_events_monitor.errors import SettingsError
from github_events_monitor.infrastructure.questions.catalogue import tools
from github_events_monitor.mcp_server import mcp
from github_events_monitor.mcp_support.declarations import offered
from github_events_monitor.mcp_support.sharing import Sharing
from github_events_monitor.mcp_support.subscriptions import Subscriptions
from github_events_monitor.runtime import build_runtime
from github_events_monitor.settings import Settings


def test_without_either_every_tool_is_offered() -> None:
    assert offered((), read_only=False) == {question.name for question in tools()}


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"TOOLS names 'recent_comits', .* did you mean 'recent_commits'\?"):
        offered(("recent_comits",), read_only=False)


def test_read_only_outranks_tools() -> None:
    assert offered(("recent_commits", "collect_now"), read_only=True) == {"recent_commits"}


async def test_read_only_takes_away_what_changes_more_than_the_cache() -> None:
    with mcp.sharing.using(Settings.load(read_only=True)):
        named = {tool.name for tool in await mcp.list_tools()}
    assert named == {question.name for question in tools()} - {"collect_now", "watch_repositories"}


async def test_a_tool_that_is_not_offered_cannot_be_called() -> None:
    with mcp.sharing.using(Settings.load(tools="recent_commits,status")):
        assert {tool.name for tool in await mcp.list_tools()} == {"recent_commits", "status"}
        result = await mcp.call_tool("collect_now", {})
    assert "there is no tool 'collect_now'" in str(result)


def test_a_runtime_of_someone_else_offers_by_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where each request is served by itself: the environment is not read again with each."""
    runtime = build_runtime(Settings(database_path=":memory:", read_only=True), offline=True)
    monkeypatch.setenv("TOOLS", "no_such_tool")
    sharing = Sharing(Subscriptions())
    with sharing.over(runtime):
        assert sharing.offered() == offered((), read_only=True)
