"""What all answers share: base, window, coverage, problems. Each answer itself stands with its question."""

from functools import cached_property
from typing import Annotated, Any, Literal, Self, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from .errors import ErrorCode, MonitorError
from .instants import format_instant
from .text import without_hidden


def _is_none(value: Any) -> bool:
    return value is None


def _is_falsy(value: Any) -> bool:
    return not value


Link = Annotated[str | SkipJsonSchema[None], Field(exclude_if=_is_none)]
"""Text that is left out, not null, where it does not apply."""

Flag = Annotated[bool, Field(exclude_if=_is_falsy)]
"""A flag that is left out when false."""

Strings = Annotated[tuple[str, ...], Field(exclude_if=_is_falsy)]
"""A list of texts that is left out when empty."""


class AnswerModel(BaseModel):
    """Frozen and closed; its JSON form (`to_wire`) is what MCP, REST and `--json` show."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True, defer_build=True
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the answer as plain JSON values. No text in it has characters that do not show."""
        text = self.model_dump_json(by_alias=True)
        if text.isascii() and text.isprintable() and "\\" not in text:  # then there is nothing to look for
            return cast(dict[str, Any], orjson.loads(text))
        return cast(dict[str, Any], without_hidden(self.model_dump(mode="json", by_alias=True)))

    @cached_property
    def json_bytes(self) -> bytes:
        """`to_wire` as compact JSON, made once: an answer that is kept is sent many times."""
        return orjson.dumps(self.to_wire())


class Window(AnswerModel):
    """The time asked about: since <= t < until, ISO 8601 UTC."""

    hours: int
    since: str
    until: str


class Gap(AnswerModel):
    """A stretch inside the window of which it is not known what happened."""

    from_: str = Field(alias="from")
    to: str


class Coverage(AnswerModel):
    """What is known about the window.

    from, to: first and last moment inside the window that is completely known (null: none of it).
    complete: true only when nothing inside the window can have been missed. sources: where the records came from.
    note: what limits the answer, in a sentence; null when nothing does.
    """

    from_: str | None = Field(None, alias="from")
    to: str | None = None
    complete: bool = False
    gaps: tuple[Gap, ...] = ()
    last_collected_at: str | None = None
    sources: tuple[str, ...] = ()
    note: str | None = None


class Answer(AnswerModel):
    """A whole answer. `now`: the instant at which it was made; `summary_line`: what it says, in one line."""

    now: str = ""
    summary_line: str = ""


class Envelope(Answer):
    """Around every windowed answer about one repository."""

    repo: str
    repo_url: str
    window: Window
    coverage: Coverage


class Problem(AnswerModel):
    """Why something could not be answered, and what to do."""

    code: ErrorCode
    message: str
    retry_at: str | None = None

    @classmethod
    def of(cls, error: MonitorError) -> Self:
        """Return an error as answers carry it."""
        retry_at = format_instant(error.retry_at) if error.retry_at else None
        return cls(code=error.code, message=error.message, retry_at=retry_at)


class RateLimitStatus(AnswerModel):
    """GitHub's primary limit as last reported; null fields were never reported."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: str | None = None


Kind = Literal["person", "bot", "ai_assistant"]
