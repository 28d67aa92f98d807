"""Collecting: passes over repositories, each under its lease, storing what they learn as they go.

A pass reads the repository, its events and its commits, and stores them together with the state that says so; then
looks at pushes and, once a day, at what can only be observed in the present; then fills in statistics and files as far
as the budget goes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Self

from ..answers import Problem, RateLimitStatus
from ..errors import InvalidInput, MonitorError, NotFound, Unreachable
from ..github.budget import BudgetSpent, RequestBudget, WaitNotice
from ..github.client import GitHubClient
from ..infrastructure.database_interface import DatabaseManager, retrying_longer
from ..infrastructure.questions.collect_now import CollectedRepository, CollectNow
from ..infrastructure.questions.context import RECORD
from ..infrastructure.watch_list import check_repos, choose, watched
from ..insights.commits import analyse_commit
from ..instants import Clock, format_instant, shift, system_clock
from ..records import CommitRecord, Span, Stored, repo_key
from ..side_by_side import side_by_side
from ..text import clean
from .collection_pass import KINDS, Outcome, Progress
from .details import fetch_details
from .introductions import Introductions
from .pass_state import FIRST_PASS
from .passes import Passes, Plan
from .patterns import Patterns
from .presentation import SharedProgress, present
from .retention import Retention
from .turns import Turns

READ_REQUESTS = 8
READ_SECONDS = 10.0
LONGEST_WAIT = 90.0
"""Seconds: a limit that ends sooner is waited out by passes that are not made within a question."""
REQUESTS_WITH_TOKEN = 200
REQUESTS_WITHOUT_TOKEN = 15
_PASSES_AT_ONCE = 12
"""More than requests at once: while some repositories are stored, others are asked about."""


class Collector:
    """Collects repositories from GitHub into a database."""

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
        """Make a collector; the caller opens and closes it.

        Args:
            manager: Where to store; closed together with the collector.
            client: Whom to ask; closed together with the collector.
            clock: Where time comes in.
            with_token: Whether the budget of a token applies.
            targets: Words of TARGET_REPOSITORIES: what is watched from the start.
            retention_days: After how many days records are removed; None is never.
            touched: Called with a repository's key whenever what is stored about it may have changed.
        """
        self.manager, self.client = manager, client
        self.retention = Retention(manager, client, clock, retention_days)
        self._clock, self._with_token, self._targets = clock, with_token, tuple(targets)
        self.patterns = Patterns(manager.collector_state, client, clock)
        self._passes = Passes(manager, client, clock, self.retention, with_token=with_token)
        self._turns = Turns()
        self._listeners: list[Callable[[str], Awaitable[None]]] = []
        self._touched = touched
        self.stored_so_far = Stored()
        """What was new since this collector was made, deliveries passed to `notify` included."""
        self.changes = 0
        """Grows with every pass or delivery after which questions may be answered otherwise."""

    async def initialize(self) -> None:
        """Open the database; every other method does it, too, where it was not done."""
        await self.manager.initialize()

    async def settle(self) -> None:
        """Wait a moment for passes that were cancelled just now to give back their leases."""
        await self._passes.settle()

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
        """Call `listener` with a repository's key whenever something new was stored; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def notify(self, repo: str, stored: Stored) -> None:
        """Announce what was stored about a repository, also by the receiver of webhooks."""
        self._touched(repo)
        if stored == (0, 0):
            return
        self.changes += 1
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
        """Make one pass over repositories. One that fails, or cannot be one by its name, does not stop the others.

        Args:
            repos: "owner/name" or a pattern each; None is all watched ones.
            dry_run: Ask GitHub, and say what would be new, but store nothing.
            hours: How far back commits are listed at least (the first pass covers 30 days anyway).
            progress: Called with how far it is.

        Raises:
            InvalidInput: No name can be a repository's.
            DatabaseError: The database failed.
        """
        names, failed = await self._chosen(repos)
        malformed = check_repos(names)
        if malformed and len(malformed) == len(names) and not failed:
            raise next(iter(malformed.values()))
        keys = list({repo_key(name): name for name in names if name not in malformed}.items())
        introductions = self.introductions([name for _, name in keys])
        plan = Plan(want=self._reaching_back(hours), dry_run=dry_run, introductions=introductions)
        shared = SharedProgress(progress, len(keys))

        async def one(key: str, name: str) -> CollectedRepository:
            await shared.say(name, 0.0, f"collecting {name}")
            outcome = await self._pass(key, self._full_budget(shared.waiting(name)), plan, shared.of(name))
            await shared.say(name, 1.0, f"collected {name}")
            return await present(self.manager, name, outcome)

        with retrying_longer():
            done = await side_by_side([partial(one, key, name) for key, name in keys], _PASSES_AT_ONCE)
            await self.purge_if_due()
        rows = {name: row for (_, name), row in zip(keys, done, strict=True)}
        rows |= {name: _refused(name, error) for name, error in malformed.items()}
        return CollectNow(
            repositories=(*failed, *(rows[name] for name in names if name in rows)),
            requests_used=sum(row.requests for row in done),
            rate_limit=self.rate_limit(),
            dry_run=dry_run,
            note=None if names or failed else "No repository is watched; name some, or set TARGET_REPOSITORIES.",
        )

    async def _chosen(self, repos: Sequence[str] | None) -> tuple[list[str], tuple[CollectedRepository, ...]]:
        """Return the names to collect, and rows for patterns that could not be resolved. Raises `InvalidInput`."""
        if not repos:
            await self.patterns.resolve_due(self._targets)
            return list((await watched(self.manager.collector_state, self._targets)).values()), ()
        chosen = await choose(repos, self.patterns.resolve)
        return chosen.names, tuple(_refused(word, error) for word, error in chosen.problems.items())

    async def collect_one(self, key: str, introductions: Introductions | None = None) -> Outcome:
        """Make one pass over one repository, as background polling does: it does not wait for another collector.

        introductions: of the repositories that are visited with it.
        """
        want = self._reaching_back(None)
        plan = Plan(want=want, lease_seconds=0, introductions=introductions or self.introductions([key]))
        with retrying_longer():
            return await self._pass(key, self._full_budget(), plan)

    def introductions(self, names: Sequence[str]) -> Introductions | None:
        """Return where it is asked who the new ones of these are, many at once; None without a token."""
        return Introductions(self.client, self._clock, names) if self._with_token else None

    async def purge_if_due(self) -> None:
        """Remove what is older than EVENT_RETENTION_DAYS, at most once an hour; does nothing without that setting."""
        await self.retention.purge_if_due()

    async def refresh(
        self, keys: Sequence[str], span: Span, branch: str | None = None, kinds: Sequence[str] = KINDS
    ) -> Mapping[str, MonitorError | None]:
        """Collect what a question needs, within its small budget shared among the repositories, in the order given.

        A repository takes no more than leaves enough for those after it.

        Args:
            keys: Repositories, the most urgent one first.
            span: The window asked about.
            branch: Another branch to list beside the default one.
            kinds: Of what the question is: listings, and what else it rests on, see `needs`.

        Returns:
            By key how it failed, or None.
        """
        deadline = self._clock() + timedelta(seconds=READ_SECONDS)
        budget = RequestBudget(READ_REQUESTS, deadline, longest_wait=READ_SECONDS)
        plan = Plan(
            want=span,
            kinds=tuple(kind for kind in kinds if kind in KINDS),
            needs=tuple(kind for kind in kinds if kind not in KINDS),
            branch=branch,
            thorough=False,
            lease_seconds=READ_SECONDS / 2,
        )
        least = 1 + len(plan.kinds)  # the repository itself, and a page of each listing
        problems: dict[str, MonitorError | None] = {}
        for number, key in enumerate(keys):
            fair = max(least, budget.left - least * (len(keys) - number - 1))
            outcome = await self._shared_pass(key, budget.share(min(fair, budget.left)), plan)
            # To a question about the record alone, what GitHub refuses of it is what failed.
            problems[key] = outcome.error or (outcome.record_refused if plan.kinds == RECORD else None)
            if not outcome.reached and problems[key] is None:
                problems[key] = Unreachable(
                    f"the {READ_REQUESTS} requests and {READ_SECONDS:.0f} s of one call did not suffice for all of it;"
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
        except NotFound:
            raise NotFound(f"{name} has no commit {sha}, or it is not visible with this token; check both") from None
        except InvalidInput as refused:  # a diff that it cannot make, for instance
            raise Unreachable(f"GitHub does not show commit {sha} of {name}: {refused.message}") from None
        except BudgetSpent:
            raise Unreachable(f"GitHub did not give commit {sha} of {name} in time; ask again") from None
        summary = analyse_commit(details.commit, details.files)
        record = CommitRecord(commit=details.commit, files=details.files, summary=summary)
        await self.manager.commits.insert_commits([record])
        self._touched(key)

    def rate_limit(self) -> RateLimitStatus:
        """Return GitHub's limit as last answered."""
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
        run = partial(self._run, key, budget, plan, None)
        try:
            return await self._turns.shared(key, run, budget.seconds_left(self._clock()), plan.served_by)
        except TimeoutError:
            busy = Unreachable(f"{key} is being collected right now, and that takes longer than this call may wait")
            return Outcome(key, Stored(), False, 0, busy, (), reached=False)

    async def _pass(self, key: str, budget: RequestBudget, plan: Plan, progress: Progress | None = None) -> Outcome:
        run = partial(self._run, key, budget, plan, progress)
        return await (run() if plan.dry_run else self._turns.own(key, run))  # it brings nothing that others wait for

    async def _run(self, key: str, budget: RequestBudget, plan: Plan, progress: Progress | None) -> Outcome:
        outcome = await self._passes.run(key, budget, plan, progress)
        if not plan.dry_run:
            await self.notify(outcome.repo, outcome.stored)
            self._touched(key)
            self.changes += outcome.modified
        return outcome


def _refused(word: str, error: MonitorError) -> CollectedRepository:
    """Return the row of a word that stands for no repository."""
    return CollectedRepository(repo=clean(word, 80, one_line=True), status=error.code, error=Problem.of(error))
