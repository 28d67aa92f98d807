"""What happens in one invented repository, written down as the records that collecting would have brought."""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from ..collecting.releases import BEGINNING
from ..github.events import parse_event
from ..insights.commits import analyse_commit
from ..insights.threads import events_of
from ..instants import format_instant
from ..ledger import missing_spans
from ..observations import Deployment, ForcePush, Release
from ..records import (
    CollectedBatch,
    Commit,
    CommitFile,
    CommitRecord,
    Event,
    Ledger,
    MetricRow,
    Reply,
    RepositoryState,
    Span,
    Thread,
    repo_key,
)
from .accounts import Account

ItemT = TypeVar("ItemT")


class SeededRandom:
    """Chance that falls the same way every time: of Python's random numbers `random()` alone is promised to."""

    def __init__(self, seed: str) -> None:
        self._next = random.Random(seed).random  # noqa: S311 - an invention, not a secret

    def chance(self, share: float) -> bool:
        """Return true that often."""
        return self._next() < share

    def between(self, low: float, high: float) -> float:
        """Return a number in between."""
        return low + (high - low) * self._next()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self._next() * (high - low + 1))

    def pick(self, items: Sequence[ItemT]) -> ItemT:
        """Return one of them; the first ones come a little more often than the last."""
        return items[int(self._next() ** 1.3 * len(items))]


class History:
    """The records of one repository up to an instant; what would happen later is left out.

    gaps: stretches of which the feed of events was not seen.
    """

    def __init__(self, full_name: str, number: int, until: datetime, gaps: Sequence[Span] = ()) -> None:
        self.full_name, self.key, self.until = full_name, repo_key(full_name), until
        self.threads: dict[int, Thread] = {}
        self._number, self._gaps = number, gaps
        self._events: list[Event] = []
        self._commits: list[CommitRecord] = []
        self._security: list[MetricRow] = []
        self._deployments: list[MetricRow] = []
        self._ids = number * 10_000_000

    def new_id(self) -> str:
        """Return an id as GitHub's are: a number that no other record has."""
        self._ids += 7
        return str(self._ids)

    def sha_of(self, text: object) -> str:
        """Return what looks like the sha of a commit."""
        return hashlib.sha1(f"{self.key} {text}".encode(), usedforsecurity=False).hexdigest()

    def event(self, kind: str, at: datetime, actor: str, payload: Mapping[str, Any]) -> None:
        """Write down an event of the feed, or of a webhook."""
        if at >= self.until:
            return
        raw = {
            "id": self.new_id(),
            "type": kind,
            "actor": {"login": actor},
            "repo": {"id": self._number, "name": self.full_name},
            "created_at": format_instant(at),
            "payload": payload,
        }
        self._events.append(parse_event(raw).event)

    def commit(
        self, at: datetime, author: Account, message: str, files: Mapping[str, tuple[int, int]], *, by: Account
    ) -> str:
        """Write down a commit on the default branch with the push that brought it; return its sha."""
        sha = self.sha_of(f"{message} {at}")
        if at >= self.until:
            return sha
        changed = tuple(
            CommitFile(filename=name, additions=more, deletions=less) for name, (more, less) in files.items()
        )
        commit = Commit(
            sha=sha,
            repo_name=self.key,
            commit_date=format_instant(at),
            authored_at=format_instant(at),
            message=message,
            author_name=author.name,
            author_email=author.email,
            author_login=author.login,
            author_type=author.kind,
            committer_login=by.login,
            branches=("main",),
            additions=sum(more for more, _ in files.values()),
            deletions=sum(less for _, less in files.values()),
            files_changed=len(files),
        )
        self._commits.append(CommitRecord(commit=commit, files=changed, summary=analyse_commit(commit, changed)))
        self.push(at, by, "refs/heads/main", sha)
        return sha

    def push(self, at: datetime, by: Account, ref: str, sha: str) -> None:
        """Write down a push, in the form since 2025-10."""
        self.event("PushEvent", at, by.login, {"ref": ref, "head": sha, "before": self.sha_of(f"before {sha}")})

    def run(self, at: datetime, sha: str, workflow: str, conclusion: str) -> None:
        """Write down a finished workflow run on the default branch."""
        run = {
            "id": int(self.new_id()),
            "name": workflow,
            "head_branch": "main",
            "head_sha": sha,
            "status": "completed",
            "conclusion": conclusion,
        }
        self.event("WorkflowRunEvent", at, "github-actions[bot]", {"action": "completed", "workflow_run": run})

    def release(self, at: datetime, by: Account, tag: str, *, prerelease: bool = False) -> None:
        """Write down a release with its tag."""
        if at >= self.until:
            return
        number = self.new_id()
        self.event("CreateEvent", at - timedelta(minutes=3), by.login, {"ref": tag, "ref_type": "tag"})
        about = {"id": int(number), "tag_name": tag, "name": tag, "prerelease": prerelease}
        self.event("ReleaseEvent", at, by.login, {"action": "published", "release": about})
        listed = Release(
            id=number, tag=tag, published_at=format_instant(at), author_login=by.login, prerelease=prerelease
        )
        self._deployments.append(listed.to_row(self.key))

    def deploy(self, at: datetime, environment: str, state: str) -> None:
        """Write down a deployment of the newest commit with its last status."""
        before = [row.commit for row in self._commits if row.commit.commit_date <= format_instant(at)]
        done = at + timedelta(minutes=11)
        if not before or done >= self.until:
            return
        deployment = Deployment(
            id=self.new_id(),
            created_at=format_instant(at),
            sha=max(before, key=lambda commit: commit.commit_date).sha,
            environment=environment,
            state=state,
            state_at=format_instant(done),
        )
        self._deployments.append(deployment.to_row(self.key))

    def force_push(self, at: datetime, by: Account, ref: str) -> None:
        """Write down that a branch or tag was moved by force."""
        stamp = format_instant(at)
        push = ForcePush(
            ref=ref,
            before=self.sha_of(f"{ref} {stamp} before"),
            after=self.sha_of(f"{ref} {stamp}"),
            actor=by.login,
            timestamp=stamp,
        )
        self._security.append(push.to_row(self.key))

    def save_thread(self, thread: Thread, replies: Sequence[Reply], **ending: Any) -> None:
        """Write down an issue or pull request with everything that happened to it before the end."""
        end = format_instant(self.until)
        if thread.created_at >= end:
            return
        said = tuple(sorted((reply for reply in replies if reply.created_at < end), key=lambda reply: reply.created_at))
        closed = ending.get("closed_at")
        if closed is not None and closed < end:
            thread = replace(thread, state="merged" if ending.get("merged_at") else "closed", **ending)
        last = max(thread.created_at, thread.closed_at or "", *(reply.created_at for reply in said))
        self.threads[thread.number] = replace(
            thread,
            replies=said,
            updated_at=last,
            review_decision=next((reply.state for reply in reversed(said) if reply.kind == "review"), None),
            comments=sum(reply.kind == "comment" for reply in said),
            comments_complete=True,
            reviews_complete=True,
        )

    def batch(self, since: datetime, *rows: MetricRow) -> CollectedBatch:
        """Return everything as one batch. rows: of security_metrics, besides."""
        start, end = format_instant(since), format_instant(self.until)
        spans = {
            "events": missing_spans(self._gaps, start, end),
            "commits": (Span(start, end),),
            **dict.fromkeys(("threads", "releases", "deployments"), (Span(BEGINNING, end),)),
        }
        replayed = [event for thread in self.threads.values() for event in events_of(thread)]
        return CollectedBatch(
            state=RepositoryState(
                repo_name=self.key,
                full_name=self.full_name,
                repository_id=self._number,
                default_branch="main",
                branches=("main",),
                commits_floor=start,
                ledger=Ledger(spans=spans),
                sources=("activity", "commits", "events", "threads", "webhook"),
                last_collected_at=end,
                last_attempt_at=end,
                snapshot_at=end,
            ),
            events=tuple(event for event in (*self._events, *replayed) if self._is_seen(event.created_at)),
            commits=tuple(self._line()),
            security=(*self._security, *rows),
            deployments=tuple(self._deployments),
            threads=tuple(self.threads.values()),
        )

    def _line(self) -> Iterator[CommitRecord]:
        """Yield the commits in the order of time, each the child of the one before."""
        parent = self.sha_of("root")
        for record in sorted(self._commits, key=lambda record: record.commit.commit_date):
            yield replace(record, commit=replace(record.commit, parents=(parent,)))
            parent = record.commit.sha

    def _is_seen(self, at: str) -> bool:
        return at < format_instant(self.until) and not any(gap.since <= at < gap.until for gap in self._gaps)
