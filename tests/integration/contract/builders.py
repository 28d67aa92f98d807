"""Small records for the contract suite."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.jsontext import dump_sorted
from github_events_monitor.records import (
    CollectedBatch,
    Commit,
    CommitFile,
    CommitRecord,
    CommitSummary,
    Event,
    Facts,
    MetricRow,
    RepositoryState,
)

REPO = "octo/spoon"
OTHER = "octo/fork"
START = "2025-03-01T00:00:00Z"
END = "2025-04-01T00:00:00Z"
EPOCH = "0001-01-01T00:00:00Z"
FUTURE = "9999-12-31T23:59:59Z"


def at(minute: int, *, day: int = 10, hour: int = 12, second: int = 0) -> str:
    return f"2025-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def event(id_: str, created_at: str = "2025-03-10T12:00:00Z", **fields: Any) -> Event:
    """An event of REPO by octocat, unless fields say otherwise."""
    values: dict[str, Any] = {"event_type": "WatchEvent", "repo_name": REPO, "actor_login": "octocat", **fields}
    return Event(id=id_, created_at=created_at, **values)


def sha(number: int) -> str:
    return f"{number:040x}"


def commit(number: int, commit_date: str = "2025-03-10T12:00:00Z", **fields: Any) -> Commit:
    """A commit of REPO as GitHub's listing gives it, unless fields say otherwise."""
    values: dict[str, Any] = {"repo_name": REPO, "message": f"change {number}", "author_login": "octocat", **fields}
    return Commit(sha=sha(number), commit_date=commit_date, **values)


def record(number: int, commit_date: str = "2025-03-10T12:00:00Z", **fields: Any) -> CommitRecord:
    return CommitRecord(commit=commit(number, commit_date, **fields))


def full_commit(number: int = 1, **fields: Any) -> CommitRecord:
    """A commit with every field known."""
    files = (
        CommitFile(
            filename="docs/ünïcode 😀.md", status="renamed", additions=3, deletions=0, previous_filename="docs/a.md"
        ),
        CommitFile(filename="src/a.py", status="added", additions=10, deletions=2),
    )
    known: dict[str, Any] = {
        "message": "feat: löslich 😀\n\nbody\n\n"
        "Co-authored-by: Ada L <ada@example.org>\nco-authored-by: Bo <bo@example.org>",
        "author_name": "Zoë Ünal",
        "author_email": "Zoe@Example.org",
        "author_login": "Zoe-U",
        "author_type": "User",
        "committer_login": "web-flow",
        "authored_at": "2025-03-09T01:02:03Z",
        "parents": (sha(901), sha(902)),
        "branches": ("main", "release/1.x"),
        "additions": 13,
        "deletions": 2,
        "files_changed": 2,
        **fields,
    }
    return CommitRecord(commit=commit(number, **known), files=files, summary=summary())


def summary(text: str = "adds a thing", **fields: Any) -> CommitSummary:
    values: dict[str, Any] = {
        "categories": ("feature", "docs"),
        "impact_score": 42,
        "risk_level": "medium",
        "breaking": True,
        "security_relevant": True,
        "reasons": ("touches ünïcode", "2 files"),
        "rules": 3,
        **fields,
    }
    return CommitSummary(text=text, **values)


def batch(repo: str = REPO, **fields: Any) -> CollectedBatch:
    """A batch with everything in it."""
    values: dict[str, Any] = {
        "state": RepositoryState(
            repo_name=repo, full_name="Octo/Spoon", etags={"events/1": 'W/"1"'}, last_collected_at=at(30)
        ),
        "events": (event("e1", repo_name=repo), event("e2", repo_name=repo)),
        "commits": (record(1, repo_name=repo),),
        "security": (MetricRow(key=repo, sort="alert#2025-03-10T12:00:00Z#1", data={"severity": "high"}),),
        "deployments": (MetricRow(key=repo, sort="77", data={"environment": "production"}),),
        **fields,
    }
    return CollectedBatch(**values)


FACTS = Facts("opened", 2**40, "refs/heads/ünï", sha(5), "someone")

PAYLOAD: dict[str, Any] = {
    "text": "naïve 日本語 😀 \u202e \u0000 end",
    "lone": "\ud800",
    "null": None,
    "false": False,
    "nested": {"list": [1, [2, {"deep": []}], {}], "": "empty key"},
    "float": 0.1,
    "tiny": 1e-300,
    "whole": 1.0,
    "big": 2**63 + 1,
    "huge": 123456789012345678901234567890123456789012345,
    "negative": -(2**53) - 1,
    "long": "lorem ipsum " * 400,
}
"""What JSON can say and engines like to change."""


async def collect(items: AsyncIterator[TableItem]) -> list[TableItem]:
    return [item async for item in items]


def lines(items: Iterable[TableItem]) -> list[bytes]:
    """Items as an export writes them, in an order that does not depend on the engine."""
    return sorted(dump_sorted({"table": item.table, "item": item.item}) for item in items)


async def exported(manager: DatabaseManager, **choice: Any) -> list[bytes]:
    return lines(await collect(manager.read_items(**choice)))
