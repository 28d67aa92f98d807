"""What is new across repositories, read from the database: for `whats_new`, the feed and notifications."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ...answers import Problem
from ...errors import MonitorError
from ...github.workflow_runs import FAILED_VERDICTS
from ...insights.accounts import Accounts
from ...insights.delivery.releases import Ends, id_of, tags_by_id
from ...insights.workflow_runs import Workflows, latest_attempts, verdicts_on
from ...instants import seconds_between
from ...observations import FORCE_PUSH, RELEASE, Release, Snapshot
from ...records import WEBHOOK, Activity, Authorship, Commit, MetricRow, RepositoryState, Seen, Span, Thread
from ...side_by_side import side_by_side
from ...text import clean, first_line
from .context import QuestionContext, Subject
from .coverage import NEEDS, covers
from .lines import quoted
from .news import KINDS_IN_ORDER, Attention, News, NewsFilter, RepositoryNews, attention_item, word
from .news_attention import Stored, failing, severe, unusual, waiting
from .reading import HISTORY_DAYS, read_snapshot
from .subject_notes import record_refusal
from .thread_notes import may_have_ended, stretches
from .threads import as_of
from .windows import Asked, days_before

KINDS = ("events", "commits", "threads")
CHECKS_DAYS = 30
"""How far back the latest verdict of a workflow may lie."""
AT_ONCE = 16
"""Repositories that are read concurrently."""
MAX_NEWCOMERS = 3
NEWCOMER_DAYS = 7
"""How far back at least has to be known before anybody is called new."""
_LASTING = ("ReleaseEvent", "WorkflowRunEvent")
SAME_RELEASE_SECONDS = 600
"""An event and a listed release of the same tag are one so close together: the feed is late."""


class Gathered(NamedTuple):
    """What is new across repositories, before it is cut to the size of an answer.

    attention: what matters most first. whole: whether each repository could be collected. seen: by key what the reader
    has been told with this, where it is not what is remembered; not of one that could not be collected, whose news are
    still to come. refused: by name why GitHub lets no issues and pull requests be read. unread: of which they were not
    read yet.
    unobserved: of how many repositories it was never read whether checks fail, or whether advisories are open.
    """

    attention: list[Attention]
    news: list[RepositoryNews]
    quiet: list[str]
    errors: dict[str, Problem]
    whole: bool
    seen: dict[str, Seen]
    refused: Mapping[str, str] = {}
    unread: tuple[str, ...] = ()
    unobserved: int = 0


class Request(NamedTuple):
    """What is asked: the window, how many titles of each kind at most, and whose the token is."""

    asked: Asked
    most: int
    user: str | None


async def gather(
    context: QuestionContext,
    names: Sequence[str],
    refused: Mapping[str, MonitorError],
    asked: Asked,
    most: int,
    reader: str | None = None,
) -> Gathered:
    """Return what is new across repositories, with at most `most` titles of each kind of news.

    For a reader also what was learned since that reader asked last, and nothing that this reader has seen. What a
    repository has from before the first window that the reader has seen is not news.
    """
    subjects = await context.look_up_all([name for name in names if name not in refused], asked, KINDS)
    errors = {clean(name, 80, one_line=True): Problem.of(problem) for name, problem in refused.items()}
    keys = [subject.key for subject in subjects]
    seen, user = await asyncio.gather(_seen(context, reader, keys), context.user()) if keys else ({}, None)
    found, whole, unobserved = Gathered([], [], [], errors, whole=True, seen={}), True, 0
    request = Request(asked, most, user)
    filters = [NewsFilter(asked.span, seen.get(key)) for key in keys]
    jobs = (partial(_of, context, *pair, request) for pair in zip(subjects, filters, strict=True))
    for subject, news_filter, one in zip(subjects, filters, await side_by_side(jobs, AT_ONCE), strict=True):
        name = subject.presenter.full_name
        if isinstance(one, MonitorError):
            errors[name] = Problem.of(one)
            continue
        news, looks, observed = one
        unobserved += not observed
        if news.note is not None:  # it could not be collected, or is not known: its news are still to come
            whole = False
        elif reader is not None and (told := news_filter.remember()):
            found.seen[subject.key] = told
        found.attention.extend(looks)
        if news.counts or _unknown(context, subject, asked) or _is_behind(context, subject, asked):
            found.news.append(news)
        else:
            found.quiet.append(name)
    found.attention.sort(key=lambda one: (KINDS_IN_ORDER.index(one.kind), one.at or "", one.repo))
    reasons = {subject.presenter.full_name: record_refusal(subject.state) for subject in subjects}
    return found._replace(
        whole=whole,
        refused={name: reason for name, reason in reasons.items() if reason},
        unread=tuple(subject.presenter.full_name for subject in subjects if _is_unread(context, subject, asked)),
        unobserved=unobserved,
    )


async def _seen(context: QuestionContext, reader: str | None, keys: Sequence[str]) -> dict[str, Seen]:
    return {} if reader is None else await context.manager.collector_state.get_seen(reader, keys)


def _was_observed(state: RepositoryState | None, snapshot: Snapshot | None) -> bool:
    """Return whether a thorough pass, deliveries or questions told of what is observed in the present."""
    if state is None or state.snapshot_at is not None or WEBHOOK in state.sources:
        return True
    return snapshot is not None and snapshot.was_asked_for("ci_runs", "open_advisories")


async def _of(
    context: QuestionContext, subject: Subject, news_filter: NewsFilter, request: Request
) -> tuple[RepositoryNews, list[Attention], bool] | MonitorError:
    """Return a repository's news, what needs a person and whether it was observed; or why nothing is known."""
    asked = request.asked
    try:
        if subject.state is None:
            context.raise_if_nothing_known(subject, asked)
        stored = await _read(context, subject, news_filter, asked)
        commits = _new_commits(subject, stored, news_filter)
        titled = [_commit_news(commit, subject.presenter.repo_url) for commit in commits[: request.most]]
        news = {"commits": titled, **_news(subject, stored, news_filter)}
        sizes = {kind: len(rows) for kind, rows in news.items()} | {"commits": len(commits)}
        counted = {kind: size for kind, size in sizes.items() if size}
        found = RepositoryNews(
            repo=subject.presenter.full_name,
            counts=counted,
            first={kind: tuple(rows[: request.most]) for kind, rows in news.items() if rows},
            **(await _newcomers(context, subject, stored, asked) if counted else {}),
            note=_failed(subject) or _unknown(context, subject, asked),
        )
        looks = await _attention(context, subject, stored, news_filter, news["releases"], request)
        return found, looks, _was_observed(subject.state, stored.snapshot)
    except MonitorError as error:
        return error


async def _read(context: QuestionContext, subject: Subject, news_filter: NewsFilter, asked: Asked) -> Stored:
    """Read what is stored, concurrently."""
    key, until, manager = subject.key, asked.span.until, context.manager
    stretch = Span(f"{news_filter.start[:13]}:00:00Z", until)
    midnight, month = f"{stretch.since[:10]}T00:00:00Z", days_before(until, CHECKS_DAYS)
    threads, commits, activity, before, (observations, releases, snapshot) = await asyncio.gather(
        manager.threads.get_threads(key, stretch.since),
        manager.commits.get_summaries(key, *stretch),
        manager.events.get_activity(key, midnight, until),
        manager.events.get_activity(key, month, max(month, midnight), event_types=_LASTING),
        _observed(context, subject, asked, stretch),
    )
    return Stored(
        stretch=stretch,
        threads=[thread for thread in (as_of(thread, until) for thread in threads) if thread.created_at < until],
        commits=commits,
        activity=activity,
        lasting=[*before, *(row for row in activity if row.event_type in _LASTING)],
        observations=observations,
        releases=[release for row in releases if (release := Release.from_row(row)) is not None],
        snapshot=snapshot,
    )


async def _observed(
    context: QuestionContext, subject: Subject, asked: Asked, stretch: Span
) -> tuple[list[MetricRow], list[MetricRow], Snapshot | None]:
    """Return the force pushes of a stretch, all listed releases, and how the repository was seen."""
    metrics, key = context.manager.metrics, subject.key
    return await asyncio.gather(
        metrics.get_metrics("security_metrics", key, prefix=FORCE_PUSH, first=FORCE_PUSH + stretch.since),
        metrics.get_metrics("deployment_metrics", key, prefix=RELEASE),
        _snapshot(context, subject, asked),
    )


async def _snapshot(context: QuestionContext, subject: Subject, asked: Asked) -> Snapshot | None:
    state = subject.state
    taken = state is not None and (state.snapshot_at or NEEDS & state.ledger.spans.keys())
    return await read_snapshot(context, subject, asked) if taken else None


def _new_commits(subject: Subject, stored: Stored, news_filter: NewsFilter) -> list[Commit]:
    """Return the commits that are news, the newest first."""
    branch = subject.default_branch
    commits = [commit for commit, _ in stored.commits if branch is None or branch in commit.branches]
    commits.sort(key=lambda commit: commit.sha)
    commits.sort(key=lambda commit: commit.commit_date, reverse=True)
    return [one for one in commits if news_filter.is_news(f"commit {one.sha}", one.commit_date)]


def _commit_news(commit: Commit, url: str) -> News:
    return News(title=first_line(commit.message, 100), url=f"{url}/commit/{commit.sha}", at=commit.commit_date)


def _news(subject: Subject, stored: Stored, news_filter: NewsFilter) -> dict[str, list[News]]:
    """Return by kind what else is news."""
    url, branch = subject.presenter.repo_url, subject.default_branch
    runs = latest_attempts(verdicts_on(stored.lasting, branch))
    workflows, failed = Workflows(runs), [row for row in runs if row.action in FAILED_VERDICTS]
    return {
        **_thread_news(stored.threads, news_filter, url),
        "releases": _release_news(stored, news_filter, f"{url}/releases"),
        "failed_runs": [
            News(title=word(workflows.label(row.subject)), url=f"{url}/actions", at=row.created_at)
            for row in failed
            if news_filter.is_news(f"failed {row.subject} {row.sha} {row.created_at}", row.created_at)
        ],
    }


def _release_news(stored: Stored, news_filter: NewsFilter, url: str) -> list[News]:
    """Return the releases that events or the listing tell of, each once, whichever of them told the reader first."""
    ends, tags = (
        Ends(stored.lasting, stored.releases, stored.stretch.until),
        tags_by_id(stored.lasting, stored.releases),
    )
    times: dict[tuple[str | None, str], set[str]] = {
        (tags[release.id], release.published_at): {release.published_at}
        for release in stored.releases
        if not ends.is_gone(release.tag, release.id, release.published_at)
    }
    listed = list(times)
    for row in stored.lasting:
        if not _is_published(row) or ends.went(row):
            continue
        named = tags.get(id_of(row), row.ref)
        same = (
            (tag, at)
            for tag, at in listed
            if tag == named and abs(seconds_between(at, row.created_at)) <= SAME_RELEASE_SECONDS
        )
        times.setdefault(next(same, (named, row.created_at)), set()).add(row.created_at)
    return [
        News(title=word(tag), url=url, at=at)
        for (tag, at), known_at in sorted(times.items(), key=lambda item: (item[0][1], item[0][0] or ""))
        if all({time: news_filter.is_news(f"release {tag} {time}", at) for time in known_at}.values())
    ]


def _is_published(row: Activity) -> bool:
    return row.event_type == "ReleaseEvent" and row.action in {"published", "released"}


def _thread_news(threads: Iterable[Thread], news_filter: NewsFilter, url: str) -> dict[str, list[News]]:
    found: dict[str, list[News]] = {}

    def add(kind: str, thread: Thread, at: str | None) -> None:
        once = "" if kind.endswith(("_opened", "_merged")) else f" {at}"
        if at is not None and news_filter.is_news(f"{kind} {thread.number}{once}", at):
            place = "pull" if thread.kind == "pull_request" else "issues"
            title = f"#{thread.number} {clean(thread.title or 'title unknown', 90, one_line=True)}"
            found.setdefault(kind, []).append(News(title=title, url=f"{url}/{place}/{thread.number}", at=at))

    for thread in threads:
        prefix = "pull_requests" if thread.kind == "pull_request" else "issues"
        add(f"{prefix}_opened", thread, thread.created_at)
        add(f"{prefix}_merged", thread, thread.merged_at)
        if thread.merged_at is None:
            add(f"{prefix}_closed", thread, thread.closed_at)
    return found


async def _newcomers(
    context: QuestionContext, subject: Subject, stored: Stored, asked: Asked
) -> dict[str, tuple[str, ...] | str | None]:
    """Return the people who wrote in the window and whom nothing of the ninety days before names.

    Where commits, issues and pull requests are not known of all that time, from when on they are comes along; where
    they are not known of the last week of it, somebody who may be new is not said to be.
    """
    since, start = asked.span.since, days_before(asked.span.since, HISTORY_DAYS)
    wrote = [commit.author_login for commit, _ in stored.commits if commit.commit_date >= since]
    wrote += [thread.author_login for thread in stored.threads if thread.created_at >= since]
    before = {(thread.author_login or "").lower() for thread in stored.threads if start <= thread.created_at < since}
    bots = {(one.author_login or "").lower() for one in stored.threads if (one.author_type or "").lower() == "bot"}
    accounts = Accounts([_authorship(commit) for commit, _ in stored.commits], context.bots, bots)
    people = [login for login in wrote if login and accounts.of_login(login).kind == "person"]

    def left() -> dict[str, None]:
        return dict.fromkeys(login for login in people if login.lower() not in before)

    if left():  # only then it is worth reading what was before
        rows = await context.manager.commits.get_authorship(subject.key, start, since)
        before |= {(row.author_login or "").lower() for row in rows}
        known = Accounts(rows, context.bots)
        before |= {login.lower() for login in people if known.of_login(login).kind != "person"}
    if left():
        older = await context.manager.threads.get_threads(subject.key, start)
        before |= {(thread.author_login or "").lower() for thread in older if thread.created_at < since}
    if not left():
        return {}
    spans = [context.settled(subject, kind, asked) for kind in ("commits", "threads")]
    if not all(covers(known, days_before(since, NEWCOMER_DAYS), since) for known in spans):
        return {"newcomers": None}
    known_since = max(span.since for known in spans for span in known if span.since < since <= span.until)
    return {
        "newcomers": tuple(map(word, left()))[:MAX_NEWCOMERS],
        "newcomers_since": known_since if known_since > start else None,
    }


def _authorship(commit: Commit) -> Authorship:
    who = (commit.author_login, commit.author_name, commit.author_email, commit.author_type)
    return Authorship(commit.sha, commit.commit_date, *who, "")


async def _attention(
    context: QuestionContext,
    subject: Subject,
    stored: Stored,
    news_filter: NewsFilter,
    releases: Iterable[News],
    request: Request,
) -> list[Attention]:
    """Return what needs a person: what stands as of the end of the window, and what happened and is news."""
    asked = request.asked
    whole, until = stretches(subject.state, asked.span.until), asked.span.until
    standing = [thread for thread in stored.threads if not may_have_ended(thread, whole, until)]
    return [
        *waiting(context, subject, standing, asked.span.until, request.user),
        *failing(subject, stored),
        *(
            attention_item("release", subject, f"new release {quoted(one.title, 60)}", one.at, "/releases")
            for one in releases
        ),
        *await severe(context, subject, stored, news_filter),
        *await unusual(context, subject, asked, stored, news_filter),
    ]


def _unknown(context: QuestionContext, subject: Subject, asked: Asked) -> str | None:
    """Return what is not known at all of the time asked about: it must not pass for quiet."""
    if asked.span.since == asked.span.until:
        return None
    if _is_known(context, subject, "commits", asked):
        return None
    return "Commits of this time are not known yet; collect_now fetches them."


def _is_unread(context: QuestionContext, subject: Subject, asked: Asked) -> bool:
    """Return whether issues and pull requests were not read yet: without them a repository may only seem quiet."""
    if subject.state is None or subject.problem is not None or asked.span.since == asked.span.until:
        return False  # told by itself
    return not record_refusal(subject.state) and not _is_known(context, subject, "threads", asked)


def _is_known(context: QuestionContext, subject: Subject, kind: str, asked: Asked) -> bool:
    """Return whether a part of the window is completely known."""
    spans = context.settled(subject, kind, asked)
    return any(span.since < asked.span.until and span.until > asked.span.since for span in spans)


def _failed(subject: Subject) -> str | None:
    """Return that the repository could not be asked now, and until when its news are known."""
    if subject.problem is None:
        return None
    last = subject.state.last_collected_at if subject.state else None
    told = f"told from what was stored, last collected {last or 'never'}"
    return f"Collecting failed: {subject.problem.message}; {told}."


def _is_behind(context: QuestionContext, subject: Subject, asked: Asked) -> bool:
    """Return whether what is known of a repository that could not be asked ends before the window does."""
    if subject.problem is None or asked.span.since == asked.span.until:
        return False
    known = (context.settled(subject, kind, asked) for kind in ("commits", "threads"))
    return any(not spans or spans[-1].until < asked.span.until for spans in known)
