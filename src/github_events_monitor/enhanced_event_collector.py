"""Collecting: passes over repositories, each under its lease, storing what they learn as they go.

A pass reads the repository, its events and its commits, and stores them together with the state that says so; then
looks at pushes and, once a day, at what can only be observed in the present; then fills in statistics and files as far
as the budget goes. The steps stand in `collecting/`.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from weakref import WeakValueDictionary

import msgspec

from .answers import Problem, RateLimitStatus
from .collecting.details import fetch_details
from .collecting.draft import FIRST_PASS, Draft
from .collecting.identity import Renamed
from .collecting.leases import LIFETIME, UnderWay, hold_lease
from .collecting.one_pass import KINDS, OnePass, Outcome, Progress
from .errors import InvalidInput, LeaseLost, MonitorError, NotFound, Unreachable
from .github.budget import BudgetSpent, RequestBudget, WaitNotice
from .github.client import GitHubClient
from .infrastructure.database_factory import DatabaseFactory
from .infrastructure.database_interface import DatabaseManager, patiently
from .infrastructure.questions.collect_now import CollectedRepository, CollectNow
from .infrastructure.watch_list import watched
from .insights.commits import analyse_commit
from .insights.coverage import forget_before, without_future
from .instants import Clock, format_instant, shift, system_clock
from .records import CommitRecord, RepositoryState, Span, Stored, repo_key
from .settings import Settings

READ_REQUESTS = 8
READ_SECONDS = 10.0
LONGEST_WAIT = 90.0
"""Seconds: a limit that ends sooner is waited out by passes that nobody waits for within a question."""
REQUESTS_WITH_TOKEN = 200
REQUESTS_WITHOUT_TOKEN = 15
PURGE_EVERY = timedelta(hours=1)
_PATIENCE = LIFETIME.total_seconds() + 2


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a pass is to do. want, kinds: the window asked about, and of what. thorough: more than that needs."""

    want: Span
    kinds: tuple[str, ...] = KINDS
    branch: str | None = None
    thorough: bool = True
    dry_run: bool = False
    patience: float = _PATIENCE


class _Turns:
    """Those in this process who collect one repository, one after the other; gone when nobody does."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.passes = 0
        self.outcome: Outcome | None = None


class Collector:
    """Collects repositories from GitHub into a database, one request at a time: no secondary limit is provoked."""

    def __init__(
        self,
        manager: DatabaseManager,
        client: GitHubClient,
        *,
        clock: Clock = system_clock,
        with_token: bool = False,
        targets: Sequence[str] = (),
        retention_days: int | None = None,
        touched: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`touched` is called with a repository's key whenever what is stored about it may have changed."""
        self.manager, self.client = manager, client
        self.stored_so_far = Stored(0, 0)
        """What was new since this collector was made, deliveries told of by `notify` included."""
        self._retention_days, self._purged_at = retention_days, ""
        self._clock, self._with_token, self._targets = clock, with_token, tuple(targets)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._turns: WeakValueDictionary[str, _Turns] = WeakValueDictionary()
        self._under_way = UnderWay()
        self._listeners: list[Callable[[str], Awaitable[None]]] = []
        self._touched = touched

    async def initialize(self) -> None:
        """Open the database; every other method does it when nobody did."""
        await self.manager.initialize()

    async def settle(self) -> None:
        """Wait a moment for passes that were cancelled just now to give back their leases."""
        await self._under_way.settled()

    async def close(self) -> None:
        """Close the database and the connection to GitHub."""
        await self.settle()
        await self.client.aclose()
        await self.manager.close()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def on_stored(self, listener: Callable[[str], Awaitable[None]]) -> Callable[[], None]:
        """Call `listener` with a repository's key whenever something new was stored; answers how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def notify(self, repo: str, stored: Stored) -> None:
        """Tell the listeners of `on_stored` what somebody else (a webhook's receiver) stored about a repository."""
        self._touched(repo)
        if stored == (0, 0):
            return
        self.stored_so_far = Stored(*map(sum, zip(self.stored_so_far, stored, strict=True)))
        for listener in tuple(self._listeners):
            await listener(repo)

    async def collect(
        self,
        repos: Sequence[str] | None = None,
        *,
        dry_run: bool = False,
        hours: int | None = None,
        progress: Progress | None = None,
    ) -> CollectNow:
        """One pass over repositories (null: all watched). One that fails does not stop the others.

        hours: how far back commits are listed at least (the first pass covers 30 days anyway). dry_run: ask GitHub, and
        say what would be new, but store nothing. Raises `InvalidInput` for a name, `DatabaseError`.
        """
        names = list(repos) if repos else list((await watched(self.manager.collector_state, self._targets)).values())
        keys = list({repo_key(name): name for name in names}.items())
        plan = Plan(want=self._reaching_back(hours), dry_run=dry_run)
        done = []
        with patiently():
            for number, (key, name) in enumerate(keys):
                await self._tell(progress, number, len(keys), f"collecting {name}")
                outcome = await self._pass(key, self._full_budget(), plan, _within(progress, number, len(keys), name))
                done.append(await self._present(name, outcome))
            await self.purge_if_due()
        await self._tell(progress, len(keys), len(keys), "done")
        return CollectNow(
            repositories=tuple(done),
            requests_used=sum(row.requests for row in done),
            rate_limit=self.rate_limit(),
            dry_run=dry_run,
            note=None if keys else "No repository is watched; name some, or set TARGET_REPOSITORIES.",
        )

    async def collect_one(self, key: str) -> Outcome:
        """One pass over one repository, as background polling makes it: it does not wait for another collector."""
        with patiently():
            return await self._pass(key, self._full_budget(), Plan(want=self._reaching_back(None), patience=0))

    async def purge_if_due(self) -> None:
        """Remove what is older than EVENT_RETENTION_DAYS, at most once an hour; does nothing without that setting."""
        cutoff, now = self._cutoff(), format_instant(self._clock())
        if cutoff is None or self._clock_runs_ahead():
            return
        if self._purged_at and now < shift(self._purged_at, PURGE_EVERY):
            return
        self._purged_at = now
        await self.manager.collector_state.forget_before(cutoff)
        await self.manager.events.delete_before(cutoff)
        await self.manager.commits.delete_before(cutoff)
        await self.manager.threads.delete_before(cutoff)

    def _clock_runs_ahead(self) -> bool:
        """Whether it is much later here than at GitHub: everything would seem old, and be removed."""
        limit = self.client.rate_limit
        return limit is not None and self._clock() > limit.reset_at + timedelta(days=1)

    def _cutoff(self) -> str | None:
        days = self._retention_days
        return None if days is None else shift(format_instant(self._clock()), -timedelta(days=days))

    async def refresh(
        self, keys: Sequence[str], span: Span, branch: str | None = None, kinds: Sequence[str] = KINDS
    ) -> Mapping[str, MonitorError | None]:
        """Collect what a question needs, within its small budget shared among the repositories, in the order given.

        kinds: "events" and "commits", of what the question is. A repository takes no more than leaves enough for that
        to those after it.
        """
        deadline = self._clock() + timedelta(seconds=READ_SECONDS)
        budget = RequestBudget(READ_REQUESTS, deadline, longest_wait=READ_SECONDS)
        plan = Plan(want=span, kinds=tuple(kinds), branch=branch, thorough=False, patience=READ_SECONDS / 2)
        least = 1 + len(kinds)  # the repository itself, and a page of each listing
        problems: dict[str, MonitorError | None] = {}
        for number, key in enumerate(keys):
            fair = max(least, budget.left - least * (len(keys) - number - 1))
            outcome = await self._shared_pass(key, budget.share(min(fair, budget.left)), plan)
            problems[key] = outcome.error
            if not outcome.reached and outcome.error is None:
                problems[key] = Unreachable(
                    f"not collected within this call's {READ_REQUESTS} requests and {READ_SECONDS:.0f} s;"
                    " ask again, or run collect_now"
                )
        return problems

    async def fetch_details(self, key: str, sha: str) -> None:
        """Fetch one commit with its files and store it. Raises `NotFound` and what else GitHub answers."""
        state = await self.manager.collector_state.get_state(key)
        name = (state.full_name if state else None) or key
        budget = RequestBudget(READ_REQUESTS, self._clock() + timedelta(seconds=READ_SECONDS))
        try:
            details = await fetch_details(self.client, key, name, sha, budget)
        except (NotFound, InvalidInput):
            raise NotFound(f"{name} has no commit {sha}, or it is not visible with this token; check both") from None
        except BudgetSpent:
            raise Unreachable(f"GitHub did not give commit {sha} of {name} in time; ask again") from None
        summary = analyse_commit(details.commit, details.files)
        record = CommitRecord(commit=details.commit, files=details.files, summary=summary)
        await self.manager.commits.insert_commits([record])
        self._touched(key)

    def rate_limit(self) -> RateLimitStatus:
        """GitHub's limit as last told."""
        limit = self.client.rate_limit
        if limit is None:
            return RateLimitStatus()
        return RateLimitStatus(limit=limit.limit, remaining=limit.remaining, reset_at=format_instant(limit.reset_at))

    def _full_budget(self, on_wait: WaitNotice | None = None) -> RequestBudget:
        most = REQUESTS_WITH_TOKEN if self._with_token else REQUESTS_WITHOUT_TOKEN
        return RequestBudget(most, longest_wait=LONGEST_WAIT, on_wait=on_wait)

    def _reaching_back(self, hours: int | None) -> Span:
        now = format_instant(self._clock())
        reach = max(FIRST_PASS, timedelta(hours=hours or 0))
        return Span(shift(now, -reach), now)

    async def _shared_pass(self, key: str, budget: RequestBudget, plan: Plan) -> Outcome:
        """A pass, or the outcome of one by somebody else in this process that ended while this one waited."""
        turns = self._turns.setdefault(key, _Turns())
        ticket = turns.passes
        try:
            async with asyncio.timeout(budget.seconds_left(self._clock())):
                await turns.lock.acquire()
        except TimeoutError:
            busy = Unreachable(f"{key} is being collected right now, and that takes longer than this call may wait")
            return Outcome(key, Stored(0, 0), False, 0, busy, (), reached=False)
        try:
            if turns.passes > ticket and turns.outcome is not None and _serves(turns.outcome, plan):
                return turns.outcome
            return await self._locked_pass(key, turns, budget, plan, None)
        finally:
            turns.lock.release()

    async def _pass(self, key: str, budget: RequestBudget, plan: Plan, progress: Progress | None = None) -> Outcome:
        turns = self._turns.setdefault(key, _Turns())
        async with turns.lock:
            return await self._locked_pass(key, turns, budget, plan, progress)

    async def _locked_pass(
        self, key: str, turns: _Turns, budget: RequestBudget, plan: Plan, progress: Progress | None
    ) -> Outcome:
        before = budget.used
        try:
            outcome = await self._run(await self._stored_key(key), budget, plan, progress)
        except Renamed as renamed:
            outcome = await self._run(renamed.key, budget, plan, progress)
        outcome = outcome._replace(requests=budget.used - before)
        turns.passes, turns.outcome = turns.passes + 1, outcome
        if not plan.dry_run:
            self._touched(key)
            await self.notify(outcome.repo, outcome.stored)
        return outcome

    async def _stored_key(self, key: str) -> str:
        if await self.manager.collector_state.get_state(key) is not None:
            return key
        return await self.manager.collector_state.get_alias(key) or key

    async def _run(self, key: str, budget: RequestBudget, plan: Plan, progress: Progress | None) -> Outcome:
        if plan.dry_run:
            return await OnePass(await self._draft(key, budget, plan), None, progress).run()
        try:
            async with (
                self._under_way,
                hold_lease(self.manager, self._clock, key, self._owner, plan.patience) as keeper,
            ):
                return await OnePass(await self._draft(key, budget, plan), keeper, progress).run()
        except LeaseLost:
            error: MonitorError = Unreachable(f"another process took over collecting {key}; ask again in a few seconds")
        except Unreachable as busy:
            error = busy
        return Outcome(key, Stored(0, 0), False, 0, error, ())

    async def _draft(self, key: str, budget: RequestBudget, plan: Plan) -> Draft:
        stored = await self.manager.collector_state.get_state(key) or RepositoryState(repo_name=key)
        state = without_future(stored, format_instant(self._clock()))
        cutoff = self._cutoff()
        if cutoff is not None:
            state = msgspec.structs.replace(state, ledger=forget_before(state.ledger, cutoff))
        return Draft(
            client=self.client,
            manager=self.manager,
            clock=self._clock,
            budget=budget,
            state=state,
            want=plan.want,
            kinds=plan.kinds,
            branch=plan.branch,
            thorough=plan.thorough,
            with_token=self._with_token,
            cutoff=cutoff,
        )

    async def _present(self, name: str, outcome: Outcome) -> CollectedRepository:
        state = await self.manager.collector_state.get_state(outcome.repo)
        return CollectedRepository(
            repo=(state.full_name if state else None) or name,
            status=_status(outcome),
            new_events=outcome.stored.events,
            new_commits=outcome.stored.commits,
            requests=outcome.requests,
            error=Problem.of(outcome.error) if outcome.error else None,
            note="; ".join(dict.fromkeys(outcome.notes)) or None,
        )

    async def _tell(self, progress: Progress | None, done: float, total: float, message: str) -> None:
        if progress is not None:
            await progress(done, total, message)


def create_enhanced_collector(database_config: Mapping[str, Any] | None = None) -> Collector:
    """A collector over the database that a config, or the environment, names; opened lazily, closed by the caller.

    database_config: `{'provider': 'sqlite', 'db_path': …}` or `{'provider': 'dynamodb', 'region': …, 'table_prefix': …,
    'endpoint_url': …}`; null reads DATABASE_PROVIDER and its companions. Raises `SettingsError`, `InvalidInput`.
    """
    settings = Settings.load()
    manager = DatabaseFactory.create(settings.database_config() if database_config is None else database_config)
    client = GitHubClient(settings.github_api_url, settings.github_token, clock=system_clock)
    return Collector(
        manager,
        client,
        with_token=client.authenticated,
        targets=settings.target_repositories,
        retention_days=settings.event_retention_days,
    )


def _within(progress: Progress | None, number: int, total: int, name: str) -> Progress | None:
    """Progress inside one of several repositories."""
    if progress is None:
        return None

    async def tell(share: float, _: float, message: str) -> None:
        await progress(number + share, total, f"{name}: {message}")

    return tell


def _serves(outcome: Outcome, plan: Plan) -> bool:
    """Whether a pass that somebody else just made did what this one is to do."""
    return plan.branch is None and (outcome.error is not None or set(plan.kinds) <= {*outcome.listed})


def _status(outcome: Outcome) -> Any:
    if outcome.error is not None:
        return outcome.error.code if outcome.error.code in {"not_found", "rate_limited", "forbidden"} else "unreachable"
    return "collected" if outcome.modified or outcome.stored != (0, 0) else "not_modified"
