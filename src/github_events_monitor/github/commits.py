"""Commits: from the commits endpoints and from push payloads.

https://docs.github.com/en/rest/commits/commits — the top-level `author` and `committer` are accounts and may be a user,
`{}` or null; `commit.author` and `commit.committer` are what git recorded.
"""

import re
from typing import NamedTuple, TypeGuard

import msgspec

from ..records import Commit, CommitFile, Event, repo_key
from .decoding import Shape, array_of, count, instant, object_of, text

MAX_MESSAGE = 65_536
"""Characters of a commit message that are kept."""

MAX_LISTED_FILES = 3_000
"""GitHub lists no more files of a commit: https://docs.github.com/en/rest/commits/commits#get-a-commit"""

MAX_PUSHED = 2_048
"""GitHub lists no more commits of a push: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push"""

_SHA = re.compile(r"[0-9a-f]{40}")
_BRANCH = "refs/heads/"


class CommitDetails(NamedTuple):
    """A commit with its statistics, and its files in GitHub's order."""

    commit: Commit
    files: tuple[CommitFile, ...]


class _Account(msgspec.Struct):
    login: str | None = None
    type: str | None = None


class _Signature(msgspec.Struct):
    name: str | None = None
    email: str | None = None
    date: str | None = None
    username: str | None = None


_NOBODY = _Signature()


class _GitCommit(msgspec.Struct):
    author: _Signature | None = None
    committer: _Signature | None = None
    message: str | None = None


class _Parent(msgspec.Struct):
    sha: str | None = None


class _Stats(msgspec.Struct):
    additions: int | None = None
    deletions: int | None = None


class _File(msgspec.Struct):
    filename: str | None = None
    status: str | None = None
    additions: int | None = None
    deletions: int | None = None
    previous_filename: str | None = None


class _Commit(msgspec.Struct):
    sha: str | None = None
    commit: _GitCommit | None = None
    author: _Account | None = None
    committer: _Account | None = None
    parents: list[_Parent] | None = None
    stats: _Stats | None = None
    files: list[_File] | None = None


class _PushCommit(msgspec.Struct):
    """A commit inside a push: `sha` in events until 2025-10, `id` with `timestamp` and files in webhooks."""

    sha: str | None = None
    id: str | None = None
    message: str | None = None
    timestamp: str | None = None
    author: _Signature | None = None
    committer: _Signature | None = None
    distinct: bool | None = None


class _Push(msgspec.Struct):
    ref: str | None = None
    commits: list[_PushCommit] | None = None


_push_shape = Shape(_Push)


def parse_commits(repo: str, body: bytes, branch: str | None) -> list[Commit]:
    """Return a page of the commit listing, in its order; the listing has neither statistics nor files.

    branch: the branch that was listed. Rows without a sha or any date are left out. Raises `Unreachable` when the body
    is not a JSON array.
    """
    key = repo_key(repo)
    found = (_commit(key, row, (branch,) if branch else ()) for row in array_of(_Commit, body, "commits"))
    return [commit for commit in found if commit is not None]


def parse_commit_details(repo: str, *bodies: bytes, complete: bool = True) -> CommitDetails | None:
    """Return one commit from the pages of its answer: the first page says what it is, all pages list files.

    complete: whether these are all pages. `files_changed` is None when they are not, and when GitHub stopped listing at
    3,000 files. None for an answer without a sha or date. Raises `Unreachable` when a body is not a JSON object.
    """
    pages = [object_of(_Commit, body, "a commit") for body in bodies]
    commit = _commit(repo_key(repo), pages[0], ())
    if commit is None:
        return None
    listed = {file.filename: file for page in pages for row in page.files or () if (file := _file(row)) is not None}
    stats = pages[0].stats or _Stats()
    exact = complete and pages[0].files is not None and len(listed) < MAX_LISTED_FILES
    return CommitDetails(
        msgspec.structs.replace(
            commit,
            additions=count(stats.additions),
            deletions=count(stats.deletions),
            files_changed=len(listed) if exact else None,
        ),
        tuple(listed.values()),
    )


def parse_push_commits(event: Event) -> list[Commit]:
    """Return the commits of a push to a branch: at most 20 in events until 2025-10, none since; 2,048 in webhooks.

    Other events have none. Events say neither date nor account, so such a commit (source "push") has the push's time;
    webhooks (source "webhook") say both. A commit that was pushed before (`distinct: false`) is not as new as the push:
    without a date of its own it is left out.
    """
    if event.event_type != "PushEvent" or event.repo_name is None:
        return []
    push = _push_shape.read(event.payload)
    if not (push.ref or "").startswith(_BRANCH):
        return []
    branch = text((push.ref or "").removeprefix(_BRANCH))
    branches = (branch,) if branch else ()
    found = (
        _push_commit(event.repo_name, event.created_at, row, branches) for row in (push.commits or ())[:MAX_PUSHED]
    )
    return [commit for commit in found if commit is not None]


def _commit(repo: str, row: _Commit, branches: tuple[str, ...]) -> Commit | None:
    git = row.commit or _GitCommit()
    author, committer = git.author or _NOBODY, git.committer or _NOBODY
    authored_at = instant(author.date)
    commit_date = instant(committer.date) or authored_at
    if not is_sha(row.sha) or commit_date is None:
        return None
    account = row.author or _Account()
    return Commit(
        sha=row.sha,
        repo_name=repo,
        commit_date=commit_date,
        message=text(git.message, MAX_MESSAGE) or "",
        author_name=text(author.name),
        author_email=text(author.email),
        author_login=text(account.login),
        author_type=text(account.type),
        committer_login=text(row.committer.login) if row.committer else None,
        authored_at=authored_at,
        parents=tuple(parent.sha for parent in row.parents or () if is_sha(parent.sha)),
        branches=branches,
    )


def _push_commit(repo: str, pushed_at: str, row: _PushCommit, branches: tuple[str, ...]) -> Commit | None:
    sha, dated = row.sha or row.id, instant(row.timestamp)
    if not is_sha(sha) or (row.distinct is False and not dated):
        return None
    author, committer = row.author or _NOBODY, row.committer or _NOBODY
    return Commit(
        sha=sha,
        repo_name=repo,
        commit_date=dated or pushed_at,
        message=text(row.message, MAX_MESSAGE) or "",
        author_name=text(author.name),
        author_email=text(author.email),
        author_login=text(author.username),
        committer_login=text(committer.username),
        branches=branches,
        source="webhook" if dated else "push",
    )


def _file(row: _File) -> CommitFile | None:
    filename = text(row.filename, None)
    if filename is None:
        return None
    return CommitFile(
        filename=filename,
        status=text(row.status) or "modified",
        additions=count(row.additions),
        deletions=count(row.deletions),
        previous_filename=text(row.previous_filename, None),
    )


def is_sha(value: str | None) -> TypeGuard[str]:
    """Return whether a value is the full name of a commit."""
    return value is not None and _SHA.fullmatch(value) is not None
