"""Errors as MCP shows them: a sentence that begins with the code, and the same in `_meta` for programs.

The structure does not go into `structuredContent`: clients check that against the output schema, errors included.
"""

from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, TextContent

from ..answers import Problem
from ..errors import MonitorError

ERROR_KEY = "github-events-monitor/error"
"""Where `_meta` of a failed call holds `{"code", "message", "retry_at"}`."""

_ASKED_WRONGLY = {"invalid", "not_found"}


def failed_call(error: MonitorError) -> CallToolResult:
    """Return a tool's answer that says what was wrong and what to do."""
    return CallToolResult(
        content=[TextContent(type="text", text=sentence(error))], is_error=True, _meta={ERROR_KEY: _structure(error)}
    )


def failed_request(error: MonitorError, uri: str | None = None) -> MCPError:
    """Return the same for resources and prompts, which fail as JSON-RPC errors."""
    code = INVALID_PARAMS if error.code in _ASKED_WRONGLY else INTERNAL_ERROR
    return MCPError(code=code, message=sentence(error), data={**_structure(error), **({"uri": uri} if uri else {})})


def sentence(error: MonitorError) -> str:
    """Return `code: message`, with the moment from which asking again makes sense."""
    problem = Problem.of(error)
    known = problem.retry_at is None or problem.retry_at in problem.message
    return f"{problem.code}: {problem.message}" + ("" if known else f" (ask again after {problem.retry_at})")


def _structure(error: MonitorError) -> dict[str, Any]:
    return Problem.of(error).to_wire()
