"""The one line of text beside a structured answer: counts, what is not known, and nothing a stranger wrote."""

from functools import singledispatch

from ..answers.activity import CollectNow, RepositoryActivity, TrendingRepositories, WatchList
from ..answers.commits import CommitDetails, MonitorCommits, RecentCommits
from ..answers.insights import (
    DeploymentMetrics,
    DeveloperActivity,
    EventAnomalies,
    RepositoryHealth,
    SecurityReport,
)
from ..answers.shared import AnswerModel, Coverage, Window


@singledispatch
def summarise(answer: AnswerModel) -> str:
    """One line about an answer; every kind of answer has its own."""
    raise NotImplementedError(type(answer).__name__)


@summarise.register
def _(answer: RecentCommits) -> str:
    shown = _shown(len(answer.commits), answer.total_commits, "commits", answer.next_cursor)
    return f"{answer.repo}, {_span(answer.window)}: {shown}. {_known(answer.coverage)}"


@summarise.register
def _(answer: CommitDetails) -> str:
    files = "files not known" if answer.files is None else f"{len(answer.files) + answer.files_omitted} files"
    analysis = answer.summary
    judged = f", impact {analysis.impact_score}, {analysis.risk_level} risk" if analysis else ""
    return " ".join(filter(None, (f"{answer.repo} commit {answer.commit.sha[:12]}: {files}{judged}.", answer.note)))


@summarise.register
def _(answer: MonitorCommits) -> str:
    found = sum(part.total_commits or 0 for part in answer.repositories)
    failed = sum(part.error is not None for part in answer.repositories)
    partial = sum(part.coverage is not None and not part.coverage.complete for part in answer.repositories)
    line = f"{found} commits in {len(answer.repositories)} repositories, {_span(answer.window)}"
    doubts = [f"{failed} failed" if failed else "", f"{partial} not completely known" if partial else ""]
    said = ", ".join(filter(None, (line, *doubts)))
    return " ".join(filter(None, (f"{said}. Watching {len(answer.now_watching)}.", answer.note)))


@summarise.register
def _(answer: CollectNow) -> str:
    events = sum(row.new_events for row in answer.repositories)
    commits = sum(row.new_commits for row in answer.repositories)
    failed = sum(row.error is not None for row in answer.repositories)
    did = "Dry run, nothing stored: " if answer.dry_run else ""
    line = f"{did}{events} new events, {commits} new commits from {len(answer.repositories)} repositories"
    trouble = f"; {failed} failed" if failed else ""
    return " ".join(filter(None, (f"{line}{trouble}; {answer.requests_used} requests.", answer.note)))


@summarise.register
def _(answer: RepositoryActivity) -> str:
    shown = _shown(len(answer.events), answer.total_events, "events", answer.next_cursor)
    kinds = f" of {len(answer.counts_by_type)} types" if answer.counts_by_type else ""
    return f"{answer.repo}, {_span(answer.window)}: {shown}{kinds}. {_known(answer.coverage)}"


@summarise.register
def _(answer: TrendingRepositories) -> str:
    count = len(answer.repositories)
    first = f"; {answer.repositories[0].repo} leads with {answer.repositories[0].events} events" if count else ""
    return f"{count} repositories with events, {_span(answer.window)}{first}. {_known(answer.coverage)}"


@summarise.register
def _(answer: WatchList) -> str:
    failed = f" Not added: {len(answer.errors)}." if answer.errors else ""
    return " ".join(filter(None, (f"Watching {len(answer.watching)} repositories.{failed}", answer.note)))


@summarise.register
def _(answer: RepositoryHealth) -> str:
    score = "not known (null)" if answer.health_score is None else f"{answer.health_score:g} of 100"
    sure = "" if answer.confidence is None else f" at confidence {answer.confidence:.2f}"
    unknown = sum(part.score is None for part in answer.components)
    parts = f"{unknown} of {len(answer.components)} components unknown"
    return f"{answer.repo}, {_span(answer.window)}: health {score}{sure}, {parts}. {_known(answer.coverage)}"


@summarise.register
def _(answer: DeveloperActivity) -> str:
    counts = f"{answer.total_people} people, {len(answer.bots)} bots, {len(answer.ai_assistants)} AI assistants shown"
    where = answer.repo or "All stored repositories"
    return f"{where}, {_span(answer.window)}: {counts}. {_known(answer.coverage)}"


@summarise.register
def _(answer: SecurityReport) -> str:
    risk = "risk not known" if answer.risk_level is None else f"{answer.risk_level} risk"
    findings = f"{len(answer.findings) + answer.findings_omitted} findings"
    blind = f", {len(answer.unknown)} things not looked at (see unknown)" if answer.unknown else ""
    return f"{answer.repo}, {_span(answer.window)}: {risk}, {findings}{blind}. {_known(answer.coverage)}"


@summarise.register
def _(answer: EventAnomalies) -> str:
    tested = f"{len(answer.anomalies)} anomalies in {answer.tested_buckets} tested buckets"
    return f"{answer.repo}, {_span(answer.window)}: {tested}. {_known(answer.coverage)}"


@summarise.register
def _(answer: DeploymentMetrics) -> str:
    counts = f"{answer.total_releases} releases, {answer.total_deployments} deployments"
    bands = ", ".join(f"{key.name} {key.band or 'unknown'}" for key in answer.dora)
    return f"{answer.repo}, {_span(answer.window)}: {counts}; {bands}. {_known(answer.coverage)}"


def _span(window: Window) -> str:
    return f"{window.since} to {window.until}"


def _shown(shown: int, total: int, what: str, cursor: str | None) -> str:
    return f"{shown} of {total} {what} (next_cursor has more)" if cursor else f"{total} {what}"


def _known(coverage: Coverage) -> str:
    """What is known of the window: the reader must not take a partial answer for the whole."""
    note = f" {coverage.note}" if coverage.note else ""
    if coverage.complete:
        return f"Coverage complete.{note}"
    if coverage.from_ is None:
        return f"Coverage: none of the window is completely known.{note}"
    gaps = f", {len(coverage.gaps)} gaps" if coverage.gaps else ""
    return f"Coverage partial: {coverage.from_} to {coverage.to}{gaps}.{note}"
