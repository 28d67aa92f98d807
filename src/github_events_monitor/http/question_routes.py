"""The questions of the catalogue as REST routes: GET reads arguments from the query, POST from a JSON body."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ..answers import AnswerModel
from ..errors import InvalidInput, NotFound
from ..infrastructure.database_service import DatabaseService
from ..infrastructure.questions.catalogue import changes_more_than_the_cache, questions
from ..infrastructure.questions.query import Query
from ..infrastructure.questions.question import Endpoint, Question

_LONGEST_INSTANT = 40
AT_ONCE = "wait=0"


def declare_questions(app: FastAPI, service: Callable[[], DatabaseService]) -> None:
    """Add a route for every endpoint of every question."""
    for question in questions():
        for endpoint in question.endpoints:
            _declare(app, service, question, endpoint)


def _declare(
    app: FastAPI, service: Callable[[], DatabaseService], question: Question[Any, Any], endpoint: Endpoint
) -> None:
    @app.api_route(
        endpoint.path,
        methods=[endpoint.method],
        response_model=endpoint.view_type or question.answer_type,
        tags=[endpoint.tag],
        name=endpoint.path,
        summary=question.title,
        description=endpoint.summary or question.description,
        openapi_extra=_describe(question.query, endpoint),
    )
    async def ask(request: Request) -> Response:
        if changes_more_than_the_cache(question) and not service().context.may_watch:
            raise HTTPException(404, f"{question.name} is not offered, because READ_ONLY is set")
        given = await _body(request) if endpoint.method == "POST" else _parameters(request, question.query)
        query = question.query.read({**given, **request.path_params}, "this endpoint")
        if request.method == "GET" and _prefers_not_to_wait(request):
            return await _at_once(request, service(), question, endpoint, query)
        answer = await service().answer(question, query, may_watch=endpoint.method == "POST")
        return _reply(request, endpoint, answer)


def _prefers_not_to_wait(request: Request) -> bool:
    """Return whether a client would rather have what is stored than wait for collecting: `Prefer: wait=0`.

    https://www.rfc-editor.org/rfc/rfc7240#section-4.3
    """
    wishes = request.headers.get("prefer", "").lower().split(",")
    return AT_ONCE in {wish.replace(" ", "") for wish in wishes}


async def _at_once(
    request: Request, service: DatabaseService, question: Question[Any, Any], endpoint: Endpoint, query: Query
) -> Response:
    """Return what is stored; `Preference-Applied` says where the same question would collect first.

    202 without an answer where nothing is stored yet: that is neither an error nor an empty list.
    """
    skipped: list[bool] = []
    try:
        answer = await service.answer(question, query, may_watch=False, skipped=lambda: skipped.append(True))
    except NotFound:
        if not skipped:
            raise
        response = Response(b"{}", 202, media_type="application/json")
    else:
        response = _reply(request, endpoint, answer)
    if skipped:
        response.headers["Preference-Applied"] = AT_ONCE
    return response


def _parameters(request: Request, query: type[Query]) -> dict[str, Any]:
    """Return the arguments; those of a list may come one by one. Raises `InvalidInput` where another comes twice."""
    properties = query.schema()["properties"]
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in given:
            given[name] = _with_plus(name, value)
        elif properties.get(name, {}).get("type") == "array":
            given[name] = f"{given[name]},{value}"
        else:
            raise InvalidInput(f"{name[:60]} is given more than once; it takes one value")
    return given


def _with_plus(name: str, value: str) -> str:
    """Return an instant with the plus of its offset, which arrives as a blank where it was not escaped.

    https://url.spec.whatwg.org/#application/x-www-form-urlencoded
    """
    moment, blank, offset = value.strip().rpartition(" ")
    if name not in {"since", "until"} or len(value) > _LONGEST_INSTANT or not blank or "T" not in moment:
        return value
    return f"{moment}+{offset}" if offset.replace(":", "").isdecimal() else value


async def _body(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of a body; an empty body is an empty object. Raises `InvalidInput`."""
    body = await request.body()
    if not body.strip():
        return {}
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HTTPException(400, 'the body is not JSON; send an object such as {"repos": ["octo/hello"]}') from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidInput("the body must be a JSON object")
    return given


def _reply(request: Request, endpoint: Endpoint, answer: AnswerModel) -> Response:
    """Return the response: compact JSON with an ETag of all but the present instant, or 304 for who has it already.

    A window that ends now moves with every second; one that `until` closes stays.
    """
    answer = endpoint.view(answer) if endpoint.view else answer
    body = answer.json_bytes
    if request.method != "GET":
        return Response(body, media_type="application/json")
    return conditional(request, body, "application/json", _etag(body, getattr(answer, "now", "")))


@lru_cache(maxsize=128)
def _etag(body: bytes, now: str) -> str:
    """Return the ETag of a body; kept, since an answer that is kept is sent many times."""
    return weak_etag(body.replace(f'"now":"{now}"'.encode(), b"", 1))


def _describe(query: type[Query], endpoint: Endpoint) -> dict[str, Any]:
    """Return the arguments for the OpenAPI description."""
    schema = query.schema()
    if endpoint.method == "POST":
        return {"requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}
    required = set(schema.get("required", ()))
    return {
        "parameters": [
            {
                "name": name,
                "in": "path" if f"{{{name}}}" in endpoint.path else "query",
                "required": name in required,
                "description": about.get("description", name),
                "schema": _parameter(about),
            }
            for name, about in schema["properties"].items()
        ]
    }


def _parameter(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter; lists are written with commas."""
    if about.get("type") == "array":
        return {"type": "string"}
    return {key: value for key, value in about.items() if key != "description"}


def weak_etag(body: bytes) -> str:
    """Return the weak ETag of a body."""
    return f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def conditional(request: Request, body: bytes, media_type: str, etag: str) -> Response:
    """Return the body, to be cached for the asking client alone; or 304 for a client that has it already.

    https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
    """
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Prefer"}
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
