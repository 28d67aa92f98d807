"""What can only be observed in the present, kept once a day: `Snapshot`."""

from typing import Any

import msgspec

from ..errors import InvalidInput
from ..records import MetricRow, repo_key

PREFIX = "snapshot#"
"""Rows of table security_metrics whose sort key begins so hold snapshots, one a day."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it was seen at `observed_at`. None means that it could not be read; `unknown` says why, by field.

    ci_runs, ci_successes: finished workflow runs on the default branch. community_profile: percent. open_advisories:
    published security advisories that are not resolved, as far as the token may see.
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
    unknown: dict[str, str] = {}


def to_row(repo: str, snapshot: Snapshot) -> MetricRow:
    """The snapshot as a row of security_metrics; a later one of the same day replaces it."""
    data: dict[str, Any] = msgspec.to_builtins(snapshot)
    return MetricRow(key=repo_key(repo), sort=PREFIX + snapshot.observed_at[:10], data=data)


def from_row(row: MetricRow) -> Snapshot:
    """Read a row that `to_row` made. Raises `InvalidInput` when it holds something else."""
    try:
        return msgspec.convert(row.data, Snapshot)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{row.key} {row.sort}: not a snapshot of a repository: {error}") from error
