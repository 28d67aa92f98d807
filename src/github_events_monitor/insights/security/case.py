"""What is known about a repository, arranged once for all checks; and how a check says what it found."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from ...instants import shift
from ...observations import Snapshot
from ...records import Activity, Authorship, Commit, CommitFile, CommitSummary, MetricRow, Span
from ...text import clean, first_few
from ..accounts import Account, Accounts
from ..event_texts import MAX_TEXT, TextItem
from ..results import Finding, RiskLevel
from ..rows import by_type, in_order, within

HISTORY = timedelta(days=90)
"""How long before the window events and commits are wanted, to know who is new."""

ENOUGH_HISTORY = timedelta(days=7)
"""Somebody is called new only when others were seen for so long before."""

NEW_FOR = timedelta(days=7)
"""How long somebody stays new: the first pull request may have more than one commit."""

SECURITY_TYPES = frozenset(
    {"CreateEvent", "DeleteEvent", "MemberEvent", "PublicEvent", "PushEvent", "ReleaseEvent"}
    | {"CheckRunEvent", "CheckSuiteEvent", "DeploymentEvent", "DeploymentStatusEvent"}
    | {"WorkflowJobEvent", "WorkflowRunEvent"}
)
"""The events that a check looks at: of the second half, and of pushes, the names of branches."""

_MAX_ACTORS = 10
_MAX_EVIDENCE = 5
_MAX_LOGIN = 60


@dataclass(frozen=True, kw_only=True)
class SecurityInputs:
    """What `assess_security` looks at.

    repo_url: where people read the repository.
    activity, commits: from `HISTORY` before `since` to `until`; of events those of `SECURITY_TYPES` suffice.
    events_stored: whether the window has any event, of whatever type.
    files: of the commits whose details were fetched, by sha. without_files: those known by their numbers alone.
    texts: what people wrote in the window's events.
    observations: rows of security_metrics; those whose sort key begins with `force_push#` count.
    snapshot: None for a past window, or when none could be made.
    unknown: sentences on what could not be looked at.
    events_known, commits_known: spans completely known.
    bot_logins: lower-case.
    """

    since: str
    until: str
    repo_url: str | None = None
    default_branch: str | None = None
    activity: Sequence[Activity] = ()
    events_stored: bool = False
    commits: Sequence[tuple[Commit, CommitSummary | None]] = ()
    files: Mapping[str, Sequence[CommitFile]] = field(default_factory=dict)
    without_files: Collection[str] = ()
    texts: Sequence[TextItem] = ()
    observations: Sequence[MetricRow] = ()
    snapshot: Snapshot | None = None
    unknown: Sequence[str] = ()
    events_known: Sequence[Span] = ()
    commits_known: Sequence[Span] = ()
    bot_logins: frozenset[str] = frozenset()


class Item(NamedTuple):
    """One occurrence: when (None: not known), by whom, and where to see it (empty: nothing to open).

    same: what it is recognised by where two records may tell of it; else that is its evidence.
    """

    at: str | None
    actor: str | None
    evidence: str
    same: str = ""


class Found(NamedTuple):
    """A finding with all of its occurrences."""

    finding: Finding
    items: tuple[Item, ...]


class Known(NamedTuple):
    """A commit with what analysis says and whose it is."""

    commit: Commit
    summary: CommitSummary | None
    author: Account | None

    @property
    def item(self) -> Item:
        """Return the commit as an occurrence."""
        return Item(self.commit.commit_date, self.author.login if self.author else None, f"commit:{self.commit.sha}")


class Case:
    """The inputs in order, each record once."""

    def __init__(self, inputs: SecurityInputs) -> None:
        """Sorts, so that no check depends on the order of rows."""
        self.inputs = inputs
        self.rows = in_order(inputs.activity)
        self._by_type = by_type(self.rows)
        unique = {commit.sha: (commit, summary) for commit, summary in inputs.commits}.values()
        ordered = sorted(unique, key=lambda pair: (pair[0].commit_date, pair[0].sha))
        accounts = Accounts([_authorship(commit) for commit, _ in ordered], inputs.bot_logins)
        self.commits = [Known(commit, summary, _author(accounts, commit)) for commit, summary in ordered]

    def in_window(self, at: str) -> bool:
        """Return whether an instant lies in the window."""
        return self.inputs.since <= at < self.inputs.until

    def rows_of(self, event_type: str) -> Sequence[Activity]:
        """Return the events of a type, oldest first."""
        return self._by_type.get(event_type, ())

    def window_rows_of(self, event_type: str) -> Sequence[Activity]:
        """Return the window's events of a type, oldest first."""
        return within(self.rows_of(event_type), self.inputs.since, self.inputs.until)

    @cached_property
    def window_rows(self) -> Sequence[Activity]:
        """Return the window's events, oldest first."""
        return within(self.rows, self.inputs.since, self.inputs.until)

    @cached_property
    def window_commits(self) -> list[Known]:
        """Return the window's commits, oldest first."""
        return [known for known in self.commits if self.in_window(known.commit.commit_date)]

    @cached_property
    def texts(self) -> list[TextItem]:
        """Every text of the window, the first occurrence of each."""
        items = [text for text in self.inputs.texts if self.in_window(text.created_at)]
        for known in self.window_commits:
            at, author, evidence, _ = known.item
            items.append(TextItem(evidence, author, at or "", known.commit.message[:MAX_TEXT]))
        refs = {row.ref: row for row in reversed(self.window_rows) if row.ref}
        items += [TextItem(f"event:{row.id}", row.actor_login, row.created_at, ref) for ref, row in refs.items()]
        first: dict[str, TextItem] = {}
        for item in sorted(items, key=lambda item: (item.created_at, item.evidence, item.text)):
            first.setdefault(item.text, item)
        return list(first.values())

    def is_newcomer(self, known: Known) -> bool | None:
        """Return whether the author was never seen before these days; None when the history is too short to say so."""
        first = self._first_seen.get(known.author.key) if known.author else None
        if first is None:
            return None
        if shift(first, NEW_FOR) < known.commit.commit_date:
            return False
        return True if shift(self.commits[0].commit.commit_date, ENOUGH_HISTORY) <= first else None

    @cached_property
    def _first_seen(self) -> Mapping[str, str]:
        first: dict[str, str] = {}
        for known in reversed(self.commits):
            if known.author:
                first[known.author.key] = known.commit.commit_date
        for row in reversed(self.rows_of("PushEvent")):
            key = (row.actor_login or "").lower()
            if row.created_at < first.get(key, ""):
                first[key] = row.created_at
        return first


Check = Callable[[Case], Iterable[Found | str]]
"""Gives findings, and sentences on what it could not judge."""


def finding(kind: str, severity: RiskLevel, title: str, explanation: str, items: Iterable[Item]) -> Found:
    """Return similar occurrences as one finding: the newest gives its time, the newest few its evidence."""
    newest_first = sorted(set(items), key=lambda item: (item.at or "", item.evidence), reverse=True)
    actors = dict.fromkeys(clean(item.actor, _MAX_LOGIN, one_line=True) for item in newest_first if item.actor)
    said = Finding(
        type=kind,
        severity=severity,
        title=title,
        explanation=explanation,
        occurred_at=newest_first[0].at if newest_first else None,
        actors=tuple(actors)[:_MAX_ACTORS],
        evidence=tuple(dict.fromkeys(item.evidence for item in newest_first if item.evidence))[:_MAX_EVIDENCE],
    )
    return Found(said, tuple(newest_first))


def names(values: Iterable[str]) -> str:
    """Return the first three of some names, cleaned, and how many more there are."""
    return first_few(list(dict.fromkeys(clean(value, 80, one_line=True) for value in values)), 3)


def event_item(row: Activity) -> Item:
    """Return an event as an occurrence."""
    return Item(row.created_at, row.actor_login, f"event:{row.id}")


def _author(accounts: Accounts, commit: Commit) -> Account | None:
    return next(iter(accounts.of_commit(_authorship(commit)).accounts), None)


def _authorship(commit: Commit) -> Authorship:
    """Return the author alone: who is only named as a co-author did not make the change."""
    name, email, kind = commit.author_name, commit.author_email, commit.author_type
    return Authorship(commit.sha, commit.commit_date, commit.author_login, name, email, kind, "")
