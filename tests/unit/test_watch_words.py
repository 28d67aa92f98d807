"""The words of TARGET_REPOSITORIES."""

import pytest

from github_events_monitor.errors import InvalidInput, SettingsError
from github_events_monitor.settings import Settings
from github_events_monitor.watch_words import is_pattern, parse_watch_word, word_of


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


def test_a_word_is_remembered_in_one_spelling() -> None:
    words = ("Octo/A", " OCTO/*", "@Me", "!OCTO/B", "!octo/Old-*")
    assert [word_of(word) for word in words] == ["octo/a", "octo/*", "@me", "!octo/b", "!octo/old-*"]
    assert [is_pattern(word) for word in words] == [False, True, True, True, True]


def test_a_wrong_word_in_target_repositories_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_REPOSITORIES", "octo/a, octo/*, !octo/b")
    assert Settings.load(folder=False).target_repositories == ("octo/a", "octo/*", "!octo/b")
    monkeypatch.setenv("TARGET_REPOSITORIES", "octo/a, octo")
    with pytest.raises(
        SettingsError, match="TARGET_REPOSITORIES='octo/a, octo' is not accepted; give owner/name, owner"
    ):
        Settings.load(folder=False)
