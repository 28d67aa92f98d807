"""What is known of a repository beside its events and commits: small values, one parser for each endpoint.

Each parser raises `Unreachable` when the body is not of the documented kind (an array, an object). Instants are in the
stored form; what is missing or odd is None, and a row without its identity is left out.
"""

from typing import NamedTuple

import msgspec

from ..errors import InvalidInput, Unreachable
from ..records import MAX_KEY_TEXT, repo_key
from .decoding import array_of, instant, object_of, text


class RepositoryInfo(NamedTuple):
    """https://docs.github.com/en/rest/repos/repos#get-a-repository. Counts are of now."""

    id: int
    full_name: str
    default_branch: str | None
    private: bool | None
    fork: bool | None
    archived: bool | None
    disabled: bool | None
    created_at: str | None
    pushed_at: str | None
    stars: int | None
    forks: int | None
    open_issues: int | None
    owner_login: str | None
    owner_type: str | None
    license: str | None


class Release(NamedTuple):
    """https://docs.github.com/en/rest/releases/releases#list-releases; tags without a release are not listed."""

    id: int
    tag_name: str
    name: str | None
    draft: bool
    prerelease: bool
    created_at: str | None
    published_at: str | None
    author_login: str | None


class Deployment(NamedTuple):
    """https://docs.github.com/en/rest/deployments/deployments#list-deployments"""

    id: int
    sha: str | None
    ref: str | None
    environment: str | None
    task: str | None
    created_at: str | None
    updated_at: str | None
    creator_login: str | None


class DeploymentStatus(NamedTuple):
    """https://docs.github.com/en/rest/deployments/statuses#list-deployment-statuses"""

    id: int
    state: str
    environment: str | None
    created_at: str | None
    creator_login: str | None


class WorkflowRun(NamedTuple):
    """https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository"""

    id: int
    name: str | None
    event: str | None
    status: str | None
    conclusion: str | None
    head_branch: str | None
    head_sha: str | None
    run_attempt: int | None
    created_at: str | None
    updated_at: str | None
    actor_login: str | None


class CommunityProfile(NamedTuple):
    """https://docs.github.com/en/rest/metrics/community — `present` and `missing` name the recommended files."""

    health_percentage: int | None
    present: tuple[str, ...]
    missing: tuple[str, ...]


class Advisory(NamedTuple):
    """https://docs.github.com/en/rest/security-advisories/repository-advisories"""

    ghsa_id: str
    cve_id: str | None
    severity: str | None
    state: str | None
    summary: str | None
    published_at: str | None
    updated_at: str | None
    withdrawn_at: str | None


class _Account(msgspec.Struct):
    login: str | None = None
    type: str | None = None


class _License(msgspec.Struct):
    spdx_id: str | None = None


class _Row(msgspec.Struct):
    """The fields of all these endpoints together: a name means the same in each of them."""

    id: int | None = None
    full_name: str | None = None
    default_branch: str | None = None
    private: bool | None = None
    fork: bool | None = None
    archived: bool | None = None
    disabled: bool | None = None
    stargazers_count: int | None = None
    forks_count: int | None = None
    open_issues_count: int | None = None
    owner: _Account | None = None
    license: _License | None = None
    ref: str | None = None
    actor: _Account | None = None
    tag_name: str | None = None
    name: str | None = None
    draft: bool | None = None
    prerelease: bool | None = None
    author: _Account | None = None
    sha: str | None = None
    environment: str | None = None
    task: str | None = None
    creator: _Account | None = None
    state: str | None = None
    event: str | None = None
    status: str | None = None
    conclusion: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    run_attempt: int | None = None
    ghsa_id: str | None = None
    cve_id: str | None = None
    severity: str | None = None
    summary: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    pushed_at: str | None = None
    published_at: str | None = None
    withdrawn_at: str | None = None


class _Runs(msgspec.Struct):
    workflow_runs: list[_Row] | None = None


class _Profile(msgspec.Struct):
    health_percentage: int | None = None
    files: dict[str, object] | None = None


def parse_repository(body: bytes) -> RepositoryInfo:
    """Metadata of a repository. Raises `Unreachable` also when the answer names no repository."""
    row = object_of(_Row, body, "a repository")
    if row.id is None or row.full_name is None or not _is_name(row.full_name):
        raise Unreachable("GitHub's answer for a repository does not name it; try again later")
    owner = row.owner or _Account()
    return RepositoryInfo(
        id=row.id,
        full_name=row.full_name,
        default_branch=_text(row.default_branch),
        private=row.private,
        fork=row.fork,
        archived=row.archived,
        disabled=row.disabled,
        created_at=instant(row.created_at),
        pushed_at=instant(row.pushed_at),
        stars=row.stargazers_count,
        forks=row.forks_count,
        open_issues=row.open_issues_count,
        owner_login=_text(owner.login),
        owner_type=_text(owner.type),
        license=_text(row.license.spdx_id) if row.license else None,
    )


def parse_releases(body: bytes) -> list[Release]:
    """Releases, drafts among them when the token may see them."""
    return [
        Release(
            row.id,
            tag,
            _text(row.name),
            bool(row.draft),
            bool(row.prerelease),
            instant(row.created_at),
            instant(row.published_at),
            _login(row.author),
        )
        for row in array_of(_Row, body, "releases")
        if row.id is not None and (tag := _text(row.tag_name)) is not None
    ]


def parse_deployments(body: bytes) -> list[Deployment]:
    """Deployments, newest first."""
    return [
        Deployment(
            row.id,
            _text(row.sha),
            _text(row.ref),
            _text(row.environment),
            _text(row.task),
            instant(row.created_at),
            instant(row.updated_at),
            _login(row.creator),
        )
        for row in array_of(_Row, body, "deployments")
        if row.id is not None
    ]


def parse_deployment_statuses(body: bytes) -> list[DeploymentStatus]:
    """Statuses of one deployment, newest first."""
    return [
        DeploymentStatus(row.id, state, _text(row.environment), instant(row.created_at), _login(row.creator))
        for row in array_of(_Row, body, "deployment statuses")
        if row.id is not None and (state := _text(row.state)) is not None
    ]


def parse_workflow_runs(body: bytes) -> list[WorkflowRun]:
    """Workflow runs, newest first; `conclusion` is None while a run is under way."""
    return [
        WorkflowRun(
            row.id,
            _text(row.name),
            _text(row.event),
            _text(row.status),
            _text(row.conclusion),
            _text(row.head_branch),
            _text(row.head_sha),
            row.run_attempt,
            instant(row.created_at),
            instant(row.updated_at),
            _login(row.actor),
        )
        for row in object_of(_Runs, body, "workflow runs").workflow_runs or ()
        if row.id is not None
    ]


def parse_community_profile(body: bytes) -> CommunityProfile:
    """How many of the recommended community files a repository has; forks have no profile (404)."""
    profile = object_of(_Profile, body, "the community profile")
    files = profile.files or {}
    share = profile.health_percentage
    return CommunityProfile(
        share if share is not None and 0 <= share <= 100 else None,
        tuple(sorted(name for name, file in files.items() if file)),
        tuple(sorted(name for name, file in files.items() if not file)),
    )


def parse_security_advisories(body: bytes) -> list[Advisory]:
    """Security advisories of the repository; without special rights only published ones are listed."""
    return [
        Advisory(
            ghsa,
            _text(row.cve_id),
            _text(row.severity),
            _text(row.state),
            _text(row.summary),
            instant(row.published_at),
            instant(row.updated_at),
            instant(row.withdrawn_at),
        )
        for row in array_of(_Row, body, "security advisories")
        if (ghsa := _text(row.ghsa_id)) is not None
    ]


def parse_branches(body: bytes) -> list[str]:
    """Names of branches, in GitHub's order (by name)."""
    return [name for row in array_of(_Row, body, "branches") if (name := _text(row.name)) is not None]


def _login(account: _Account | None) -> str | None:
    return _text(account.login) if account else None


def _is_name(value: str) -> bool:
    try:
        repo_key(value)
    except InvalidInput:
        return False
    return True


def _text(value: str | None) -> str | None:
    return text(value, MAX_KEY_TEXT)
