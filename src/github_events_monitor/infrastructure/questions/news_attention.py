"""What needs a person, as `whats_new` says it: what stands, and what happened and is news to the reader."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from ...insights.file_kinds import is_workflow
from ...insights.patterns import may_be_unusual
from ...insights.results import Anomaly, Finding
from ...insights.security import SECURITY_TYPES, TAGS, Found, SecurityInputs, find_severe
from ...insights.threads import first_response_hours, waiting_for
from ...insights.workflow_runs import find_failing, verdicts_on
from ...instants import SECOND, business_hours, shift
from ...observations import Release, Snapshot
from ...records import Activity, Commit, CommitFile, CommitSummary, MetricRow, Span, Thread
from .context import QuestionContext, Subject
from .event_anomalies import EventAnomaliesQuery
from .event_anomalies import find as find_anomalies
from .lines import name_of, number, quoted
from .news import Attention, NewsFilter, attention_item
from .reading import HISTORY_DAYS, analysed, read_commits
from .security_report import TEXT_TYPES, read_sensitive_files, read_texts, texts_of_threads
from .windows import Asked, days_before

LONGEST_WAIT = 48.0
"""Business hours: two days, after which a pull request without any answer needs one."""
STATES = frozenset({"open_advisories"})
"""Findings that say how it is rather than what happened."""


def waiting(
    context: QuestionContext, subject: Subject, threads: Iterable[Thread], until: str, user: str | None
) -> Iterator[Attention]:
    """Yield open pull requests that wait for the user (lower-case; None: not known) or for a review."""
    for thread in threads:
        turn = waiting_for(thread, context.bots)
        if turn is None:
            continue
        place = f"/pull/{thread.number}"
        title = f"#{thread.number} {quoted(thread.title or 'title unknown', 80)}"
        said = f"{title} by {name_of(thread.author_login)}"
        if not thread.draft and user in {login.lower() for login in thread.reviewers or ()}:
            yield attention_item("review_requested", subject, f"{said} waits for your review", thread.updated_at, place)
        elif turn != "review":
            if not thread.draft and user is not None and (thread.author_login or "").lower() == user:
                what = "is approved; merge it" if turn == "merge" else "waits for your answer or changes"
                yield attention_item("your_pull_request", subject, f"your {title} {what}", thread.updated_at, place)
        elif (
            first_response_hours(thread, until, context.bots) is None
            and business_hours(thread.created_at, until) > LONGEST_WAIT
        ):
            reason = f"{said} has no answer for two business days"
            yield attention_item("pull_request_unanswered", subject, reason, thread.created_at, place)
        else:
            yield attention_item(
                "pull_request_waiting", subject, f"{said} waits for a review", thread.updated_at, place
            )


def failing(subject: Subject, stored: "Stored") -> Iterator[Attention]:
    """Yield the workflows whose latest verdict on the default branch is a failure, with the commit it began with."""
    for one in find_failing(verdicts_on(stored.lasting, subject.default_branch), stored.snapshot):
        first = one.first
        sha = f" on {first.sha[:10]}" if first.sha else ""
        where = (
            ""
            if subject.default_branch
            else f" (branch {quoted(first.ref or 'unknown', 60)}; which is the default is not known)"
        )
        since = f"fails since {first.created_at}{'' if one.since_known else ' or longer'}{sha}{where}"
        reason = f"{quoted(one.workflow or 'a workflow', 60)} {since}"
        yield attention_item("checks_failing", subject, reason, one.last.created_at, "/actions")


class Stored(NamedTuple):
    """What is stored of a repository's stretch, which begins with an hour.

    activity: from the beginning of the first day on. lasting: releases and workflow runs of a month, or from then on.
    observations: force pushes. releases: listed ones, of any time.
    """

    stretch: Span
    threads: list[Thread]
    commits: Sequence[tuple[Commit, CommitSummary | None]]
    activity: list[Activity]
    lasting: list[Activity]
    observations: list[MetricRow]
    releases: list[Release]
    snapshot: Snapshot | None


async def severe(
    context: QuestionContext, subject: Subject, stored: Stored, news_filter: NewsFilter
) -> list[Attention]:
    """Return findings of high or critical severity that are news, by the rules of `security_report`.

    Where some occurrences of a finding are no news, it is told from the first one that is. What was found is kept
    while nothing more was stored.
    """
    basis = _basis(subject, stored)
    place = subject.key, stored.stretch.since  # which readers share
    before, every = context.severe.get(place, (None, ()))
    if before != basis:
        every = tuple(await _find_severe(context, subject, stored))
        context.severe[place] = basis, every
    told: list[Finding] = []
    for found in every:
        kind = found.finding.type
        if kind in STATES:
            told.append(found.finding)
            continue
        times = [
            item.at
            for item in found.items
            if item.at and news_filter.is_news(f"finding {kind} {item.same or item.evidence or item.at}", item.at)
        ]
        if len(times) == len(found.items):
            told.append(found.finding)
        elif times:
            later = stored._replace(stretch=Span(min(times), stored.stretch.until))
            again = await _find_severe(context, subject, later)
            told += [
                one.finding
                for one in again
                if (one.finding.type, one.finding.severity) == (kind, found.finding.severity)
            ]
    return [_finding(subject, found) for found in told]


async def _find_severe(context: QuestionContext, subject: Subject, stored: Stored) -> list[Found]:
    """Return what is severe. What came before is read only where a rule asks for it."""
    span, commits = stored.stretch, analysed(stored.commits)
    rows = [row for row in stored.activity if row.event_type in SECURITY_TYPES]
    if not (stored.activity or commits or stored.threads or stored.observations or stored.snapshot):
        return []
    files = await read_sensitive_files(context, subject, span.since, commits)
    if _needs_history(span, rows, files):
        before = Span(days_before(span.since, HISTORY_DAYS), span.until)
        rows = await context.manager.events.get_activity(subject.key, *before, event_types=SECURITY_TYPES)
        commits = await read_commits(context, subject, before)
    texts = texts_of_threads(subject, span, stored.threads)
    if any(row.event_type in TEXT_TYPES and row.created_at >= span.since for row in stored.activity):
        texts, _ = await read_texts(context, subject, span, stored.threads)
    return find_severe(
        SecurityInputs(
            since=span.since,
            until=span.until,
            repo_url=subject.presenter.repo_url,
            default_branch=subject.default_branch,
            activity=rows,
            commits=commits,
            files=files,
            texts=texts,
            observations=stored.observations,
            snapshot=stored.snapshot,
            bot_logins=context.bots,
        )
    )


def _basis(subject: Subject, stored: Stored) -> tuple[object, ...]:
    """Return what tells apart all that findings are made of."""
    rows = stored.activity
    return (
        subject.default_branch,
        (len(rows), rows[-1].id if rows else ""),
        tuple((commit.sha, commit.files_changed) for commit, _ in stored.commits),
        tuple((thread.number, thread.title) for thread in stored.threads if thread.created_at >= stored.stretch.since),
        tuple(row.sort for row in stored.observations),
        stored.snapshot and stored.snapshot.observed_at,
    )


async def unusual(
    context: QuestionContext, subject: Subject, asked: Asked, stored: Stored, news_filter: NewsFilter
) -> list[Attention]:
    """Return spikes and bursts that are news, as `event_anomalies` finds them in its own window.

    What was found is kept while nothing more was stored: the sixty days before are much to read each time.
    """
    rows = stored.activity
    if not may_be_unusual(rows):
        return []
    week = shift(asked.span.until, -timedelta(hours=EventAnomaliesQuery.default_hours))
    span = Span(min(week, stored.stretch.since), asked.span.until)
    place = subject.key, span.since[:13]
    basis = (span.until[:13], _collected(subject), len(rows), rows[-1].id)
    before, found = context.anomalies.get(place, (None, ()))
    if before != basis:
        result = await find_anomalies(context, subject, asked._replace(span=span))
        found = tuple(one for one in result.anomalies if one.type != "drop")
        context.anomalies[place] = basis, found
    return [_anomaly(subject, one) for one in found if _is_news(one, news_filter)]


def _is_news(one: Anomaly, news_filter: NewsFilter) -> bool:
    """Return whether it is, dated by the end of its hour or day, or by now where that is not over."""
    length = timedelta(days=1) if one.bucket == "day" else timedelta(hours=1)
    at = min(shift(one.started_at, length), news_filter.stretch.until)
    occurrence = f"anomaly {one.type} {one.event_type} {one.bucket} {one.started_at} {one.actor_login or ''}"
    return news_filter.is_news(occurrence, shift(at, -SECOND))


def _collected(subject: Subject) -> str | None:
    return subject.state.last_collected_at if subject.state else None


def _needs_history(span: Span, rows: Iterable[Activity], files: Mapping[str, Sequence[CommitFile]]) -> bool:
    """Return whether a rule looks at what was before: a tag was made, or a workflow file changed."""
    tagged = any(
        row.event_type == "CreateEvent" and row.created_at >= span.since and (row.ref or "").startswith(TAGS)
        for row in rows
    )
    return tagged or any(is_workflow(file.filename) for found in files.values() for file in found)


def _finding(subject: Subject, found: Finding) -> Attention:
    return attention_item("security", subject, f"{found.severity}: {quoted(found.title, 100)}", found.occurred_at, "")


def _anomaly(subject: Subject, one: Anomaly) -> Attention:
    by = f" by {name_of(one.actor_login)}" if one.actor_login else ""
    size = f"{one.observed} against {number(one.expected)} expected"
    reason = f"{one.type} of {one.event_type}{by} in the {one.bucket} from {one.started_at}: {size}"
    return attention_item("anomaly", subject, reason, one.started_at, "/activity")
