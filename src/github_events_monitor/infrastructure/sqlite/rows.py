"""Commits, files and summaries as rows, and back."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ...jsontext import dump_json, load_json
from ...records import Commit, CommitFile, CommitSummary
from ..merging import co_authors
from .sql import NUMBER, TEXT, typed

COMMIT_COLUMNS = (
    "sha, repo_name, commit_date, message, author_name, author_email, author_login, author_type, committer_login,"
    " authored_at, parents, branches, additions, deletions, files_changed, source"
)
SUMMARY_COLUMNS = "text, categories, impact_score, risk_level, breaking, security_relevant, reasons, rules"
FILE_COLUMNS = "filename, status, additions, deletions, previous_filename"
_COMMIT_TYPES = (*[str] * 4, *[TEXT] * 6, str, str, *[NUMBER] * 3, str)
_SUMMARY_TYPES = (str, str, int, str, int, int, str, int)
_FILE_TYPES = (str, str, NUMBER, NUMBER, TEXT)
COMMIT_WIDTH = COMMIT_COLUMNS.count(",") + 1

INSERT_COMMIT = f"INTO commits ({COMMIT_COLUMNS}, co_authors) VALUES ({', '.join('?' * (COMMIT_WIDTH + 1))})"
PUSHED_COLUMNS = (
    "sha, repo_name, commit_date, message, author_name, author_email, author_login, committer_login, branches, source"
)
"""What a push tells of a commit: half of the columns, and each that is bound takes its time."""

INSERT_PUSHED = f"INTO commits ({PUSHED_COLUMNS}, co_authors, parents) VALUES ({', '.join('?' * 11)}, '')"
INSERT_SUMMARY = (
    f"INTO commit_summaries (repo_name, commit_sha, {SUMMARY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_FILE = f"INTO commit_files (repo_name, commit_sha, {FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"


def _branches(commit: Commit) -> str:
    """Return branches as they are stored: each between line ends, so that one is found by its whole name."""
    return "\n".join(("", *commit.branches, ""))


def commit_row(commit: Commit) -> tuple[Any, ...]:
    """Return values of `COMMIT_COLUMNS` and `co_authors`."""
    return (
        commit.sha,
        commit.repo_name,
        commit.commit_date,
        commit.message,
        commit.author_name,
        commit.author_email,
        commit.author_login,
        commit.author_type,
        commit.committer_login,
        commit.authored_at,
        " ".join(commit.parents),
        _branches(commit),
        commit.additions,
        commit.deletions,
        commit.files_changed,
        commit.source,
        co_authors(commit.message),
    )


def pushed_row(commit: Commit) -> tuple[Any, ...]:
    """Return values of `PUSHED_COLUMNS` and `co_authors` of a commit that a push carries."""
    return (
        commit.sha,
        commit.repo_name,
        commit.commit_date,
        commit.message,
        commit.author_name,
        commit.author_email,
        commit.author_login,
        commit.committer_login,
        _branches(commit),
        commit.source,
        co_authors(commit.message),
    )


def pushed_commit(row: Sequence[Any]) -> Commit:
    """Return the commit that `pushed_row` was made of."""
    values = dict(zip(PUSHED_COLUMNS.split(", "), row[:-1], strict=True))
    return Commit(**values | {"branches": tuple(values["branches"].split("\n")[1:-1])})


def commit_of(row: Sequence[Any]) -> Commit:
    """Return a commit out of a row of `COMMIT_COLUMNS`."""
    sha, repo, date, message, name, email, login, kind, committer, authored, parents, branches, *numbers, source = (
        typed(row, _COMMIT_TYPES)
    )
    return Commit(
        sha=sha,
        repo_name=repo,
        commit_date=date,
        message=message,
        author_name=name,
        author_email=email,
        author_login=login,
        author_type=kind,
        committer_login=committer,
        authored_at=authored,
        parents=tuple(parents.split()),
        branches=tuple(branches.split("\n")[1:-1]),
        additions=numbers[0],
        deletions=numbers[1],
        files_changed=numbers[2],
        source=source,
    )


def summary_row(summary: CommitSummary) -> tuple[Any, ...]:
    """Return values of `SUMMARY_COLUMNS`."""
    return (
        summary.text,
        array(summary.categories),
        summary.impact_score,
        summary.risk_level,
        summary.breaking,
        summary.security_relevant,
        array(summary.reasons),
        summary.rules,
    )


def summary_of(row: Sequence[Any]) -> CommitSummary:
    """Return a summary out of a row of `SUMMARY_COLUMNS`."""
    text, categories, impact, risk, breaking, security, reasons, rules = typed(row, _SUMMARY_TYPES)
    return CommitSummary(
        text=text,
        categories=_texts(categories),
        impact_score=impact,
        risk_level=risk,
        breaking=bool(breaking),
        security_relevant=bool(security),
        reasons=_texts(reasons),
        rules=rules,
    )


def file_row(file: CommitFile) -> tuple[Any, ...]:
    """Return values of `FILE_COLUMNS`."""
    return file.filename, file.status, file.additions, file.deletions, file.previous_filename


def file_of(row: Sequence[Any]) -> CommitFile:
    """Return a file out of a row of `FILE_COLUMNS`."""
    name, status, additions, deletions, previous = typed(row, _FILE_TYPES)
    return CommitFile(
        filename=name, status=status, additions=additions, deletions=deletions, previous_filename=previous
    )


def array(texts: Sequence[str]) -> str:
    """Return texts as JSON: for a column, or for a question about many values."""
    return dump_json(texts).decode()


@lru_cache(maxsize=1_000)
def _texts(stored: str) -> tuple[str, ...]:
    """Return texts out of such a column: most commits have the categories and the reasons of others."""
    return tuple(load_json(stored))
