"""Who repositories are, asked for many at once when the first of them is collected for the first time.

With a token one question by GraphQL takes the place of one to each, and shows what a repository has none of, so that
its first visit does not ask for that. Where it is refused, or does not show a repository, REST is asked.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import GitHubError
from ..github.client import BudgetSpent, GitHubClient, RequestBudget
from ..github.graphql.documents import MOST_INTRODUCTIONS
from ..github.graphql.introductions import Introduction
from ..instants import Clock, format_instant
from ..records import repo_key


class Introduced(NamedTuple):
    """A repository as it was shown at an instant; the question was asked no earlier."""

    introduction: Introduction
    at: str


class Introductions:
    """Introductions of repositories that are about to be collected, in this order."""

    def __init__(self, client: GitHubClient, clock: Clock, names: Sequence[str]) -> None:
        self._client, self._clock = client, clock
        self._waiting = dict.fromkeys(map(repo_key, names))
        self._found: dict[str, Introduced] = {}
        self._lock = asyncio.Lock()

    async def of(self, name: str, budget: RequestBudget) -> Introduced | None:
        """Return a repository's introduction, None where there is none; who asks first pays for those that follow."""
        key = repo_key(name)
        async with self._lock:
            if key in self._waiting:
                await self._ask(key, budget)
        return self._found.get(key)

    async def _ask(self, key: str, budget: RequestBudget) -> None:
        later = list(self._waiting)[list(self._waiting).index(key) :]
        asked = later[:MOST_INTRODUCTIONS]
        for one in asked:
            del self._waiting[one]
        at = format_instant(self._clock())
        try:
            shown = await self._client.fetch_introductions(asked, budget=budget)
        except (GitHubError, BudgetSpent):
            return
        for one, introduction in shown.items():  # a former name leads to the present one, under which it is collected
            named = repo_key(introduction.info.full_name)
            self._found |= dict.fromkeys((one, named), Introduced(introduction, at))
            self._waiting.pop(named, None)
