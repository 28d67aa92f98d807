"""Reading resources: their JSON, their one query parameter, and their errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..answers.shared import AnswerModel
from ..errors import InvalidInput, MonitorError
from ..jsontext import dump_json
from ..runtime import Runtime
from .problems import failed_request
from .sharing import Ctx

JSON = "application/json"
MAX_LISTED = 200


def to_json(answer: AnswerModel | dict[str, Any]) -> str:
    """A resource's text."""
    return dump_json(answer.to_wire() if isinstance(answer, AnswerModel) else answer).decode()


@contextmanager
def told(uri: str | None = None) -> Iterator[None]:
    """Errors within become JSON-RPC errors with code, sentence and URI where there is one."""
    try:
        yield
    except MonitorError as error:
        raise failed_request(error, uri) from error


@contextmanager
def reading(ctx: Ctx, hours: str | None = None) -> Iterator[int | None]:
    """`told`, and the hours that the URI asks for: null when it does not, for the question's own default."""
    uri = str((ctx.request_context.params or {}).get("uri", ""))
    with told(uri):
        yield _read_hours(uri, hours)


def _read_hours(uri: str, hours: str | None) -> int | None:
    unknown = next(
        (name for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True) if name != "hours"), None
    )
    if unknown is not None:
        raise InvalidInput(f"this resource has no parameter {unknown[:80]!r}; it takes hours")
    if hours is None:
        return None
    if not (hours.isascii() and hours.isdigit()) or not 1 <= int(hours[:9]) <= 8760:
        raise InvalidInput(f"hours must be a whole number from 1 to 8760, not {hours[:80]!r}")
    return int(hours)


async def list_repositories(runtime: Runtime) -> dict[str, Any]:
    """What is stored or watched, by name; `more` when there are others beyond the first."""
    names = await runtime.service.complete_repositories("", MAX_LISTED + 1)
    watched = {name.lower() for name in await runtime.service.watching()}
    rows = [{"repo": name, "watched": name.lower() in watched} for name in names[:MAX_LISTED]]
    return {"repositories": rows, "more": len(names) > MAX_LISTED}
