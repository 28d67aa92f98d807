"""DatabaseService: the one way in for MCP, REST and the terminal. Every answer they show is made by a question here.

The questions are in `questions/`, one file each; this composes them over one database.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..answers import Answer
from .questions.cache import AnswerCache
from .questions.catalogue import questions_by_name
from .questions.context import Progress, QuestionContext
from .questions.query import Query
from .questions.question import Question

__all__ = ["AnswerCache", "DatabaseService", "QuestionContext"]

QueryT = TypeVar("QueryT", bound=Query)
AnswerT = TypeVar("AnswerT", bound=Answer)


class DatabaseService:
    """All questions over one database. `cache` keeps answers; without it each is computed again."""

    def __init__(self, context: QuestionContext, cache: AnswerCache | None = None) -> None:
        self.context = context
        self.cache = cache

    async def ask(self, question: Question[QueryT, AnswerT], /, **arguments: Any) -> AnswerT:
        """Return the answer to a question, asked with the arguments of its query.

        Raises `InvalidInput` for arguments, a `GitHubError` where nothing is known and GitHub could not be asked, and
        `DatabaseError`.
        """
        return await self.answer(question, question.query.read(arguments, question.name))

    def question(self, name: str) -> Question[Any, Any]:
        """Return the question of that name. Raises `KeyError` where there is none."""
        return questions_by_name()[name]

    async def ask_by_name(self, name: str, arguments: Mapping[str, Any]) -> Answer:
        """Return the answer to the question of that name. Raises `KeyError` where there is none, and as `ask`."""
        question = self.question(name)
        return await self.answer(question, question.query.read(arguments, name))

    async def answer(
        self,
        question: Question[QueryT, AnswerT],
        query: QueryT,
        *,
        progress: Progress | None = None,
        may_watch: bool = True,
        skipped: Callable[[], None] | None = None,
    ) -> AnswerT:
        """Return the answer to a query. may_watch: whether asking may change the watch list.

        skipped: answer from what is stored without collecting first, and call this where that would have been done.
        """

        async def ask() -> AnswerT:
            context = self.context.for_call(progress=progress, may_watch=may_watch)
            if skipped is not None:
                context = context.without_waiting(skipped)
            return question.finish(await question.answer(context, query), context.now(), query)

        if self.cache is None or skipped is not None or not self.cache.covers(query):
            return await ask()
        return await self.cache.answer(question.name, query, ask)

    async def health(self) -> dict[str, Any]:
        """Return the database's health as `/health` shows it; never a secret."""
        return await self.context.manager.health_check()

    async def watching(self) -> list[str]:
        """Return watched repositories in GitHub's spelling, by name."""
        return await self.context.watching()

    async def complete_repositories(self, prefix: str, limit: int = 50) -> list[str]:
        """Return spellings of stored and watched repositories that begin with a prefix, in any letter case."""
        stored = [row.full_name for row in await self.context.manager.collector_state.get_repositories(prefix, limit)]
        watched = [name for name in await self.watching() if name.lower().startswith(prefix.lower())]
        return sorted({name.lower(): name for name in (*stored, *watched)}.values(), key=str.lower)[:limit]
