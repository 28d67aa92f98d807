"""A proxy in front of DynamoDB that makes happen on purpose what an engine on one's own machine never does."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, NoReturn, Self

from aiohttp import ClientSession, web

Fault = Literal[
    "throttle",
    "throughput",
    "error",
    "error after",
    "drop",
    "drop after",
    "half",
    "nothing",
    "denied",
    "credentials",
]
"""`half`, `nothing`: so much of a batch is carried out, the rest comes back. `… after`: the answer is lost."""

Plan = Callable[[str, int], Fault | None]
"""What happens to the n-th call (from 1) of an operation, by AWS's name for it; null is nothing."""

_JSON = "application/x-amz-json-1.0"
_REFUSALS: dict[Fault, tuple[int, str, str]] = {
    "throttle": (400, "ThrottlingException", "Rate of requests exceeds the allowed throughput."),
    "throughput": (400, "ProvisionedThroughputExceededException", "The level of configured throughput was exceeded."),
    "error": (500, "InternalServerError", "The request processing has failed."),
    "error after": (500, "InternalServerError", "The request processing has failed."),
    "denied": (400, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/x is not authorized"),
    "credentials": (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
}


class FaultyDynamoDB:
    """Listens on a loopback port; `plan` decides, `calls` counts what arrived, `faults` what was made to happen."""

    def __init__(self, endpoint_url: str, plan: Plan, *, denied_table: str | None = None) -> None:
        """denied_table: Calls that name it are refused, as by a policy that leaves it out."""
        self._target = endpoint_url
        self._plan = plan
        self._denied_table = denied_table
        self.calls: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.endpoint_url = ""

    async def __aenter__(self) -> Self:
        self._session = ClientSession()
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_post("/", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.endpoint_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.Response:
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        self.calls[operation] += 1
        fault = self._plan(operation, self.calls[operation])
        if self._denied_table and f'"{self._denied_table}"'.encode() in await request.read():
            fault = "denied"
        if fault is None:
            return await self._forward(request, await request.read())
        self.faults[fault] += 1
        if fault in {"half", "nothing"}:
            return await self._unprocessed(request, operation, fault)
        if fault.endswith("after"):
            await self._forward(request, await request.read())
        if fault.startswith("drop"):
            _drop(request)
        status, code, message = _REFUSALS[fault]
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
        return web.json_response(body, status=status, content_type=_JSON)

    async def _unprocessed(self, request: web.Request, operation: str, fault: Fault) -> web.Response:
        body = json.loads(await request.read())
        done, left = _split(operation, body["RequestItems"]) if fault == "half" else ({}, body["RequestItems"])
        answer: dict[str, Any] = {"Responses": {}}
        if done:
            forwarded = await self._forward(request, json.dumps({**body, "RequestItems": done}).encode())
            answer = json.loads(forwarded.text or "{}")
        answer["UnprocessedItems" if operation == "BatchWriteItem" else "UnprocessedKeys"] = left
        return web.json_response(answer, content_type=_JSON)

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        names = ("X-Amz-Target", "Authorization", "X-Amz-Date", "Content-Type")
        headers = {name: request.headers[name] for name in names}
        async with self._session.post(self._target, data=body, headers=headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type=_JSON)


def _drop(request: web.Request) -> NoReturn:
    if request.transport:
        request.transport.abort()
    raise asyncio.CancelledError


def _split(operation: str, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first half of a batch (at least one request), and the rest."""
    if operation == "BatchWriteItem":
        flat = [(table, write) for table, writes in wanted.items() for write in writes]
        half = (len(flat) + 1) // 2
        return _grouped(flat[:half]), _grouped(flat[half:])
    ((table, part),) = wanted.items()
    half = (len(part["Keys"]) + 1) // 2
    left = part["Keys"][half:]
    return {table: {**part, "Keys": part["Keys"][:half]}}, {table: {**part, "Keys": left}} if left else {}


def _grouped(writes: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for table, write in writes:
        grouped.setdefault(table, []).append(write)
    return grouped
