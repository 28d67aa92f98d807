"""What questions are answered with: storage, clock, freshness, and the coverage behind an answer."""

import copy
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import msgspec
from cachetools import LRUCache, TTLCache

from ...answers import Coverage
from ...branches import sure_ledger
from ...errors import DatabaseError, MonitorError, NotFound
from ...insights.results import Anomaly
from ...insights.security import Found
from ...instants import Clock, format_instant, seconds_between, system_clock
from ...ledger import ARCHIVE, clip_spans, known_spans, with_archive, without_future
from ...records import Pattern, RepositoryState, Span, repo_key
from ...watch_words import word_of
from ..database_interface import DatabaseManager
from ..watch_list import Chosen, Resolve, WatchList, choose, choose_watched, oldest_first, read_watch_list
from .coverage import LISTINGS, add_note, assess_coverage, is_stale, never_read, outage_note, raise_if_nothing_known
from .day_results import DayResults
from .presenter import Presenter
from .subject_notes import former_name_note, former_owner_note, rewriting_note
from .windows import Asked, days_before

if TYPE_CHECKING:
    from .collect_now import CollectNow

MISSING_FOR = timedelta(minutes=5)
"""For how long a name that GitHub does not know is not asked about again."""
MAX_MISSING = 1_000

RECORD = ("threads",)
"""What a question is about that is about issues and pull requests alone."""

FEW = 2
"""Repositories that can be collected completely within the requests of one call."""

_UNSETTLED = "What was stored moments ago is not all to be found yet: ask again in a few seconds."

Progress = Callable[[float, float, str], Awaitable[None]]
"""(done, total, message): repositories done, with fractions for the steps within one."""


class Refresh(Protocol):
    """How a question collects first. The runtime hands it in; nothing below knows the collector."""

    async def __call__(
        self, keys: Sequence[str], span: Span, branch: str | None = None, kinds: Sequence[str] = ...
    ) -> Mapping[str, MonitorError | None]:
        """Collect repositories within a reading tool's small budget: a window, a branch (None: the default), of what.

        Return by key how it went: None is well.
        """


class Collect(Protocol):
    """A thorough pass over repositories."""

    async def __call__(
        self, repos: Sequence[str] | None = None, *, dry_run: bool = False, progress: Progress | None = None
    ) -> "CollectNow":
        """See `Collector.collect`."""


FetchDetails = Callable[[str, str], Awaitable[None]]
"""Fetches one commit of a repository (key, sha or prefix) with its files and stores it. Raises as GitHub answers."""
Status = Callable[[], Awaitable[dict[str, Any]]]


class Subject(NamedTuple):
    """A repository a question is about: its key, what is remembered of it, and how collecting it just now failed.

    former_name: by which it was asked for, where it has another one by now.
    """

    key: str
    state: RepositoryState | None
    presenter: Presenter
    problem: MonitorError | None
    former_name: str | None = None

    @property
    def default_branch(self) -> str | None:
        """The default branch, where it is known."""
        return self.state.default_branch if self.state else None


class QuestionContext:
    """What questions are answered with; one for each process, with a copy for each call that needs one.

    tolerance: seconds after which stored knowledge is stale (the poll interval). targets: watched from the start,
    unless taken off the list. refresh, fetch_details, collect: how to collect; without them only what is stored is
    answered. login: whose the token is. may_watch: whether asking may change the watch list.
    """

    def __init__(
        self,
        *,
        manager: DatabaseManager,
        clock: Clock = system_clock,
        tolerance: float = 300.0,
        bots: frozenset[str] = frozenset(),
        web_url: str = "https://github.com",
        targets: tuple[str, ...] = (),
        retention_days: int | None = None,
        refresh: Refresh | None = None,
        fetch_details: FetchDetails | None = None,
        collect: Collect | None = None,
        resolve: Resolve | None = None,
        login: Callable[[], Awaitable[str | None]] | None = None,
        status: Status | None = None,
        may_watch: bool = True,
    ) -> None:
        self.manager, self.clock, self.tolerance = manager, clock, tolerance
        self.bots, self.web_url, self.targets, self.retention_days = bots, web_url, targets, retention_days
        self.fetch_details, self.collect, self.status = fetch_details, collect, status
        self.may_watch, self.resolve, self._login = may_watch, resolve, login
        self.progress: Progress | None = None
        self.results = DayResults(manager.metrics)
        self._refresh_from_github = refresh
        self._missing: TTLCache[str, NotFound] = TTLCache(
            MAX_MISSING, MISSING_FOR.total_seconds(), timer=lambda: self.clock().timestamp()
        )
        self._record_failed: LRUCache[str, MonitorError] = LRUCache(MAX_MISSING)
        """Why issues and pull requests could not be read, by name, where it was asked for by a question about them."""
        self.anomalies: LRUCache[tuple[str, str], tuple[object, tuple[Anomaly, ...]]] = LRUCache(MAX_MISSING)
        self.severe: LRUCache[tuple[str, str], tuple[object, tuple[Found, ...]]] = LRUCache(MAX_MISSING)
        """Anomalies and severe findings by repository and since when, each with what they were found in."""
        self._widened: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._next: set[str] = set()  # keys of those whose issues and pull requests come next: a pass had no room

    def for_call(self, *, progress: Progress | None, may_watch: bool) -> Self:
        """Return what one call is answered with: a copy, which shares everything else, where it differs."""
        may_watch = may_watch and self.may_watch
        return self if (progress, may_watch) == (self.progress, self.may_watch) else self._copy(progress, may_watch)

    def _copy(self, progress: Progress | None, may_watch: bool) -> Self:
        mine = copy.copy(self)
        mine.progress, mine.may_watch = progress, may_watch
        return mine

    def without_collecting(self) -> Self:
        """Return a copy that answers from what is stored, and changes nothing."""
        mine = self._copy(None, may_watch=False)
        mine._refresh_from_github = mine.fetch_details = mine.collect = mine.resolve = mine._login = None
        return mine

    def without_waiting(self, skipped: Callable[[], None]) -> Self:
        """Return a copy that answers from what is stored, and calls `skipped` where another would collect first."""

        async def skip(
            keys: Sequence[str],  # noqa: ARG001 - as `Refresh`
            span: Span,  # noqa: ARG001
            branch: str | None = None,  # noqa: ARG001
            kinds: Sequence[str] = (),  # noqa: ARG001
        ) -> Mapping[str, MonitorError | None]:
            skipped()
            return {}

        mine = self.without_collecting()
        if self._refresh_from_github is not None:
            mine._refresh_from_github, mine._widened, mine._next = skip, dict(self._widened), {*self._next}
        return mine

    def now(self) -> datetime:
        """Return the present instant."""
        return self.clock()

    async def user(self) -> str | None:
        """Return the login of the token's own user, lower-case; None where there is none, or it is not known."""
        return await self._login() if self._login else None

    async def watching(self) -> list[str]:
        """Return watched repositories in GitHub's spelling, by name."""
        return list((await self.watch_list()).names.values())

    async def watch_list(self) -> WatchList:
        """Return what is watched, and the patterns behind it."""
        return await read_watch_list(self.manager.collector_state, self.targets)

    async def watch_patterns(self, words: Iterable[str], *, watched: bool) -> None:
        """Put patterns on the watch list, or take them off it."""
        stored = await self.manager.collector_state.get_patterns()
        changed = [stored.get(word, Pattern(word=word)) for word in map(word_of, words)]
        if changed:
            await self.manager.collector_state.save_patterns(
                msgspec.structs.replace(pattern, watched=watched) for pattern in changed
            )

    async def choose(self, repos: Sequence[str] | None) -> Chosen:
        """Return the repositories that a question is about: those named or meant by patterns, else all watched."""
        if repos:
            return await choose(repos, self.resolve)
        return await choose_watched(self.manager.collector_state, self.targets, self.resolve)

    async def look_up(
        self, repo: str, asked: Asked, *, branch: str | None = None, kinds: Sequence[str] = ("events", "commits")
    ) -> Subject:
        """Return a repository, collected first when what is stored is stale or too narrow for the window."""
        name, subject = repo_key(repo), await self.stored(repo)
        if self._refresh_from_github is None or not self._wants_collecting(subject, asked, branch, kinds, few=True):
            untold = tuple(kinds) == RECORD and not self.known(subject, *RECORD)
            return subject._replace(problem=self._record_failed.get(name)) if untold else subject
        problems = await self.refresh([name], asked.span, branch, kinds)
        self._note_widened(name, subject, kinds)
        return (await self.stored(repo))._replace(problem=problems.get(name))

    async def look_up_all(self, repos: Iterable[str], asked: Asked, kinds: Sequence[str]) -> list[Subject]:
        """Return repositories, each once; the stale ones are collected first, least recently collected first.

        They are asked for by the names given: a former one may be another repository's by now.
        """
        repos = {repo_key(repo): repo for repo in repos}
        stored = await self.stored_all(repos.values())
        subjects = {name: stored[repo] for name, repo in repos.items()}
        states = {name: subject.state for name, subject in subjects.items()}
        few = len({subject.key for subject in subjects.values()}) <= FEW
        wanting = [name for name, it in subjects.items() if self._wants_collecting(it, asked, None, kinds, few=few)]
        if wanting:
            problems = await self.refresh(oldest_first(wanting, states), asked.span, None, kinds)
            again = await self.stored_all(repos[name] for name in problems)
            for name, problem in problems.items():
                self._note_widened(name, subjects[name], kinds)
                subjects[name] = again[repos[name]]._replace(problem=problem)
        return list({subject.key: subject for subject in reversed(subjects.values())}.values())[::-1]

    def _note_widened(self, name: str, subject: Subject, kinds: Sequence[str]) -> None:
        """Remember of what is stored how far back it was asked for by a name, which may be a former one."""
        for kind in kinds:
            self._widened[subject.key, kind] = self._widened.get((name, kind), ("9999", self.now()))

    async def refresh(
        self, keys: Sequence[str], span: Span, branch: str | None, kinds: Sequence[str]
    ) -> dict[str, MonitorError | None]:
        """Collect repositories within a reading tool's budget; return by key how it failed (None: well).

        A name that GitHub did not know moments ago is not asked about again. A database that cannot be written to does
        not keep what is stored from being answered.
        """
        if self._refresh_from_github is None:
            return {}
        problems: dict[str, MonitorError | None] = {
            key: problem for key in keys if (problem := self._missing.get(key)) is not None
        }
        ask = [key for key in keys if key not in problems]
        try:
            problems |= await self._refresh_from_github(ask, span, branch, kinds) if ask else {}
        except DatabaseError as error:
            problems |= dict.fromkeys(ask, error)
        for key in ask:
            found, about_record = problems.get(key), tuple(kinds) == RECORD
            # A repository without issues is there all the same.
            if isinstance(found, NotFound) and not (about_record and (await self.stored(key)).state):
                self._missing[key] = found
            for kind in kinds:
                self._widened[key, kind] = (span.since, self.now())
            if {*RECORD} < {*kinds}:
                self._next ^= {key}  # once alone: they may not be read, after all
            if about_record:
                self._remember_record(key, found)
        if len(self._widened) > MAX_MISSING:
            self._widened.clear()
            self._next.clear()
        return problems

    def _remember_record(self, key: str, problem: MonitorError | None) -> None:
        """Remember why issues and pull requests could not be read, for as long as nobody tries again."""
        self._record_failed.pop(key, None)
        if problem is not None:
            self._record_failed[key] = problem

    async def stored(self, repo: str) -> Subject:
        """Return a repository as stored, under its own name or the one it had before a rename."""
        key = repo_key(repo)
        state = (await self.states([key])).get(key)
        if state is None and (alias := await self.manager.collector_state.get_alias(key)):
            key, state = alias, (await self.states([alias])).get(alias)
        return self.subject(key, state, repo)

    async def stored_all(self, repos: Iterable[str]) -> dict[str, Subject]:
        """Return repositories as stored, by the names given, with one read for all that have their own name still."""
        names = list(dict.fromkeys(repos))
        states = await self.states([repo_key(name) for name in names])
        return {
            name: self.subject(key, states[key], name) if (key := repo_key(name)) in states else await self.stored(name)
            for name in names
        }

    async def states(self, keys: Sequence[str]) -> dict[str, RepositoryState]:
        """Return what is remembered of repositories, with what looks and an import made known for many of them."""
        collector_state = self.manager.collector_state
        states = await collector_state.get_looked_states(keys, format_instant(self.now()))
        if not any(ARCHIVE in state.ledger.spans for state in states.values()):
            return states
        hours = await collector_state.get_archive_hours()
        return {key: with_archive(state, hours) for key, state in states.items()}

    def subject(self, key: str, state: RepositoryState | None, spelling: str) -> Subject:
        """Return a repository by what is remembered of it."""
        state = without_future(state, format_instant(self.now())) if state else None
        full_name = (state.full_name if state else None) or spelling.strip()
        branch = state.default_branch if state else None
        former = spelling.strip() if repo_key(spelling) != repo_key(full_name) else None
        return Subject(key, state, Presenter(full_name, self.web_url, branch, self.bots), None, former)

    def coverage(self, subject: Subject, asked: Asked, kind: str) -> Coverage:
        """Return what is known of a window of one kind of record."""
        state, now = subject.state, format_instant(self.now())
        notes = (
            self._retention_note(asked.span, now),
            former_name_note(subject.former_name, subject.presenter.full_name),
            former_owner_note(state, asked.span),
            rewriting_note(state, kind),
            _UNSETTLED if state and state.unsettled else None,
        )
        return assess_coverage(
            self.known(subject, kind),
            asked.span,
            now=now,
            tolerance=self.tolerance,
            last_collected_at=state.last_collected_at if state else None,
            sources=state.sources if state else (),
            note=" ".join(filter(None, notes)) or None,
        )

    def known(self, subject: Subject, kind: str) -> tuple[Span, ...]:
        """Return the spans completely known, less what retention has removed."""
        spans = known_spans(sure_ledger(subject.state), kind) if subject.state else ()
        if subject.state and subject.state.taken_over_at:
            spans = clip_spans(spans, subject.state.taken_over_at, "9999")
        if self.retention_days is None:
            return spans
        now = format_instant(self.now())
        return clip_spans(spans, days_before(now, self.retention_days), now)

    def settled(self, subject: Subject, kind: str, asked: Asked) -> tuple[Span, ...]:
        """Return the spans completely known, for insights: one that ends within the poll interval reaches the end."""
        spans, until = self.known(subject, kind), asked.span.until
        if spans and 0 < seconds_between(spans[-1].until, until) <= self.tolerance:
            return (*spans[:-1], Span(spans[-1].since, until))
        return spans

    def envelope(self, subject: Subject, asked: Asked, kind: str = "events") -> dict[str, Any]:
        """Return what stands around every answer about one repository."""
        return {
            "repo": subject.presenter.full_name,
            "repo_url": subject.presenter.repo_url,
            "window": asked.window,
            "coverage": add_note(self.coverage(subject, asked, kind), outage_note(subject.problem)),
        }

    def raise_if_nothing_known(
        self, subject: Subject, asked: Asked, kind: str = "events", *, others_stored: bool = False
    ) -> None:
        """Raise why nothing is known of the window, unless something is. For a question that found no row."""
        name, known = subject.presenter.full_name, self.coverage(subject, asked, kind)
        raise_if_nothing_known(name, known, subject.problem, others_stored=others_stored)

    def raise_if_outage_found_nothing(self, subject: Subject, asked: Asked, *lists: Sequence[object]) -> None:
        """Raise why nothing is known, where collecting failed and nothing was found."""
        if subject.problem is not None and not any(lists):
            self.raise_if_nothing_known(subject, asked)

    def _wants_collecting(
        self, subject: Subject, asked: Asked, branch: str | None, kinds: Sequence[str], *, few: bool = False
    ) -> bool:
        """Return whether to collect first: what is stored is stale, or ends later than the window begins.

        few: a question is about so few repositories that one call can collect them all.
        """
        listed = [kind for kind in kinds if kind in LISTINGS]
        if is_stale(subject.state, branch, self.now(), self.tolerance, listed, few=few):
            past = branch is None and not asked.current
            return not (past and all(self.coverage(subject, asked, kind).complete for kind in listed))
        if branch is not None:
            return False
        tried = [kind for kind in kinds if (subject.key, kind) in self._widened]
        return never_read(subject.state, kinds, tried) or any(
            self._is_too_narrow(subject, asked, kind) for kind in listed if kind != "events"
        )

    def _is_too_narrow(self, subject: Subject, asked: Asked, kind: str) -> bool:
        """Return whether the window begins before what is known, and nothing tried to reach that far lately."""
        if asked.span.since >= asked.span.until:
            return False
        spans = self.settled(subject, kind, asked)  # a window that began after the last collection is no wider than it
        if any(span.since <= asked.span.since < span.until for span in spans):
            return False
        tried, at = self._widened.get((subject.key, kind), ("9999", self.now()))
        comes_next = kind in RECORD and not spans and subject.key in self._next
        return comes_next or asked.span.since < tried or self.now() - at > timedelta(seconds=self.tolerance)

    def _retention_note(self, span: Span, now: str) -> str | None:
        days = self.retention_days
        if days is None or span.since >= days_before(now, days):
            return None
        return f"Records older than {days} days are removed (EVENT_RETENTION_DAYS)."
