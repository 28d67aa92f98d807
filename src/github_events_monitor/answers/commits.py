"""Answers about commits."""

from typing import Literal, Self

from pydantic import Field

from .shared import AnswerModel, Coverage, Envelope, Flag, Link, Problem, Strings, Window


class CommitAnalysis(AnswerModel):
    """What the commit looks like. `text` and `reasons` only in commit details."""

    text: Link = None
    categories: tuple[str, ...] = ()
    impact_score: int
    risk_level: Literal["low", "medium", "high"]
    breaking: Flag = False
    security_relevant: Flag = False
    reasons: Strings = ()


class CommitAnswer(AnswerModel):
    """One commit; `message` is its first line, null numbers were not fetched yet."""

    sha: str
    message: str
    author_name: str | None
    author_login: str | None
    is_bot: Flag = False
    ai_assistant: Flag = False
    committed_at: str
    branch: str | None
    additions: int | None
    deletions: int | None
    files_changed: int | None
    url: Link = None
    summary: CommitAnalysis


class FileAnswer(AnswerModel):
    """One file of a commit."""

    filename: str
    status: str
    additions: int | None
    deletions: int | None
    previous_filename: Link = None


class RecentCommits(Envelope):
    """Commits of one repository, newest first; `total_commits` counts all in the window."""

    total_commits: int
    commits: tuple[CommitAnswer, ...]
    next_cursor: str | None = None


class CommitDetails(AnswerModel):
    """One commit with files. `files` is null when GitHub could not be asked for them; `note` then says why."""

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


class CommitFiles(AnswerModel):
    """The files of one commit; null when GitHub could not be asked for them, `note` then says why."""

    repo: str
    sha: str
    files: tuple[FileAnswer, ...] | None
    files_omitted: int = 0
    note: str | None = None

    @classmethod
    def of(cls, details: CommitDetails) -> Self:
        """The part of commit details that is about files."""
        return cls(
            repo=details.repo,
            sha=details.commit.sha,
            files=details.files,
            files_omitted=details.files_omitted,
            note=details.note,
        )


class MonitoredRepository(AnswerModel):
    """One repository's commits in `monitor_commits`; `error` in place of the rest where it failed."""

    repo: str
    repo_url: str
    total_commits: int | None = None
    commits: tuple[CommitAnswer, ...] = ()
    authors: dict[str, int] = Field(default_factory=dict)
    coverage: Coverage | None = None
    error: Problem | None = None


class MonitorCommits(AnswerModel):
    """Commits across repositories."""

    window: Window
    repositories: tuple[MonitoredRepository, ...]
    now_watching: tuple[str, ...]
    note: str | None = None
