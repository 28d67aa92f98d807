"""`whats_new`: what changed across repositories since a reader last asked, and what needs a person."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from ...answers import Answer, AnswerModel, Link, Problem, Window
from ...errors import MonitorError
from ...github.payloads import FAILED_VERDICTS
from ...insights.accounts import Accounts
from ...insights.business_time import business_hours
from ...insights.threads import first_response_hours, waiting_for
from ...insights.workflow_runs import find_failing, verdicts_on
from ...instants import format_instant, normalise_instant
from ...records import Activity, CommitRecord, Seen, Span, Thread
from ...text import clean, count_of, first_line
from .context import QuestionContext, Subject, check_repos
from .late_news import Telling
from .lines import counts, name_of, quoted
from .query import MAX_REPOSITORIES, Query, Repos
from .question import Endpoint, Question
from .security_report import assess
from .sizes import MAX_BYTES, how_many_fit, shorten
from .threads import as_of
from .windows import Asked, ask, days_before

KINDS = ("events", "commits", "threads")
MAX_SHOWN = 3
"""Titles of each kind of news that are shown of a repository."""
MAX_ATTENTION = 30
LONGEST_WAIT = 48.0
"""Business hours: two days, after which a pull request without any answer needs one."""
CHECKS_DAYS = 30
"""How far back the latest verdict of a workflow may lie."""
TEXT_BYTES = 7_900
_NOTHING = (
    "No repository is watched: name some in repos, or have some watched (watch_repositories, TARGET_REPOSITORIES)."
)
_SEVERE = frozenset({"high", "critical"})
_AT = {
    "checks_failing": ", last failed",
    "pull_request_unanswered": ", opened",
    "pull_request_waiting": ", last updated",
    "security": " at",
    "release": ", published",
}
"""What the instant of each kind of attention is."""
_ORDER = ("checks_failing", "pull_request_unanswered", "pull_request_waiting", "security", "release")


class WhatsNewQuery(Query):
    """Whose news, for whom, since when."""

    repos: Repos = None
    since: Annotated[
        str | None, Field(description="instant or date; default: when this reader asked last, else 24 hours ago")
    ] = None
    reader: Annotated[str, Field(description="who asks; each reader has a mark of its own")] = "default"


class Attention(AnswerModel):
    """Something that a person should look at first."""

    kind: Literal["checks_failing", "pull_request_unanswered", "pull_request_waiting", "security", "release"]
    repo: str
    reason: str
    url: str | None
    at: str | None


class News(AnswerModel):
    """A happening: its title, where to see it, and when it was."""

    title: str
    url: str | None
    at: str | None


class RepositoryNews(AnswerModel):
    """What is new in one repository: how many of each kind, and the first few with titles."""

    repo: str
    counts: dict[str, int]
    first: dict[str, tuple[News, ...]]
    newcomers: tuple[str, ...] = ()
    note: Link = None


class WhatsNew(Answer):
    """News across repositories. `next_since` continues where this answer ends; `errors` are not told of at all."""

    since: str
    until: str
    attention: tuple[Attention, ...]
    repositories: tuple[RepositoryNews, ...]
    quiet: tuple[str, ...]
    errors: dict[str, Problem] = Field(default_factory=dict)
    next_since: str
    note: str | None = None


class Gathered(NamedTuple):
    """What is new across repositories, before it is cut to the size of an answer.

    attention: what matters most first. whole: whether each repository could be collected. seen: by key what the reader
    has been told with this, where it is not what is remembered.
    """

    attention: list[Attention]
    news: list[RepositoryNews]
    quiet: list[str]
    errors: dict[str, Problem]
    whole: bool
    seen: dict[str, Seen]


async def gather(
    context: QuestionContext,
    names: Sequence[str],
    refused: Mapping[str, MonitorError],
    asked: Asked,
    most: int,
    reader: str | None = None,
) -> Gathered:
    """Return what is new across repositories, with so many titles of each kind of news at most.

    For a reader also what was learned since that reader asked last, and nothing that this reader was told. What a
    repository has from before the first window that the reader was told of is no news.
    """
    subjects = await context.look_up_all([name for name in names if name not in refused], asked, KINDS)
    errors = {clean(name, 80, one_line=True): Problem.of(problem) for name, problem in refused.items()}
    whole = not any(subject.problem or _unknown(context, subject, asked) for subject in subjects)
    keys = [subject.key for subject in subjects]
    seen = await context.manager.collector_state.get_seen(reader, keys) if reader is not None and keys else {}
    found = Gathered([], [], [], errors, whole, {})
    for subject in subjects:
        name = subject.presenter.full_name
        telling = Telling(asked.span, seen.get(subject.key))
        try:
            news, looks = await _of_repository(context, subject, asked, most, telling, reader is not None)
        except MonitorError as error:
            errors[name] = Problem.of(error)
            continue
        if reader is not None and (told := telling.remember()):
            found.seen[subject.key] = told
        found.attention.extend(looks)
        if news.counts or _unknown(context, subject, asked) or _is_behind(context, subject, asked):
            found.news.append(news)
        else:
            found.quiet.append(name)
    found.attention.sort(key=lambda one: (_ORDER.index(one.kind), one.at or "", one.repo))
    return found


async def answer(context: QuestionContext, query: WhatsNewQuery) -> WhatsNew:
    """Return what is new; a reader's mark moves on only when the whole answer was given."""
    chosen = await context.choose(query.repos)
    names = chosen.names[:MAX_REPOSITORIES]
    since = await _since(context, query)
    asked = _window(context, since)
    refused = {**chosen.problems, **check_repos(names)}
    reader = query.reader if query.since is None else None
    found = await gather(context, names, refused, asked, MAX_SHOWN, reader)
    nothing = None if names or refused else _NOTHING
    left = len(chosen.names) - len(names)
    more = f"{left} more repositories are not looked at; name them in repos." if left else None
    whole = WhatsNew(
        since=since,
        until=asked.window.until,
        attention=tuple(found.attention[:MAX_ATTENTION]),
        repositories=tuple(found.news),
        quiet=tuple(found.quiet[: how_many_fit(found.quiet, MAX_BYTES // 4)]),
        errors=found.errors,
        next_since=asked.window.until,
    )
    shown, cut = shorten(whole, "repositories", "attention")
    complete = found.whole and not (cut or more or found.errors or len(found.attention) > MAX_ATTENTION)
    if complete and names and reader is not None and context.may_watch:
        await context.manager.collector_state.save_reader_mark(reader, asked.window.until, found.seen)
    rest = "This is not all." if reader is None else "The reader's mark stays, for this is not all."
    said = nothing, cut, more, rest if names and not complete else None
    return shown.model_copy(update={"note": " ".join(filter(None, said)) or None})


async def _since(context: QuestionContext, query: WhatsNewQuery) -> str:
    if query.since is not None:
        return normalise_instant(query.since)
    mark = await context.manager.collector_state.get_reader_mark(query.reader)
    day, now = format_instant(context.now() - timedelta(days=1)), format_instant(context.now())
    return day if mark is None else min(mark, now)


def _window(context: QuestionContext, since: str) -> Asked:
    """Return the window, which is empty where the same reader asks twice in a second."""
    now = format_instant(context.now())
    if since == now:
        return Asked(Window(hours=1, since=now, until=now), Span(now, now), True)
    return ask(context.now(), hours=24, since=since)


async def _of_repository(
    context: QuestionContext, subject: Subject, asked: Asked, most: int, telling: Telling, by_key: bool
) -> tuple[RepositoryNews, list[Attention]]:
    """Return a repository's news and what needs a person. Raises why nothing is known."""
    key, (since, until) = subject.key, asked.span
    if subject.state is None:
        context.refuse_emptiness(subject, asked)
    threads = [as_of(thread, until) for thread in await context.manager.threads.get_threads(key, telling.start)]
    threads = [thread for thread in threads if thread.created_at < until]
    if by_key:
        commits, total = await _untold_commits(context, subject, asked, most, telling)
    else:
        read = context.manager.commits
        commits = await read.get_commits(key, since, until, branch=subject.default_branch, limit=most)
        total = await read.count_commits(key, since, until, branch=subject.default_branch)
    activity = await context.manager.events.get_activity(
        key, days_before(until, CHECKS_DAYS), until, event_types=("ReleaseEvent", "WorkflowRunEvent")
    )
    url = subject.presenter.repo_url
    news: dict[str, list[News]] = {
        "commits": [
            News(
                title=first_line(row.commit.message, 100),
                url=f"{url}/commit/{row.commit.sha}",
                at=row.commit.commit_date,
            )
            for row in commits
        ],
        **_thread_news(threads, telling, url),
    }
    releases = [row for row in activity if row.event_type == "ReleaseEvent" and row.action in {"published", "released"}]
    releases = [row for row in releases if telling.is_news(f"release {row.ref} {row.created_at}", row.created_at)]
    failed = [row for row in verdicts_on(activity, subject.default_branch) if row.action in FAILED_VERDICTS]
    failed = [
        row for row in failed if telling.is_news(f"failed {row.subject} {row.sha} {row.created_at}", row.created_at)
    ]
    news["releases"] = [News(title=_word(row.ref), url=f"{url}/releases", at=row.created_at) for row in releases]
    news["failed_runs"] = [News(title=_word(row.subject), url=f"{url}/actions", at=row.created_at) for row in failed]
    counted = {kind: len(rows) for kind, rows in news.items() if rows} | ({"commits": total} if total else {})
    found = RepositoryNews(
        repo=subject.presenter.full_name,
        counts=counted,
        first={kind: tuple(rows[:most]) for kind, rows in news.items() if rows},
        newcomers=await _newcomers(context, subject, threads, asked) if counted else (),
        note=_failed(subject) or _unknown(context, subject, asked),
    )
    looks = [*_waiting(context, subject, threads, until), *_failing(subject, activity)]
    for row in releases:
        reason = f"new release {quoted(_word(row.ref), 60)}"
        looks.append(_look("release", subject, reason, row.created_at, "/releases"))
    if counted and since < until:
        looks += await _findings(context, subject, asked)
    return found, looks


async def _untold_commits(
    context: QuestionContext, subject: Subject, asked: Asked, most: int, telling: Telling
) -> tuple[list[CommitRecord], int]:
    """Return the newest commits of the default branch that a reader was not told of, and how many there are."""
    read, (since, until) = context.manager.commits, asked.span
    rows = await read.get_authorship(subject.key, telling.start, until, branch=subject.default_branch)
    untold = [row for row in reversed(rows) if telling.is_news(f"commit {row.sha}", row.commit_date)]
    if not untold:
        return [], 0
    if untold == [row for row in reversed(rows) if row.commit_date >= since]:
        found = await read.get_commits(subject.key, since, until, branch=subject.default_branch, limit=most)
    else:
        records = [await read.get_commit(subject.key, row.sha) for row in untold[:most]]
        found = [record for record in records if record is not None]
    return found, len(untold)


def _unknown(context: QuestionContext, subject: Subject, asked: Asked) -> str | None:
    """Return what is not known at all of the time asked about: it must not pass for quiet."""
    if asked.span.since == asked.span.until:
        return None
    spans = context.settled(subject, "commits", asked)
    if any(span.since < asked.span.until and span.until > asked.span.since for span in spans):
        return None
    return "Commits of this time are not known yet; collect_now fetches them."


def _failed(subject: Subject) -> str | None:
    """Return that the repository could not be asked now, and until when its news are told."""
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


def _thread_news(threads: Iterable[Thread], telling: Telling, url: str) -> dict[str, list[News]]:
    found: dict[str, list[News]] = {}

    def add(kind: str, thread: Thread, at: str | None) -> None:
        once = "" if kind.endswith(("_opened", "_merged")) else f" {at}"
        if at is not None and telling.is_news(f"{kind} {thread.number}{once}", at):
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
    context: QuestionContext, subject: Subject, threads: Sequence[Thread], asked: Asked
) -> tuple[str, ...]:
    """Return the people who wrote in the window and whom nothing of the ninety days before names."""
    since, until = asked.span
    rows = await context.manager.commits.get_authorship(subject.key, days_before(since, 90), until)
    before = {(row.author_login or "").lower() for row in rows if row.commit_date < since}
    older = await context.manager.threads.get_threads(subject.key, days_before(since, 90))
    before |= {(thread.author_login or "").lower() for thread in older if thread.created_at < since}
    wrote = [row.author_login for row in rows if row.commit_date >= since]
    wrote += [thread.author_login for thread in threads if thread.created_at >= since]
    bots = {(thread.author_login or "").lower() for thread in threads if (thread.author_type or "").lower() == "bot"}
    accounts = Accounts(rows, context.bots, bots)
    people = (login for login in wrote if login and accounts.of_login(login).kind == "person")
    new = dict.fromkeys(login for login in people if login.lower() not in before)
    return tuple(_word(login) for login in new)[:MAX_SHOWN]


def _waiting(context: QuestionContext, subject: Subject, threads: Iterable[Thread], until: str) -> Iterator[Attention]:
    for thread in threads:
        if waiting_for(thread, context.bots) != "review":
            continue
        title = quoted(thread.title or "title unknown", 80)
        said = f"#{thread.number} {title} by {name_of(thread.author_login)}"
        place = f"/pull/{thread.number}"
        answered = first_response_hours(thread, until, context.bots) is not None
        if not answered and business_hours(thread.created_at, until) > LONGEST_WAIT:
            reason = f"{said} has no answer for two business days"
            yield _look("pull_request_unanswered", subject, reason, thread.created_at, place)
        else:
            yield _look("pull_request_waiting", subject, f"{said} waits for a review", thread.updated_at, place)


def _failing(subject: Subject, activity: Iterable[Activity]) -> Iterator[Attention]:
    """Yield the workflows whose latest verdict on the default branch is a failure, with the commit it began with."""
    for one in find_failing(verdicts_on(activity, subject.default_branch)):
        first = one.first
        sha = f" on {first.sha[:10]}" if first.sha else ""
        since = f"fails since {first.created_at}{'' if one.since_known else ' or longer'}{sha}"
        reason = f"{quoted(one.workflow or 'a workflow', 60)} {since}"
        yield _look("checks_failing", subject, reason, one.last.created_at, "/actions")


async def _findings(context: QuestionContext, subject: Subject, asked: Asked) -> list[Attention]:
    result = await assess(context, subject, asked)
    return [
        _look("security", subject, f"{finding.severity}: {quoted(finding.title, 100)}", finding.occurred_at, "")
        for finding in result.findings
        if finding.severity in _SEVERE
    ]


def _look(kind: str, subject: Subject, reason: str, at: str | None, place: str) -> Attention:
    presenter = subject.presenter
    return Attention.model_validate(
        {"kind": kind, "repo": presenter.full_name, "reason": reason, "url": f"{presenter.repo_url}{place}", "at": at}
    )


def _word(text: str | None) -> str:
    return clean(text or "unknown", 80, one_line=True)


def summarise(answer: WhatsNew) -> str:
    """Return the answer in one line."""
    looks, failed = len(answer.attention), f", {len(answer.errors)} failed" if answer.errors else ""
    news = sum(bool(part.counts) for part in answer.repositories)
    unknown = len(answer.repositories) - news
    line = (
        f"{count_of(looks, 'thing')} {'needs' if looks == 1 else 'need'} attention;"
        f" {count_of(news, 'repository')} with news, {len(answer.quiet)} quiet"
        f"{f', {unknown} not known' if unknown else ''}{failed}, {answer.since} to {answer.until}."
    )
    return " ".join(filter(None, (line, answer.note)))


def lines(answer: WhatsNew) -> Iterator[str]:
    """Yield the answer as text."""
    yield f"Now {answer.now}. Ask next with since={answer.next_since}, or as the same reader."
    for one in answer.attention:
        yield f"! {one.repo} {one.kind}: {one.reason}{f'{_AT[one.kind]} {one.at}' if one.at else ''}"
    for part in answer.repositories:
        new = f"; newcomers {', '.join(map(name_of, part.newcomers))}" if part.newcomers else ""
        said = counts(part.counts) if part.counts else "no news known"
        yield f"{part.repo}: {said}{new}{f'. {part.note}' if part.note else ''}"
        for kind, rows in part.first.items():
            left = part.counts.get(kind, 0) - len(rows)
            more = f"; and {left} more" if left > 0 else ""
            yield f"  {kind}: {'; '.join(_shown(row, answer.since) for row in rows)}{more}"
    if answer.quiet:
        yield f"Quiet: {', '.join(answer.quiet)}"
    yield from (f"Failed: {name}: {problem.code}: {problem.message}" for name, problem in answer.errors.items())


def _shown(row: News, since: str) -> str:
    """Return a title; with its time where it happened before the window and was learned late."""
    return f"{quoted(row.title, 90)}{f' at {row.at}' if row.at and row.at < since else ''}"


WHATS_NEW = Question(
    name="whats_new",
    title="What's new",
    description="What changed across repositories since this reader asked last, and what needs a person: failing "
    'checks, pull requests without answer or review, severe findings, releases. Start here for "anything new?".',
    query=WhatsNewQuery,
    answer_type=WhatsNew,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/whats-new", tag="digest"),),
    text_bytes=TEXT_BYTES,
    position=5,
)
