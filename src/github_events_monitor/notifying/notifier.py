"""The notifier: after a round of polling, targets are sent what is new to them. Collecting never waits for it.

Implementation notes
- Each target has a note of its own in the database, so that a failing one loses nothing and delays no other, and a
  restart repeats nothing. The note is written once the message was taken: a crash in between repeats a message.
- Several processes take turns by a lease, as collectors do.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import anyio

from ..collecting.leases import hold_lease, new_owner
from ..errors import MonitorError, Unreachable
from ..infrastructure.contract.collector_state import NOTIFYING
from ..infrastructure.database_service import QuestionContext
from ..infrastructure.questions.news_gathering import gather
from ..infrastructure.questions.windows import ask
from ..instants import format_instant, parse_instant
from ..records import Notified, repo_key
from ..settings import Settings
from ..side_by_side import side_by_side
from .messages import QUIET, Look, Message, compose, keep_up, quiet_until
from .targets import Target

logger = logging.getLogger(__name__)

LEAST_DAYS, MOST_DAYS = 7, 30
"""How far back a look reaches: what is learned late is news, too."""
LOOK_AGAIN = timedelta(hours=1)
"""After this a look is due although nothing was stored: pull requests wait longer by themselves."""
RETRY_AFTER = timedelta(minutes=1)
LEAST_FRESH = timedelta(days=1)
"""A repository that was not collected for longer is left out: what is stored of it is too old for a message."""
_PARTING = 3.0
"""Seconds in which a message that is being sent may end once the program stops."""


class Plan(NamedTuple):
    """The next message to a target (None: nothing new), not to be sent before an instant; and its note until then."""

    target: Target
    message: Message | None
    not_before: datetime | None
    before: Notified
    kept: Notified


class Outcome(NamedTuple):
    """What became of a plan. sent: None where nothing had to be sent. again_at: when something waits to be sent."""

    target: Target
    sent: bool | None
    again_at: datetime | None


class Notifier:
    """Owns one background task, which `wake` sets to work. `tick` is one turn and can be called by itself.

    changes: returns a number that grows when something was collected (`Collector.changes`).
    """

    def __init__(
        self,
        context: QuestionContext,
        targets: Sequence[Target],
        settings: Settings,
        changes: Callable[[], int] = lambda: 0,
    ) -> None:
        self._context, self._targets = context.without_collecting(), list(targets)
        self._stale_after = max(LEAST_FRESH, timedelta(seconds=2 * settings.freshness_seconds))
        self._owner = new_owner()
        self.looked: Look | None = None
        """The last look, for who shows what it covered."""
        self._changes = changes
        self._looked_at_changes = -1
        self._due_at: datetime | None = None
        self._failing: set[str] = set()
        self._woken, self._working = asyncio.Event(), asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task; it works after the first `wake`."""
        self._task = asyncio.create_task(self._run(), name="notifier")

    def wake(self) -> None:
        """Make the task look for something new; returns at once."""
        self._woken.set()

    async def stop(self) -> None:
        """Stop. A message that is being sent gets a moment, or else it would be sent again after the next start."""
        if self._task is not None:
            with anyio.move_on_after(_PARTING):
                async with self._working:
                    self._task.cancel()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        troubled = False
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                async with self._working:
                    await self.tick()
                troubled = False
            except MonitorError as error:
                logger.log(logging.INFO if troubled else logging.WARNING, "notifying: %s", error.message)
                troubled = True
            except Exception:  # a defect met in one turn must not silently end notifications for good
                logger.exception("notifying failed; it goes on")

    async def tick(self) -> list[Outcome]:
        """Tell the targets where that is due. Another process that does so right now leaves nothing to do."""
        now = self._context.now()
        changed = self._looked_at_changes != self._changes()
        if not (changed or self._due_at is None or now >= self._due_at):
            return []
        try:
            return await self.notify()
        except Unreachable:
            self._due_at = now + RETRY_AFTER
            return []

    async def notify(self) -> list[Outcome]:
        """Tell the targets what is new to them now. Raises `Unreachable` while another process does so."""
        manager, clock = self._context.manager, self._context.clock
        async with hold_lease(manager, clock, NOTIFYING, self._owner, 0):
            changes, due_at = self._changes(), self._context.now() + LOOK_AGAIN
            outcomes = await side_by_side([partial(self._carry_out, plan) for plan in await self.plan()])
            self._looked_at_changes = changes
            self._due_at = min([due_at, *(outcome.again_at for outcome in outcomes if outcome.again_at)])
            return outcomes

    async def plan(self) -> list[Plan]:
        """Return what each target would be sent now; nothing is sent or changed."""
        state, now = self._context.manager.collector_state, self._context.now()
        known = [await state.get_notified(target.key) or Notified() for target in self._targets]
        look = await self.look(min((notified.since for notified in known if notified.since), default=None))
        plans = []
        for target, notified in zip(self._targets, known, strict=True):
            message = compose(notified, look, now, target.room)
            kept = keep_up(notified, look, now, nothing_new=message is None)
            plans.append(Plan(target, message, quiet_until(notified, now), notified, kept))
        return plans

    async def look(self, since: str | None) -> Look:
        """Return what needs attention in the watched repositories that were collected lately.

        since: the instant up to which targets know all; None where none of them does.
        """
        context, now = self._context, self._context.now()
        names = await context.watching()
        states = await context.states([repo_key(name) for name in names])
        oldest = format_instant(now - self._stale_after)
        collected = {key: state.last_collected_at for key, state in states.items() if state.last_collected_at}
        lately = {key: at for key, at in collected.items() if at >= oldest}
        latest, earliest = now - timedelta(days=LEAST_DAYS), now - timedelta(days=MOST_DAYS)
        start = max(min(parse_instant(since), latest), earliest) if since else latest
        asked = ask(now, hours=24, since=format_instant(start))
        found = await gather(context, [name for name in names if repo_key(name) in lately], {}, asked, 1)
        looked = [repo_key(name) for name in (*(part.repo for part in found.news), *found.quiet)]
        self.looked = Look(
            found.attention,
            [repo_key(name) for name in names],
            looked,
            min(collected.values(), default=format_instant(now)),
        )
        return self.looked

    async def _carry_out(self, plan: Plan) -> Outcome:
        """Send a target's message and remember that it was taken."""
        target, message = plan.target, plan.message
        save = partial(self._context.manager.collector_state.save_notified, target.key)
        if message is None or plan.not_before is not None:
            if plan.kept != plan.before:
                await save(plan.kept)
            return Outcome(target, None, plan.not_before if message else None)
        if not await target.send(message.title, message.body):
            level = logging.INFO if target.key in self._failing else logging.WARNING
            self._failing.add(target.key)
            logger.log(level, "the target %s of NOTIFY_URLS took no message; it is tried again", target.name)
            return Outcome(target, False, self._context.now() + RETRY_AFTER)
        if target.key in self._failing:
            self._failing.discard(target.key)
            logger.warning("the target %s of NOTIFY_URLS takes messages again", target.name)
        await save(message.notified)
        return Outcome(target, True, None if message.whole else self._context.now() + QUIET)
