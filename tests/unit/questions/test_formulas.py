"""Formulas stand once, for every number that has one."""

from github_events_monitor.infrastructure.questions.formulas import formulas
from github_events_monitor.infrastructure.questions.repository_health import RepositoryHealth


def test_every_component_and_key_has_its_formula() -> None:
    found = formulas()
    assert len(found["repository_health"]) == 11
    assert len(found["deployment_metrics"]) == 4
    assert all(text for of_question in found.values() for text in of_question.values())


def test_answers_do_not_repeat_them() -> None:
    assert "formula" not in str(RepositoryHealth.model_json_schema())
