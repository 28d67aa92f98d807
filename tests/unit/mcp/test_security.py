"""Which hosts and origins the SDK is told to accept."""

import pytest

from github_events_monitor.mcp_support.security import host_rules
from github_events_monitor.settings import Settings


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({}, {"127.0.0.1", "127.0.0.1:*", "localhost", "localhost:*", "[::1]", "[::1]:*"}),
        ({"allowed_hosts": ("Monitor.example",)}, {"monitor.example", "monitor.example:*"}),
        ({"allowed_hosts": ("a.example:8443", "::1")}, {"a.example:8443", "[::1]", "[::1]:*"}),
        ({"allowed_hosts": ("a.example", "https://b.example")}, {"a.example", "a.example:*"}),
    ],
)
def test_hosts(settings: dict[str, tuple[str, ...]], hosts: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    rules = host_rules(Settings.load(**settings))
    assert rules.enable_dns_rebinding_protection
    assert set(rules.allowed_hosts) == hosts
    assert {f"http://{host}" for host in hosts} <= set(rules.allowed_origins)
    assert ("https://b.example" in rules.allowed_origins) == ("https://b.example" in settings.get("allowed_hosts", ()))
