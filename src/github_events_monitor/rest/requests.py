"""The arguments of each endpoint. Unknown ones are refused; what the values mean is checked where they are used."""

import re
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from ..errors import InvalidInput
from ..mcp_support.arguments import refuse_unknown, refuse_value

Text = str | SkipJsonSchema[None]
Whole = int | SkipJsonSchema[None]
Hours = Annotated[Whole, Field(json_schema_extra={"minimum": 1, "maximum": 8760}, examples=[24])]
Limit = Annotated[Whole, Field(json_schema_extra={"minimum": 1, "maximum": 100}, examples=[30])]
Repo = Annotated[str, Field(description="owner/name, any letter case", examples=["microsoft/vscode"])]
_OFFSET_WITHOUT_PLUS = re.compile(r"(T\S+) (\d\d(?::?\d\d)?)")


def _with_plus(value: object) -> object:
    """A plus that was not escaped arrives as a blank: https://url.spec.whatwg.org/#application/x-www-form-urlencoded"""
    return _OFFSET_WITHOUT_PLUS.sub(r"\1+\2", value) if isinstance(value, str) else value


Until = Annotated[
    Text,
    BeforeValidator(_with_plus),
    Field(description="end of the window, ISO 8601; default: now", examples=["2026-11-20T12:00:00Z"]),
]
Cursor = Annotated[Text, Field(description="`next_cursor` of the page before; the rest then stays as it was")]


class Closed(BaseModel):
    """Refuses what it does not know, and says what was probably meant."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        if isinstance(given, dict) and (problem := refuse_unknown("this endpoint", given, cls.model_fields)):
            raise ValueError(problem)
        return given


class Windowed(Closed):
    """A time to ask about."""

    hours: Hours = Field(None, description="length of the window in hours; each endpoint has its default")
    until: Until = None

    def window(self, hours: int) -> dict[str, Any]:
        """The arguments of a question, with the default length."""
        return {"hours": hours if self.hours is None else self.hours, "until": self.until}


class OfRepository(Windowed):
    """A question about one repository."""

    repo: Repo


class CommitsQuery(OfRepository):
    """Recent commits."""

    limit: Limit = Field(None, description="how many at most; default: 30")
    branch: Text = Field(None, description="default: the default branch")
    author: Text = Field(None, description="login, name or e-mail, whole, in any letter case")
    cursor: Cursor = None


class ActivityQuery(OfRepository):
    """Recent events."""

    event_types: Text = Field(None, description="comma-separated", examples=["PushEvent,IssuesEvent"])
    actor: Text = Field(None, description="login")
    limit: Limit = Field(None, description="how many at most; default: 30")
    cursor: Cursor = None


class TrendingQuery(Windowed):
    """Trending repositories."""

    limit: Limit = Field(None, description="how many at most; default: 10")


class DevelopersQuery(Windowed):
    """Developer activity."""

    repo: Text = Field(None, description="owner/name; this or actor is needed", examples=["microsoft/vscode"])
    actor: Text = Field(None, description="login; across the stored repositories when no repo is given")


class MonitoringQuery(Windowed):
    """Commits across repositories."""

    repos: Text = Field(
        None, description="owner/name, comma-separated; default: all watched", examples=["myorg/repo1,myorg/repo2"]
    )
    limit_per_repo: Limit = Field(None, description="how many of each at most; default: 10")


class CommitQuery(Closed):
    """One commit."""

    repo: Repo


class CollectBody(Closed):
    """What to collect."""

    repos: Annotated[list[str], BeforeValidator(lambda given: [] if given is None else given)] = Field(
        default=[], description="owner/name; default: all watched", max_length=100
    )
    dry_run: bool = Field(False, description="ask GitHub, but store nothing")


QueryT = TypeVar("QueryT", bound=Closed)


def read_query(model: type[QueryT], request: Request) -> QueryT:
    """The query parameters. FastAPI could read them into a model, too, but takes longer than the rest of an answer.

    Raises `InvalidInput`, in the words of the tools.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise InvalidInput(_refusal(model, error)) from None


def _refusal(model: type[Closed], error: ValidationError) -> str:
    rows = error.errors()
    if rows[0]["type"] == "value_error":  # an argument that is not known
        return str(rows[0]["ctx"]["error"])
    return refuse_value(rows, model.model_json_schema()["properties"])


def describe_query(model: type[Closed]) -> dict[str, Any]:
    """The same parameters for the OpenAPI description."""
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": about.pop("description"),
                "schema": {key: value for key, value in about.items() if key not in {"title", "default"}},
            }
            for name, about in schema["properties"].items()
        ]
    }


def names(listed: str | None) -> list[str] | None:
    """A comma-separated list; null for an empty one."""
    return [name.strip() for name in (listed or "").split(",") if name.strip()] or None
