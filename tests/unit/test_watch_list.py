"""Whose turn it is: the least recently collected first, and a pass that a limit cut short does not cost its turn."""

from github_events_monitor.infrastructure.watch_list import oldest_first
from github_events_monitor.records import RepositoryState


def test_the_least_recently_collected_comes_first() -> None:
    states = {
        "octo/new": None,
        "octo/late": RepositoryState(repo_name="octo/late", last_collected_at="2026-11-20T12:00:00Z"),
        "octo/early": RepositoryState(repo_name="octo/early", last_collected_at="2026-11-20T11:00:00Z"),
    }
    assert oldest_first(["octo/late", "octo/early", "octo/new"], states) == ["octo/new", "octo/early", "octo/late"]


def test_one_that_cannot_be_collected_waits_like_the_others_but_not_for_a_rate_limit() -> None:
    attempt = "2026-11-20T12:00:00Z"
    states = {
        "octo/gone": RepositoryState(repo_name="octo/gone", last_attempt_at=attempt, error_code="not_found"),
        "octo/cut": RepositoryState(repo_name="octo/cut", last_attempt_at=attempt, error_code="rate_limited"),
        "octo/early": RepositoryState(repo_name="octo/early", last_collected_at="2026-11-20T11:00:00Z"),
    }
    assert oldest_first([*states], states) == ["octo/cut", "octo/early", "octo/gone"]
