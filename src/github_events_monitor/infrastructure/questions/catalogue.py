"""All questions, found by their files: one new file in this folder is a new question on every surface."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from ...errors import SettingsError
from .query import did_you_mean
from .question import Question


@cache
def questions() -> tuple[Question[Any, Any], ...]:
    """Return every question, in the order in which lists show them."""
    package = __name__.rpartition(".")[0]
    folder = importlib.import_module(package).__path__
    modules = [importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(folder)]
    every = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Question)}
    return tuple(sorted(every.values(), key=lambda question: (question.position, question.name)))


def tools() -> tuple[Question[Any, Any], ...]:
    """Return the questions that MCP offers as tools."""
    return tuple(question for question in questions() if question.is_tool)


def changes_more_than_the_cache(question: Question[Any, Any]) -> bool:
    """Return whether READ_ONLY takes a question away; `monitor_commits` stays, without watching."""
    return question.effect in {"adds", "changes"} and question.name != "monitor_commits"


@cache
def offered(names: tuple[str, ...], *, read_only: bool) -> frozenset[str]:
    """Return the names of the tools that TOOLS and READ_ONLY leave; without names all that may be offered.

    Raises `SettingsError` for a name that no tool has.
    """
    every = {question.name: question for question in tools()}
    for name in names:
        if name not in every:
            raise SettingsError(f"TOOLS names {name[:80]!r}, which is no tool; {did_you_mean(name, every)}")
    return frozenset(name for name in names or every if not (read_only and changes_more_than_the_cache(every[name])))
