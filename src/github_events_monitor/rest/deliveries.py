"""A webhook delivery: who may send it, and what the sender is told."""

from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from ..answers import Problem
from ..collecting.webhooks import receive_webhook
from ..errors import InvalidInput
from ..github.webhooks import verify_signature
from ..records import Stored
from .door import Door
from .problems import problem_response


async def answer_delivery(door: Door, kind: str, delivery: str, signature: str, body: bytes) -> Response:
    """202 when something was new; 200 with the reason when nothing was. The body is not read before it is verified."""
    secret = door.settings().github_webhook_secret
    if secret is None:
        message = "webhooks are off; set GITHUB_WEBHOOK_SECRET to receive them"
        return problem_response(404, Problem(code="not_found", message=message))
    if not verify_signature(secret.get_secret_value(), body, signature):
        door.telemetry.deliveries.labels("refused").inc()
        message = "X-Hub-Signature-256 does not fit the body; both sides need the same secret"
        return problem_response(401, Problem(code="forbidden", message=message))
    if not kind or not delivery:
        raise InvalidInput("a delivery needs the headers X-GitHub-Event and X-GitHub-Delivery")
    runtime = door.runtime()
    receipt = await receive_webhook(runtime.manager, runtime.clock, kind, delivery, payload_of(body))
    if receipt.repo:
        await runtime.collector.notify(receipt.repo, Stored(receipt.events, receipt.commits))
    new = bool(receipt.events or receipt.commits)
    door.telemetry.deliveries.labels("stored" if new else "nothing new").inc()
    return JSONResponse(receipt._asdict(), 202 if new else 200)


def payload_of(body: bytes) -> bytes:
    """The JSON of a delivery; as a form it is the field `payload`, which is one of GitHub's two content types.

    https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks
    """
    if not body.startswith(b"payload="):
        return body
    return parse_qs(body.decode("utf-8", "replace")).get("payload", [""])[0].encode()
