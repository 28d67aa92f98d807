"""Cursors fix a question; words that are not ours, or say otherwise, are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.answering.cursors import Cursor, read_cursor, write_cursor

CURSOR = Cursor(
    "recent_commits",
    {"repo": "octo/hello", "hours": 48, "branch": None},
    "2026-11-18T12:00:00Z",
    "2026-11-20T12:00:00Z",
    48,
    ("2026-11-19T00:00:00Z", "a" * 40),
)


def test_a_cursor_comes_back_as_it_was_written() -> None:
    assert read_cursor(write_cursor(CURSOR), "recent_commits", {"repo": "octo/hello", "hours": None}) == CURSOR


def test_the_same_arguments_may_be_said_again() -> None:
    assert read_cursor(write_cursor(CURSOR), "recent_commits", {"repo": "octo/hello", "hours": 48}) == CURSOR


@pytest.mark.parametrize("other", [{"hours": 24}, {"branch": "dev"}, {"repo": "octo/other"}])
def test_arguments_that_say_otherwise_are_refused_by_name(other: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(other))):
        read_cursor(write_cursor(CURSOR), "recent_commits", other)


def test_a_cursor_of_another_question_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        read_cursor(write_cursor(CURSOR), "repository_activity", {})


@given(st.integers(0, 200), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_cursor_with_any_character_changed_is_refused(position: int, char: str) -> None:
    word = write_cursor(CURSOR)
    changed = word[: position % len(word)] + char + word[position % len(word) + 1 :]
    if changed != word:
        with pytest.raises(InvalidInput):
            read_cursor(changed, "recent_commits", {})


@given(st.text(max_size=60))
def test_any_text_is_refused_in_one_sentence(word: str) -> None:
    with pytest.raises(InvalidInput):
        read_cursor(word, "recent_commits", {})
