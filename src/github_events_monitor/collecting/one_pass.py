"""The steps over one repository, in order, and what of it is stored when."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from ..errors import GitHubError, InvalidInput, MonitorError
from ..github.client import BudgetSpent
from ..records import Stored
from .activity import collect_activity
from .commits import collect_commits
from .details import collect_details
from .draft import Draft
from .events import collect_events
from .identity import collect_identity
from .leases import LeaseKeeper
from .record import collect_record
from .snapshot import collect_snapshot

KINDS = ("events", "commits", "threads")
"""What a repository is listed by, in this order unless a question says another."""
COLLECTED = frozenset({"events", "commits"})
"""What has to be listed for a repository to count as collected; the record of threads grows over several passes."""

Progress = Callable[[float, float, str], Awaitable[None]]
"""(done, total, message): repositories done, with fractions for the steps within one."""


class Outcome(NamedTuple):
    """How a pass over one repository went. `error` null: well.

    reached: what was asked about was listed. listed: what was listed, "events" and "commits".
    """

    repo: str
    stored: Stored
    modified: bool
    requests: int
    error: MonitorError | None
    notes: Sequence[str]
    reached: bool = True
    listed: Sequence[str] = ()


class OnePass:
    """The steps over one repository, in order, and what of it is stored when."""

    def __init__(self, draft: Draft, keeper: LeaseKeeper | None, progress: Progress | None) -> None:
        self._draft, self._keeper, self._progress = draft, keeper, progress
        self._stored = Stored(0, 0)
        self._listed: list[str] = []

    async def run(self) -> Outcome:
        """Go as far as the budget and GitHub allow; what was learned is stored in any case."""
        draft, error, reached = self._draft, None, True
        draft.change(last_attempt_at=draft.now())
        try:
            await self._listings()
        except BudgetSpent:
            reached = False
            draft.notes.append("the request budget was spent; the next pass goes on")
        except (GitHubError, InvalidInput) as problem:
            error = problem
            draft.failed(problem)
        else:
            await self._extras_if_possible()
        await self._store()
        return Outcome(draft.repo, self._stored, draft.modified, 0, error, draft.notes, reached, self._listed)

    async def _listings(self) -> None:
        draft = self._draft
        await collect_identity(draft)
        for number, kind in enumerate(self._order()):
            await self._step(0.1 + 0.2 * number, kind)
            try:
                await self._list(kind)
            except BudgetSpent:
                if kind in draft.kinds:
                    raise
                # It was not asked for; without events and commits the repository does not count as collected.
                draft.notes.append(f"{kind} are read in a later pass; the request budget was spent")
            else:
                self._listed.append(kind)
        draft.change(error_code=None, error_message=None, retry_at=None)
        if {*self._listed} >= COLLECTED:
            draft.change(last_collected_at=draft.now())
        if (
            draft.events or draft.commits or draft.threads
        ):  # a poll without news is stored once, at its end: DynamoDB bills each write
            await self._store()

    def _order(self) -> list[str]:
        """Return what is listed: first what a question is about, in its order; its record only where it asks for it."""
        draft = self._draft
        rest = [kind for kind in KINDS if kind not in draft.kinds and (draft.thorough or kind in COLLECTED)]
        return [*(kind for kind in draft.kinds if kind in KINDS), *rest]

    async def _list(self, kind: str) -> None:
        draft = self._draft
        if kind == "events":
            await collect_events(draft)
            return
        if kind == "threads":
            await collect_record(draft)
            return
        await collect_commits(draft)
        if draft.branch and draft.branch != draft.state.default_branch:
            await collect_commits(draft, draft.branch)

    async def _extras_if_possible(self) -> None:
        """What a pass is no failure without; it is tried again next time."""
        try:
            await self._extras()
        except BudgetSpent:
            self._draft.notes.append("the request budget was spent; the next pass goes on")
        except (GitHubError, InvalidInput) as problem:  # GitHub refused a question, too
            self._draft.notes.append(f"left for the next pass: {problem.message}")

    async def _extras(self) -> None:
        draft = self._draft
        if draft.thorough:
            await self._step(0.5, "pushes")
            await collect_activity(draft)
            await self._step(0.6, "snapshot")
            await collect_snapshot(draft)
        if self._keeper is not None:
            await self._step(0.7, "commit details")
            await collect_details(draft, self._store)

    async def _step(self, share: float, message: str) -> None:
        if self._progress is not None:
            await self._progress(share, 1.0, message)

    async def _store(self) -> None:
        """Store what is drafted; nothing of a repository that GitHub never showed."""
        draft = self._draft
        if self._keeper is None:
            self._stored = await self._count_new()
            return
        if draft.state.repository_id is None and draft.state.last_collected_at is None and not draft.events:
            return
        new = await self._keeper.store(draft.take_batch())
        self._stored = Stored(self._stored.events + new.events, self._stored.commits + new.commits)

    async def _count_new(self) -> Stored:
        """What a dry run would have stored."""
        draft = self._draft
        known_ids = await draft.manager.events.get_known_ids(draft.events)
        known_shas = await draft.manager.commits.get_known_shas(draft.repo, draft.commits)
        return Stored(len(draft.events.keys() - known_ids), len(draft.commits.keys() - known_shas))
