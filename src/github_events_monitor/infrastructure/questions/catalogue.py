"""All questions, found by their files: one new file in this folder is a new question on every surface."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from .question import Question


@cache
def questions() -> tuple[Question[Any, Any], ...]:
    """Return every question, in the order in which lists show them."""
    package = __name__.rpartition(".")[0]
    folder = importlib.import_module(package).__path__
    modules = [importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(folder)]
    every = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Question)}
    return tuple(sorted(every.values(), key=lambda question: (question.position, question.name)))


@cache
def questions_by_name() -> Mapping[str, Question[Any, Any]]:
    """Return every question by its name."""
    return {question.name: question for question in questions()}


def tools() -> tuple[Question[Any, Any], ...]:
    """Return the questions that MCP offers as tools."""
    return tuple(question for question in questions() if question.is_tool)


def changes_more_than_the_cache(question: Question[Any, Any]) -> bool:
    """Return whether READ_ONLY takes a question away; `monitor_commits` stays, without watching."""
    return question.effect in {"adds", "changes"} and question.name != "monitor_commits"
