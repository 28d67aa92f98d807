"""Which servers notify: those that poll, and may change something."""

import asyncio
from typing import Any

import pytest

from github_events_monitor.runtime import open_runtime
from github_events_monitor.settings import Settings
from tests.fake_github import FakeGitHub


@pytest.mark.parametrize(
    ("settings", "polling", "notifies"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"read_only": True}, True, False),
        ({"poll_interval": 0}, True, False),
        ({"notify_urls": ""}, True, False),
    ],
)
async def test_who_notifies(settings: dict[str, Any], polling: bool, notifies: bool) -> None:
    github = FakeGitHub()
    given = {
        "database_path": ":memory:",
        "notify_urls": "json://127.0.0.1:1",
        "github_api_url": github.base,
        **settings,
    }
    async with open_runtime(Settings.load(**given), polling=polling, transport=github.transport()):
        assert ("notifier" in {task.get_name() for task in asyncio.all_tasks()}) == notifies
    assert "notifier" not in {task.get_name() for task in asyncio.all_tasks()}
