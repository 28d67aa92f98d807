"""Answers about windows that are over, kept for a while: the same question again costs no read.

Such an answer changes only when something about its repository is stored. In this process the collector says so
(`forget`); other processes are why an answer is kept for seconds only, and never longer than it counts as fresh.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar, cast

from cachetools import LRUCache

from ...answers import Answer
from ...errors import InvalidInput
from ...instants import Clock, parse_instant
from ...records import repo_key
from .query import Query

AnswerT = TypeVar("AnswerT", bound=Answer)

MAX_ANSWERS = 128
KEPT = timedelta(seconds=30)


class _Kept(NamedTuple):
    answer: Any
    expires_at: datetime
    repos: frozenset[str]
    """Keys by which its repository is known; empty for an answer about all of them."""


class AnswerCache:
    """The answers of one database, least recently used dropped first. `hits` and `misses` count questions it is for.

    tolerance: seconds for which what is stored counts as fresh, and after whose end a window counts as over.
    """

    def __init__(self, clock: Clock, tolerance: float) -> None:
        self.hits = self.misses = 0
        self._clock, self._tolerance = clock, timedelta(seconds=tolerance)
        self._kept: LRUCache[tuple[str, Query], _Kept] = LRUCache(MAX_ANSWERS)
        self._changes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def covers(self, query: Query) -> bool:
        """Return whether a query is of a window that is over."""
        until = getattr(query, "until", None)
        if until is None:
            return False
        try:
            return parse_instant(until) < self._clock() - self._tolerance
        except InvalidInput:
            return False  # the question itself says what is wrong

    def forget(self, repo: str) -> None:
        """Drop what a change of a repository may have made untrue."""
        self._changes += 1
        for key in [key for key, kept in self._kept.items() if not kept.repos or repo in kept.repos]:
            del self._kept[key]

    async def answer(self, question: str, query: Query, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Return the kept answer to a question, or that of `ask`."""
        key = (question, query)
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept.expires_at:
            self.hits += 1
            return cast(AnswerT, kept.answer)
        self.misses += 1
        changes = self._changes
        answer = await ask()
        if changes == self._changes:  # else it may have been read before the change
            self._keep(key, answer)
        return answer

    def _keep(self, key: tuple[str, Query], answer: Any) -> None:
        expires_at = self._clock() + KEPT
        repos: set[str] = set()
        repo = getattr(key[1], "repo", None)
        if repo is not None:
            collected_at = answer.coverage.last_collected_at
            if collected_at is None:
                return
            expires_at = min(expires_at, parse_instant(collected_at) + self._tolerance)
            repos = {repo_key(repo), repo_key(answer.repo)}
        self._kept[key] = _Kept(answer, expires_at, frozenset(repos))
