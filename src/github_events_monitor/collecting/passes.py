"""A pass over one repository, set up: under which key, with which lease, from what is remembered of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from weakref import WeakValueDictionary

import msgspec

from ..errors import LeaseLost, MonitorError, Unreachable
from ..github.client import GitHubClient, RequestBudget
from ..infrastructure.database_interface import DatabaseManager
from ..instants import Clock, format_instant
from ..ledger import forget_before, without_future
from ..records import RepositoryState, Span, Stored
from .collection_pass import KINDS, CollectionPass, Outcome, Progress
from .former_names import NameTaken, give_up_name, has_another_name, is_taken
from .identity import Renamed
from .introductions import Introductions
from .leases import LIFETIME, UnderWay, hold_lease, new_owner
from .pass_state import PassState
from .retention import Retention

_LEASE_SECONDS = LIFETIME.total_seconds() + 2


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a pass is to do.

    want, kinds: the window asked about, and of what. needs: what else a question rests on, see `needs`. thorough: more
    than that needs. lease_seconds: how long to wait for another process that collects the same repository.
    introductions: of what is collected for the first time.
    """

    want: Span
    kinds: tuple[str, ...] = KINDS
    needs: tuple[str, ...] = ()
    branch: str | None = None
    thorough: bool = True
    dry_run: bool = False
    lease_seconds: float = _LEASE_SECONDS
    introductions: Introductions | None = None

    def served_by(self, outcome: Outcome) -> bool:
        """Return whether a pass that another caller just made did what this one is to do, or failed as it would."""
        did_so = outcome.since <= self.want.since and {*self.kinds, *self.needs} <= {*outcome.listed}
        return self.branch is None and (outcome.error is not None or did_so)


class Passes:
    """Makes passes over repositories, each under its lease."""

    def __init__(
        self, manager: DatabaseManager, client: GitHubClient, clock: Clock, retention: Retention, *, with_token: bool
    ) -> None:
        self._manager, self._client, self._clock = manager, client, clock
        self._retention, self._with_token = retention, with_token
        self._owner = new_owner()
        self._under_way = UnderWay()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def settle(self) -> None:
        """Wait a moment for passes that were cancelled just now to give back their leases."""
        await self._under_way.settled()

    async def run(self, key: str, budget: RequestBudget, plan: Plan, progress: Progress | None = None) -> Outcome:
        """Make one pass; a repository that turns out to be stored under another key is collected under that one."""
        before = budget.used
        try:
            key = await self._stored_key(key, budget, plan)
            outcome = await self._run(key, budget, plan, progress)
        except Renamed as renamed:
            if not plan.dry_run:
                await self._join(renamed, plan)
            outcome = await self._run(renamed.key, budget, plan, progress, renamed.full_name)
        except NameTaken as taken:
            busy = Unreachable(f"another repository has the name {key} by now, and keeping them apart has to wait")
            outcome = Outcome(key, Stored(), False, 0, busy, ())
            if plan.dry_run or await self._keep_apart(key, taken.full_name, plan):
                outcome = await self._run(key, budget, plan, progress, anew=plan.dry_run)
                said = (
                    f"{key} is another repository than the one that had this name before: that is {taken.full_name} now"
                )
                outcome = outcome._replace(notes=(said, *outcome.notes))
        return outcome._replace(requests=budget.used - before)

    async def _keep_apart(self, key: str, full_name: str, plan: Plan) -> bool:
        """Store what is under a name that another repository has by now under its repository's present name."""
        lease = hold_lease(self._manager, self._clock, key, self._owner, plan.lease_seconds)
        with contextlib.suppress(Unreachable, TimeoutError):
            async with self._exclusive(key, plan), self._under_way, lease:
                state = await self._manager.collector_state.get_state(key)
                return state is not None and await give_up_name(self._manager, state, full_name)
        return False

    async def _join(self, renamed: Renamed, plan: Plan) -> None:
        """Join the histories of a repository that was stored under two names. Where that fails it is tried again."""
        lease = hold_lease(self._manager, self._clock, renamed.key, self._owner, plan.lease_seconds)
        with contextlib.suppress(Unreachable, TimeoutError):
            async with self._exclusive(renamed.key, plan), self._under_way, lease:
                await self._manager.join_repositories(renamed.former, renamed.key)

    @contextlib.asynccontextmanager
    async def _exclusive(self, key: str, plan: Plan) -> AsyncIterator[None]:
        """One pass at a time over what is stored under a key, whatever names it was asked for by.

        Raises:
            TimeoutError: Another one took longer than a question may wait.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with asyncio.timeout(None if plan.thorough else plan.lease_seconds):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()

    async def _stored_key(self, name: str, budget: RequestBudget, plan: Plan) -> str:
        """Return the key of the repository that has a name, also where another one had it before.

        Raises `NameTaken` in a dry run, which keeps nothing apart.
        """
        collector_state = self._manager.collector_state
        state = await collector_state.get_state(name)
        if state is None:
            key = await collector_state.get_alias(name) or name
            known = await collector_state.get_state(key) if key != name else None
            return name if await is_taken(self._client, name, known, budget) else key
        named_otherwise = state.full_name if has_another_name(state) else None
        if named_otherwise and await is_taken(self._client, name, state, budget):
            if plan.dry_run:
                raise NameTaken(named_otherwise)
            await self._keep_apart(name, named_otherwise, plan)
        return name

    async def _run(
        self,
        key: str,
        budget: RequestBudget,
        plan: Plan,
        progress: Progress | None,
        full_name: str | None = None,
        *,
        anew: bool = False,
    ) -> Outcome:
        """Make the pass. anew: as though nothing were remembered of the key, for that is of another repository."""
        if plan.dry_run:
            state = await self._begin(key, budget, plan, full_name, anew=anew)
            return await CollectionPass(state, None, progress).run()
        lease = hold_lease(self._manager, self._clock, key, self._owner, plan.lease_seconds)
        try:
            async with self._exclusive(key, plan), self._under_way, lease as keeper:
                return await CollectionPass(await self._begin(key, budget, plan, full_name), keeper, progress).run()
        except TimeoutError:
            error: MonitorError = Unreachable(f"{key} is being collected right now; ask again in a few seconds")
        except LeaseLost:
            error = Unreachable(f"another process took over collecting {key}; ask again in a few seconds")
        except Unreachable as busy:
            error = busy
        return Outcome(key, Stored(), False, 0, error, ())

    async def _begin(
        self, key: str, budget: RequestBudget, plan: Plan, full_name: str | None, *, anew: bool = False
    ) -> PassState:
        known = None if anew else await self._manager.collector_state.get_state(key)
        stored = known or RepositoryState(repo_name=key)
        repository = without_future(stored, format_instant(self._clock()))
        if full_name is not None:
            repository = msgspec.structs.replace(repository, full_name=full_name)
        cutoff = self._retention.cutoff()
        if cutoff is not None:
            repository = msgspec.structs.replace(repository, ledger=forget_before(repository.ledger, cutoff))
        return PassState(
            client=self._client,
            manager=self._manager,
            clock=self._clock,
            budget=budget,
            repository=repository,
            want=plan.want,
            kinds=plan.kinds,
            needs=plan.needs,
            branch=plan.branch,
            thorough=plan.thorough,
            with_token=self._with_token,
            cutoff=cutoff,
            introductions=plan.introductions,
            dry_run=plan.dry_run,
        )
