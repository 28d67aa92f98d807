"""The sentences by which arguments are refused."""

import pytest

from github_events_monitor.mcp_support.arguments import read_arguments, refuse_unknown

LISTS = {"repos": {"type": "array"}, "branch": {"type": "string"}, "hours": {"type": "integer"}}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"repos": '["a/b", "c/d"]'}, {"repos": ["a/b", "c/d"]}),
        ({"repos": "a/b"}, {"repos": "a/b"}),
        ({"repos": '{"a": 1}'}, {"repos": '{"a": 1}'}),
        ({"repos": "[" * 10_000}, {"repos": "[" * 10_000}),
        ({"repos": None, "branch": None}, {}),
        ({"branch": "null"}, {"branch": "null"}),
        ({"branch": '["x"]'}, {"branch": '["x"]'}),
        ({"hours": 24.0}, {"hours": 24}),
        ({"hours": 24.5}, {"hours": 24.5}),
        ({"hours": "24"}, {"hours": "24"}),
        ({"hours": True}, {"hours": True}),
        ({"branch": 24.0}, {"branch": 24.0}),
    ],
)
def test_arguments_are_read_without_guessing(given: dict[str, object], read: dict[str, object]) -> None:
    assert repr(read_arguments(given, LISTS)) == repr(read)


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [("repository", "repo"), ("Repo", "repo"), ("hour", "hours"), ("max", "limit"), ("x" * 500, "")],
)
def test_the_nearest_name_is_named(unknown: str, nearest: str) -> None:
    sentence = refuse_unknown("recent_commits", ["repo", unknown], ["repo", "hours", "limit"])
    assert sentence is not None
    assert f"did you mean '{nearest}" in sentence
    assert sentence.endswith("It takes repo, hours, limit")
    assert len(sentence) < 250


def test_known_names_are_not_refused() -> None:
    assert refuse_unknown("recent_commits", ["repo"], ["repo", "hours"]) is None
