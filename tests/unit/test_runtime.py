"""What is made of settings."""

import pytest

from github_events_monitor.runtime import web_url


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://ghe.example.com/api/v3", "https://ghe.example.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("http://127.0.0.1:8000", "https://github.com"),
    ],
)
def test_links_lead_to_the_github_that_is_asked(api: str, web: str) -> None:
    assert web_url(api) == web
