"""What is known of a repository beside its events and commits: small values, one parser for each endpoint.

Each parser raises `Unreachable` when the body is not of the documented kind (an array, an object). Instants are in the
stored form; what is missing or odd is None, and a row without its identity is left out.
"""

from typing import NamedTuple

import msgspec

from ..errors import InvalidInput, Unreachable
from ..observations import Deployment, Release, safe_url
from ..records import repo_key
from .decoding import array_of, branch, count, instant, object_of, text


class RepositoryInfo(NamedTuple):
    """https://docs.github.com/en/rest/repos/repos#get-a-repository"""

    id: int
    full_name: str
    default_branch: str | None
    fork: bool | None
    archived: bool | None
    created_at: str | None


class DeploymentStatus(NamedTuple):
    """https://docs.github.com/en/rest/deployments/statuses#list-deployment-statuses"""

    state: str
    created_at: str | None


class Advisory(NamedTuple):
    """A security advisory of a repository. is_open: users are exposed to it still."""

    ghsa_id: str
    is_open: bool


_UNSOLVED = frozenset({"triage", "draft", "published"})


class _Account(msgspec.Struct):
    login: str | None = None


class _Vulnerability(msgspec.Struct):
    patched_versions: str | None = None


class ListedRepository(NamedTuple):
    """A row of a listing of repositories, with GitHub's spelling of its name."""

    full_name: str
    fork: bool
    archived: bool


class _Row(msgspec.Struct):
    """What is read of all these endpoints together: a name means the same in each of them."""

    id: int | None = None
    full_name: str | None = None
    default_branch: str | None = None
    fork: bool | None = None
    archived: bool | None = None
    tag_name: str | None = None
    name: str | None = None
    draft: bool | None = None
    prerelease: bool | None = None
    author: _Account | None = None
    sha: str | None = None
    environment: str | None = None
    state: str | None = None
    ghsa_id: str | None = None
    url: str | None = None
    html_url: str | None = None
    withdrawn_at: str | None = None
    vulnerabilities: list[_Vulnerability] | None = None
    created_at: str | None = None
    published_at: str | None = None


class _Profile(msgspec.Struct):
    health_percentage: int | None = None


def parse_repository(body: bytes) -> RepositoryInfo:
    """Metadata of a repository. Raises `Unreachable` also when the answer names no repository."""
    row = object_of(_Row, body, "a repository")
    number = count(row.id)
    if not number or row.full_name is None or not is_name(row.full_name):
        raise Unreachable("GitHub's answer for a repository does not name it; try again later")
    return RepositoryInfo(
        id=number,
        full_name=row.full_name,
        default_branch=branch(row.default_branch),
        fork=row.fork,
        archived=row.archived,
        created_at=instant(row.created_at),
    )


def parse_releases(body: bytes) -> list[Release]:
    """Return published releases in GitHub's order; drafts, which a token may see, are left out.

    Tags without a release are not listed: https://docs.github.com/en/rest/releases/releases#list-releases
    """
    return [
        Release(
            id=str(row.id),
            tag=tag,
            published_at=at,
            author_login=_login(row.author),
            prerelease=bool(row.prerelease),
            url=safe_url(row.html_url),
            listed_by=instant(row.created_at),
        )
        for row in array_of(_Row, body, "releases")
        if row.id is not None
        and not row.draft
        and (tag := text(row.tag_name)) is not None
        and (at := instant(row.published_at)) is not None
    ]


def parse_deployments(body: bytes) -> list[tuple[int, Deployment]]:
    """Return deployments by number, newest first, without statuses.

    https://docs.github.com/en/rest/deployments/deployments#list-deployments
    """
    return [
        (
            row.id,
            Deployment(
                id=str(row.id),
                created_at=at,
                sha=text(row.sha),
                environment=text(row.environment),
                url=safe_url(row.url),
            ),
        )
        for row in array_of(_Row, body, "deployments")
        if row.id is not None and (at := instant(row.created_at)) is not None
    ]


def parse_deployment_statuses(body: bytes) -> list[DeploymentStatus]:
    """Statuses of one deployment, newest first."""
    return [
        DeploymentStatus(state, instant(row.created_at))
        for row in array_of(_Row, body, "deployment statuses")
        if row.id is not None and (state := text(row.state)) is not None
    ]


def parse_community_profile(body: bytes) -> int | None:
    """GitHub's percentage of the recommended community files; forks have no profile (404).

    https://docs.github.com/en/rest/metrics/community#get-community-profile-metrics
    """
    share = object_of(_Profile, body, "the community profile").health_percentage
    return share if share is not None and 0 <= share <= 100 else None


def parse_security_advisories(body: bytes) -> list[Advisory]:
    """Return the security advisories; without special rights only published ones are listed.

    GitHub calls an advisory published for ever. It is open until it is withdrawn or closed, or every vulnerability in
    it has a fixed version. One that names no vulnerability has no fixed version either.
    https://docs.github.com/en/rest/security-advisories/repository-advisories#list-repository-security-advisories
    """
    return [
        Advisory(ghsa_id, _is_open(row))
        for row in array_of(_Row, body, "security advisories")
        if (ghsa_id := text(row.ghsa_id)) is not None
    ]


def _is_open(row: _Row) -> bool:
    fixes = [(one.patched_versions or "").strip() for one in row.vulnerabilities or ()]
    return row.state in _UNSOLVED and not row.withdrawn_at and not (fixes and all(fixes))


def parse_branches(body: bytes) -> list[str]:
    """Return names of branches, in GitHub's order (by name)."""
    return [name for row in array_of(_Row, body, "branches") if (name := text(row.name)) is not None]


def parse_listed_repositories(body: bytes) -> list[ListedRepository]:
    """Repositories of a listing, in GitHub's order; rows that name none are left out."""
    rows = array_of(_Row, body, "repositories")
    return [
        ListedRepository(row.full_name, bool(row.fork), bool(row.archived))
        for row in rows
        if row.full_name is not None and is_name(row.full_name)
    ]


def parse_login(body: bytes) -> str | None:
    """Return the login of a user, lower case, or None."""
    login = _login(object_of(_Account, body, "a user"))
    return login.lower() if login else None


def _login(account: _Account | None) -> str | None:
    return text(account.login) if account else None


def is_name(value: str) -> bool:
    """Return whether a text can be a repository's name."""
    try:
        repo_key(value)
    except InvalidInput:
        return False
    return True
