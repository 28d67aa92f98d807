"""Types and constants that all of the abstract database uses."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from ...errors import InvalidInput
from ...records import CommitRecord

Position = tuple[str, str]
"""Where a page ended: (time, id) of its last record, both orders being time descending, then id."""

MetricTable = Literal["developer_metrics", "security_metrics", "event_patterns", "deployment_metrics"]

TABLES = (
    "events",
    "commits",
    "commit_files",
    "commit_summaries",
    "threads",
    "repository_health_metrics",
    "developer_metrics",
    "security_metrics",
    "event_patterns",
    "deployment_metrics",
)
"""The ten tables, by the same names on every provider (DynamoDB adds its prefix).

What says that nothing is missing (`repository_health_metrics`) comes behind the records it speaks of.
"""

CORE_TABLES = tuple(name for name in TABLES if name != "threads")
"""The nine that a database had before the record of issues and pull requests; health counts these."""

RESERVED = "#"
"""Keys that begin with this hold collector state or rollups; no data method returns them, no export has them."""

LONGEST_LEASE = timedelta(hours=1)
"""Real ones last a minute at most; clocks that are apart by less than the rest do not break into one another's."""


class EventQuery(NamedTuple):
    """Which events a hook is asked for, normalised: since <= created_at < until.

    event_types: None is every type, an empty set is none. without: those left out where every type is asked for.
    actor: a login, lower-case. limit, after: for pages alone.
    """

    repo: str
    since: str
    until: str
    event_types: frozenset[str] | None = None
    actor: str | None = None
    limit: int = 100
    after: Position | None = None
    without: frozenset[str] = frozenset()


class CommitQuery(NamedTuple):
    """Which commits a hook is asked for, normalised: since <= commit_date < until.

    branch: None is all. limit, after: for pages alone.
    """

    repo: str
    since: str
    until: str
    branch: str | None = None
    limit: int = 100
    after: Position | None = None


class CommitPage(NamedTuple):
    """A page of commits with summaries, and how many commits there are in all."""

    total: int
    commits: list[CommitRecord]


class RepositoryCount(NamedTuple):
    """A repository and its number of events in a window."""

    repo_name: str
    events: int


class KnownRepository(NamedTuple):
    """A repository of which something is stored: its key and GitHub's spelling as last seen."""

    repo_name: str
    full_name: str


class TableItem(msgspec.Struct, frozen=True):
    """One row of one of the tables in its export form: plain JSON values, no engine's types."""

    table: str
    item: dict[str, Any]


def check_tables(tables: Collection[str]) -> None:
    """Raise `InvalidInput` for a name that is not one of `TABLES`."""
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise InvalidInput(f"there is no table {unknown[0]!r}; the tables are {', '.join(TABLES)}")


def type_filter(event_types: Collection[str] | None) -> frozenset[str] | None:
    """Return the event types to keep; None is all of them."""
    return None if event_types is None else frozenset(event_types)


def fold_login(name: str | None) -> str | None:
    """Return a login, name or e-mail for comparing in any letter case."""
    return None if name is None else name.strip().lower()


def is_named(text: str, folded: str) -> bool:
    """Return whether a text is a folded name in any letter case.

    As an index of SQLite has it, what is ASCII has ASCII alone as its letter cases: the sign of Kelvin is no k.
    https://www.sqlite.org/datatype3.html#collation
    """
    return text.lower() == folded and (text.isascii() or not folded.isascii())
