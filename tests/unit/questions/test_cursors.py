"""Cursors fix a question; words that are not ours, or say otherwise, are refused."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.questions.cursors import Page, open_page, write_cursor
from github_events_monitor.infrastructure.questions.recent_commits import RecentCommitsQuery

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 13, tzinfo=UTC)
NAME = "recent_commits"
FIRST = RecentCommitsQuery.read({"repo": "Octo/Hello", "hours": 48})
LAST = ("2026-11-19T00:00:00Z", "a" * 40)
WORD = write_cursor(NAME, open_page(NAME, FIRST, NOW), LAST)


def ask(cursor: str, **arguments: Any) -> Page[RecentCommitsQuery]:
    return open_page(NAME, RecentCommitsQuery.read({"repo": "octo/hello", "cursor": cursor, **arguments}), LATER)


def forge(**changes: Any) -> str:
    """A cursor whose sum fits what was changed in it."""
    raw = base64.urlsafe_b64decode(WORD + "=" * (-len(WORD) % 4))
    names = ("question", "arguments", "since", "until", "hours", "after")
    fields = dict(zip(names, msgspec.json.decode(raw[9:]), strict=True)) | changes
    body = msgspec.json.encode(list(fields.values()))
    return base64.urlsafe_b64encode(hashlib.blake2b(body, digest_size=9).digest() + body).rstrip(b"=").decode()


def test_a_cursor_keeps_the_window_and_the_filters_of_its_first_page() -> None:
    page = ask(WORD)
    assert (page.query, page.after) == (FIRST, LAST)
    assert (page.asked.span.since, page.asked.span.until) == ("2026-11-18T12:00:00Z", "2026-11-20T12:00:00Z")


def test_the_same_arguments_may_be_said_again() -> None:
    assert ask(WORD, hours=48).query == FIRST


@pytest.mark.parametrize("other", [{"hours": 24}, {"branch": "dev"}, {"repo": "octo/other"}, {"limit": 30}])
def test_arguments_that_say_otherwise_are_refused_by_name(other: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(other))):
        ask(WORD, **other)


def test_a_cursor_of_another_question_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        open_page("repository_activity", RecentCommitsQuery.read({"repo": "octo/hello", "cursor": WORD}), LATER)


@pytest.mark.parametrize(
    "changes",
    [
        {"since": "0026-11-18T12:00:00Z"},
        {"hours": 2},
        {"until": "2027-11-20T12:00:00Z"},
        {"since": "yesterday"},
        {"since": "2026-11-20T12:00:00Z", "until": "2026-11-18T12:00:00Z"},
        {"arguments": {"repo": "octo/hello", "limit": 10**9}},
        {"arguments": {"repo": "octo/hello", "nonsense": 1}},
        {"arguments": {}},
        {"after": ["x" * 1_000, "a"]},
    ],
)
def test_what_a_forged_cursor_holds_is_checked_as_arguments_are(changes: dict[str, Any]) -> None:
    assert ask(forge()).query == FIRST
    with pytest.raises(InvalidInput, match="this cursor was altered"):
        ask(forge(**changes))


@given(st.integers(0, 200), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_cursor_with_any_character_changed_is_refused(position: int, char: str) -> None:
    changed = WORD[: position % len(WORD)] + char + WORD[position % len(WORD) + 1 :]
    if changed != WORD:
        with pytest.raises(InvalidInput):
            ask(changed)


@given(st.text(max_size=60).filter(lambda word: word.strip().lower() not in {"", "null"}))
def test_any_text_is_refused_in_one_sentence(word: str) -> None:
    with pytest.raises(InvalidInput):
        ask(word)
