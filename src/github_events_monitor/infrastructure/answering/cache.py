"""Answers about windows that are over, kept for a while: the same question again costs no read.

Such an answer changes only when something about its repository is stored. In this process the collector says so
(`forget`); other processes are why an answer is kept for seconds only, and never longer than it counts as fresh.
"""

import inspect
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from functools import update_wrapper
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from ...errors import InvalidInput
from ...instants import Clock, parse_instant
from ...records import repo_key

P = ParamSpec("P")
AnswerT = TypeVar("AnswerT")

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
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._changes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def covers(self, until: object) -> bool:
        """Whether a window that ends then is over."""
        if not isinstance(until, str):
            return False
        try:
            return parse_instant(until) < self._clock() - self._tolerance
        except InvalidInput:
            return False  # the question itself says what is wrong

    def forget(self, repo: str) -> None:
        """Something about a repository was stored."""
        self._changes += 1
        for key in [key for key, kept in self._kept.items() if not kept.repos or repo in kept.repos]:
            del self._kept[key]

    async def answer(self, key: str, repo: str | None, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """The kept answer to a question about a repository (null: about all), or that of `ask`."""
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept.expires_at:
            self.hits += 1
            self._kept.move_to_end(key)
            return cast(AnswerT, kept.answer)
        self.misses += 1
        changes = self._changes
        answer = await ask()
        if changes == self._changes:  # else it may have been read before the change
            self._keep(key, repo, answer)
        return answer

    def _keep(self, key: str, repo: str | None, answer: Any) -> None:
        expires_at = self._clock() + KEPT
        repos: set[str] = set()
        if repo is not None:
            collected_at = answer.coverage.last_collected_at
            if collected_at is None:
                return
            expires_at = min(expires_at, parse_instant(collected_at) + self._tolerance)
            repos = {repo_key(repo), repo_key(answer.repo)}
        self._kept[key] = _Kept(answer, expires_at, frozenset(repos))
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_ANSWERS:
            self._kept.popitem(last=False)


class _Remembering(Protocol):
    @property
    def cache(self) -> AnswerCache | None: ...


QuestionsT = TypeVar("QuestionsT", bound=_Remembering)
Question = Callable[Concatenate[QuestionsT, P], Coroutine[Any, Any, AnswerT]]


def remembered(question: Question[QuestionsT, P, AnswerT]) -> Question[QuestionsT, P, AnswerT]:
    """Keep a question's answers where its `until` lies in the past."""
    names = list(inspect.signature(question).parameters)[1:]
    label = question.__name__

    def argument(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        position = names.index(name) if name in names else len(args)
        return args[position] if position < len(args) else kwargs.get(name)

    async def ask(self: QuestionsT, /, *args: P.args, **kwargs: P.kwargs) -> AnswerT:
        cache = self.cache
        if cache is None or not cache.covers(argument("until", args, kwargs)):
            return await question(self, *args, **kwargs)
        repo = argument("repo", args, kwargs)
        return await cache.answer(f"{label} {args!r} {kwargs!r}", repo, lambda: question(self, *args, **kwargs))

    update_wrapper(ask, question)
    return ask
