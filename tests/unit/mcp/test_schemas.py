"""Schemas get smaller without saying something else."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # clients check answers with it; it ships no types
import pytest

from github_events_monitor.infrastructure.questions.catalogue import tools
from github_events_monitor.infrastructure.questions.collect_now import CollectNow
from github_events_monitor.infrastructure.questions.recent_commits import RecentCommits, summarise
from github_events_monitor.infrastructure.questions.repository_health import RepositoryHealth
from github_events_monitor.infrastructure.questions.schemas import SHARED, slim_output
from github_events_monitor.infrastructure.questions.watch_repositories import WatchList

WINDOW = {"hours": 24, "since": "2026-11-19T12:00:00Z", "until": "2026-11-20T12:00:00Z"}
COVERAGE = {"from": WINDOW["since"], "to": WINDOW["until"], "complete": True}
ENVELOPE = {"repo": "o/n", "repo_url": "https://github.com/o/n", "window": WINDOW, "coverage": COVERAGE}
UNKNOWN = {
    "sha": "0" * 40, "message": "m", "author_name": None, "author_login": None, "committed_at": WINDOW["since"],
    "branch": None, "additions": None, "deletions": None, "files_changed": None,
    "summary": {"impact_score": 0, "risk_level": "low"},
}  # fmt: skip
TREND = {"direction": None, "previous_score": None, "change": None, "explanation": "too little is known"}

ANSWERS = [
    RecentCommits.model_validate({**ENVELOPE, "total_commits": 1, "commits": [UNKNOWN]}),
    WatchList.model_validate({"watching": ["o/n"], "errors": {"a/b": {"code": "not_found", "message": "none"}}}),
    CollectNow.model_validate(
        {"repositories": [{"repo": "o/n", "status": "collected"}], "requests_used": 1, "rate_limit": {}}
    ),
    RepositoryHealth.model_validate(
        {**ENVELOPE, "health_score": None, "confidence": None, "components": [], "trend": TREND, "recommendations": []}
        | {"people": 0, "bots": 0, "ai_assistants": 0}
    ),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_with_unknowns_fits_its_slim_schema(answer: Any) -> None:
    schema = slim_output(type(answer).model_json_schema())
    jsonschema.validate(answer.to_wire(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, schema)
    assert "$ref" not in str(schema)


def test_every_shared_shape_is_told_with_all_its_fields() -> None:
    definitions: dict[str, Any] = {}
    for question in tools():
        definitions |= question.answer_type.model_json_schema().get("$defs", {})
    for name, sentence in SHARED.items():
        fields = set(definitions[name]["properties"])
        assert {part for part in fields if part not in sentence} == set(), name


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        ({"complete": True}, "Coverage complete."),
        ({}, "none of the window is completely known"),
        ({"from": WINDOW["since"], "to": WINDOW["until"], "gaps": [{"from": "a", "to": "b"}]}, "Coverage partial"),
        ({"complete": True, "note": "Answered from what is stored."}, "Answered from what is stored."),
    ],
)
def test_the_line_beside_an_answer_says_what_is_known(coverage: dict[str, Any], words: str) -> None:
    answer = RecentCommits.model_validate({**ENVELOPE, "coverage": coverage, "total_commits": 0, "commits": []})
    assert words in summarise(answer)
