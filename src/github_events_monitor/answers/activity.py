"""Answers about events, and about collecting them."""

from typing import Literal

from pydantic import Field

from .shared import AnswerModel, Coverage, Envelope, Flag, Link, Problem, RateLimitStatus, Window


class EventAnswer(AnswerModel):
    """One event; `title` says in a line what happened, as far as the record tells."""

    id: str
    event_type: str
    actor_login: str | None
    is_bot: Flag = False
    ai_assistant: Flag = False
    created_at: str
    action: Link = None
    title: str
    url: Link = None


class RepositoryActivity(Envelope):
    """Events of one repository, newest first; counts are of the whole window."""

    total_events: int
    counts_by_type: dict[str, int]
    events: tuple[EventAnswer, ...]
    next_cursor: str | None = None


class EventCounts(Envelope):
    """Events of one repository by type."""

    total_events: int
    counts_by_type: dict[str, int]


class TrendingRepository(AnswerModel):
    """A repository and its events in the window."""

    repo: str
    events: int


class TrendingRepositories(AnswerModel):
    """Stored repositories by number of events, then name."""

    window: Window
    repositories: tuple[TrendingRepository, ...]
    coverage: Coverage


CollectionStatus = Literal["collected", "not_modified", "not_found", "rate_limited", "forbidden", "unreachable"]


class CollectedRepository(AnswerModel):
    """How collecting one repository went; `error` says why where it did not, `note` what is left for later."""

    repo: str
    status: CollectionStatus
    new_events: int = 0
    new_commits: int = 0
    requests: int = 0
    error: Problem | None = None
    note: str | None = None


class CollectNow(AnswerModel):
    """One pass over repositories."""

    repositories: tuple[CollectedRepository, ...]
    requests_used: int
    rate_limit: RateLimitStatus
    dry_run: Flag = False
    note: str | None = None


class WatchList(AnswerModel):
    """Repositories that are polled in the background; `errors` for those that could not be added."""

    watching: tuple[str, ...]
    errors: dict[str, Problem] = Field(default_factory=dict)
    note: str | None = None
