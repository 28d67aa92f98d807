"""A collected repository that is asked impossible things, by one event loop for all examples of a property."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fake_github import FakeGitHub
from tests.integration.collecting.conftest import World, _no_waiting, build, hello

__all__ = ["_no_waiting"]


@dataclass
class Stored:
    """The world, and how to wait for something in it."""

    world: World
    runner: asyncio.Runner

    def wait(self, work: Any) -> Any:
        return self.runner.run(work)


@pytest.fixture(scope="module")
def stored() -> Iterator[Stored]:
    with asyncio.Runner() as runner:

        async def make() -> World:
            world = build(FakeGitHub(hello()))
            await world.collector.collect(["octo/hello"])
            return world

        world = runner.run(make())
        yield Stored(world, runner)
        runner.run(world.collector.close())


@pytest.fixture
async def world() -> AsyncIterator[World]:
    built = build(FakeGitHub(hello()))
    yield built
    await built.collector.close()
