"""Looks at all watched repositories at once: which of them are as their last visit left them.

Implementation notes
- A visit counts from the look before it: whatever changed after that look, during or after the visit, makes the next
  look differ. So a repository is quiet only while looks equal the one before a visit that left nothing to do.
- A change is seen sooner than all that it brings: events reach the feed within minutes, workflow runs take theirs. So
  a repository goes on being visited until its last change is `SETTLED` old. This also distinguishes two changes of one
  second, which times of whole seconds do not.
- GitHub is asked by its own name for a repository, and what it shows must be the repository that was visited: another
  one may have the former name by now.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from ..errors import Forbidden, MonitorError
from ..github.budget import BudgetSpent, RequestBudget
from ..github.client import GitHubClient
from ..github.graphql.documents import MOST_LOOKS
from ..github.graphql.looks import Look
from ..infrastructure.database_interface import CollectorState
from ..instants import Clock, format_instant
from ..records import repo_key
from ..side_by_side import side_by_side
from .collection_pass import KINDS, Outcome

logger = logging.getLogger(__name__)

SETTLED = timedelta(minutes=10)
RETRY_AFTER = timedelta(hours=1)
"""How long GraphQL is not asked again where it is refused."""

_REQUESTS = 3
"""Of one question; those after the first follow a limit that was waited out."""
_LONGEST_WAIT = 90.0


class Looked(NamedTuple):
    """A repository that is looked at: GitHub's name for it, and its lasting id, None where that is not known yet."""

    name: str
    repository_id: int | None


class Looks:
    """Takes looks, and remembers what each repository looked like before its last visit."""

    def __init__(self, client: GitHubClient, collector_state: CollectorState, clock: Clock) -> None:
        self._client, self._state, self._clock = client, collector_state, clock
        self._latest: dict[str, Look] = {}
        self._baselines: dict[str, Look] = {}
        self._quiet: dict[str, datetime] = {}
        self._taken_at: datetime | None = None
        self._refused_at: datetime | None = None

    def are_due(self, interval: timedelta) -> bool:
        """Return whether to look now: there is a token, GraphQL is not refused, and the last look is that old."""
        return self._client.authenticated and not (
            self._is_within(interval, self._taken_at) or self._is_within(RETRY_AFTER, self._refused_at)
        )

    def quiet_at(self, key: str) -> datetime | None:
        """Return when a repository was last seen to be as its last visit left it."""
        at = self._quiet.get(key)
        return at if at is not None and at <= self._clock() else None

    async def take(self, repos: Mapping[str, Looked]) -> None:
        """Look at repositories, by key, and store which are quiet. One about which GitHub says nothing is not."""
        self._taken_at = now = self._clock()
        keys = sorted(repos)
        batches = [
            alike[start : start + MOST_LOOKS]
            for alike in self._asked_alike(keys)
            for start in range(0, len(alike), MOST_LOOKS)
        ]
        found = await side_by_side([partial(self._ask, repos, batch) for batch in batches])
        self._latest = {key: look for part in found if part is not None for key, look in part.items()}
        self._refused_at = now if all(part is None for part in found) else None
        known = {key for key in keys if key in self._baselines}
        quiet = {key for key in known if self._is_as_visited(key, repos[key])}
        changed = {key for key in known - quiet if key in self._latest}
        self._baselines = {key: self._baselines[key] for key in known - changed}
        self._quiet = dict.fromkeys(quiet, now)
        if quiet:
            await self._state.save_look(format_instant(now), quiet, changed)

    def _asked_alike(self, keys: Iterable[str]) -> Iterable[list[str]]:
        """Return the keys by whose token asks about them: an App's installation sees no private ones of others."""
        groups: dict[int | None, list[str]] = {}
        for key in keys:
            groups.setdefault(self._client.allowance(key), []).append(key)
        return groups.values()

    def visited(self, key: str, began: datetime, outcome: Outcome) -> None:
        """Remember a visit: from now on the repository is quiet while it looks as it did before.

        Where the last look said nothing about it, the one before that counts.
        """
        before = self._baselines.pop(key, None)
        look = self._latest.get(key, before)
        self._quiet.pop(key, None)
        if look is None or outcome.repo != key or not _saw_all(outcome, look):
            return
        if _changed_before(began - SETTLED, look):
            self._baselines[key] = look

    def _is_as_visited(self, key: str, looked: Looked) -> bool:
        look = self._latest.get(key)
        return look == self._baselines[key] and look is not None and look.repository_id == looked.repository_id

    async def _ask(self, repos: Mapping[str, Looked], keys: Sequence[str]) -> dict[str, Look] | None:
        """Return what GitHub shows of these; nothing where it does not answer, None where it refuses to."""
        budget = RequestBudget(_REQUESTS, longest_wait=_LONGEST_WAIT)
        try:
            found = await self._client.fetch_looks([repos[key].name for key in keys], budget=budget)
        except (MonitorError, BudgetSpent) as error:
            logger.info("looking at %d repositories at once: %s", len(keys), error)
            return None if isinstance(error, Forbidden) else {}
        looks = {key: found.get(repo_key(repos[key].name)) for key in keys}
        return {key: look for key, look in looks.items() if look is not None}

    def _is_within(self, time: timedelta, moment: datetime | None) -> bool:
        """Return whether a moment is less than `time` ago; one that a clock set back puts into the future is not."""
        return moment is not None and timedelta() <= self._clock() - moment < time


def _saw_all(outcome: Outcome, look: Look) -> bool:
    """Return whether a visit listed everything and left nothing to do. An answer out of a cache shows a former head."""
    whole = outcome.error is None and not outcome.postponed and {*KINDS} <= {*outcome.listed}
    head = outcome.state.heads.get("commits") if outcome.state else None
    return whole and (head is None or look.head_sha is None or head == look.head_sha)


def _changed_before(moment: datetime, look: Look) -> bool:
    times: Iterable[str | None] = (
        look.pushed_at,
        look.updated_at,
        look.newest_issue_at,
        look.newest_pull_request_at,
        look.latest_release_at,
    )
    return max(filter(None, times), default="") < format_instant(moment)
