"""What changed in many repositories since, and a repository's deployments: each one question for many requests."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ...errors import Unreachable
from ...observations import Deployment
from ...records import MAX_KEY_TEXT, repo_key
from ..decoding import branch, count, instant, lenient, object_of, text
from ..resources import DeploymentStatus
from .documents import look_document
from .protocol import missing_paths, question_about_many, rows_by_name


class Look(NamedTuple):
    """What one look shows of a repository; None where GitHub does not say, or where there is no such thing.

    newest_issue_at, newest_pull_request_at: the latest `updated_at` of each.
    """

    full_name: str
    repository_id: int | None
    archived: bool | None
    pushed_at: str | None
    updated_at: str | None
    newest_issue_at: str | None
    newest_pull_request_at: str | None
    stars: int | None
    forks: int | None
    default_branch: str | None
    head_sha: str | None
    latest_release: str | None
    latest_release_at: str | None


class _Target(msgspec.Struct):
    oid: str | None = None


class _Ref(msgspec.Struct):
    name: str | None = None
    target: _Target | None = None


class _Row(msgspec.Struct, rename="camel"):
    """A row of any connection that a look has."""

    updated_at: str | None = None
    tag_name: str | None = None
    created_at: str | None = None
    published_at: str | None = None


class _Rows(msgspec.Struct):
    nodes: list[_Row] | None = None


class _Repository(msgspec.Struct, rename="camel"):
    database_id: int | None = None
    name_with_owner: str | None = None
    is_archived: bool | None = None
    pushed_at: str | None = None
    updated_at: str | None = None
    stargazer_count: int | None = None
    fork_count: int | None = None
    default_branch_ref: _Ref | None = None
    issues: _Rows | None = None
    pull_requests: _Rows | None = None
    releases: _Rows | None = None


class _Status(msgspec.Struct, rename="camel"):
    state: str | None = None
    created_at: str | None = None


class _Deployment(msgspec.Struct, rename="camel"):
    database_id: int | None = None
    commit_oid: str | None = None
    environment: str | None = None
    created_at: str | None = None
    latest_status: _Status | None = None


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool | None = None
    end_cursor: str | None = None


class _Deployments(msgspec.Struct, rename="camel"):
    nodes: list[_Deployment] | None = None
    page_info: _PageInfo | None = None


class _Deployed(msgspec.Struct):
    deployments: _Deployments | None = None


class _Data(msgspec.Struct):
    repository: _Deployed | None = None


class _Answer(msgspec.Struct):
    data: _Data | None = None


def look_question(repos: Sequence[str]) -> dict[str, object]:
    """Return the body of the request that looks at up to `MOST_LOOKS` repositories."""
    return question_about_many(look_document(len(repos)), repos)


def parse_looks(repos: Sequence[str], body: bytes) -> dict[str, Look | None]:
    """Return looks by the keys of the repositories asked about.

    None: GitHub says that it is not found or not visible. A repository is left out where its part of the answer failed.
    """
    data, errors = rows_by_name(body)
    missing = missing_paths(errors)
    looks: dict[str, Look | None] = {}
    for number, repo in enumerate(repos):
        look = _look(lenient(_Repository, data.get(f"r{number}")))
        if look is not None or (f"r{number}",) in missing:
            looks[repo_key(repo)] = look
    return looks


def parse_gone_issues(numbers: Sequence[int], body: bytes) -> frozenset[int]:
    """Return which of the issues asked for are not in the repository any more: deleted, or moved to another one.

    Where GitHub answered nothing for one, and does not say that it is not found, that is not known.
    """
    data, errors = rows_by_name(body)
    rows = found if isinstance(found := data.get("repository"), dict) else {}
    missing = missing_paths(errors)
    moved = {n for n in numbers if isinstance(row := rows.get(f"i{n}"), dict) and row.get("number") not in {n, None}}
    gone = {n for n in numbers if rows.get(f"i{n}", "") is None and ("repository", f"i{n}") in missing}
    return frozenset(gone | moved)


class DeploymentsPage(NamedTuple):
    """Deployments with their latest statuses, newest first; following: where the next page is, None on the last."""

    deployments: list[Deployment]
    following: str | None = None


def parse_deployments_page(body: bytes) -> DeploymentsPage:
    """Return a page of deployments.

    Raises `Unreachable` for a body that is no JSON object, or in which GitHub did not answer.
    """
    data = object_of(_Answer, body, "deployments").data or _Data()
    listed = (data.repository or _Deployed()).deployments
    if listed is None or listed.nodes is None:
        raise Unreachable("GitHub did not say by GraphQL what was deployed; try again later")
    found = []
    for row in listed.nodes:
        number, created_at = count(row.database_id), instant(row.created_at)
        if number is None or created_at is None:
            continue
        status = _status(row.latest_status)
        found.append(
            Deployment(
                id=str(number),
                created_at=created_at,
                sha=text(row.commit_oid, MAX_KEY_TEXT),
                environment=text(row.environment, MAX_KEY_TEXT),
                state=status.state if status else None,
                state_at=status.created_at if status else None,
            )
        )
    info = listed.page_info or _PageInfo()
    return DeploymentsPage(found, info.end_cursor if info.has_next_page else None)


def _look(row: _Repository) -> Look | None:
    if not row.name_with_owner:
        return None
    ref, release = row.default_branch_ref or _Ref(), _first(row.releases)
    return Look(
        full_name=text(row.name_with_owner, MAX_KEY_TEXT) or "",
        repository_id=count(row.database_id),
        archived=row.is_archived,
        pushed_at=instant(row.pushed_at),
        updated_at=instant(row.updated_at),
        newest_issue_at=instant(_first(row.issues).updated_at),
        newest_pull_request_at=instant(_first(row.pull_requests).updated_at),
        stars=count(row.stargazer_count),
        forks=count(row.fork_count),
        default_branch=branch(ref.name),
        head_sha=text(ref.target.oid, MAX_KEY_TEXT) if ref.target else None,
        latest_release=text(release.tag_name, MAX_KEY_TEXT),
        latest_release_at=instant(release.published_at) or instant(release.created_at),
    )


def _first(rows: _Rows | None) -> _Row:
    return rows.nodes[0] if rows and rows.nodes else _Row()


def _status(row: _Status | None) -> DeploymentStatus | None:
    state = text(row.state, MAX_KEY_TEXT) if row else None
    return DeploymentStatus(state.lower(), instant(row.created_at)) if state and row else None
