"""What every question needs: its window, its repository looked up and fresh, and the coverage behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ...answers.shared import Coverage, Window
from ...errors import InvalidInput, MonitorError
from ...insights.coverage import (
    ARCHIVE,
    assess_coverage,
    clip_spans,
    known_spans,
    with_archive,
    without_future,
)
from ...instants import Clock, format_instant, seconds_between, system_clock
from ...records import RepositoryState, Span, repo_key
from ..database_interface import DatabaseManager, Position
from ..watch_list import oldest_first
from .cache import AnswerCache
from .cursors import Cursor, read_cursor, write_cursor
from .freshness import FetchDetails, Refresh, is_stale
from .presenting import Presenter
from .windows import Asked, ask, days_before

MAX_LIMIT = 100


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What questions are answered with.

    tolerance: seconds after which stored knowledge is stale (the poll interval). refresh, fetch_details: how to collect
    first; without them only what is stored is answered. cache: whoever writes tells it.
    targets: watched from the start, unless taken off the list.
    """

    manager: DatabaseManager
    clock: Clock = system_clock
    tolerance: float = 300.0
    bots: frozenset[str] = frozenset()
    web_url: str = "https://github.com"
    targets: tuple[str, ...] = ()
    retention_days: int | None = None
    refresh: Refresh | None = None
    fetch_details: FetchDetails | None = None
    cache: AnswerCache | None = None


class Subject(NamedTuple):
    """A repository a question is about: its key, what is remembered of it, and how collecting it just now failed."""

    key: str
    state: RepositoryState | None
    presenter: Presenter
    problem: MonitorError | None


class Page(NamedTuple):
    """A page of a list: its window, the arguments that its cursors fix, and where the page before it ended."""

    asked: Asked
    arguments: dict[str, Any]
    after: Position | None


class Questions:
    """The base of all questions; see `DatabaseService`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def cache(self) -> AnswerCache | None:
        """Where `remembered` questions keep their answers; null where nobody would tell it of changes."""
        return self._desk.cache

    def _now(self) -> datetime:
        return self._desk.clock()

    def _ask(self, hours: int, until: str | None) -> Asked:
        return ask(hours, until, self._now())

    def _open_page(self, question: str, cursor: str | None, hours: int, arguments: dict[str, Any]) -> Page:
        """The page that arguments or a cursor ask for; `hours` is the default window."""
        if cursor is None:
            return Page(
                self._ask(hours if arguments["hours"] is None else arguments["hours"], arguments["until"]),
                arguments,
                None,
            )
        found = read_cursor(cursor, question, arguments)
        window = Window(hours=found.hours, since=found.since, until=found.until)
        return Page(Asked(window, Span(found.since, found.until), False), found.arguments, found.after)

    def _next_cursor(self, question: str, page: Page, last: Position) -> str:
        window = page.asked.window
        return write_cursor(Cursor(question, page.arguments, window.since, window.until, window.hours, last))

    async def _look_up(
        self, repo: str, asked: Asked, *, branch: str | None = None, kinds: Sequence[str] = ("events", "commits")
    ) -> Subject:
        """A repository, collected first when what is stored is stale and the window may still have more of `kinds`."""
        subject = await self._stored(repo)
        if self._desk.refresh is None or not is_stale(subject.state, branch, self._now(), self._desk.tolerance, kinds):
            return subject
        if branch is None and not asked.current and all(self._coverage(subject, asked, k).complete for k in kinds):
            return subject
        problems = await self._desk.refresh([subject.key], asked.span, branch, kinds)
        return (await self._stored(repo))._replace(problem=problems.get(subject.key))

    async def _look_up_all(self, repos: Sequence[str], asked: Asked, kinds: Sequence[str]) -> list[Subject]:
        """Repositories, each once; the stale ones are collected first, least recently collected first."""
        subjects = {subject.key: (subject, repo) for repo in repos for subject in [await self._stored(repo)]}
        states = {key: subject.state for key, (subject, _) in subjects.items()}
        problems = await self._refresh(states, asked.span, kinds)
        return [
            (await self._stored(repo))._replace(problem=problems[key]) if key in problems else subject
            for key, (subject, repo) in subjects.items()
        ]

    async def _stored(self, repo: str) -> Subject:
        """A repository as stored, under its own name or the one it had before a rename."""
        key = repo_key(repo)
        state = (await self._states([key])).get(key)
        if state is None and (alias := await self._desk.manager.collector_state.get_alias(key)):
            key, state = alias, (await self._states([alias])).get(alias)
        return self._subject(key, state, repo)

    async def _states(self, keys: Sequence[str]) -> dict[str, RepositoryState]:
        """What is remembered of repositories, with what an import made known for all of them."""
        collector_state = self._desk.manager.collector_state
        states = await collector_state.get_states(keys)
        if not any(ARCHIVE in state.ledger.spans for state in states.values()):
            return states
        hours = await collector_state.get_archive_hours()
        return {key: with_archive(state, hours) for key, state in states.items()}

    def _subject(self, key: str, state: RepositoryState | None, spelling: str) -> Subject:
        state = without_future(state, format_instant(self._now())) if state else None
        full_name = (state.full_name if state else None) or spelling.strip()
        branch = state.default_branch if state else None
        return Subject(key, state, Presenter(full_name, self._desk.web_url, branch, self._desk.bots), None)

    async def _refresh(
        self, states: Mapping[str, RepositoryState | None], span: Span, kinds: Sequence[str]
    ) -> Mapping[str, MonitorError | None]:
        """Collect those of the repositories that are stale."""
        if self._desk.refresh is None:
            return {}
        now = self._now()
        stale = [key for key, state in states.items() if is_stale(state, None, now, self._desk.tolerance, kinds)]
        return await self._desk.refresh(oldest_first(stale, states), span, None, kinds) if stale else {}

    def _coverage(self, subject: Subject, asked: Asked, kind: str) -> Coverage:
        state, now = subject.state, format_instant(self._now())
        return assess_coverage(
            self._known(subject, kind),
            asked.span,
            now=now,
            tolerance=self._desk.tolerance,
            last_collected_at=state.last_collected_at if state else None,
            sources=state.sources if state else (),
            note=" ".join(filter(None, (self._retention_note(asked.span, now), _former_owner_note(state, asked.span))))
            or None,
        )

    def _known(self, subject: Subject, kind: str) -> tuple[Span, ...]:
        """The spans completely known, less what retention has removed."""
        spans = known_spans(subject.state.ledger, kind) if subject.state else ()
        if subject.state and subject.state.taken_over_at:
            spans = clip_spans(spans, subject.state.taken_over_at, "9999")
        days, now = self._desk.retention_days, format_instant(self._now())
        return spans if days is None else clip_spans(spans, days_before(now, days), now)

    def _settled(self, subject: Subject, kind: str, asked: Asked) -> tuple[Span, ...]:
        """The spans completely known, for insights: knowledge that ends within the poll interval reaches the end."""
        spans, until = self._known(subject, kind), asked.span.until
        if spans and 0 < seconds_between(spans[-1].until, until) <= self._desk.tolerance:
            return (*spans[:-1], Span(spans[-1].since, until))
        return spans

    def _retention_note(self, span: Span, now: str) -> str | None:
        days = self._desk.retention_days
        if days is None or span.since >= days_before(now, days):
            return None
        return f"Records older than {days} days are removed (EVENT_RETENTION_DAYS)."


def _former_owner_note(state: RepositoryState | None, span: Span) -> str | None:
    if state is None or state.taken_over_at is None or span.since >= state.taken_over_at:
        return None
    return (
        f"Another repository had the name {state.full_name} before {state.taken_over_at}:"
        " older records may be that one's, and nothing older counts as known."
    )


def check_page_limit(limit: int | None, default: int, name: str = "limit") -> int:
    """A limit of 1 to 100. Raises `InvalidInput`."""
    value = default if limit is None else limit
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LIMIT:
        raise InvalidInput(f"{name} must be a whole number from 1 to {MAX_LIMIT}, not {value!r}")
    return value


def check_person(name: str, value: str | None) -> str | None:
    """A login or name to ask about; null for everybody. Raises `InvalidInput` for an empty one."""
    if value is not None and not value.strip():
        raise InvalidInput(f"{name} is empty; leave it out to ask about everybody")
    return value
