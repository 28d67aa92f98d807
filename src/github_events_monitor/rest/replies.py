"""Answers as responses: compact JSON with an ETag, and 304 for who has it already."""

import hashlib
from functools import lru_cache

from fastapi import Request
from starlette.responses import Response

from ..answers.shared import AnswerModel


def reply(request: Request, answer: AnswerModel) -> Response:
    """The response to a read.

    The ETag is of the whole answer. A window that ends now moves with every second; one that `until` closes stays.
    """
    body = answer.json_bytes
    etag = _tag(body)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    wanted = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in wanted or "*" in wanted:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@lru_cache(maxsize=128)
def _tag(body: bytes) -> str:
    """Kept, since an answer that is kept is the same object each time: its bytes are hashed once."""
    return f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
