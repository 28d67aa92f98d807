"""What several questions read from storage for the insights they ask."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from ...answers import Envelope
from ...insights.commits import analyse_commit
from ...observations import SNAPSHOT, Snapshot
from ...records import Activity, Authorship, Commit, CommitSummary, MetricRow, Span
from .context import QuestionContext, Subject
from .coverage import add_note
from .sizes import shorten
from .windows import Asked, days_before

EnvelopeT = TypeVar("EnvelopeT", bound=Envelope)

HISTORY_DAYS = 90
"""How far before a window records are read, to know who is new and how it was before."""
SNAPSHOT_DAYS = 2


async def read_rows(
    context: QuestionContext, subject: Subject, span: Span, *, facts: Collection[str], without: Collection[str] = ()
) -> tuple[list[Activity], list[Authorship]]:
    """Return the narrow rows of a window: events with the facts named, and commits of the default branch."""
    return (
        await context.manager.events.get_activity(subject.key, *span, without=without, facts=facts),
        await context.manager.commits.get_authorship(subject.key, *span, branch=subject.default_branch),
    )


async def read_commits(
    context: QuestionContext, subject: Subject, span: Span
) -> list[tuple[Commit, CommitSummary | None]]:
    """Return a window's commits with their analysis."""
    return analysed(await context.manager.commits.get_summaries(subject.key, *span))


def analysed(
    found: Sequence[tuple[Commit, CommitSummary | None]],
) -> list[tuple[Commit, CommitSummary | None]]:
    """Return commits with an analysis each; those of imported pushes are stored without one, for speed."""
    return [(commit, summary or analyse_commit(commit, None)) for commit, summary in found]


async def has_events(context: QuestionContext, subject: Subject, span: Span, read: Sequence[Activity] = ()) -> bool:
    """Return whether any event of a span is stored, of whatever type: what was read, oldest first, may say so."""
    if read and span.since <= read[-1].created_at < span.until:
        return True
    return bool(await context.manager.events.get_events(subject.key, *span, limit=1))


async def read_snapshot(context: QuestionContext, subject: Subject, asked: Asked) -> Snapshot | None:
    """Return what was last observed, if the window reaches to the present: it never scores a past one."""
    if not asked.current:
        return None
    first = days_before(asked.span.until, SNAPSHOT_DAYS)[:10]
    rows: list[MetricRow] = await context.manager.metrics.get_metrics(
        "security_metrics", subject.key, prefix=SNAPSHOT, first=SNAPSHOT + first
    )
    return Snapshot.from_row(rows[-1]) if rows else None


def fit(answer: EnvelopeT, *lists: str) -> EnvelopeT:
    """Return the answer with as many items as fit, and a note in its coverage on what was left out."""
    shown, note = shorten(answer, *lists)
    return shown.model_copy(update={"coverage": add_note(shown.coverage, note)}) if note else shown
