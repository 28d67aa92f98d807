"""The schemas of the tools as they stand in the package: making them takes longer than all else that declares a tool.

They are made from the models by a test, which also fails where the file is no longer what the models say.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from ..infrastructure.questions.question import Question
from ..infrastructure.questions.schemas import slim_output

FILE = "schemas.json"


class Schemas(NamedTuple):
    """A tool's arguments and its answer."""

    input: dict[str, Any]
    output: dict[str, Any]


@cache
def kept_schemas() -> Mapping[str, Schemas]:
    """Return the schemas of the package, by the name of the question."""
    text = (files(__package__) / FILE).read_bytes()
    return msgspec.json.decode(text, type=dict[str, Schemas])


def make_schemas(question: Question[Any, Any]) -> Schemas:
    """Return the slim schemas of a question's models."""
    answer = question.answer_type.model_json_schema(mode="serialization")
    return Schemas(question.query.schema(), slim_output(answer))
