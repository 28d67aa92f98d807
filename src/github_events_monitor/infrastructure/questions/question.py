"""What a question is: its arguments, how it is answered, how the answer reads as text, and where it can be asked."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from ...answers import Answer, AnswerModel
from ...instants import format_instant
from .context import QuestionContext
from .cursors import query_of
from .lines import MAX_TEXT_BYTES, fit_lines, quoted
from .query import PagedQuery, Query

QueryT = TypeVar("QueryT", bound=Query)
AnswerT = TypeVar("AnswerT", bound=Answer)

Effect = Literal["asks GitHub", "reads", "adds", "changes"]
"""What asking does: it may collect into the cache first; it only reads what is stored; it adds to what a user would
call theirs (the watch list, the record); it may take something away from that."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A REST route of a question. `view` makes another answer of it; GETs change nothing but the cache."""

    method: Literal["GET", "POST"]
    path: str
    tag: str
    view: Callable[[Any], AnswerModel] | None = None
    view_type: type[AnswerModel] | None = None
    summary: str | None = None


@dataclass(frozen=True, kw_only=True)
class Question(Generic[QueryT, AnswerT]):
    """One question, as MCP, REST and the terminal declare it.

    name: the tool's. description: of the tool, for a model. summarise: the answer in one line. lines: its
    rows as text, each one line; together with the summary they are the whole answer. text_bytes: what the text may
    take. is_tool: whether MCP offers it. position: where it stands in lists.
    """

    name: str
    title: str
    description: str
    query: type[QueryT]
    answer_type: type[AnswerT]
    answer: Callable[[QuestionContext, QueryT], Awaitable[AnswerT]]
    summarise: Callable[[AnswerT], str]
    lines: Callable[[AnswerT], Iterable[str]]
    effect: Effect = "asks GitHub"
    endpoints: tuple[Endpoint, ...] = ()
    text_bytes: int | Callable[[AnswerT], int] = MAX_TEXT_BYTES
    is_tool: bool = True
    position: int = 100

    def finish(self, answer: AnswerT, now: datetime, query: Query | None = None) -> AnswerT:
        """Return the answer with the instant at which it was made and what it says in one line.

        query: what was asked; a page of a list says what it was narrowed to.
        """
        line = self.summarise(answer)
        filters = query_of(self.name, query).filters() if isinstance(query, PagedQuery) else {}
        if filters:
            line += f" Asked for: {', '.join(f'{name} {quoted(value, 60)}' for name, value in filters.items())}."
        return answer.model_copy(update={"now": format_instant(now), "summary_line": line})

    def text(self, answer: AnswerT) -> str:
        """Return the whole answer as short plain lines, for a reader who sees nothing else."""
        most = self.text_bytes if isinstance(self.text_bytes, int) else self.text_bytes(answer)
        return fit_lines(answer.summary_line, self.lines(answer), most)
