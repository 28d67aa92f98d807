"""Background polling: watched repositories, some beside one another, each when it is due; it never overlaps itself."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from ..errors import MonitorError, RateLimited
from ..infrastructure.watch_list import oldest_first, watched_keys
from ..instants import Clock, format_instant, parse_instant
from ..ledger import without_future
from ..records import RepositoryState
from ..settings import Settings
from ..side_by_side import side_by_side
from .collector import Collector

logger = logging.getLogger(__name__)

_SHORTEST = 1.0
"""Seconds between two looks at what is due, at least."""

_LOOKS = 5
"""Looks at the watch list in one interval, at least: what another process added is then polled nearly in time."""


class Poller:
    """Owns one background task. `tick` is one round and can be called by itself. `after_round` must not wait."""

    def __init__(
        self,
        collector: Collector,
        settings: Settings,
        clock: Clock,
        *,
        after_round: Callable[[], None] = lambda: None,
    ) -> None:
        self._collector, self._settings, self._clock = collector, settings, clock
        self._after_round = after_round
        self._interval = timedelta(seconds=settings.poll_interval)
        self._first_seen: dict[str, datetime] = {}
        self._blocked: tuple[datetime, datetime] | None = None
        self._next_due = clock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin polling."""
        self._task = asyncio.create_task(self._run(), name="poller")

    async def stop(self) -> None:
        """End polling; a pass under way is cancelled, what it had stored stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            self._next_due = self._clock() + self._interval
            try:
                await self.tick()
            except MonitorError as error:
                logger.warning("background polling: %s", error.message)
            except Exception:  # a defect met in one round must not silently end polling for good
                logger.exception("background polling failed; it goes on")
            self._after_round()
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Seconds until something is due (looking costs reads), or until the watch list may have grown."""
        ahead = (self._next_due - self._clock()).total_seconds()
        return max(_SHORTEST, min(ahead, self._interval.total_seconds() / _LOOKS))

    async def tick(self) -> list[str]:
        """Collect what is due now, begun with the least recently collected; return the keys that were polled."""
        if self._is_blocked():
            return []
        await self._collector.purge_if_due()
        await self._collector.patterns.resolve_due(self._settings.target_repositories)
        due = await self._due(self._clock())
        polled = await side_by_side([partial(self._poll, key) for key in due])
        return [key for key, done in zip(due, polled, strict=True) if done]

    async def _poll(self, key: str) -> bool:
        """Collect one repository, unless a limit was met meanwhile; return whether that was done."""
        if self._is_blocked():
            return False
        outcome = await self._collector.collect_one(key)
        if outcome.error is not None:
            logger.info("polling %s: %s", key, outcome.error.message)
        if isinstance(outcome.error, RateLimited):
            self._blocked = (self._clock(), outcome.error.retry_at or self._clock())
            return False
        return True

    def _is_blocked(self) -> bool:
        return self._blocked is not None and self._blocked[0] <= self._clock() < self._blocked[1]

    async def _due(self, now: datetime) -> list[str]:
        collector_state = self._collector.manager.collector_state
        keys = await watched_keys(collector_state, self._settings.target_repositories)
        states = await collector_state.get_states(keys)
        states = {key: without_future(state, format_instant(now)) for key, state in states.items()}
        self._first_seen = {key: min(now, self._first_seen.get(key, now)) for key in keys}
        due = {key: self._due_at(key, states.get(key)) for key in keys}
        self._next_due = min((moment for moment in due.values() if moment > now), default=now + self._interval)
        return oldest_first([key for key in keys if due[key] <= now], states)

    def _due_at(self, key: str, state: RepositoryState | None) -> datetime:
        """One interval after the last attempt, or after it was first seen watched; later when GitHub asks for it."""
        moments = [self._first_seen[key] + self._interval]
        if state is not None and state.last_attempt_at is not None:
            moments = [parse_instant(state.last_attempt_at) + self._interval]
            moments += [parse_instant(at) for at in (state.next_poll_at, state.retry_at) if at]
        return max(moments)
