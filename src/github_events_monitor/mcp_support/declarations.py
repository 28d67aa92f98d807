"""The declarations of the tools, stored in the package: making them takes longer than starting the SDK.

A test makes the file from the questions, and fails where it is out of date. The questions
themselves, and all that answers them, are imported when a client first wants one: see `Sharing`.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from ..errors import SettingsError
from ..infrastructure import questions as folder
from ..infrastructure.questions.query import did_you_mean

FILE = "tools.json"


class Declaration(NamedTuple):
    """A tool: as clients and models see it."""

    name: str
    title: str
    description: str
    effect: str
    changes_more_than_the_cache: bool
    input: dict[str, Any]
    output: dict[str, Any]


class Kept(NamedTuple):
    """The tools, and the names of the modules that they were made from."""

    modules: tuple[str, ...]
    tools: tuple[Declaration, ...]


@cache
def declarations() -> Mapping[str, Declaration]:
    """Return the tools by name, in the order in which lists show them."""
    kept = msgspec.json.decode((files(__package__) / FILE).read_bytes(), type=Kept)
    if kept.modules != question_modules():  # a question was just added
        kept = make_declarations()
    return {tool.name: tool for tool in kept.tools}


def question_modules() -> tuple[str, ...]:
    """Return the names of the modules that may hold a question."""
    return tuple(found.name for found in pkgutil.iter_modules(folder.__path__))


def make_declarations() -> Kept:
    """Return the tools as the questions and their models say."""
    from ..infrastructure.questions.catalogue import (  # noqa: PLC0415 - what is kept makes it unnecessary
        changes_more_than_the_cache,
        tools,
    )
    from ..infrastructure.questions.schemas import slim_output  # noqa: PLC0415 - likewise

    made = (
        Declaration(
            question.name,
            question.title,
            question.description,
            question.effect,
            changes_more_than_the_cache(question),
            question.query.schema(),
            slim_output(question.answer_type.model_json_schema(mode="serialization")),
        )
        for question in tools()
    )
    return Kept(question_modules(), tuple(made))


@cache
def offered(names: tuple[str, ...], *, read_only: bool) -> frozenset[str]:
    """Return the names of the tools that TOOLS and READ_ONLY leave; without names all that may be offered.

    Raises `SettingsError` for a name that no tool has.
    """
    every = declarations()
    for name in names:
        if name not in every:
            raise SettingsError(f"TOOLS names {name[:80]!r}, which is no tool; {did_you_mean(name, every)}")
    return frozenset(name for name in names or every if not (read_only and every[name].changes_more_than_the_cache))
