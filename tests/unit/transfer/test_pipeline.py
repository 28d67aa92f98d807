"""Writing behind reading: all in order, once, and what ends it early."""

import asyncio

import pytest

from github_events_monitor.errors import DataFileError
from github_events_monitor.transfer.pipeline import WriteBehind


class Target:
    """What was written, each write as one list; one waits until it is allowed."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.allowed = asyncio.Event()
        self.fails = False

    async def write(self, items: list[int]) -> None:
        await self.allowed.wait()
        if self.fails:
            raise OSError("full")
        self.written.append(items)


async def until_idle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def write_five(target: Target) -> None:
    async with WriteBehind(target.write) as writes:
        for number in range(5):
            await writes.put(number)


async def test_what_comes_during_a_write_is_written_together() -> None:
    target = Target()
    async with WriteBehind(target.write, 2) as writes:
        await writes.put(1)
        await until_idle()  # the first one is being written
        await writes.put(2)
        await writes.put(3)
        fourth = asyncio.create_task(writes.put(4))
        await until_idle()
        assert not fourth.done(), "no more than two wait"
        target.allowed.set()
        await fourth
    assert target.written == [[1], [2, 3], [4]]


async def test_alone_each_is_written_by_itself() -> None:
    target = Target()
    target.allowed.set()
    await write_five(target)
    assert target.written == [[0], [1], [2], [3], [4]]


async def test_a_failed_write_is_told_to_who_waits_for_room_and_ends_it() -> None:
    target = Target()
    target.fails = True
    task = asyncio.create_task(write_five(target))
    await until_idle()
    target.allowed.set()
    with pytest.raises(OSError, match="full"):
        await task
    assert target.written == []


async def test_what_came_before_the_damage_is_written_too() -> None:
    target = Target()
    target.allowed.set()

    async def read() -> None:
        async with WriteBehind(target.write) as writes:
            await writes.put(1)
            await writes.put(2)
            raise DataFileError("cut")

    with pytest.raises(DataFileError):
        await read()
    assert target.written == [[1], [2]]


async def test_a_cancelled_reader_leaves_nothing_half_written_and_begins_nothing() -> None:
    target = Target()
    task = asyncio.create_task(write_five(target))
    await until_idle()
    task.cancel()
    await until_idle()
    target.allowed.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert target.written == [[0]]


async def test_a_cancellation_while_the_last_writes_are_waited_for_cuts_none_short() -> None:
    target = Target()
    writes = WriteBehind(target.write, 2)
    await writes.put(1)
    await until_idle()  # it is being written
    await writes.put(2)
    ending = asyncio.create_task(writes.__aexit__(None, None, None))
    await until_idle()
    ending.cancel()
    await until_idle()
    assert not ending.done(), "the write that was begun is waited for"
    target.allowed.set()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert target.written == [[1]]
