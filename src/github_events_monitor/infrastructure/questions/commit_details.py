"""`commit_details`: one commit with its files, and why its analysis says what it says."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from ...answers import Answer, Strings
from ...errors import GitHubError, MonitorError, NotFound
from ...github.commits import MAX_LISTED_FILES
from ...insights.commits import lists_all
from ...people import co_authors
from ...records import CommitRecord
from ...text import clean, count_of
from ..wire import check_sha
from .context import QuestionContext, Subject
from .coverage import outage_note
from .lines import name_of, quoted
from .presenter import CommitAnalysis, CommitAnswer, FileAnswer, analysis_of, present_analysis, present_file
from .query import Query, Repo
from .question import Endpoint, Question
from .recent_commits import size_of
from .sizes import MAX_BYTES, how_many_fit, wire_size

MAX_MESSAGE = 4_000
MAX_CO_AUTHORS = 20
FILES_AT_ONCE = 2_400
"""As many as one call may read: eight pages."""


class CommitDetailsQuery(Query):
    """Which commit."""

    repo: Repo
    sha: Annotated[str, AfterValidator(check_sha), Field(description="7 to 40 hex digits")]


class CommitDetails(Answer):
    """One commit with files. `files` is None when GitHub could not be asked for them; `note` then says why."""

    repo: str
    repo_url: str
    commit: CommitAnswer
    message: str
    co_authors: Strings = ()
    parents: Strings = ()
    files: tuple[FileAnswer, ...] | None
    files_omitted: int = 0
    summary: CommitAnalysis
    note: str | None = None


class CommitFiles(Answer):
    """The files of one commit; None when GitHub could not be asked for them, `note` then says why."""

    repo: str
    sha: str
    files: tuple[FileAnswer, ...] | None
    files_omitted: int = 0
    note: str | None = None

    @classmethod
    def of(cls, details: CommitDetails) -> Self:
        """Return the part of commit details that is about files."""
        return cls(
            now=details.now,
            summary_line=details.summary_line,
            repo=details.repo,
            sha=details.commit.sha,
            files=details.files,
            files_omitted=details.files_omitted,
            note=details.note,
        )


async def answer(context: QuestionContext, query: CommitDetailsQuery) -> CommitDetails:
    """Return one commit; fetched from GitHub when its files are not stored yet. Raises `NotFound` and others."""
    subject = await context.stored(query.repo)
    record = await context.manager.commits.get_commit(subject.key, query.sha)
    if context.fetch_details and (record is None or not _has_details(record) or _has_more(record)):
        problem = await _fetch(context, subject.key, record.commit.sha if record else query.sha)
        subject = (await context.stored(query.repo))._replace(problem=problem)
        record = await context.manager.commits.get_commit(subject.key, query.sha)
    if record is None:
        raise subject.problem or NotFound(f"commit {query.sha} of {subject.presenter.full_name} is not stored")
    return _details(subject, record)


async def _fetch(context: QuestionContext, key: str, sha: str) -> MonitorError | None:
    try:
        await context.fetch_details(key, sha) if context.fetch_details else None
    except GitHubError as error:
        return error
    return None


def _details(subject: Subject, record: CommitRecord) -> CommitDetails:
    commit, files = record.commit, record.files
    fetched = _has_details(record)
    shown = [present_file(file) for file in files or ()]
    details = CommitDetails(
        repo=subject.presenter.full_name,
        repo_url=subject.presenter.repo_url,
        commit=subject.presenter.commit(record, full=True),
        message=clean(commit.message, MAX_MESSAGE),
        co_authors=tuple(clean(name, 80) for name, _ in co_authors(commit.message))[:MAX_CO_AUTHORS],
        parents=commit.parents,
        files=() if fetched else None,
        summary=present_analysis(analysis_of(record), full=True),
        note=" ".join(_notes(subject, record)) or None,
    )
    fitting = shown[: how_many_fit(shown, MAX_BYTES - wire_size(details.to_wire()))] if fetched else shown
    omitted = len(shown) - len(fitting)
    return details.model_copy(update={"files": tuple(fitting) if fetched else None, "files_omitted": omitted})


def _notes(subject: Subject, record: CommitRecord) -> Iterator[str]:
    commit, listed = record.commit, len(record.files or ())
    lost = [branch[1:] for branch in commit.branches if branch.startswith("~")]
    if lost and len(lost) == len(commit.branches):
        yield f"A force push to {quoted(lost[0], 60)} replaced it; the branch does not have it any more."
    if not _has_details(record):
        yield outage_note(subject.problem) or "Its files were not fetched yet."
    elif not lists_all(commit, record.files or ()):
        why = "GitHub lists no more of them" if listed >= MAX_LISTED_FILES else "the others were not read"
        yield f"It may change more files than the {listed} that are known: {why}."


def _has_details(record: CommitRecord) -> bool:
    return record.files is not None and record.commit.additions is not None


def _has_more(record: CommitRecord) -> bool:
    """Return whether asking again may bring more files than are stored."""
    files = record.files or ()
    return not lists_all(record.commit, files) and len(files) < FILES_AT_ONCE


def summarise(answer: CommitDetails) -> str:
    """Return the answer in one line."""
    listed, changed = len(answer.files or ()) + answer.files_omitted, answer.commit.files_changed
    least = "at least " if changed is None or changed > listed else ""
    files = "files not known" if answer.files is None else f"{least}{count_of(listed, 'file')}"
    analysis = answer.summary
    judged = f"impact {analysis.impact_score}, {analysis.risk_level} risk"
    return " ".join(filter(None, (f"{answer.repo} commit {answer.commit.sha}: {files}, {judged}.", answer.note)))


def lines(answer: CommitDetails) -> Iterator[str]:
    """Yield the answer as text; every line of the message is quoted."""
    commit, analysis = answer.commit, answer.summary
    who = name_of(commit.author_login, commit.author_name)
    kind = " (bot)" if commit.is_bot else " (AI assistant)" if commit.ai_assistant else ""
    yield f"Now {answer.now}."
    branch = quoted(commit.branch, 60) if commit.branch else "unknown"
    called = f", {quoted(commit.author_name, 80)}," if commit.author_login and commit.author_name else ""
    yield f"By {who}{called}{kind} at {commit.committed_at}, branch {branch} ({size_of(commit)})."
    if answer.co_authors:
        yield f"Co-authors: {', '.join(quoted(name, 80) for name in answer.co_authors)}."
    if answer.parents:
        yield f"Parents: {', '.join(parent[:10] for parent in answer.parents)}."
    if commit.url:
        yield f"At {commit.url}"
    yield from (f"Message: {quoted(line, 300)}" for line in answer.message.split("\n") if line.strip())
    marks = [*analysis.categories, *(["breaking"] if analysis.breaking else [])]
    marks += ["security"] if analysis.security_relevant else []
    yield f"Analysis: {quoted(analysis.text or '', 300)}; {', '.join(marks) or 'no category'}."
    yield from (f"Reason: {quoted(reason, 200)}" for reason in analysis.reasons)
    for file in answer.files or ():
        size = "size unknown" if file.additions is None else f"+{file.additions} -{file.deletions}"
        was = f", was {quoted(file.previous_filename, 300)}" if file.previous_filename else ""
        yield f"File {quoted(file.filename, 300)}: {file.status} ({size}{was})"
    if answer.files_omitted:
        yield f"Not shown: {count_of(answer.files_omitted, 'more file')}."


COMMIT_DETAILS = Question(
    name="commit_details",
    title="Commit details",
    description="One commit: full message, files with their changes, and why its analysis says what it says.",
    query=CommitDetailsQuery,
    answer_type=CommitDetails,
    answer=answer,
    summarise=summarise,
    lines=lines,
    endpoints=(
        Endpoint(method="GET", path="/commits/{sha}", tag="commits"),
        Endpoint(
            method="GET",
            path="/commits/{sha}/files",
            tag="commits",
            view=CommitFiles.of,
            view_type=CommitFiles,
            summary="The files of one commit.",
        ),
    ),
    position=20,
)
