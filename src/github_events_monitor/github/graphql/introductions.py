"""Who repositories are, and what they do not have: one question for many, before their first visits."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ...records import repo_key
from ..decoding import branch, count, instant, lenient
from ..resources import RepositoryInfo, is_name
from .documents import introduction_document
from .protocol import question_about_many, rows_by_name


class Introduction(NamedTuple):
    """A repository as it was shown. empty: of "threads", "releases" and "deployments" those of which it has none."""

    info: RepositoryInfo
    empty: frozenset[str]


class _Ref(msgspec.Struct):
    name: str | None = None


class _Rows(msgspec.Struct):
    nodes: list[Any] | None = None


class _Repository(msgspec.Struct, rename="camel"):
    database_id: int | None = None
    name_with_owner: str | None = None
    is_archived: bool | None = None
    is_fork: bool | None = None
    created_at: str | None = None
    default_branch_ref: _Ref | None = None
    issues: _Rows | None = None
    pull_requests: _Rows | None = None
    releases: _Rows | None = None
    deployments: _Rows | None = None


def introduction_question(repos: Sequence[str]) -> dict[str, Any]:
    """Return the body of the request about up to `MOST_INTRODUCTIONS` repositories."""
    return question_about_many(introduction_document(len(repos)), repos)


def parse_introductions(repos: Sequence[str], body: bytes) -> dict[str, Introduction]:
    """Return introductions by the keys of the repositories asked about; one that was not wholly shown is left out.

    Where GitHub does not say what there is of something (null, with an error beside it), it is not known to be empty.
    """
    rows, _ = rows_by_name(body)
    found = {repo_key(repo): _introduction(lenient(_Repository, rows.get(f"r{n}"))) for n, repo in enumerate(repos)}
    return {key: introduction for key, introduction in found.items() if introduction is not None}


def _introduction(row: _Repository) -> Introduction | None:
    """Return it; None also for a repository without commits, whose default branch is not shown, and odd answers."""
    number = count(row.database_id)
    default_branch = branch(row.default_branch_ref.name) if row.default_branch_ref else None
    if not number or default_branch is None or row.name_with_owner is None or not is_name(row.name_with_owner):
        return None
    info = RepositoryInfo(
        id=number,
        full_name=row.name_with_owner,
        default_branch=default_branch,
        fork=row.is_fork,
        archived=row.is_archived,
        created_at=instant(row.created_at),
    )
    parts = {
        "threads": (row.issues, row.pull_requests),
        "releases": (row.releases,),
        "deployments": (row.deployments,),
    }
    return Introduction(info, frozenset(part for part, listed in parts.items() if all(map(_is_empty, listed))))


def _is_empty(rows: _Rows | None) -> bool:
    return rows is not None and rows.nodes == []
