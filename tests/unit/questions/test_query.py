"""What clients send, and what it means; the sentences by which arguments are refused."""

from typing import Any

import pytest

from github_events_monitor.errors import InvalidInput
from github_events_monitor.infrastructure.questions.collect_now import CollectNowQuery
from github_events_monitor.infrastructure.questions.monitor_commits import MonitorCommitsQuery
from github_events_monitor.infrastructure.questions.query import refuse_unknown
from github_events_monitor.infrastructure.questions.recent_commits import RecentCommitsQuery
from github_events_monitor.infrastructure.questions.repository_activity import RepositoryActivityQuery

REPO = {"repo": "octo/hello"}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"hours": "24"}, {"hours": 24}),
        ({"hours": " 24 ", "limit": "5"}, {"hours": 24, "limit": 5}),
        ({"hours": 24.0}, {"hours": 24}),
        ({"hours": "24.0"}, {"hours": 24}),
        ({"hours": None, "branch": "", "author": "null", "cursor": "", "until": " ", "limit": "NULL"}, {}),
        ({"author": "@ada"}, {"author": "ada"}),
        ({"owner": "octo", "repo": "hello"}, {"repo": "octo/hello"}),
        ({"owner": "Octo", "repo": "octo/hello"}, {}),
        ({"since": "2026-11-20"}, {"since": "2026-11-20"}),
    ],
)
def test_arguments_are_read_as_they_are_meant(given: dict[str, Any], meant: dict[str, Any]) -> None:
    assert RecentCommitsQuery.read({**REPO, **given}) == RecentCommitsQuery(**{**REPO, **meant})


@pytest.mark.parametrize("given", ['["a/b", "c/d"]', "a/b,c/d", "a/b, c/d", ["a/b", "c/d"], ("a/b", "c/d")])
def test_a_list_may_come_as_text(given: object) -> None:
    assert MonitorCommitsQuery.read({"repos": given}).repos == ("a/b", "c/d")


@pytest.mark.parametrize(("given", "meant"), [("true", True), ("False", False), (True, True), ("", False)])
def test_a_switch_may_come_as_text(given: object, meant: bool) -> None:
    assert CollectNowQuery.read({"dry_run": given}).dry_run is meant


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"repo": None}, "repo is missing; it must be text"),
        ({"repo": 7}, "repo must be text, not 7"),
        ({"repo": ""}, "repo is missing"),
        ({"hours": "soon"}, 'hours must be a whole number from 1 to 8760, not "soon"'),
        ({"hours": True}, "hours must be a whole number from 1 to 8760, not true"),
        ({"hours": 2.5}, "hours must be a whole number from 1 to 8760, not 2.5"),
        ({"hours": 8761}, "hours must be a whole number from 1 to 8760, not 8761"),
        ({"hours": "9" * 300}, "hours must be a whole number from 1 to 8760"),
        ({"limit": 0}, "limit must be a whole number from 1 to 100, not 0"),
        ({"branch": ["main"]}, 'branch must be text, not ["main"]'),
        ({"branch": "a b"}, "is not the name of a branch"),
        ({"hours": 3, "since": "2026-11-20"}, "give hours or since, not both"),
        ({"owner": "ada"}, "name different owners"),
        ({"until": "x" * 40_000}, '"until" is too long: 40000 characters'),
        ({"x" * 40_000: 1}, "recent_commits has no argument"),
        ({"hour": 3}, "did you mean 'hours'?"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_short_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        RecentCommitsQuery.read({**REPO, **given}, "recent_commits")
    assert sentence in refused.value.message
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 400


@pytest.mark.parametrize("given", ["[" * 10_000, [1], 5, {"a": 1}])
def test_a_list_that_is_none_is_refused(given: object) -> None:
    with pytest.raises(InvalidInput, match="repos"):
        CollectNowQuery.read({"repos": given})


def test_more_repositories_than_a_question_takes_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 100 at once, not 101"):
        CollectNowQuery.read({"repos": ["a/b"] * 101})


def test_an_event_type_is_known_in_any_spelling_and_an_unknown_one_names_the_nearest() -> None:
    read = RepositoryActivityQuery.read({**REPO, "event_types": ["push", "issuesevent", "PushEvent"]})
    assert read.event_types == ("IssuesEvent", "PushEvent")
    with pytest.raises(InvalidInput, match="did you mean 'PushEvent'"):
        RepositoryActivityQuery.read({**REPO, "event_types": "PusEvent"})


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


def test_equal_questions_are_equal_values() -> None:
    one = RecentCommitsQuery.read({"repo": "octo/hello", "hours": "3"})
    assert {one: 1}[RecentCommitsQuery.read({"repo": "octo/hello", "hours": 3})] == 1
