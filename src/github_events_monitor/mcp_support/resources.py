"""Reading resources: their JSON, their one query parameter, and their errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ..answers import AnswerModel
from ..errors import InvalidInput, MonitorError
from ..jsontext import dump_json
from .problems import failed_request
from .sharing import Ctx, runtime_of

if TYPE_CHECKING:
    from ..runtime import Runtime

JSON = "application/json"
MAX_LISTED = 200


def to_json(answer: AnswerModel | dict[str, Any]) -> str:
    """Return a resource's text."""
    return dump_json(answer.to_wire() if isinstance(answer, AnswerModel) else answer).decode()


@contextmanager
def as_mcp_error(uri: str | None = None) -> Iterator[None]:
    """Errors within become JSON-RPC errors with code, sentence and URI where there is one."""
    try:
        yield
    except MonitorError as error:
        raise failed_request(error, uri) from error


async def read_question(ctx: Ctx, question: str, **arguments: str | None) -> str:
    """Return the answer to a question as a resource's text; its URI may say `hours` and nothing else."""
    uri = str((ctx.request_context.params or {}).get("uri", ""))
    with as_mcp_error(uri):
        _refuse_unknown(uri)
        async with runtime_of(ctx) as runtime:
            return to_json(await runtime.service.ask_by_name(question, arguments))


def _refuse_unknown(uri: str) -> None:
    names = [name for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True)]
    unknown = next((name for name in names if name != "hours"), None)
    if unknown is not None:
        raise InvalidInput(f"this resource has no parameter {unknown[:80]!r}; it takes hours")


async def list_repositories(runtime: "Runtime") -> dict[str, Any]:
    """Return what is stored or watched, by name; `more` when there are others beyond the first."""
    names = await runtime.service.complete_repositories("", MAX_LISTED + 1)
    watched = {name.lower() for name in await runtime.service.watching()}
    rows = [{"repo": name, "watched": name.lower() in watched} for name in names[:MAX_LISTED]]
    return {"repositories": rows, "more": len(names) > MAX_LISTED}
