"""A webhook delivery: what has to hold before its body is read, and what its sender gets to read.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import asyncio
import re
from urllib.parse import unquote_to_bytes
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answers import Problem
from ..collecting.webhooks import receive_webhook
from ..errors import InvalidInput
from ..github.webhooks import verify_signature
from ..records import Stored
from .app_state import AppState
from .problems import problem_response

AT_ONCE = 4
"""Bodies in memory at a time, of 25 MB at most each."""
TURN_WITHIN = 5.0
"""Seconds in which a delivery gets its turn: GitHub waits ten for everything."""
READ_WITHIN = 10.0
"""Seconds in which a body has to arrive: those whose signature is made up must not keep the turns of others."""
_PIECES = re.compile(rb"(?s).{1,65536}(?<!%)(?<!%.)|.+")
"""Pieces of a form's field, none of which ends inside an escape."""
_SIGNATURE = re.compile(r"sha256=[0-9a-fA-F]{64}")


class Deliveries:
    """The deliveries to one app, a few at a time."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def receive(self, request: Request) -> Response:
        """Return 202 when something was new, 200 with the reason when nothing was, or why it is refused.

        Without a secret, or with a signature that cannot be one, the body is not read.
        """
        secret = self._state.settings().github_webhook_secret
        if secret is None:
            message = "webhooks are off; set GITHUB_WEBHOOK_SECRET to receive them"
            return problem_response(404, Problem(code="not_found", message=message))
        signature = request.headers.get("x-hub-signature-256", "")
        if not _SIGNATURE.fullmatch(signature):
            return self._refused("X-Hub-Signature-256 must be sha256= and 64 hex digits, the HMAC of the body")
        turn = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(TURN_WITHIN):
                await turn.acquire()
        except TimeoutError:
            message = "too many deliveries at once; deliver it again later"
            return problem_response(503, Problem(code="unreachable", message=message), {"Retry-After": "10"})
        try:
            body = await _read(request)
            if body is None:
                message = f"the body did not arrive within {READ_WITHIN:.0f} s"
                return problem_response(408, Problem(code="invalid", message=message))
            if not await asyncio.to_thread(verify_signature, secret.get_secret_value(), body, signature):
                return self._refused("X-Hub-Signature-256 does not fit the body; both sides need the same secret")
            return await self._store(request, body)
        finally:
            turn.release()

    def _refused(self, message: str) -> Response:
        self._state.telemetry.deliveries.labels("refused").inc()
        return problem_response(401, Problem(code="forbidden", message=message))

    async def _store(self, request: Request, body: bytes) -> Response:
        kind, delivery = (request.headers.get(f"x-github-{name}", "") for name in ("event", "delivery"))
        if not kind or not delivery:
            raise InvalidInput("a delivery needs the headers X-GitHub-Event and X-GitHub-Delivery")
        runtime = self._state.runtime()
        payload = await asyncio.to_thread(payload_of, body)
        receipt = await receive_webhook(runtime.manager, runtime.clock, kind, delivery, payload)
        if receipt.repo:
            await runtime.collector.notify(receipt.repo, Stored(receipt.events, receipt.commits))
        new = bool(receipt.events or receipt.commits)
        self._state.telemetry.deliveries.labels("stored" if new else "nothing new").inc()
        return JSONResponse(receipt._asdict(), 202 if new else 200)


async def _read(request: Request) -> bytes | None:
    """Return the body, None for one that takes too long."""
    try:
        async with asyncio.timeout(READ_WITHIN):
            return await request.body()
    except TimeoutError:
        return None


def payload_of(body: bytes) -> bytes:
    """Return the JSON of a delivery; as a form it is the field `payload`, which is one of GitHub's two content types.

    https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks
    """
    if not body.startswith(b"payload="):
        return body
    field = body.removeprefix(b"payload=").partition(b"&")[0].replace(b"+", b" ")
    return b"".join(unquote_to_bytes(piece[0]) for piece in _PIECES.finditer(field))  # others have their turn meanwhile
