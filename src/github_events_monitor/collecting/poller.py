"""Background polling: watched repositories, several at a time, each when it is due; it never overlaps itself.

With a token a look at all of them at once shows which changed; the others are visited now and then, for what no look
sees: see `looks`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from zlib import crc32

from ..errors import MonitorError, RateLimited
from ..infrastructure.watch_list import oldest_first, watched_keys
from ..instants import Clock, format_instant, parse_instant
from ..ledger import without_future
from ..records import RepositoryState
from ..settings import Settings
from ..side_by_side import side_by_side
from .collector import Collector
from .introductions import Introductions
from .looks import Looked, Looks

logger = logging.getLogger(__name__)

_SHORTEST = 1.0
"""Seconds between two rounds, at least."""

_ROUNDS = 3
"""Rounds in one interval, at least: what another process put on the watch list is then polled nearly in time."""

UNSEEN_FOR = timedelta(hours=1)
"""Each repository is visited so often in any case; the feed has events that no look sees."""
VISIT_EVERY = timedelta(seconds=30)
"""Where few are watched they are visited oftener: one in this time, a hundred requests in ten minutes."""
_SPREAD = 0.25
"""Part of that time by which visits are earlier, differently for each, so that they do not all come at once."""


class _Turn(NamedTuple):
    """What decides when a repository is due, as it was read from its state.

    attempted_at: None where it was never collected. not_before: what GitHub asked for.
    """

    read_at: datetime
    looked: Looked
    attempted_at: datetime | None = None
    not_before: datetime | None = None


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
        self._looks = Looks(collector.client, collector.manager.collector_state, clock)
        self._first_seen: dict[str, datetime] = {}
        self._turns: dict[str, _Turn] = {}
        self._blocked: dict[int | None, tuple[datetime, datetime]] = {}
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
        """Seconds until something is due (a round costs reads), or until the watch list may have grown."""
        ahead = (self._next_due - self._clock()).total_seconds()
        return max(_SHORTEST, min(ahead, self._interval.total_seconds() / _ROUNDS))

    async def tick(self) -> list[str]:
        """Visit what is due now, begun with the least recently collected; return the keys that were visited."""
        if self._is_blocked(None):
            return []
        await self._collector.purge_if_due()
        await self._collector.patterns.resolve_due(self._settings.target_repositories)
        due = await self._due(self._clock())
        introductions = self._collector.introductions(due)
        polled = await side_by_side([partial(self._poll, key, introductions) for key in due])
        return [key for key, done in zip(due, polled, strict=True) if done]

    async def _poll(self, key: str, introductions: Introductions | None) -> bool:
        """Collect one repository, unless its limit was met meanwhile; return whether that was done."""
        if self._is_blocked(self._collector.client.allowance(key)):
            return False
        began = self._clock()
        self._turns.pop(key, None)
        outcome = await self._collector.collect_one(key, introductions)
        self._looks.visited(key, began, outcome)
        if outcome.state is not None and outcome.repo == key:
            self._turns[key] = _turn(key, outcome.state, self._clock())
        if outcome.error is not None:
            logger.info("polling %s: %s", key, outcome.error.message)
        if isinstance(outcome.error, RateLimited):
            allowance = self._collector.client.allowance(key)  # of each installation of an App it is another
            self._blocked[allowance] = (self._clock(), outcome.error.retry_at or self._clock())
            return False
        return True

    def _is_blocked(self, allowance: int | None) -> bool:
        """Return whether that limit is spent; None is a limit of everybody's, which stops all of them."""
        blocked = [self._blocked[one] for one in {allowance, None} if one in self._blocked]
        return any(since <= self._clock() < until for since, until in blocked)

    async def _due(self, now: datetime) -> list[str]:
        """Return the repositories to visit, after a look where that is due."""
        keys = await watched_keys(self._collector.manager.collector_state, self._settings.target_repositories)
        self._first_seen = {key: min(now, self._first_seen.get(key, now)) for key in keys}
        self._turns = {key: self._turns[key] for key in self._first_seen if key in self._turns}
        longest = min(UNSEEN_FOR, len(keys) * VISIT_EVERY)
        states = await self._read_states([key for key in keys if not self._is_remembered(key, now)], now)

        def due() -> list[str]:
            return [key for key in keys if self._due_at(key, longest) <= now]

        worth_it = longest > self._interval  # else each is visited whenever it is due
        if worth_it and due() and self._looks.are_due(self._interval):
            await self._looks.take({key: self._turns[key].looked for key in keys})
        states |= await self._read_states([key for key in due() if key not in states], now)
        later = (moment for key in keys if (moment := self._due_at(key, longest)) > now)
        self._next_due = min(later, default=now + self._interval)
        return oldest_first(due(), states)

    def _is_remembered(self, key: str, now: datetime) -> bool:
        """Return whether its state need not be read until it is due: reading a thousand states takes as many units.

        By then another process may have visited it.
        """
        turn = self._turns.get(key)
        return turn is not None and turn.read_at <= now < turn.read_at + UNSEEN_FOR

    async def _read_states(self, keys: Sequence[str], now: datetime) -> dict[str, RepositoryState]:
        """Return states, and remember of them what decides when they are due."""
        found = await self._collector.manager.collector_state.get_states(keys) if keys else {}
        states = {key: without_future(state, format_instant(now)) for key, state in found.items()}
        self._turns |= {key: _turn(key, states.get(key), now) for key in keys}
        return states

    def _due_at(self, key: str, longest: timedelta) -> datetime:
        """One interval after the last attempt or quiet look, or after it was first seen watched; later if GitHub asks.

        longest: after which time without a visit quiet looks do not count any more.
        """
        turn, moments = self._turns[key], [self._first_seen[key] + self._interval]
        if turn.attempted_at is not None:
            due = turn.attempted_at + self._interval
            if (quiet_at := self._looks.quiet_at(key)) is not None:
                unseen_until = turn.attempted_at + longest * (1 - _SPREAD * crc32(key.encode()) / 2**32)
                due = max(due, min(quiet_at + self._interval, unseen_until))
            moments.append(due)
        if turn.not_before is not None:
            moments.append(turn.not_before)
        return max(moments)


def _turn(key: str, state: RepositoryState | None, now: datetime) -> _Turn:
    if state is None:
        return _Turn(now, Looked(key, None))
    attempted_at = parse_instant(state.last_attempt_at) if state.last_attempt_at else None
    not_before = max((parse_instant(at) for at in (state.next_poll_at, state.retry_at) if at), default=None)
    looked = Looked(state.full_name or key, state.repository_id)
    return _Turn(now, looked, attempted_at, not_before if attempted_at else None)
