"""DatabaseService: the one door for MCP, REST and the terminal. Every answer they show is made here.

It knows the clock, windows, freshness and coverage; reads what a question needs from the manager; lets an insight
think; and wraps the result with what is and is not known. The questions stand in `answering/`, by what they are about.
"""

from typing import Any

from .answering.cache import AnswerCache
from .answering.insight_questions import InsightQuestions
from .answering.questions import Desk
from .answering.sizes import fit_collection

__all__ = ["AnswerCache", "DatabaseService", "Desk", "fit_collection"]


class DatabaseService(InsightQuestions):
    """All questions over one database.

    Methods are named as the MCP tools, take their arguments and give the shapes of `answers`. They raise `InvalidInput`
    for arguments, a `GitHubError` where nothing is known and GitHub could not be asked, and `DatabaseError`.
    """

    async def health(self) -> dict[str, Any]:
        """The database's health as `/health` shows it; never a secret."""
        return await self._desk.manager.health_check()

    async def complete_repositories(self, prefix: str, limit: int = 50) -> list[str]:
        """Spellings of stored and watched repositories that begin with a prefix, in any letter case."""
        stored = [row.full_name for row in await self.repositories(prefix, limit)]
        watched = [name for name in await self.watching() if name.lower().startswith(prefix.lower())]
        return sorted({name.lower(): name for name in (*stored, *watched)}.values(), key=str.lower)[:limit]
