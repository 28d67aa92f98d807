"""Targets of the library apprise, and what is said of URLs that are none."""

import logging
import socket
import sys

import pytest
from pydantic import SecretStr

from github_events_monitor.errors import SettingsError
from github_events_monitor.notifying import apprise_target
from github_events_monitor.notifying.targets import load_targets
from tests.inbox import Inbox


async def test_a_message_arrives(inbox: Inbox) -> None:
    (target,) = load_targets(SecretStr(inbox.url))
    assert await target.send("title", "first\nsecond")
    assert [(one["title"], one["message"]) for one in inbox.messages] == [("title", "first\nsecond")]
    assert inbox.secret not in target.name + target.key + repr(target)


async def test_a_target_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise_target, "WITHIN", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (target,) = load_targets(SecretStr(f"json://127.0.0.1:{silent.getsockname()[1]}?rto=1"))
        assert not await target.send("title", "body")
        assert not await target.send("title", "body")  # the first is still under way
        silent.settimeout(5)
        silent.accept()[0].close()


async def test_a_target_that_refuses_says_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with caplog.at_level(logging.DEBUG):
        (target,) = load_targets(SecretStr(f"json://me:hushhush@127.0.0.1:{port}/hushpath"))
        assert not await target.send("title", "body")
    assert "hush" not in caplog.text


@pytest.mark.parametrize("url", ["slak://hush/hush", "json://", "hushhush", "discord://hush", "a b://hush"])
def test_a_url_that_is_not_known_is_refused_without_its_secrets(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(SettingsError) as refused:
        load_targets(SecretStr(f"json://127.0.0.1, {url}"))
    assert "NOTIFY_URLS" in refused.value.message
    assert "hush" not in refused.value.message + caplog.text
    assert "\n" not in refused.value.message


def test_commas_within_a_url_are_its_own_and_each_url_counts_once() -> None:
    urls = "mailto://u:p@example.org?to=a@example.org,b@example.org, json://127.0.0.1:1,json://127.0.0.1:1"
    targets = load_targets(SecretStr(urls))
    assert [target.name for target in targets] == ["mailto (1 of 2)", "json (2 of 2)"]
    assert load_targets(None) == load_targets(SecretStr(" , ")) == []


def test_without_the_extra_one_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "github_events_monitor.notifying.apprise_target", raising=False)
    with pytest.raises(SettingsError, match=r"pip install '\.\[notify\]'"):
        load_targets(SecretStr("json://127.0.0.1"))
    assert load_targets(None) == []
