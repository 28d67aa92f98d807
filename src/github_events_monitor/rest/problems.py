"""Errors as application/problem+json (https://www.rfc-editor.org/rfc/rfc9457), with the fields every surface has."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from ..answers import Problem
from ..errors import DatabaseError, ErrorCode, MonitorError, SettingsError
from ..instants import Clock, system_clock

MEDIA_TYPE = "application/problem+json"

STATUS: dict[ErrorCode, int] = {
    "invalid": 422,
    "not_found": 404,
    "rate_limited": 429,
    "forbidden": 403,
    "unreachable": 502,
    "internal": 500,
}


class ProblemDetails(Problem):
    """An error: RFC 9457's fields, and `code`, `message`, `retry_at` as in the tools."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def problem_response(status: int, problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for a problem."""
    title = HTTPStatus(status).phrase
    body = ProblemDetails(**problem.model_dump(), title=title, status=status, detail=problem.message)
    return JSONResponse(body.to_wire(), status, headers, media_type=MEDIA_TYPE)


def error_response(error: Exception, clock: Clock = system_clock) -> JSONResponse:
    """The response for whatever was raised; only errors of ours say what happened, and not all of those."""
    if isinstance(error, SettingsError):
        message = "the server's settings are not accepted; its log names the variable"
        return problem_response(500, Problem(code="internal", message=message))
    if isinstance(error, TimeoutError):
        return problem_response(503, Problem(code="unreachable", message="this took too long; try again later"))
    if not isinstance(error, MonitorError):
        message = "something unexpected went wrong here; the server's log says what"
        return problem_response(500, Problem(code="internal", message=message))
    status = 503 if isinstance(error, DatabaseError) else STATUS[error.code]
    headers = {}
    if error.retry_at is not None:
        headers["Retry-After"] = str(max(1, ceil((error.retry_at - clock()).total_seconds())))
    return problem_response(status, Problem.of(error), headers)


async def on_monitor_error(request: Request, error: Exception) -> JSONResponse:
    """Any error of ours, with `Retry-After` (seconds) where the moment is known."""
    return error_response(error, request.app.state.door.now)


async def on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    """Arguments that do not fit, each in a few words; 400 for a body that is no JSON."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(dict.fromkeys(_sentence(row) for row in found[:5]))
    status = 400 if any(row["type"] == "json_invalid" for row in found) else 422
    return problem_response(status, Problem(code="invalid", message=said or "the request does not fit; see /docs"))


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    """Paths and methods that do not exist."""
    if not isinstance(error, HTTPException):
        return error_response(error)
    code: ErrorCode = "not_found" if error.status_code == 404 else "invalid" if error.status_code < 500 else "internal"
    message = f"{error.detail}; the endpoints are listed at /docs"
    return problem_response(error.status_code, Problem(code=code, message=message), error.headers)


def _sentence(row: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in row["loc"][1:]) or "the body"
    match row["type"]:
        case "missing":
            return f"{name} is missing"
        case "model_attributes_type":
            return f"{name} must be a JSON object, sent with Content-Type: application/json"
        case "json_invalid":
            return "the body is not JSON"
        case "value_error":
            return str(row["ctx"]["error"])
        case "list_type" | "string_type":
            expected = "a list of texts" if row["type"] == "list_type" else "text"
            return f"{name} must be {expected}, not {str(row['input'])[:60]!r}"
        case _:
            return f"{name}: {row['msg']}"
