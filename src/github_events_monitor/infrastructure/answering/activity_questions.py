"""Questions about events, and about what is stored and watched."""

from collections.abc import Sequence
from typing import Any

from ...answers.activity import (
    EventCounts,
    RepositoryActivity,
    TrendingRepositories,
    TrendingRepository,
    WatchList,
)
from ...answers.shared import Problem
from ...errors import Forbidden, MonitorError, NotFound, Unreachable
from ...github.payloads import check_types
from ...records import repo_key
from ..database_interface import KnownRepository
from .cache import remembered
from .commit_questions import CommitQuestions, check_how_many
from .freshness import outage_note, refuse_emptiness
from .presenting import add_note, join_coverage
from .questions import Subject, check_page_limit, check_person
from .sizes import MAX_BYTES, how_many_fit, watch_list
from .windows import Asked


class ActivityQuestions(CommitQuestions):
    """Events of a repository, repositories by events, the watch list."""

    @remembered
    async def repository_activity(
        self,
        repo: str,
        hours: int | None = None,
        event_types: Sequence[str] | None = None,
        actor: str | None = None,
        limit: int | None = None,
        until: str | None = None,
        cursor: str | None = None,
    ) -> RepositoryActivity:
        """A repository's events, newest first, and how many of each type; defaults: 24 hours, 30 events."""
        types = check_types(event_types)
        given: dict[str, Any] = {
            "repo": repo_key(repo),
            "hours": hours,
            "event_types": types,
            "actor": check_person("actor", actor),
            "limit": limit,
            "until": until,
        }
        page = self._open_page("repository_activity", cursor, 24, given)
        size = check_page_limit(page.arguments["limit"], 30)
        types, actor = page.arguments["event_types"], page.arguments["actor"]
        subject, counts = await self._count(repo, page.asked, types, actor, refresh=cursor is None)
        found = await self._desk.manager.events.get_events(
            subject.key, *page.asked.span, event_types=types, actor=actor, limit=size + 1, after=page.after
        )
        shown = [subject.presenter.event(event) for event in found[:size]]
        shown = shown[: how_many_fit(shown, MAX_BYTES - 2_000)]
        more = len(shown) < len(found)
        return RepositoryActivity(
            **self._counts(subject, page.asked, counts),
            events=tuple(shown),
            next_cursor=self._next_cursor("repository_activity", page, (shown[-1].created_at, shown[-1].id))
            if more
            else None,
        )

    @remembered
    async def event_counts(self, repo: str, hours: int = 24, until: str | None = None) -> EventCounts:
        """How many events of each type a repository had."""
        asked = self._ask(hours, until)
        subject, counts = await self._count(repo, asked, None, None)
        return EventCounts(**self._counts(subject, asked, counts))

    async def _count(
        self, repo: str, asked: Asked, types: Sequence[str] | None, actor: str | None, *, refresh: bool = True
    ) -> tuple[Subject, dict[str, int]]:
        subject = await (self._look_up(repo, asked, kinds=["events"]) if refresh else self._stored(repo))
        counts = await self._desk.manager.events.count_by_type(subject.key, *asked.span, event_types=types, actor=actor)
        if not counts:
            refuse_emptiness(subject.presenter.full_name, self._coverage(subject, asked, "events"), subject.problem)
        return subject, counts

    def _counts(self, subject: Subject, asked: Asked, counts: dict[str, int]) -> dict[str, Any]:
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return {
            "repo": subject.presenter.full_name,
            "repo_url": subject.presenter.repo_url,
            "window": asked.window,
            "coverage": add_note(self._coverage(subject, asked, "events"), outage_note(subject.problem)),
            "total_events": sum(counts.values()),
            "counts_by_type": dict(ranked),
        }

    @remembered
    async def trending_repositories(
        self, hours: int = 24, limit: int = 10, until: str | None = None
    ) -> TrendingRepositories:
        """Stored repositories by number of events in the window, then name."""
        asked, size = self._ask(hours, until), check_page_limit(limit, 10)
        ranked = await self._desk.manager.events.get_trending(*asked.span, size)
        keys = [row.repo_name for row in ranked]
        states = await self._states(keys)
        subjects = [self._subject(key, states.get(key), key) for key in keys]
        coverage = join_coverage([self._coverage(subject, asked, "events") for subject in subjects])
        return TrendingRepositories(
            window=asked.window,
            repositories=tuple(
                TrendingRepository(repo=subject.presenter.full_name, events=row.events)
                for subject, row in zip(subjects, ranked, strict=True)
            ),
            coverage=add_note(coverage, "Ranked among the repositories stored here, not all of GitHub."),
        )

    async def watch_repositories(self, add: Sequence[str] = (), remove: Sequence[str] = ()) -> WatchList:
        """Change the watch list; a repository that cannot be found is not added, and `errors` says so."""
        check_how_many([*add, *remove])
        removed = [(await self._stored(repo)).key for repo in remove]
        subjects = {subject.key: subject for subject in [await self._stored(repo) for repo in add]}
        problems = await self._verify([key for key, subject in subjects.items() if subject.state is None])
        await self._desk.manager.collector_state.unwatch(removed)
        names = [subject.presenter.full_name for key, subject in subjects.items() if key not in problems]
        await self._desk.manager.collector_state.watch([(await self._stored(name)).key for name in names])
        errors = {subjects[key].presenter.full_name: problem for key, problem in problems.items()}
        return watch_list(await self.watching(), errors)

    async def _verify(self, unknown: list[str]) -> dict[str, Problem]:
        """Why repositories that were never collected cannot be watched. Each is collected, in as many rounds as it
        takes; whoever asks for a change may wait for it longer than for an answer."""
        left, failed, span = list(unknown), dict[str, MonitorError](), self._ask(24, None).span
        while left:
            problems = await self._refresh(dict.fromkeys(left), span, ())
            failed |= {key: problem for key, problem in problems.items() if problem is not None}
            known = {key for key in left if (await self._stored(key)).state is not None}
            settled = known | {key for key in left if isinstance(failed.get(key), Forbidden | NotFound)}
            failed = {key: problem for key, problem in failed.items() if key not in known}
            left = [key for key in left if key not in settled]
            if not settled:
                break
        unsure = {key: Unreachable(f"whether {key} exists could not be checked; try again later") for key in left}
        return {key: Problem.of(problem) for key, problem in (unsure | failed).items()}

    async def repositories(self, prefix: str = "", limit: int = 100) -> list[KnownRepository]:
        """Repositories of which something is stored, by key."""
        return await self._desk.manager.collector_state.get_repositories(prefix, limit)
