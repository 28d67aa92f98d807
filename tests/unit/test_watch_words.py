"""The words of TARGET_REPOSITORIES."""

import pytest

from github_events_monitor.errors import InvalidInput, SettingsError
from github_events_monitor.settings import Settings
from github_events_monitor.watch_words import named_repositories, parse_watch_word, patterns


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("Octo/Hello", "repository", "octo/hello"),
        (" octo/* ", "owner", "octo"),
        ("@me", "me", ""),
        ("@Starred", "starred", ""),
        ("!octo/Hello", "without", "octo/hello"),
        ("!octo/old-*", "without", "octo/old-*"),
        ("!octo/*", "without", "octo/*"),
    ],
)
def test_each_word_has_its_meaning(text: str, kind: str, key: str) -> None:
    assert parse_watch_word(text) == (kind, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "octo",
        "*",
        "*/*",
        "octo/pre-*",
        "!@me",
        "!octo",
        "@mine",
        "!",
        "octo/**",
        "!octo/*old",
        "oc*/hello",
        "!octo/a?*",
    ],
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"write owner/name, owner/\*, @me"):
        parse_watch_word(text)


def test_what_is_taken_out_is_not_named() -> None:
    words = ("octo/a", "Octo/Old-1", "octo/b", "!octo/old-*", "!OCTO/B", "octo/*", "@me")
    assert named_repositories(words) == ("octo/a",)
    assert patterns(words) == ("octo/*", "@me")


def test_a_wrong_word_in_target_repositories_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_REPOSITORIES", "octo/a, octo/*, !octo/b")
    settings = Settings.load(folder=False)
    assert settings.target_repositories == ("octo/a", "octo/*", "!octo/b")
    assert settings.named_repositories == ("octo/a",)
    monkeypatch.setenv("TARGET_REPOSITORIES", "octo/a, octo")
    with pytest.raises(
        SettingsError, match="TARGET_REPOSITORIES='octo/a, octo' is not accepted; give owner/name, owner"
    ):
        Settings.load(folder=False)
