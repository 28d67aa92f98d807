"""A pass in progress: what it may spend, what it is to learn, and what it has learned so far."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from ..branches import replaced_on
from ..errors import Forbidden, InvalidInput, MonitorError, NotFound, Unreachable
from ..github.client import Answer, BudgetSpent, GitHubClient, RequestBudget
from ..github.refusals import Rejected
from ..github.resources import RepositoryInfo
from ..infrastructure.database_interface import DatabaseManager
from ..infrastructure.merging import merge_commits, merge_records
from ..insights.commits import analyse_commit
from ..instants import Clock, format_instant, shift
from ..ledger import forget_before, known_spans, learn
from ..observations import Snapshot
from ..records import (
    Authorship,
    CollectedBatch,
    Commit,
    CommitFile,
    CommitRecord,
    Event,
    Ledger,
    MetricRow,
    Refusal,
    RepositoryState,
    Rewriting,
    Span,
    Thread,
)
from .introductions import Introduced, Introductions

FIRST_PASS = timedelta(days=30)
"""How far back the first pass lists commits."""

MAX_PAGES = 10
"""Pages of an older listing that a pass reads at most; a search on GitHub shows no more than a thousand rows."""

REFUSED = (Forbidden, InvalidInput, NotFound, Unreachable)
"""How GitHub ends one question: what is asked beside it goes on. A rate limit ends them all."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=30)
"""How long something that GitHub refused is not asked for again, at first and at most."""
MAX_REFUSALS = 200
"""Refusals that are remembered of a repository: its state stays small."""
_MAX_REASON = 200

MAX_NOT_MODIFIED = 3
"""After this many 304s in a row a resource is asked without its ETag once: GitHub repeats stale 304s for hours."""


@dataclass(kw_only=True)
class PassState:
    """What one pass over one repository works on. Steps change it; the collector stores what it holds.

    want: the window asked about. kinds: what of it, "events" or "commits", comes first, and must not fail. needs: what
    else a question rests on, see `needs`. branch: another branch to list beside the default one. thorough: spend what
    the budget allows (false: only what the window needs). with_token: whether 304 answers are free. cutoff: what is
    older will be removed, and does not count as known once it is stored; None where everything stays. introductions:
    where to ask who a repository is that was never collected. introduced: as what GitHub showed it there in this pass.
    dry_run: whether nothing is to be stored.
    """

    client: GitHubClient
    manager: DatabaseManager
    clock: Clock
    budget: RequestBudget
    repository: RepositoryState
    want: Span
    kinds: tuple[str, ...]
    branch: str | None
    thorough: bool
    with_token: bool
    cutoff: str | None = None
    introductions: Introductions | None = None
    introduced: Introduced | None = None
    dry_run: bool = False
    needs: tuple[str, ...] = ()
    events: dict[str, Event] = field(default_factory=dict)
    commits: dict[str, CommitRecord] = field(default_factory=dict)
    security: list[MetricRow] = field(default_factory=list)
    deployments: list[MetricRow] = field(default_factory=list)
    threads: dict[int, Thread] = field(default_factory=dict)
    rewritings: dict[str, Rewriting] = field(default_factory=dict)
    """Of which listings it turned out that the next pass has to join them anew."""

    info: RepositoryInfo | None = None
    """What GitHub said of the repository in this pass."""

    observed: dict[str, Any] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    """Fields of a snapshot that were read in this pass, and why others could not be."""

    snapshots: list[Snapshot] | None = None
    """The last one that is stored, if any; None before it was read."""

    threads_seen: set[int] = field(default_factory=set)
    """Issues and pull requests that were listed in this pass, by number."""

    deliveries: set[str] = field(default_factory=set)
    """Ids of those that the feed was compared with."""

    files_ahead: int = 0
    """Commits whose files were fetched while listings were still read."""

    modified: bool = False
    notes: list[str] = field(default_factory=list)
    postponed: bool = False
    """Whether something is left for the next pass."""

    record_refused: MonitorError | None = None
    """Why issues and pull requests may not be read."""

    @property
    def repo(self) -> str:
        """The key under which the repository is stored."""
        return self.repository.repo_name

    @property
    def asked_name(self) -> str:
        """The name GitHub is asked for: its latest spelling, which a rename changes."""
        return self.repository.full_name or self.repository.repo_name

    def none_since(self, kind: str) -> str | None:
        """Return when the repository was seen to have nothing of a kind in this pass; None where it was not."""
        introduced = self.introduced
        return introduced.at if introduced is not None and kind in introduced.introduction.empty else None

    def now(self) -> str:
        """Return the present, in the stored form."""
        return format_instant(self.clock())

    def change(self, **changes: Any) -> None:
        """Change what is remembered of the repository."""
        self.repository = msgspec.structs.replace(self.repository, **changes)

    def known(self, kind: str) -> tuple[Span, ...]:
        """Return the spans completely known of a kind."""
        return known_spans(self.repository.ledger, kind)

    def learn(self, kind: str, *spans: Span) -> None:
        """Remember that spans are completely known, once what was collected is stored."""
        self.change(ledger=learn(self.repository.ledger, kind, *spans))

    def know(self, kind: str, *spans: Span) -> None:
        """Remember that these spans are completely known, and no others."""
        others = {other: spans for other, spans in self.repository.ledger.spans.items() if other != kind}
        self.change(ledger=learn(Ledger(spans=others), kind, *spans))

    def add_source(self, source: str) -> None:
        """Remember where records came from."""
        if source not in self.repository.sources:
            self.change(sources=tuple(sorted((*self.repository.sources, source))))

    def etag(self, resource: str) -> str | None:
        """Return the ETag to ask with, None when there is none, or when too many 304s in a row make it suspect."""
        if self.repository.not_modified.get(resource, 0) >= MAX_NOT_MODIFIED:
            return None
        return self.repository.etags.get(resource)

    def saw(self, resource: str, answer: Answer) -> bool:
        """Remember an answer's ETag; return whether the resource was modified."""
        etags, counts = dict(self.repository.etags), dict(self.repository.not_modified)
        modified = answer.status != "not_modified"
        if not modified:
            counts[resource] = counts.get(resource, 0) + 1
        else:
            counts.pop(resource, None)
            etags.pop(resource, None)
            if answer.etag:
                etags[resource] = answer.etag
        self.change(etags=etags, not_modified=counts)
        return modified

    def forget(self, resources: Iterable[str]) -> None:
        """Drop the ETags of resources that are no longer there."""
        gone = set(resources)
        self.change(
            etags={name: etag for name, etag in self.repository.etags.items() if name not in gone},
            not_modified={name: count for name, count in self.repository.not_modified.items() if name not in gone},
        )

    def add_commit(self, commit: Commit, files: tuple[CommitFile, ...] | None = None) -> None:
        """Add a commit with its analysis, merged with what this pass has of it already (from another branch).

        It belongs to the key by which the repository is stored, which a rename does not change.
        """
        if commit.repo_name != self.repo:
            commit = msgspec.structs.replace(commit, repo_name=self.repo)
        if (known := self.commits.get(commit.sha)) is not None:
            commit = merge_commits(known.commit, commit)
            files = known.files if files is None else files
        self.commits[commit.sha] = CommitRecord(commit=commit, files=files, summary=analyse_commit(commit, files))

    def mark_replaced(self, row: Authorship, branch: str) -> None:
        """Remember that a force push took a stored commit off a branch; it is still found by its sha."""
        lost = Commit(
            sha=row.sha,
            repo_name=self.repo,
            commit_date=row.commit_date,
            branches=(replaced_on(branch),),
            source="push",  # whatever is known of the commit outranks this
        )
        record, mine = CommitRecord(commit=lost), self.commits.get(row.sha)
        self.commits[row.sha] = merge_records(mine, record) if mine else record

    def failed(self, error: MonitorError) -> None:
        """Remember how this attempt failed."""
        retry_at = format_instant(error.retry_at) if error.retry_at else None
        self.change(error_code=error.code, error_message=error.message, retry_at=retry_at)

    def postpone(self, note: str) -> None:
        """Note what is left for the next pass."""
        self.notes.append(note)
        self.postponed = True

    def may_ask(self, name: str) -> bool:
        """Return whether to ask GitHub for something: it was never refused, or long enough ago."""
        refusal, now = self.repository.refused.get(name), self.now()
        return refusal is None or not now < refusal.retry_at <= shift(now, LONGEST_PAUSE)

    def remember_refusal(self, name: str, error: MonitorError, longest: timedelta = LONGEST_PAUSE) -> None:
        """Remember that GitHub could not give something; the pause before the next attempt doubles every time.

        That it rejected the token says nothing of what was asked for, and is not remembered.
        """
        if isinstance(error, Rejected):
            return
        refused = dict(self.repository.refused)
        before = refused.pop(name, None)
        times = before.times + 1 if before else 1
        pause = min(longest, FIRST_PAUSE * 2 ** min(times - 1, 20))
        refused[name] = Refusal(error.message[:_MAX_REASON], times, shift(self.now(), pause))
        self.change(refused=dict(list(refused.items())[-MAX_REFUSALS:]))

    def forget_refusal(self, name: str) -> None:
        """Forget a refusal: GitHub did give it now."""
        if name in self.repository.refused:
            self.change(refused={other: why for other, why in self.repository.refused.items() if other != name})

    @contextmanager
    def noting_refusal(self, name: str) -> Iterator[None]:
        """Remember for an hour that the block may not read something, as questions need to know; see `needs`."""
        try:
            yield
        except (Forbidden, NotFound) as refused:
            self.remember_refusal(name, refused, FIRST_PAUSE)
            raise
        self.forget_refusal(name)

    @contextmanager
    def optional_reading(self, left_out: str) -> Iterator[RequestBudget]:
        """Give the block a share of the budget; where it ends early, note what was left out, and why."""
        try:
            yield self.budget.share(min(MAX_PAGES, self.budget.left // 8))
        except BudgetSpent:
            self.postpone(f"{left_out}; the request budget was spent")
        except REFUSED as refused:
            self.notes.append(f"{left_out}: {refused.message}")

    def take_batch(self) -> CollectedBatch:
        """Return what was learned, to be stored; the state goes on empty."""
        kept = forget_before(self.repository.ledger, self.cutoff) if self.cutoff else self.repository.ledger
        batch = CollectedBatch(
            state=msgspec.structs.replace(self.repository, ledger=kept),
            events=tuple(self.events.values()),
            commits=tuple(self.commits.values()),
            security=tuple(self.security),
            deployments=tuple(self.deployments),
            threads=tuple(self.threads.values()),
        )
        self.events, self.commits, self.security, self.deployments, self.threads = {}, {}, [], [], {}
        return batch
