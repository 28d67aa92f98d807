"""The steps over one repository, in order, and what of it is stored when."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from ..errors import GitHubError, InvalidInput, MonitorError, RateLimited, UnknownBranch
from ..github.client import BudgetSpent
from ..github.natural_keys import is_derived
from ..infrastructure.questions.context import RECORD
from ..instants import seconds_between
from ..records import RepositoryState, Stored
from ..side_by_side import side_by_side
from .activity import ActivityRead, collect_activity, read_activity
from .commits import FirstPages, begins_with_commits, collect_commits, read_first_pages
from .comparing import comparing
from .details import collect_details, fetch_ahead
from .events import collect_events, without_delivered_meanwhile
from .identity import collect_identity
from .leases import LeaseKeeper
from .needs import ACTIVITY, NEEDS, due_needs
from .pass_state import PassState
from .record import collect_rest, keep_record, read_record
from .releases import read_older_listings
from .snapshot import collect_observation, collect_snapshot, is_snapshot_due, keep_observation
from .threads import ThreadsFound
from .workflow_runs import collect_workflow_runs, read_older_runs

KINDS = ("events", "commits", "threads")
"""What a repository is listed by, in this order unless a question says another."""
LISTED = ("events", "commits")
"""What has to be listed for a repository to count as collected; the record of threads grows over several passes."""
_KEPT_BACK, _KEPT_BACK_BY_REST, _KEPT_BACK_WITHOUT_GRAPHQL = 4, 3, 2
"""Requests that are left for the feed and the commits where a question is about them and the record.

By REST the record takes five requests, a look and four listings: of a question's eight that leaves three, and two where
the repository itself took one.
"""
_LEAST_FOR_RECORD = 3
"""Requests of a first reading of the record: what changed last, and a page of each of its two listings."""
_ENOUGH_FOR_ALL = 8
"""Requests with which a pass without a token gets to everything within a few passes, the listings first in each."""
_BEFORE_RECORD = 3600
"""Seconds in which what was listed is not listed again before the record is read at all."""

Progress = Callable[[float, float, str], Awaitable[None]]
"""(done, total, message): repositories done, with fractions for the steps within one."""


class Outcome(NamedTuple):
    """How a pass over one repository went. `error` null: well.

    reached: what was asked about was listed. listed: what was read of `KINDS`, and of `NEEDS` what was read, known
    already, or left for the next pass. postponed: something is left for the next pass. state: what is remembered of the
    repository by now; None where no pass was made. since: back to when what was asked about reached. record_refused:
    why issues and pull requests may not be read.
    """

    repo: str
    stored: Stored
    modified: bool
    requests: int
    error: MonitorError | None
    notes: Sequence[str]
    reached: bool = True
    listed: Sequence[str] = ()
    postponed: bool = False
    state: RepositoryState | None = None
    since: str = ""
    record_refused: MonitorError | None = None


class CollectionPass:
    """The steps over one repository, in order, and what of it is stored when."""

    def __init__(self, state: PassState, keeper: LeaseKeeper | None, progress: Progress | None) -> None:
        self._state, self._keeper, self._progress = state, keeper, progress
        self._stored = Stored()
        self._listed: list[str] = []
        self._record: ThreadsFound | None = None
        self._activity: ActivityRead | None = None
        self._observed = self._record_went_first = False
        self._first_pages: FirstPages | None = None

    async def run(self) -> Outcome:
        """Go as far as the budget and GitHub allow; what was learned is stored in any case."""
        state, error, reached = self._state, None, True
        state.change(last_attempt_at=state.now())
        try:
            if self._is_turn_of_others():
                await self._extras_if_possible(self._observations)
            await self._listings()
        except BudgetSpent:
            reached = False
            state.postpone("the request budget was spent; the next pass goes on")
        except (GitHubError, InvalidInput) as problem:
            error = problem
            if not isinstance(problem, UnknownBranch):  # which says nothing of the repository
                state.failed(problem)
        else:
            await self._extras_if_possible(self._extras)
        if self._activity is not None:
            await self._collect_activity()
        await keep_observation(state)
        await self._store()
        return Outcome(
            repo=state.repo,
            stored=self._stored,
            modified=state.modified,
            requests=0,
            error=error,
            notes=state.notes,
            reached=reached,
            listed=(*self._listed, *state.needs),
            postponed=state.postponed,
            state=state.repository,
            since=state.want.since,
            record_refused=state.record_refused,
        )

    async def _listings(self) -> None:
        state = self._state
        await side_by_side(self._beginning())
        await self._step(0.2, "events and commits")
        beside = [self._read_ahead] if state.thorough and state.with_token else []
        await side_by_side([self._list_rounds, *beside])
        state.change(error_code=None, error_message=None, retry_at=None)
        if {*self._listed} >= {*LISTED}:
            state.change(last_collected_at=state.now())
        # A poll without news is stored once, at its end: DynamoDB bills each write.
        if state.events or state.commits or state.threads:
            await self._store()

    def _beginning(self) -> list[Callable[[], Awaitable[None]]]:
        identity = partial(collect_identity, self._state)
        return [identity, self._read_first_pages] if begins_with_commits(self._state) else [identity]

    async def _read_first_pages(self) -> None:
        self._first_pages = await read_first_pages(self._state)

    async def _list_rounds(self) -> None:
        self._record_went_first = "threads" in self._state.kinds and self._is_records_turn()
        needs = await due_needs(self._state)
        for kinds in self._rounds():
            now = needs if {*kinds} & {*LISTED} else []
            await self._list_all(kinds, now)
            needs = [need for need in needs if need not in now]

    async def _read_ahead(self) -> None:
        """Do beside the listings what needs none of them; what fails of it is tried again in its turn."""
        with suppress(GitHubError, InvalidInput, BudgetSpent):
            await side_by_side(
                [self._read_activity, self._observe] if is_snapshot_due(self._state) else [self._read_activity]
            )

    async def _read_activity(self) -> None:
        self._activity = await read_activity(self._state)

    async def _observe(self) -> None:
        await collect_observation(self._state)
        self._observed = True

    def _rounds(self) -> list[tuple[str, ...]]:
        """Return what is listed at once, round by round: where the budget is small, what matters most first."""
        kinds, record = self._state.kinds, RECORD
        if self._state.thorough:
            return [KINDS] if self._state.with_token else [LISTED, record]
        asked = tuple(kind for kind in LISTED if kind in kinds)
        others = tuple(kind for kind in LISTED if kind not in kinds)
        if "threads" not in kinds:
            return [asked, others]
        # Where several repositories share a question's requests, the record is what has to wait.
        return [record, asked, others] if self._has_room_for_record() else [asked, record, others]

    async def _list_all(self, kinds: Sequence[str], needs: Sequence[str]) -> None:
        """List several kinds concurrently, with what the question needs beside them.

        Raises the first failure of what the question is about. A pass that is for all kinds does not fail for want of
        the record: the others go on without it; and none fails for want of what is read beside the listings.
        """
        asked = (*kinds, *needs)
        problems = await side_by_side([partial(self._attempt, kind) for kind in asked])
        if self._record is not None:  # it is compared with the events that are known by now
            await keep_record(self._state, self._record)
            self._record = None
        for kind, problem in zip(asked, problems, strict=True):
            if problem is None:
                self._listed.append(kind)
            elif kind in needs:
                why = "the request budget was spent" if isinstance(problem, BudgetSpent) else problem.message
                self._state.postpone(f"{kind.replace('_', ' ')}: {why}")
            elif isinstance(problem, BudgetSpent) and (kind not in self._state.kinds or self._record_went_first):
                # Without it the repository does not count as collected.
                self._state.postpone(f"{kind} are read in a later pass; the request budget was spent")
            elif isinstance(problem, BudgetSpent) and kind not in LISTED and {*self._state.kinds} & {*LISTED}:
                self._state.postpone("issues and pull requests are read in a later pass; the request budget was spent")
            elif kind not in LISTED and self._state.thorough and not isinstance(problem, BudgetSpent | RateLimited):
                self._state.postpone(f"issues and pull requests are read in a later pass: {problem.message}")
            else:
                raise problem

    async def _attempt(self, kind: str) -> GitHubError | InvalidInput | BudgetSpent | None:
        try:
            await self._list(kind)
        except (GitHubError, InvalidInput, BudgetSpent) as problem:
            return problem
        return None

    async def _list(self, kind: str) -> None:
        state = self._state
        if kind == "events":
            await collect_events(state)
            return
        if kind in NEEDS:
            await (self._read_activity() if kind == ACTIVITY else NEEDS[kind](state))
            return
        if kind == "threads":
            if not state.thorough and not self._has_room_for_record():
                raise BudgetSpent
            self._record = await read_record(state, self._most_for_record())
            return
        ahead = state.thorough and state.with_token and self._keeper is not None
        await collect_commits(state, pages=self._first_pages, beside=[partial(fetch_ahead, state)] if ahead else [])
        if state.branch and state.branch != state.repository.default_branch:
            await collect_commits(state, state.branch)

    def _most_for_record(self) -> int:
        """Return how many requests the record may take: all that are left, or less where others need some, too."""
        state = self._state
        if state.thorough:
            return state.budget.left // 2 if state.with_token else state.budget.left  # see `_rounds`
        alone = {*state.kinds} <= {"threads"} or {*self._listed} >= {*LISTED} or self._is_records_turn()
        return state.budget.left if alone else max(0, state.budget.left - self._kept_back)

    @property
    def _kept_back(self) -> int:
        if not self._state.with_token:
            return _KEPT_BACK_BY_REST
        has_graphql = self._state.client.has_graphql_threads(self._state.asked_name)
        return _KEPT_BACK if has_graphql else _KEPT_BACK_WITHOUT_GRAPHQL

    def _is_records_turn(self) -> bool:
        """Return whether feed and commits were listed lately, and the record had to wait for them."""
        state = self._state
        last = state.repository.last_collected_at
        if state.thorough or last is None or state.known("threads"):
            return False
        if state.budget.left >= self._kept_back + _LEAST_FOR_RECORD:
            return False  # there is room for all
        return seconds_between(last, state.now()) < _BEFORE_RECORD

    def _has_room_for_record(self) -> bool:
        """Return whether the record can be read: its first reading is of no use before all of these were made."""
        state = self._state
        if {*state.kinds} <= {"threads"} or state.known("threads") or state.none_since("threads") is not None:
            return True
        return self._most_for_record() >= _LEAST_FOR_RECORD

    def _is_turn_of_others(self) -> bool:
        """Return whether the listings, which were read lately, leave no requests for what comes behind them."""
        state, last = self._state, self._state.repository.last_collected_at
        if state.with_token or not state.thorough or last is None or state.budget.left >= _ENOUGH_FOR_ALL:
            return False
        return is_snapshot_due(state) and seconds_between(last, state.now()) < _BEFORE_RECORD

    async def _extras_if_possible(self, steps: Callable[[], Awaitable[None]]) -> None:
        """Do optional steps; what fails is tried again next time."""
        try:
            await steps()
        except BudgetSpent:
            self._state.postpone("the request budget was spent; the next pass goes on")
        except (GitHubError, InvalidInput) as problem:  # GitHub refused a question, too
            self._state.postpone(f"left for the next pass: {problem.message}")

    async def _extras(self) -> None:
        state = self._state
        if state.thorough:
            await self._step(0.5, "pushes, workflow runs and snapshot")
            await self._observations()
            await read_older_runs(state)
            self._listed += NEEDS
        if self._keeper is not None:
            if state.thorough:
                await self._step(0.6, "reviews")
                await collect_rest(state, self._store)
            await self._step(0.7, "commit details")
            await collect_details(state, self._store)

    async def _observations(self) -> None:
        state = self._state
        due: list[Callable[[], Awaitable[None]]] = (
            [partial(collect_snapshot, state, observed=self._observed)]
            if is_snapshot_due(state)
            else [partial(collect_workflow_runs, state), partial(read_older_listings, state)]
        )
        await side_by_side([self._collect_activity, *due])

    async def _collect_activity(self) -> None:
        """Keep what was read of it beside the listings, whatever became of them; else read it now."""
        ahead, self._activity = self._activity, None
        await collect_activity(self._state, ahead)

    async def _step(self, share: float, message: str) -> None:
        if self._progress is not None:
            await self._progress(share, 1.0, message)

    async def _store(self) -> None:
        """Store what was collected; nothing of a repository that GitHub never showed."""
        state = self._state
        if self._keeper is None:
            self._stored = await self._count_new()
            return
        if state.repository.repository_id is None and state.repository.last_collected_at is None and not state.events:
            return
        batch = state.take_batch()
        if any(is_derived(event.id) for event in batch.events):
            await state.manager.collector_state.save_delivered(state.repo)
        async with comparing(state.manager, state.repo):
            events = tuple(await without_delivered_meanwhile(state, batch.events)) if batch.events else ()
            new = await self._keeper.store(replace(batch, events=events))
        await state.manager.collector_state.note_rewritings(state.repo, state.rewritings)
        state.rewritings = {}
        self._stored = self._stored.plus(new)

    async def _count_new(self) -> Stored:
        """Return what a dry run would have stored."""
        state = self._state
        known_ids = await state.manager.events.get_known_events(state.events.values())
        known_shas = await state.manager.commits.get_known_shas(state.repo, state.commits)
        return Stored(len(state.events.keys() - known_ids), len(state.commits.keys() - known_shas))
