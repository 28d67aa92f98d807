import asyncio
from datetime import UTC, datetime

import pytest

from github_events_monitor.github.budget import BudgetSpent
from github_events_monitor.github.pace import Pace


class Timer:
    """Seconds that pass only while something sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def starts(pace: Pace, timer: Timer, number: int) -> list[float]:
    """Return when each of so many requests, asked for at once, may start."""
    begun = []

    async def ask() -> None:
        async with pace.turn():
            begun.append(timer.now)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask() for _ in range(number)))
    return begun


async def test_in_no_minute_are_more_than_800_requests_started() -> None:
    timer = Timer()
    begun = await starts(Pace(timer, timer.sleep), timer, 2_000)
    assert len(begun) == 2_000
    assert all(later - earlier >= 60 for earlier, later in zip(begun, begun[800:], strict=False))
    assert begun[799] == begun[0]


async def test_after_a_secondary_limit_it_is_half_of_that_for_ten_minutes() -> None:
    timer = Timer()
    pace = Pace(timer, timer.sleep)
    pace.slow_down()
    begun = await starts(pace, timer, 9_000)
    slow = [start for start in begun if start < 1600]
    assert len(slow) == 10 * 400
    assert all(later - earlier >= 60 for earlier, later in zip(slow, slow[400:], strict=False))
    assert max(sum(start <= other < start + 60 for other in begun) for start in set(begun) if start >= 1600) == 800


@pytest.mark.parametrize(("slow", "most"), [(False, 8), (True, 4)])
async def test_so_many_at_once(slow: bool, most: int) -> None:
    timer = Timer()
    pace, running, seen = Pace(timer, timer.sleep), 0, []
    if slow:
        pace.slow_down()

    async def ask() -> None:
        nonlocal running
        async with pace.turn():
            running += 1
            seen.append(running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(ask() for _ in range(50)))
    assert (len(seen), max(seen)) == (50, most)


async def test_who_gives_up_waiting_leaves_the_place_to_others() -> None:
    timer = Timer()
    pace = Pace(timer, timer.sleep)
    held = [pace.turn() for _ in range(8)]
    for turn in held:
        await turn.__aenter__()
    with pytest.raises(BudgetSpent):
        async with pace.turn(0.01):
            pass
    waiting = asyncio.ensure_future(starts(pace, timer, 3))
    await asyncio.sleep(0)
    for turn in held:
        await turn.__aexit__(None, None, None)
    assert len(await waiting) == 3


async def test_a_clock_that_is_set_back_stops_nothing() -> None:
    timer = Timer()
    pace = Pace(timer, timer.sleep)
    pace.slow_down()
    await starts(pace, timer, 400)
    timer.now -= 500
    assert await starts(pace, timer, 800) == [500.0] * 800
