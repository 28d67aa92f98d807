"""The text of an answer is the whole answer: every field of every answer changes it, or is left out for a reason."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from github_events_monitor.infrastructure.questions.catalogue import questions
from github_events_monitor.infrastructure.questions.question import Question

LEFT_OUT = {
    "repo_url": "the name says it, and commit_details and the structure have the url",
    "url": "a row's url is left to the structure and to commit_details",
    "evidence": "a row's evidence is left to the structure",
    "formula": "formulas stand once, in github-events://formulas",
    "repository_health: components.left_out": "explanation and note say it; it is no part of the answer",
    "retry_at": "the message says until when",
    "author_name": "a login, where there is one, stands for the name",
    "developer_activity: developers.kind": "the heading above the rows says it",
    "recent_commits: commits.summary.text": "commit_details has it",
    "recent_commits: commits.summary.reasons": "commit_details has them",
    "monitor_commits: repositories.commits.summary.text": "commit_details has it",
    "monitor_commits: repositories.commits.summary.reasons": "commit_details has them",
    "monitor_commits: repositories.commits.branch": "it is the default branch throughout",
    "commit_details: commit.message": "the whole message is shown",
    **{
        f"commit_details: commit.summary.{name}": "the analysis is shown once, from `summary`"
        for name in ("text", "categories", "impact_score", "risk_level", "breaking", "security_relevant", "reasons")
    },
    "collect_now: repositories.error.code": "the status says it",
    "repository_activity: events.id": "it tells a model nothing",
    "developer_activity: bots.kind": "the heading above the rows says it",
    "developer_activity: ai_assistants.kind": "the heading above the rows says it",
    "developer_activity: developers.is_bot": "the heading above the rows says it",
    "developer_activity: bots.is_bot": "the heading above the rows says it",
    "developer_activity: ai_assistants.is_bot": "the heading above the rows says it",
    "whats_new: repositories.first.at": "it orders the feed; the counts are of the window that is named",
    **{
        f"deployment_metrics: workflow_runs.{name}": "the explanation says it"
        for name in ("verdicts", "failed", "complete")
    },
    "status: watching": "the lines of the repositories name them",
}
"""By question and path, or by the last name of a path wherever it stands: why it is in the structure alone."""

BASES = [
    (False, frozenset[str]()),
    (False, frozenset({"error"})),
    (True, frozenset({"error", "merged_at"})),
    (False, frozenset({"repositories"})),
]
"""Examples that differ in flags and choices (which may hide other fields), and in what is None."""


class _Example:
    """Builds an answer with every field filled; `changed` is the path of the one field that is otherwise."""

    def __init__(self, base: tuple[bool, frozenset[str]], changed: str = "") -> None:
        self.paths: list[str] = []
        self._flag, self._without = base
        self._changed = changed

    def model(self, kind: type[BaseModel], path: str = "") -> BaseModel:
        """Return a filled model."""
        return kind.model_construct(
            **{
                name: self.value(field.annotation, f"{path}.{name}".lstrip("."))
                for name, field in kind.model_fields.items()
            }
        )

    def value(self, kind: Any, path: str) -> Any:
        """Return a value of a type."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self.value(inner[0], path)
        if origin in {Union, types.UnionType}:
            if path.rpartition(".")[2] in self._without:
                return None
            return self.value(next(one for one in inner if one is not type(None)), path)
        if origin is tuple and path in self._without:
            return ()
        if origin is tuple:
            return (self.value(inner[0], path),)
        if origin is dict:
            return {f"key of {path}": self.value(inner[1], path)}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self.model(kind, path)
        self.paths.append(path)
        return _leaf(kind, len(self.paths), flag=self._flag, other=path == self._changed)


def _leaf(kind: Any, number: int, *, flag: bool, other: bool) -> Any:
    if get_origin(kind) is Literal:
        return get_args(kind)[-1 if other != flag else 0]
    if kind is bool:
        return other != flag
    if kind is int:
        return number + 1000 * (1 + other)
    if kind is float:
        return float(number + 1000 * (1 + other)) / 8
    return f"{'z' if other else 'y'}{number}"


def _text(question: Question[Any, Any], base: tuple[bool, frozenset[str]], changed: str = "") -> str:
    answer = _Example(base, changed).model(question.answer_type)
    return question.text(answer.model_copy(update={"summary_line": question.summarise(answer)}))


def _shown(question: Question[Any, Any], base: tuple[bool, frozenset[str]]) -> dict[str, bool]:
    """Return by path whether another value there changes the text."""
    example = _Example(base)
    example.model(question.answer_type)
    plain = _text(question, base)
    return {path: _text(question, base, path) != plain for path in example.paths if path != "summary_line"}


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_every_field_of_an_answer_is_in_its_text_or_left_out_for_a_reason(question: Question[Any, Any]) -> None:
    shown = [_shown(question, base) for base in BASES]
    silent = [path for path in shown[0] if not any(found.get(path) for found in shown)]
    assert [path for path in silent if _reason(question.name, path) is None] == []


def _reason(name: str, path: str) -> str | None:
    return next((LEFT_OUT[key] for key in (f"{name}: {path}", path.rpartition(".")[2]) if key in LEFT_OUT), None)
