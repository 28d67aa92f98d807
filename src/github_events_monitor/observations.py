"""What a listing or a delivery says of a repository at one time, typed, and the stored row of each.

`Snapshot` and `ForcePush` are rows of table security_metrics, `Release` and `Deployment` of deployment_metrics. Each
has `to_row(repo)`, and `from_row(row)`, which returns None for a row of another kind: an import may bring rows of any
shape, and older versions stored other fields.
"""

import re
from typing import Any, Self

import msgspec

from .errors import InvalidInput
from .records import MetricRow, repo_key

SNAPSHOT, FORCE_PUSH, RELEASE, DEPLOYMENT = "snapshot#", "force_push#", "release:", "deployment:"
"""How the sort keys of the rows begin."""

_SHA = re.compile(r"[0-9a-f]{7,64}")
_URL = re.compile(r"https?://[A-Za-z0-9._~/%#?&=+@!,:;-]{1,400}")


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A published release: https://docs.github.com/en/rest/releases/releases#list-releases

    prerelease: None when only an event told of it. url: its page, None where no safe address is known. listed_by: the
    time by which GitHub lists releases, newest first. deleted_at: when it was found to be deleted, or a draft again.
    """

    id: str
    tag: str
    published_at: str
    author_login: str | None = None
    prerelease: bool | None = None
    url: str | None = None
    listed_by: str | None = None
    deleted_at: str | None = None

    def to_row(self, repo: str) -> MetricRow:
        """Return the row of deployment_metrics; the same release replaces it."""
        return MetricRow(key=repo_key(repo), sort=RELEASE + self.id, data={"kind": "release", **_data(self)})

    @classmethod
    def from_row(cls, row: MetricRow) -> Self | None:
        """Return the release of a row, or None when it holds none."""
        tag, at, prerelease = _text(row, "tag"), _text(row, "published_at"), row.data.get("prerelease")
        if row.data.get("kind") != "release" or not tag or not at:
            return None
        return cls(
            id=_text(row, "id") or row.sort.removeprefix(RELEASE),
            tag=tag,
            published_at=at,
            author_login=_text(row, "author_login"),
            prerelease=prerelease if isinstance(prerelease, bool) else None,
            url=safe_url(_text(row, "url")),
            listed_by=_text(row, "listed_by"),
            deleted_at=_text(row, "deleted_at"),
        )


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment with its latest status: https://docs.github.com/en/rest/deployments/deployments

    state, state_at: None while no status is known. url: where GitHub's API shows it (it has no page of its own).
    """

    id: str
    created_at: str
    sha: str | None = None
    environment: str | None = None
    state: str | None = None
    state_at: str | None = None
    url: str | None = None

    def to_row(self, repo: str) -> MetricRow:
        """Return the row of deployment_metrics; the same deployment replaces it."""
        return MetricRow(key=repo_key(repo), sort=DEPLOYMENT + self.id, data={"kind": "deployment", **_data(self)})

    @classmethod
    def from_row(cls, row: MetricRow) -> Self | None:
        """Return the deployment of a row, or None when it holds none."""
        at = _text(row, "created_at")
        if row.data.get("kind") != "deployment" or not at:
            return None
        return cls(
            id=_text(row, "id") or row.sort.removeprefix(DEPLOYMENT),
            created_at=at,
            sha=_text(row, "sha"),
            environment=_text(row, "environment"),
            state=_text(row, "state"),
            state_at=_text(row, "state_at"),
            url=safe_url(_text(row, "url")),
        )

    @property
    def evidence(self) -> str | None:
        """Where to see it: its address, else its commit."""
        return self.url or _commit(self.sha)


class ForcePush(msgspec.Struct, frozen=True, kw_only=True):
    """A push that replaced history: https://docs.github.com/en/rest/repos/repos#list-repository-activities

    before, after: the branch's head; None where GitHub does not name it.
    """

    ref: str | None
    before: str | None
    after: str | None
    actor: str | None
    timestamp: str

    def to_row(self, repo: str, activity_id: int | None = None) -> MetricRow:
        """Return the row of security_metrics; `activity_id` tells apart what /activity lists."""
        sort = f"{FORCE_PUSH}{self.timestamp}#{activity_id or self.after}"
        return MetricRow(key=repo_key(repo), sort=sort, data=_data(self))

    @classmethod
    def from_row(cls, row: MetricRow) -> Self | None:
        """Return the force push of a row, or None when it holds none."""
        at = _text(row, "timestamp") or row.sort.removeprefix(FORCE_PUSH).partition("#")[0]
        if not row.sort.startswith(FORCE_PUSH) or not at:
            return None
        return cls(
            ref=_text(row, "ref"),
            before=_text(row, "before"),
            after=_text(row, "after"),
            actor=_text(row, "actor"),
            timestamp=at,
        )

    @property
    def evidence(self) -> str | None:
        """Where to see it: the commit that the branch has now, else the one that it had."""
        return _commit(self.after) or _commit(self.before)


NOT_YET = "it was not asked for yet"
"""Why a field of a snapshot is unknown that a later question or pass reads."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it was seen at `observed_at`. None means that it could not be read; `unknown` says why, by field.

    ci_runs, ci_successes: finished workflow runs on the default branch. community_profile: percent. open_advisories:
    published security advisories that are not resolved, as far as the token may see. workflows: the ids of those that
    can run, asked for where one failed last.
    """

    observed_at: str
    archived: bool | None = None
    created_at: str | None = None
    fork: bool | None = None
    default_branch: str | None = None
    ci_runs: int | None = None
    ci_successes: int | None = None
    community_profile: float | None = None
    open_advisories: int | None = None
    workflows: tuple[int, ...] | None = None
    unknown: dict[str, str] = {}

    def was_asked_for(self, *fields: str) -> bool:
        """Return whether GitHub was asked for all of these, whether or not it told them."""
        return all(getattr(self, name) is not None or self.unknown.get(name, NOT_YET) != NOT_YET for name in fields)

    def to_row(self, repo: str) -> MetricRow:
        """Return the row of security_metrics; a later snapshot of the same day replaces it."""
        return MetricRow(key=repo_key(repo), sort=SNAPSHOT + self.observed_at[:10], data=_data(self))

    @classmethod
    def from_row(cls, row: MetricRow) -> Self | None:
        """Return the snapshot of a row, or None for a row of another kind.

        Raises:
            InvalidInput: The row is named a snapshot and holds something else.
        """
        if not row.sort.startswith(SNAPSHOT):
            return None
        try:
            return msgspec.convert(row.data, cls)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{row.key} {row.sort}: not a snapshot of a repository: {error}") from error


def safe_url(url: str | None) -> str | None:
    """Return an http(s) address of plain characters, None for anything else: such addresses are shown as links."""
    return url if url and _URL.fullmatch(url) else None


def _commit(sha: str | None) -> str | None:
    return f"commit:{sha}" if sha and _SHA.fullmatch(sha) and sha.strip("0") else None


def _data(observation: msgspec.Struct) -> dict[str, Any]:
    return dict(msgspec.to_builtins(observation))


def _text(row: MetricRow, field: str) -> str | None:
    """Return a field that is non-empty text, else None; a number counts as its text."""
    value = row.data.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
