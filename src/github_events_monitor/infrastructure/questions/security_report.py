"""`security_report`: what a person should look at, with why and where, and what could not be looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from ...answers import Envelope, Gap
from ...insights.event_texts import TextItem, texts_of, texts_of_thread
from ...insights.results import Finding, SecurityResult
from ...insights.security import SECURITY_TYPES, SecurityInputs, assess_security
from ...ledger import WITHOUT_FILES
from ...records import Commit, CommitFile, CommitSummary, Span, Thread
from ...text import count_of, first_few
from ..gc_pause import without_garbage_collection
from .context import QuestionContext, Subject
from .coverage import add_note
from .lines import known, name_of, quoted, span, status_lines
from .query import Repo, WindowedQuery
from .question import Endpoint, Question
from .reading import HISTORY_DAYS, fit, has_events, read_commits, read_snapshot
from .windows import Asked, days_before

KINDS = ("events", "commits", "activity", "advisories")
IN_TIME = {"events": "events", "commits": "commits", "activity": "force pushes and moved tags"}
"""What a report looks through in its window, by the kind of coverage."""
MAX_GAPS = 3
MAX_TEXTS = 2_000
"""Events whose text is read for one report, newest first."""
MAX_BARE = 300
"""Commits, the newest, of which it is looked whether their files are there, where numbers came without them."""
TEXT_TYPES = (
    "CommitCommentEvent", "CreateEvent", "DiscussionCommentEvent", "DiscussionEvent", "GollumEvent",
    "IssueCommentEvent", "IssuesEvent", "PullRequestEvent", "PullRequestReviewCommentEvent", "PullRequestReviewEvent",
    "ReleaseEvent",
)  # fmt: skip
PATH_CATEGORIES = frozenset({"ci", "dependencies", "build"})
"""Categories of commits whose files a report looks at, beside those of some risk: theirs may change workflows, too."""


class SecurityReportQuery(WindowedQuery):
    """Whose security."""

    default_hours: ClassVar[int] = 720

    repo: Repo


class SecurityReport(SecurityResult, Envelope):
    """What in one repository asks for a closer look."""


async def answer(context: QuestionContext, query: SecurityReportQuery) -> SecurityReport:
    """Return findings; kept as that day's result where the window reaches to the present."""
    asked = query.window(context.now())
    subject = await context.look_up(query.repo, asked, kinds=KINDS)
    with without_garbage_collection():
        result = await assess(context, subject, asked)
    context.raise_if_outage_found_nothing(subject, asked, result.findings)
    await context.results.keep_security(subject, asked, result)
    envelope = context.envelope(subject, asked)
    lacking = [what for kind, what in IN_TIME.items() if not context.coverage(subject, asked, kind).complete]
    beside = ", ".join(what for what in lacking if what != "events")
    coverage = add_note(envelope["coverage"], f"Not all is known of {beside}: see unknown." if beside else None)
    envelope["coverage"] = coverage.model_copy(update={"complete": not lacking})
    return fit(SecurityReport(**envelope, **dict(result)), "findings")


async def assess(context: QuestionContext, subject: Subject, asked: Asked) -> SecurityResult:
    """Return what a person should look at in a window, from what is stored."""
    stretch, manager = Span(days_before(asked.span.since, HISTORY_DAYS), asked.span.until), context.manager
    activity = await manager.events.get_activity(subject.key, *stretch, event_types=SECURITY_TYPES)
    commits = await read_commits(context, subject, stretch)
    if not (activity or commits or await has_events(context, subject, stretch)):
        context.raise_if_nothing_known(subject, asked)
    texts, unread = await read_texts(context, subject, asked.span)
    files = await read_sensitive_files(context, subject, asked.span.since, commits)
    bare = [commit.sha for commit, _ in commits if commit.sha not in files and _may_lack_files(subject, asked, commit)]
    read = await manager.commits.get_files(subject.key, bare[-MAX_BARE:]) if bare else {}
    return assess_security(
        SecurityInputs(
            since=asked.span.since,
            until=asked.span.until,
            repo_url=subject.presenter.repo_url,
            default_branch=subject.default_branch,
            activity=activity,
            events_stored=await has_events(context, subject, asked.span, activity),
            commits=commits,
            files={**files, **read},
            without_files=frozenset(bare) - read.keys(),
            texts=texts,
            observations=await manager.metrics.get_metrics("security_metrics", subject.key),
            snapshot=await read_snapshot(context, subject, asked),
            unknown=(*_unlooked(context, subject, asked), *unread),
            events_known=context.settled(subject, "events", asked),
            commits_known=context.settled(subject, "commits", asked),
            bot_logins=context.bots,
        )
    )


async def read_texts(
    context: QuestionContext, subject: Subject, span: Span, threads: Iterable[Thread] | None = None
) -> tuple[list[TextItem], list[str]]:
    """Return what people wrote in a window, and a sentence where not all of it was read.

    threads: those updated in the window, where they are at hand.
    """
    events = await context.manager.events.get_events(subject.key, *span, event_types=TEXT_TYPES, limit=MAX_TEXTS + 1)
    unread = [f"text of events older than the newest {MAX_TEXTS}"] if len(events) > MAX_TEXTS else []
    texts = [text for event in events[:MAX_TEXTS] for text in texts_of(event)]
    if threads is None:
        threads = await context.manager.threads.get_threads(subject.key, span.since)
    return [*texts, *texts_of_threads(subject, span, threads)], unread


def texts_of_threads(subject: Subject, span: Span, threads: Iterable[Thread]) -> list[TextItem]:
    """Return what issues and pull requests that were opened in a window are called."""
    opened = [thread for thread in threads if span.since <= thread.created_at < span.until]
    return [text for thread in opened for text in texts_of_thread(thread, subject.presenter.repo_url)]


async def read_sensitive_files(
    context: QuestionContext, subject: Subject, since: str, commits: Sequence[tuple[Commit, CommitSummary | None]]
) -> Mapping[str, Sequence[CommitFile]]:
    """Return by sha the files of those commits since an instant that may touch what runs on other machines."""
    shas = [
        commit.sha for commit, summary in commits if commit.commit_date >= since and summary and _is_looked_at(summary)
    ]
    return await context.manager.commits.get_files(subject.key, shas) if shas else {}


def _is_looked_at(summary: CommitSummary) -> bool:
    return summary.risk_level != "low" or bool(PATH_CATEGORIES & {*summary.categories})


def _may_lack_files(subject: Subject, asked: Asked, commit: Commit) -> bool:
    """Return whether a commit of the window may have its numbers without its files, as GraphQL gives them."""
    if subject.state is None or not commit.files_changed or commit.commit_date < asked.span.since:
        return False
    stretches = subject.state.ledger.spans.get(WITHOUT_FILES, ())
    within = any(span.since <= commit.commit_date < span.until for span in stretches)
    return within or f"commit:{commit.sha}" in subject.state.refused


def _unlooked(context: QuestionContext, subject: Subject, asked: Asked) -> list[str]:
    gaps = {what: context.coverage(subject, asked, kind).gaps for kind, what in IN_TIME.items()}
    return [
        *(_unread(what, missing) for what, missing in gaps.items() if missing),
        "Dependabot alerts (not read)",
        "code scanning alerts (not read)",
        "secret scanning alerts (not read)",
    ]


def _unread(what: str, gaps: Sequence[Gap]) -> str:
    shown = first_few([f"{gap.from_} to {gap.to}" for gap in gaps], MAX_GAPS, "stretches")
    return f"{what} not completely known: {shown}"


def summarise(answer: SecurityReport) -> str:
    """Return the answer in one line."""
    risk = "risk not known" if answer.risk_level is None else f"{answer.risk_level} risk"
    found = count_of(len(answer.findings) + answer.findings_omitted, "finding")
    blind = f", {count_of(len(answer.unknown), 'thing')} not looked at" if answer.unknown else ""
    return f"{answer.repo}: {risk}, {found}{blind}, {span(answer.window)}. {known(answer.coverage, of='events')}"


def lines(answer: SecurityReport) -> Iterator[str]:
    """Yield the answer as text."""
    yield from status_lines(answer)
    yield from map(_line, answer.findings)
    if answer.findings_omitted:
        yield f"Not shown: {count_of(answer.findings_omitted, 'more finding')}."
    yield from (f"Not looked at: {thing}" for thing in answer.unknown)


def _line(finding: Finding) -> str:
    by = f" by {', '.join(map(name_of, finding.actors))}" if finding.actors else ""
    at = f" at {finding.occurred_at}" if finding.occurred_at else ""
    evidence = f" Evidence: {', '.join(finding.evidence)}" if finding.evidence else ""
    what = f"{quoted(finding.title)}. {quoted(finding.explanation, 300)}"
    return f"[{finding.severity}] {finding.type}{at}{by}: {what}{evidence}"


SECURITY_REPORT = Question(
    name="security_report",
    title="Security report",
    description="What in a repository asks for a closer look (force pushes, sensitive files, new maintainers, texts "
    "that address an assistant…), each with evidence, and what could not be looked at.",
    query=SecurityReportQuery,
    answer_type=SecurityReport,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(Endpoint(method="GET", path="/metrics/security-monitoring", tag="metrics"),),
    position=90,
)
