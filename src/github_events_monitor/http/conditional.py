"""Answers that a client may have already: https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response


def weak_etag(body: bytes) -> str:
    """Return the weak ETag of a body."""
    return f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def conditional(request: Request, body: bytes, media_type: str, etag: str) -> Response:
    """Return the body, for nobody but who asks; or 304 for who has it already."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Prefer"}
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
