"""The client of DynamoDB: one of aiobotocore's, made lazily, retried, metered, its errors translated.

Implementation notes
- One client per manager, bound to the event loop that made it. Another loop (Lambda, a test) gets its own.
- botocore's retries are off: `stamina` retries throttling, server errors and broken connections with jittered backoff
  up to a time cap: ten seconds where a question waits for its answer, a minute where the work would rather wait (see
  `retrying_longer`). Every write this provider makes may be repeated without harm.
- Region: the argument, else what botocore finds (AWS_DEFAULT_REGION, the profile), else us-east-1.
- For a loopback endpoint no role is looked for, and without any credentials dummy ones are used: DynamoDB Local wants
  them to be there and does not check them.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import stamina

from ... import __version__
from ...errors import DatabaseError
from ...side_by_side import LoopLock
from ..database_interface import retries_longer
from . import faults
from .capacity import Capacity

_METERED = frozenset(
    {"get_item", "put_item", "update_item", "delete_item", "query", "scan", "batch_get_item", "batch_write_item"}
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CONNECTING_ATTEMPTS = 4
QUICKLY = 10.0
_ANSWERS_WITHIN = 10.0


@dataclass(frozen=True)
class Credentials:
    """Keys given by the caller; without them botocore's chain finds some."""

    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)


NO_CREDENTIALS = Credentials()


class DynamoDBClient:
    """See the module; `capacity` sums what the calls consumed, `retry_for` caps the time of a call, in seconds."""

    def __init__(
        self,
        *,
        region: str | None = None,
        table_prefix: str = "github-events-",
        endpoint_url: str | None = None,
        credentials: Credentials = NO_CREDENTIALS,
        retry_for: float = 60.0,
    ) -> None:
        self.region = region or ""
        self.table_prefix = table_prefix
        self.endpoint_url = endpoint_url
        self.retry_for = retry_for
        self.capacity = Capacity()
        self._retrying = {
            seconds: stamina.AsyncRetryingCaller(
                attempts=None, timeout=seconds, wait_initial=0.05, wait_max=5.0, wait_jitter=0.1
            )
            for seconds in (retry_for, min(QUICKLY, retry_for))
        }
        self._credentials = credentials
        self._client: Any = None
        self._closing = contextlib.AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gate = LoopLock()

    def table(self, name: str) -> str:
        """Return the full name of one of the tables."""
        return self.table_prefix + name

    @property
    def endpoint(self) -> str:
        """Where the calls go, without secrets."""
        return faults.shown(self.endpoint_url or f"https://dynamodb.{self.region or 'us-east-1'}.amazonaws.com")

    @property
    def retry_seconds(self) -> float:
        """For how many seconds the work under way repeats a call."""
        return self.retry_for if retries_longer() else min(QUICKLY, self.retry_for)

    @property
    def retrying(self) -> stamina.AsyncRetryingCaller:
        """Repeats a call, and for how long."""
        return self._retrying[self.retry_seconds]

    async def connect(self) -> None:
        """Make the client when there is none for this event loop; nothing is sent yet."""
        loop = asyncio.get_running_loop()
        if self._client is not None and self._loop is loop:
            return
        async with self._gate():
            if self._client is None or self._loop is not loop:
                # A client of a loop that is gone cannot be closed any more: it is left to the garbage collector.
                self._closing, self._loop = contextlib.AsyncExitStack(), loop
                try:
                    self._client = await self._make_client()
                except Exception as error:  # whatever the driver raises is translated in one place
                    raise faults.translate(error, "", "", self.endpoint) from error

    async def close(self) -> None:
        """Let go of the client; idempotent."""
        async with self._gate():
            closing, self._closing, self._client = self._closing, contextlib.AsyncExitStack(), None
            if self._loop is asyncio.get_running_loop():
                await closing.aclose()

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Return the answer to one operation, by the client's name for it, repeated while that may help.

        Raises `DatabaseError`, or `ConditionFailed` where the parameters hold a condition.
        """
        await self.connect()
        if operation in _METERED:
            params["ReturnConsumedCapacity"] = "INDEXES"
        try:
            answer: dict[str, Any] = await self.retrying.on(_Retry())(getattr(self._client, operation), **params)
        except Exception as error:  # the driver's again, here of a call
            if failed := faults.condition_failed(error):
                raise failed from None
            raise self._translated(error, operation, params) from error
        self.capacity.add(operation, answer)
        return answer

    def _translated(self, error: Exception, operation: str, params: dict[str, Any]) -> DatabaseError:
        action = "".join(word.capitalize() for word in operation.split("_"))
        table = params.get("TableName") or ", ".join(params.get("RequestItems", ())) or f"{self.table_prefix}*"
        return faults.translate(error, action.replace("Ttl", "TTL"), table, self.endpoint)

    async def _make_client(self) -> Any:
        from aiobotocore.config import AioConfig  # noqa: PLC0415 - imported when chosen: it takes a third of a second
        from aiobotocore.session import AioSession  # noqa: PLC0415

        from .botocore_json import ItemParserFactory, use_item_serializer  # noqa: PLC0415

        session = AioSession()
        session.register_component("response_parser_factory", ItemParserFactory())
        self.region = self.region or session.get_config_variable("region") or "us-east-1"
        keys = await self._keys(session)
        config = AioConfig(
            connect_timeout=5,
            read_timeout=_ANSWERS_WITHIN,
            max_pool_connections=32,
            parameter_validation=False,
            user_agent=f"github-events-monitor/{__version__}",  # botocore's own is put together anew for each call
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        opening = session.create_client(
            "dynamodb",
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            config=config,
        )
        client = await self._closing.enter_async_context(opening)
        use_item_serializer(client)
        return client

    async def _keys(self, session: Any) -> Credentials:
        if self._credentials.access_key_id or urlsplit(self.endpoint_url or "").hostname not in _LOOPBACK:
            return self._credentials
        session.get_component("credential_provider").remove("iam-role")
        found = await session.get_credentials()
        return Credentials() if found else Credentials("dummy", "dummy")


class _Retry:
    """Which errors of one call are worth another attempt."""

    def __init__(self) -> None:
        self._unconnected = 0

    def __call__(self, error: Exception) -> bool:
        if faults.is_unconnected(error):
            self._unconnected += 1
            return self._unconnected < _CONNECTING_ATTEMPTS
        return faults.is_unanswered(error) or faults.is_passing(error)
