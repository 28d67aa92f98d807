"""Questions that insights answer: the rows they need are read here, the thinking is done there."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from ...answers.insights import (
    AnomalyResult,
    DeploymentMetrics,
    DeploymentResult,
    DeveloperActivity,
    DeveloperResult,
    EventAnomalies,
    HealthResult,
    RepositoryHealth,
    SecurityReport,
    SecurityResult,
)
from ...errors import InvalidInput
from ...insights.commits import analyse_commit
from ...insights.deployments import DELIVERY_TYPES, DeploymentInputs, measure_deployments
from ...insights.developers import DEVELOPER_FACTS, rank_developers, rank_person
from ...insights.event_texts import TextItem, texts_of
from ...insights.patterns import PatternInputs, find_anomalies
from ...insights.repository_health import HEALTH_FACTS, HealthInputs, assess_health
from ...insights.security import SECURITY_TYPES, SecurityInputs, assess_security
from ...insights.snapshot import PREFIX, Snapshot, from_row
from ...records import Activity, Authorship, Commit, CommitFile, CommitSummary, MetricRow, Span
from ..garbage import without_garbage_collection
from .activity_questions import ActivityQuestions
from .cache import remembered
from .day_results import DayResults
from .freshness import outage_note, refuse_emptiness
from .presenting import add_note, join_coverage
from .questions import Desk, Subject, check_person
from .sizes import shorten
from .windows import Asked, days_before, previous

WindowedT = TypeVar("WindowedT", DeveloperActivity, SecurityReport, EventAnomalies, DeploymentMetrics)

HISTORY_DAYS = 90
"""How far before a window security and developers look to tell who is new."""
PATTERN_DAYS = 60
"""How far before a window anomalies look to tell what is usual."""
MAX_TEXTS = 2_000
"""Events whose text is read for one security report, newest first."""
MAX_ACTOR_REPOSITORIES = 50
SNAPSHOT_DAYS = 2
TEXT_TYPES = (
    "CommitCommentEvent", "CreateEvent", "DiscussionEvent", "GollumEvent", "IssueCommentEvent", "IssuesEvent",
    "PullRequestEvent", "PullRequestReviewCommentEvent", "PullRequestReviewEvent", "ReleaseEvent",
)  # fmt: skip
PATH_CATEGORIES = frozenset({"ci", "dependencies", "build"})
"""Categories of commits whose files a security report looks at."""


class InsightQuestions(ActivityQuestions):
    """Health, developers, security, anomalies, deployments. Results of the present are kept day by day.

    What may read very many rows does so in a method of its own, so that they are gone when garbage is collected again.
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._results = DayResults(desk.manager.metrics)

    @remembered
    async def repository_health(self, repo: str, hours: int = 720, until: str | None = None) -> RepositoryHealth:
        """How healthy a repository is, by components that explain themselves."""
        asked = self._ask(hours, until)
        subject = await self._look_up(repo, asked)
        with without_garbage_collection():
            result = await self._assess_health(subject, asked)
        answer = RepositoryHealth(**self._envelope(subject, asked), **dict(result))
        await self._results.keep_health(subject, asked, answer)
        return answer

    async def _assess_health(self, subject: Subject, asked: Asked) -> HealthResult:
        since = min(previous(asked.span).since, days_before(asked.span.until, HISTORY_DAYS))
        activity, authorship = await self._rows(subject, since, asked.span.until, facts=HEALTH_FACTS)
        self._refuse_nothing(subject, asked, activity, authorship)
        return assess_health(
            HealthInputs(
                since=asked.span.since,
                until=asked.span.until,
                activity=activity,
                authorship=authorship,
                releases=await self._desk.manager.metrics.get_metrics(
                    "deployment_metrics", subject.key, prefix="release:"
                ),
                snapshot=await self._snapshot(subject, asked),
                events_known=self._settled(subject, "events", asked),
                commits_known=self._settled(subject, "commits", asked),
                releases_known=self._known(subject, "releases"),
                bot_logins=self._desk.bots,
                stored_score=await self._stored_score(subject, asked),
            )
        )

    async def _stored_score(self, subject: Subject, asked: Asked) -> float | None:
        """The health score kept from the day on which the window begins, for a window of the same length."""
        day = asked.span.since[:10]
        stored = (await self._desk.manager.metrics.get_health(subject.key, day, day)).get(day, {})
        return stored.get("health_score") if stored.get("hours") == asked.window.hours else None

    @remembered
    async def developer_activity(
        self, repo: str | None = None, actor: str | None = None, hours: int = 720, until: str | None = None
    ) -> DeveloperActivity:
        """Who did what: in one repository, or one login across all repositories stored (or both)."""
        check_person("actor", actor)
        if not repo and not actor:
            raise InvalidInput("name a repo (owner/name), an actor (login), or both")
        asked = self._ask(hours, until)
        subjects = [await self._look_up(repo, asked)] if repo else await self._where_active(actor or "", asked)
        with without_garbage_collection():
            result = await self._rank_developers(subjects, asked, repo, actor)
        if repo:
            self._refuse_empty(subjects[0], asked, result.developers, result.bots, result.ai_assistants)
            coverage = self._envelope(subjects[0], asked)["coverage"]
        else:
            coverage = join_coverage([self._coverage(subject, asked, "events") for subject in subjects])
            coverage = add_note(coverage, None if subjects else f"No event of {actor} is stored for this window.")
        answer = DeveloperActivity(
            repo=subjects[0].presenter.full_name if repo else None,
            repo_url=subjects[0].presenter.repo_url if repo else None,
            actor=actor,
            window=asked.window,
            coverage=coverage,
            **dict(result),
        )
        if repo and not actor:
            await self._results.keep_developers(subjects[0], asked, answer)
        return _fit(answer, "developers", "bots", "ai_assistants")

    async def _rank_developers(
        self, subjects: Sequence[Subject], asked: Asked, repo: str | None, actor: str | None
    ) -> DeveloperResult:
        since = days_before(asked.span.since, HISTORY_DAYS)
        rows = {
            subject.presenter.full_name: await self._rows(subject, since, asked.span.until, facts=DEVELOPER_FACTS)
            for subject in subjects
        }
        if repo:
            self._refuse_nothing(subjects[0], asked, *rows[subjects[0].presenter.full_name])
        known = all(_covers(self._settled(subject, "events", asked), since, asked.span.since) for subject in subjects)
        judged: dict[str, Any] = {**asked.span._asdict(), "bot_logins": self._desk.bots, "history_known": known}
        if not repo:
            return rank_person(actor or "", rows, **judged)
        [(activity, authorship)] = rows.values()
        return rank_developers(activity, authorship, actor=actor, **judged)

    async def _where_active(self, actor: str, asked: Asked) -> list[Subject]:
        keys = await self._desk.manager.events.get_repositories_of(actor, *asked.span)
        return [await self._stored(key) for key in keys[:MAX_ACTOR_REPOSITORIES]]

    @remembered
    async def security_report(self, repo: str, hours: int = 720, until: str | None = None) -> SecurityReport:
        """What a person should look at, with why and where, and what could not be looked at."""
        asked = self._ask(hours, until)
        subject = await self._look_up(repo, asked)
        with without_garbage_collection():
            result = await self._assess_security(subject, asked)
        self._refuse_empty(subject, asked, result.findings)
        await self._results.keep_security(subject, asked, result)
        return _fit(SecurityReport(**self._envelope(subject, asked), **dict(result)), "findings")

    async def _assess_security(self, subject: Subject, asked: Asked) -> SecurityResult:
        span, manager = Span(days_before(asked.span.since, HISTORY_DAYS), asked.span.until), self._desk.manager
        activity = await manager.events.get_activity(subject.key, *span, event_types=SECURITY_TYPES)
        commits = await self._analysed(subject, span)
        if not (activity or commits or await self._has_events(subject, span)):
            self._refuse_nothing(subject, asked)
        texts, unread = await self._texts(subject, asked)
        return assess_security(
            SecurityInputs(
                since=asked.span.since,
                until=asked.span.until,
                repo_url=subject.presenter.repo_url,
                default_branch=subject.state.default_branch if subject.state else None,
                activity=activity,
                events_stored=await self._has_events(subject, asked.span, activity),
                commits=commits,
                files=await self._sensitive_files(subject, asked, commits),
                texts=texts,
                observations=await manager.metrics.get_metrics("security_metrics", subject.key),
                snapshot=await self._snapshot(subject, asked),
                unknown=(*self._unlooked(subject, asked), *unread),
                events_known=self._settled(subject, "events", asked),
                commits_known=self._settled(subject, "commits", asked),
                bot_logins=self._desk.bots,
            )
        )

    async def _analysed(self, subject: Subject, span: Span) -> list[tuple[Commit, CommitSummary | None]]:
        """A window's commits with their analysis; those of imported pushes are stored without one, for speed."""
        found = await self._desk.manager.commits.get_summaries(subject.key, *span)
        return [(commit, summary or analyse_commit(commit, None)) for commit, summary in found]

    async def _texts(self, subject: Subject, asked: Asked) -> tuple[list[TextItem], list[str]]:
        events = await self._desk.manager.events.get_events(
            subject.key, *asked.span, event_types=TEXT_TYPES, limit=MAX_TEXTS + 1
        )
        unread = [f"text of events older than the newest {MAX_TEXTS}"] if len(events) > MAX_TEXTS else []
        return [text for event in events[:MAX_TEXTS] for text in texts_of(event)], unread

    async def _sensitive_files(
        self, subject: Subject, asked: Asked, commits: Sequence[tuple[Commit, CommitSummary | None]]
    ) -> Mapping[str, Sequence[CommitFile]]:
        shas = [
            commit.sha
            for commit, summary in commits
            if commit.commit_date >= asked.span.since and summary and PATH_CATEGORIES & {*summary.categories}
        ]
        return await self._desk.manager.commits.get_files(subject.key, shas) if shas else {}

    def _unlooked(self, subject: Subject, asked: Asked) -> list[str]:
        coverage = self._coverage(subject, asked, "events")
        missing = [] if coverage.complete else ["events outside what the coverage names"]
        return [
            *missing,
            "Dependabot alerts (not read)",
            "code scanning alerts (not read)",
            "secret scanning alerts (not read)",
        ]

    @remembered
    async def event_anomalies(self, repo: str, hours: int = 168, until: str | None = None) -> EventAnomalies:
        """Spikes, drops and bursts that chance does not explain."""
        asked = self._ask(hours, until)
        subject = await self._look_up(repo, asked)
        with without_garbage_collection():
            result = await self._find_anomalies(subject, asked)
        self._refuse_empty(subject, asked, result.anomalies)
        await self._results.keep_anomalies(subject, asked, result)
        return _fit(EventAnomalies(**self._envelope(subject, asked), **dict(result)), "anomalies")

    async def _find_anomalies(self, subject: Subject, asked: Asked) -> AnomalyResult:
        since = days_before(asked.span.since, PATTERN_DAYS)
        activity = await self._desk.manager.events.get_activity(subject.key, since, asked.span.until, facts=())
        self._refuse_nothing(subject, asked, activity)
        return find_anomalies(
            PatternInputs(
                since=asked.span.since,
                until=asked.span.until,
                activity=activity,
                events_known=self._settled(subject, "events", asked),
                bot_logins=self._desk.bots,
            )
        )

    @remembered
    async def deployment_metrics(self, repo: str, hours: int = 2160, until: str | None = None) -> DeploymentMetrics:
        """Releases, deployments, and the four DORA keys as proxies."""
        asked = self._ask(hours, until)
        subject = await self._look_up(repo, asked)
        with without_garbage_collection():
            result = await self._measure_deployments(subject, asked)
        self._refuse_empty(subject, asked, result.releases, result.deployments)
        await self._results.keep_deployments(subject, asked, result)
        return _fit(DeploymentMetrics(**self._envelope(subject, asked), **dict(result)), "releases", "deployments")

    async def _measure_deployments(self, subject: Subject, asked: Asked) -> DeploymentResult:
        manager = self._desk.manager
        activity = await manager.events.get_activity(subject.key, *asked.span, event_types=DELIVERY_TYPES)
        commits = await self._analysed(subject, asked.span)
        rows = await manager.metrics.get_metrics("deployment_metrics", subject.key)
        if not (activity or commits or rows or await self._has_events(subject, asked.span)):
            self._refuse_nothing(subject, asked)
        return measure_deployments(
            DeploymentInputs(
                since=asked.span.since,
                until=asked.span.until,
                activity=activity,
                commits=commits,
                rows=rows,
                events_known=self._settled(subject, "events", asked),
                releases_known=self._known(subject, "releases"),
                deployments_known=self._known(subject, "deployments"),
                repo_url=subject.presenter.repo_url,
            )
        )

    async def _rows(
        self, subject: Subject, since: str, until: str, *, facts: Collection[str]
    ) -> tuple[list[Activity], list[Authorship]]:
        manager, branch = self._desk.manager, subject.state.default_branch if subject.state else None
        return (
            await manager.events.get_activity(subject.key, since, until, facts=facts),
            await manager.commits.get_authorship(subject.key, since, until, branch=branch),
        )

    def _envelope(self, subject: Subject, asked: Asked) -> dict[str, Any]:
        return {
            "repo": subject.presenter.full_name,
            "repo_url": subject.presenter.repo_url,
            "window": asked.window,
            "coverage": add_note(self._coverage(subject, asked, "events"), outage_note(subject.problem)),
        }

    def _refuse_nothing(self, subject: Subject, asked: Asked, *rows: Sequence[object]) -> None:
        if not any(rows):
            refuse_emptiness(subject.presenter.full_name, self._coverage(subject, asked, "events"), subject.problem)

    def _refuse_empty(self, subject: Subject, asked: Asked, *lists: Sequence[object]) -> None:
        """After an outage nothing found says something only where something is known. Raises why nothing is."""
        if subject.problem is not None and not any(lists):
            refuse_emptiness(subject.presenter.full_name, self._coverage(subject, asked, "events"), subject.problem)

    async def _has_events(self, subject: Subject, span: Span, read: Sequence[Activity] = ()) -> bool:
        """Whether any event of a span is stored, of whatever type: what was read of it, oldest first, may say so."""
        if read and span.since <= read[-1].created_at < span.until:
            return True
        return bool(await self._desk.manager.events.get_events(subject.key, *span, limit=1))

    async def _snapshot(self, subject: Subject, asked: Asked) -> Snapshot | None:
        """What was last observed, if the window reaches to the present: it never scores a past one."""
        if not asked.current:
            return None
        first = days_before(asked.span.until, SNAPSHOT_DAYS)[:10]
        rows: list[MetricRow] = await self._desk.manager.metrics.get_metrics(
            "security_metrics", subject.key, prefix=PREFIX, first=PREFIX + first
        )
        return from_row(rows[-1]) if rows else None


def _fit(answer: WindowedT, *lists: str) -> WindowedT:
    shown, note = shorten(answer, *lists)
    return shown.model_copy(update={"coverage": add_note(shown.coverage, note)}) if note else shown


def _covers(spans: Sequence[Span], since: str, until: str) -> bool:
    return any(span.since <= since and span.until >= until for span in spans)
