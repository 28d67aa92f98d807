"""Which resources change, and what becomes of clients that do not read."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import pytest
from mcp.server.connection import Connection
from mcp.types import SubscribeRequestParams

from github_events_monitor.mcp_support import subscriptions
from github_events_monitor.mcp_support.subscriptions import Subscriptions, subject_of

URI = "github-events://repositories/octo/hello/commits"


@pytest.mark.parametrize(
    ("uri", "subject"),
    [
        (URI, "octo/hello"),
        ("github-events://repositories/Octo/Hello/events?hours=3", "octo/hello"),
        ("github-events://status", ""),
        ("github-events://repositories", ""),
        ("github-events://commits/octo/hello/0123456", None),
        ("github-events://status/octo/hello/commits", None),
        ("https://repositories/octo/hello/commits", None),
        ("nonsense", None),
    ],
)
def test_a_resource_changes_with_its_repository(uri: str, subject: str | None) -> None:
    assert subject_of(uri) == subject


class Outbound:
    """A client's channel: notes what is sent, or never takes it."""

    def __init__(self, *, reads: bool) -> None:
        self.sent: list[Any] = []
        self._reads = reads

    async def notify(self, method: str, params: Any, opts: Any = None) -> None:
        if not self._reads:
            await anyio.sleep_forever()
        self.sent.append(params["uri"])

    async def send_raw_request(self, method: str, params: Any, opts: Any = None) -> dict[str, Any]:
        raise NotImplementedError


class Session:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection


class Request:
    def __init__(self, connection: Connection) -> None:
        self.session = Session(connection)


async def subscribe(to: Subscriptions, outbound: Outbound) -> Connection:
    connection = Connection.for_loop(outbound)
    await to.subscribe(cast(Any, Request(connection)), SubscribeRequestParams(uri=URI))
    return connection


async def test_one_that_does_not_read_is_forgotten_and_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "SEND_SECONDS", 0.0)
    all_of_them, reading = Subscriptions(), Outbound(reads=True)
    await subscribe(all_of_them, Outbound(reads=False))
    await subscribe(all_of_them, reading)
    monkeypatch.setattr(subscriptions, "SEND_SECONDS", 0.05)
    await all_of_them.announce("octo/hello")
    await all_of_them.announce("octo/other")
    assert reading.sent == [URI]
    assert all_of_them.count() == 1


async def test_a_connection_that_ends_takes_its_subscriptions_along() -> None:
    all_of_them = Subscriptions()
    connection = await subscribe(all_of_them, Outbound(reads=True))
    assert all_of_them.count() == 1
    await connection.exit_stack.aclose()
    assert all_of_them.count() == 0


class Feed:
    def __init__(self) -> None:
        self.listeners: list[Callable[[str], Awaitable[None]]] = []

    def on_stored(self, listener: Callable[[str], Awaitable[None]]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


def test_many_sessions_listen_to_the_runtime_once() -> None:
    all_of_them, feed = Subscriptions(), Feed()
    with contextlib.ExitStack() as sessions:
        for _ in range(3):
            sessions.enter_context(all_of_them.fed_by(feed))
        assert len(feed.listeners) == 1
    assert feed.listeners == []
