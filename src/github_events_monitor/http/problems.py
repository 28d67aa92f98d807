"""Errors as application/problem+json (https://www.rfc-editor.org/rfc/rfc9457), with the fields every surface has."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil

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
    """Return the response for a problem."""
    title = HTTPStatus(status).phrase
    body = ProblemDetails(**problem.model_dump(), title=title, status=status, detail=problem.message)
    return JSONResponse(body.to_wire(), status, headers, media_type=MEDIA_TYPE)


def error_response(error: Exception, clock: Clock = system_clock) -> JSONResponse:
    """Return the response for whatever was raised; only errors of ours say what happened, and not all of those."""
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
