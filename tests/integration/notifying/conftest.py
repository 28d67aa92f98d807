"""Targets that a test looks into."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.inbox import Inbox, open_inbox


@dataclass
class FakeTarget:
    """Takes messages, or not."""

    key: str = "k1"
    name: str = "fake (1 of 1)"
    room: int = 3_500
    works: bool = True
    taken: list[tuple[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None

    async def send(self, title: str, body: str) -> bool:
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.works:
            self.taken.append((title, body))
        return self.works


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as opened:
        yield opened
