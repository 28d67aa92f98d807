"""Questions as values: frozen arguments with their limits and defaults, and how they are read from what a client sends.

MCP, REST and resources hand in what they were sent; what it means is decided here once, with one sentence for what is
refused. Clients of language models send numbers and booleans as text, "" or "null" for what they leave out, a list as
the text of one, `owner` beside a bare `repo`, and `@login`: all of it is read as it is meant.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ...errors import InvalidInput
from .schemas import slim_input
from .windows import MAX_HOURS, Asked, ask

MAX_LIMIT = 100
"""Items of a page."""
MAX_REPOSITORIES = 100
"""Repositories that one question may name."""
MAX_TEXT = 400
"""Characters of an argument; nothing longer reaches an expression, a parser or a comparison."""
MAX_LIST = 16_000
"""Characters of a list that comes as one text."""
MAX_CURSOR = 6_000
MAX_ARGUMENTS = 64


def _login(value: str) -> str:
    return value.strip().removeprefix("@")


Repo = Annotated[str, Field(description="owner/name, any letter case", examples=["microsoft/vscode"])]
Repos = Annotated[
    tuple[str, ...] | None,
    Field(description="owner/name each; default: all watched", max_length=MAX_REPOSITORIES, examples=["octo/a,octo/b"]),
]
Person = Annotated[str | None, AfterValidator(lambda value: value and _login(value))]
"""A login, in any letter case, with or without @."""
Limit = Annotated[int, Field(strict=True, ge=1, le=MAX_LIMIT)]

QueryT = TypeVar("QueryT", bound="Query")


class Query(BaseModel):
    """The arguments of a question. Equal values are equal questions, so that they serve as keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=MAX_CURSOR, defer_build=True)

    @classmethod
    @cache
    def schema(cls) -> dict[str, Any]:
        """Return the JSON schema of the arguments: closed, without titles, null defaults and null arms."""
        schema = slim_input(cls.model_json_schema())
        required = set(schema.get("required", ()))
        schema["properties"] = dict(sorted(schema["properties"].items(), key=lambda pair: pair[0] not in required))
        return schema

    @classmethod
    def read(cls, given: Mapping[str, Any], asked: str = "this question") -> Self:
        """Return the query that a client's arguments mean. `asked` names the question in a refusal.

        Raises `InvalidInput` with one sentence that says what is accepted.
        """
        properties = cls.schema()["properties"]
        arguments = _without_owner(_bounded(given), properties)
        if refusal := refuse_unknown(asked, arguments, properties):
            raise InvalidInput(refusal)
        try:
            return cls.model_validate(
                {
                    name: _as_meant(value, properties[name].get("type"))
                    for name, value in arguments.items()
                    if not _left_out(value)
                }
            )
        except ValidationError as error:
            raise InvalidInput(_refusal(error, properties)) from None

    def given(self) -> dict[str, Any]:
        """Return the arguments that were given, as plain JSON values."""
        return self.model_dump(mode="json", exclude_unset=True)


_NO_FILTERS = frozenset({"repo", "hours", "since", "until", "limit", "cursor", "sort"})


class WindowedQuery(Query):
    """A question about a stretch of time."""

    default_hours: ClassVar[int] = 24

    hours: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=MAX_HOURS)] | None,
        Field(description="length of the window, back from until"),
    ] = None
    since: Annotated[str | None, Field(description="start, in place of hours: ISO 8601 instant or date")] = None
    until: Annotated[str | None, Field(description="end: ISO 8601 instant, or date (its end); default: now")] = None

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if self.hours is not None and self.since is not None:
            raise ValueError("give hours or since, not both")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the default length of the window, which each question has of its own."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["properties"]["hours"]["default"] = cls.default_hours
        return schema

    def window(self, now: datetime) -> Asked:
        """Return the stretch of time that is asked about. Raises `InvalidInput`."""
        hours = self.default_hours if self.hours is None else self.hours
        return ask(now, hours=hours, since=self.since, until=self.until)


class PagedQuery(WindowedQuery):
    """A question whose answer is a page of a list."""

    default_limit: ClassVar[int] = 30

    limit: Annotated[Limit | None, Field(json_schema_extra={"default": 30})] = None
    cursor: Annotated[str | None, Field(description="next_cursor of the answer before; the rest stays as it was")] = (
        None
    )

    @property
    def size(self) -> int:
        """How many items the page may have."""
        return self.default_limit if self.limit is None else self.limit

    def filters(self) -> dict[str, str]:
        """Return what decides which items are listed, beside repository and window, where it is not the default."""
        given = {name: value for name, value in self.given().items() if name not in _NO_FILTERS}
        return {
            name: ", ".join(value) if isinstance(value, list) else str(value)
            for name, value in given.items()
            if value and value != type(self).model_fields[name].default
        }


def refuse_unknown(asked: str, given: Iterable[str], known: Iterable[str]) -> str | None:
    """Return what to say about the first argument that is not known, or None."""
    names = list(known)
    unknown = next((name for name in given if name not in names), None)
    if unknown is None:
        return None
    taken = ", ".join(names) or "none"
    return f"{asked} has no argument {_show(unknown)}; {did_you_mean(unknown, names)} It takes {taken}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest of the known words, or nothing where there is none to name."""
    nearest = difflib.get_close_matches(word[:80].lower(), list(known), n=1, cutoff=0.0)
    return f"did you mean {nearest[0]!r}?" if nearest else ""


def _bounded(given: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what is too long before anything looks into it."""
    if len(given) > MAX_ARGUMENTS:
        raise InvalidInput(f"at most {MAX_ARGUMENTS} arguments at once, not {len(given)}")
    for name, value in given.items():
        longest = {"cursor": MAX_CURSOR, "repos": MAX_LIST, "add": MAX_LIST, "remove": MAX_LIST}.get(name, MAX_TEXT)
        if isinstance(value, str) and len(value) > longest:
            raise InvalidInput(f"{_show(name)} is too long: {len(value)} characters, at most {longest}")
        if isinstance(value, list | tuple):
            _check_list(name, value)
    return dict(given)


def _check_list(name: str, values: list[Any] | tuple[Any, ...]) -> None:
    if len(values) > MAX_REPOSITORIES:
        raise InvalidInput(f"{_show(name)} takes at most {MAX_REPOSITORIES} at once, not {len(values)}")
    if any(isinstance(value, str) and len(value) > MAX_TEXT for value in values):
        raise InvalidInput(f"{_show(name)} has a text of more than {MAX_TEXT} characters")


def _without_owner(given: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Join `owner` and a bare `repo`, as GitHub's own API splits them."""
    names = set(known)
    owner, repo = given.get("owner"), given.get("repo")
    if "owner" in names or "repo" not in names or not isinstance(owner, str) or not isinstance(repo, str):
        return given
    rest = {name: value for name, value in given.items() if name != "owner"}
    if "/" not in repo:
        return {**rest, "repo": f"{owner.strip()}/{repo.strip()}"}
    if repo.split("/")[0].strip().lower() == owner.strip().lower():
        return rest
    raise InvalidInput(f"owner {_show(owner)} and repo {_show(repo)} name different owners; give repo as owner/name")


def _left_out(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in {"", "null"})


def _as_meant(value: Any, kind: Any) -> Any:
    match kind, value:
        case "integer", (str() | float()) if re.fullmatch(r"[-+]?\d{1,12}(\.0{1,6})?", str(value).strip()):
            return int(float(value))
        case "boolean", str() if value.strip().lower() in {"true", "false"}:
            return value.strip().lower() == "true"
        case "array", str():
            return _list_of(value)
        case "array", list():
            return tuple(value)
        case "string", str():
            return value.strip()
        case _:
            return value


def _list_of(text: str) -> tuple[Any, ...] | str:
    """Return a list written as JSON, or with commas. One that is broken stays text, to be refused."""
    if not text.lstrip().startswith("["):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return tuple(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _refusal(error: ValidationError, properties: Mapping[str, Any]) -> str:
    """Return the first of pydantic's complaints as a sentence that says what is accepted."""
    first = error.errors()[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    name = str(first["loc"][0])
    accepted = _describe(properties.get(name, {}))
    if first["type"] == "missing":
        return f"{name} is missing; it must be {accepted}"
    if first["type"] == "too_long":
        return f"{name} takes at most {first['ctx']['max_length']} at once, not {first['ctx']['actual_length']}"
    return f"{name} must be {accepted}, not {_show(first['input'])}"


def _describe(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    match schema.get("type"):
        case "integer" | "number":
            return f"a whole number from {schema.get('minimum')} to {schema.get('maximum')}"
        case "boolean":
            return "true or false"
        case "array":
            return "a list of texts"
        case _:
            return "text"


def _show(value: object) -> str:
    text = json.dumps(value[:100] if isinstance(value, str) else value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
