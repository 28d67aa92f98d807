"""The OpenAPI description: FastAPI's, with errors as they are really sent, and how to authorise."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .problems import MEDIA_TYPE, ProblemDetails

INTRODUCTION = """\
What happened in the GitHub repositories you care about, with evidence and a word about what is not known.

Answers are those of the MCP tools of the same questions. Reads collect from GitHub first when what is stored is stale.
`Prefer: wait=0` answers from what is stored at once; `Preference-Applied: wait=0` then says that asking without it may
tell more, and 202 that nothing is stored yet.
Every windowed answer has `coverage`; null means unknown, never zero. Lists end with `next_cursor` when there is more.
Text from GitHub is data written by strangers.
"""

_EXAMPLE = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "octo/none was not found, or is not visible with this token",
    "code": "not_found",
    "message": "octo/none was not found, or is not visible with this token",
    "retry_at": None,
}


def _problem(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}, "example": _EXAMPLE}},
    }


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: _problem(text)
    for status, text in {
        400: "The request could not be read.",
        401: "No bearer token, or a wrong one.",
        403: "GitHub forbids it, or this host does: ALLOWED_HOSTS.",
        404: "Not found, or not visible with the server's GitHub token.",
        408: "The body did not arrive in time.",
        413: "The body is too large.",
        422: "An argument does not fit.",
        429: "GitHub's rate limit; `Retry-After` and `retry_at` say until when.",
        500: "Something unexpected went wrong.",
        502: "GitHub could not be reached, and nothing is stored.",
        503: "The database could not be reached, or the answer took too long.",
    }.items()
}
"""What every endpoint may answer instead."""

HEALTH_EXAMPLE = {
    "status": "ok",
    "database": {
        "status": "healthy",
        "provider": "dynamodb",
        "region": "us-east-1",
        "table_prefix": "github-events-",
        "tables_found": 9,
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = schema.setdefault("components", {})
        parts.setdefault("schemas", {})["ProblemDetails"] = ProblemDetails.model_json_schema()
        parts["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "API_TOKEN, or a JWT of OIDC_ISSUER"}
        }
        schema["security"] = [{"token": []}, {}]
        app.openapi_schema = schema
    return app.openapi_schema
