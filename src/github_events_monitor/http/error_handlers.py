"""What FastAPI does with errors of endpoints: each becomes a problem."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from ..answers import Problem
from ..errors import ErrorCode
from .problems import error_response, problem_response


async def on_monitor_error(request: Request, error: Exception) -> JSONResponse:
    """Return the response for an error of ours, with `Retry-After` (seconds) where the moment is known."""
    return error_response(error, request.app.state.shared.now)


async def on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    """Return the response for arguments that do not fit, each in a few words; 400 for a body that is no JSON."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(dict.fromkeys(_sentence(row) for row in found[:5]))
    status = 400 if any(row["type"] == "json_invalid" for row in found) else 422
    return problem_response(status, Problem(code="invalid", message=said or "the request does not fit; see /docs"))


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    """Return the response for paths and methods that do not exist."""
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
