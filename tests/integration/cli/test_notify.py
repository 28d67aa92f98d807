"""`notify` on the terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_github import FakeGitHub, iso
from tests.inbox import Inbox, open_inbox

from .conftest import Run


@pytest.fixture
def inbox(github: FakeGitHub, run: Run) -> Iterator[Inbox]:
    """Where messages arrive; in the repository that is watched and collected a pull request has no answer."""
    at = iso(datetime.now(UTC) - timedelta(days=9))
    github.repositories["octo/hello"].issues = [
        {"number": 3, "title": "a thing", "user": {"login": "eve", "type": "User"}, "state": "open", "comments": 0,
         "created_at": at, "updated_at": at, "labels": [],
         "pull_request": {"url": "https://api.github.test/repos/octo/hello/pulls/3", "merged_at": None}}
    ]  # fmt: skip
    assert run("watch", "add", "octo/hello").code == 0
    assert run("collect").code == 0
    with open_inbox() as opened:
        yield opened


def test_a_dry_run_shows_what_is_then_sent_once(run: Run, inbox: Inbox) -> None:
    for _ in range(2):
        shown = run("notify", "--dry-run", NOTIFY_URLS=inbox.url)
        assert (shown.code, shown.err) == (0, "")
        assert "json (1 of 1): would be sent now" in shown.out
        assert "https://github.com/Octo/Hello/pull/3" in shown.out
        assert inbox.messages == []
    assert run("notify", NOTIFY_URLS=inbox.url).out == "json (1 of 1): sent\n"
    (message,) = inbox.messages
    assert message["title"] == "GitHub: 1 new thing needs attention"
    assert "no answer for two business days" in message["message"]
    assert run("notify", NOTIFY_URLS=inbox.url).out == "json (1 of 1): nothing new\n"
    assert run("notify", "--dry-run", "--json", NOTIFY_URLS=inbox.url).json == {
        "targets": [{"target": "json (1 of 1)", "title": None, "body": None, "not_before": None}]
    }
    assert len(inbox.messages) == 1


def test_what_is_not_known_does_not_pass_for_nothing_new(run: Run, github: FakeGitHub) -> None:
    assert "No repository is watched" in run("notify", "--dry-run", NOTIFY_URLS="json://127.0.0.1:1").err
    result = run("notify", NOTIFY_URLS="json://127.0.0.1:1", TARGET_REPOSITORIES="octo/hello")
    assert (result.code, result.out) == (0, "json (1 of 1): nothing new\n")
    assert "left out: octo/hello" in " ".join(result.err.split())


def test_a_test_message_arrives_and_a_target_that_fails_is_named_without_secrets(run: Run, inbox: Inbox) -> None:
    result = run("notify", "--test", NOTIFY_URLS=f"{inbox.url},json://me:hushhush@127.0.0.1:1")
    assert result.code == 1
    assert [message["title"] for message in inbox.messages] == ["GitHub: a test message"]
    assert "json (2 of 2)" in result.err
    assert inbox.secret not in result.out + result.err


@pytest.mark.parametrize(
    ("arguments", "urls", "said"),
    [
        (["notify"], "", "NOTIFY_URLS is not set"),
        (["notify", "--dry-run", "--test"], "json://127.0.0.1", "give one of them"),
        (["collect"], "slak://hushhush/x", "does not accept the URL slak (1 of 1)"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    run: Run, github: FakeGitHub, arguments: list[str], urls: str, said: str
) -> None:
    result = run(*arguments, NOTIFY_URLS=urls)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert said in result.err
    assert "hushhush" not in result.err
