"""What `dynamodb.py` stores, and the bare calls of aiobotocore with which it compares."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from tests import fake_github

from github_events_monitor.infrastructure.dynamodb.batches import chunks
from github_events_monitor.infrastructure.dynamodb.rows import event_to_item
from github_events_monitor.infrastructure.wire import event_from_dict
from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.instants import format_instant
from github_events_monitor.records import Commit, CommitRecord
from github_events_monitor.side_by_side import AT_ONCE

BUSY, OTHERS = "octo/hello", [f"octo/other{number}" for number in range(4)]
POLL, EVENTS, COMMITS, MONTH = 300, 2_200, 300, timedelta(days=30)
NOW = datetime.now(UTC).replace(microsecond=0)
CHANCE, NUMBERS = Random(7), count(50_000_000_000)


def ago(seconds: float) -> str:
    """An instant before now."""
    return format_instant(NOW - timedelta(seconds=seconds))


def event(repo: str, within: float) -> dict[str, Any]:
    """An event as a feed has it, with about 2 KB of payload that are as repetitive as GitHub's."""
    number, person = next(NUMBERS), f"person{CHANCE.randrange(60)}"
    api, sha = f"https://api.github.com/repos/{repo}", f"{CHANCE.getrandbits(160):040x}"
    commits = [
        {
            "sha": f"{CHANCE.getrandbits(160):040x}",
            "author": {"email": f"{person}@users.example.org", "name": person.title()},
            "message": f"Handle case {CHANCE.randrange(9_999)} of the grammar, and say why in a sentence or two",
            "distinct": True,
            "url": f"{api}/commits/{CHANCE.getrandbits(160):040x}",
        }
        for _ in range(6)
    ]
    payload = {"repository_id": 1296269, "push_id": number, "ref": "refs/heads/main", "head": sha, "commits": commits}
    kind = CHANCE.choice(["PushEvent"] * 3 + ["WatchEvent", "IssueCommentEvent"])
    at = ago(CHANCE.uniform(0, within))
    row = {"id": str(number), "event_type": kind, "repo_name": repo, "actor_login": person, "created_at": at}
    return row | {"payload": payload}


def poll() -> list[dict[str, Any]]:
    """New events of five repositories."""
    return [event(CHANCE.choice([BUSY, *OTHERS]), 3_600) for _ in range(POLL)]


def items(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items of events."""
    return [event_to_item(event_from_dict(row, "event", ""), None) for row in events]


def record(number: int) -> CommitRecord:
    """A commit of the last month with its analysis."""
    commit = Commit(
        sha=f"{number:040x}",
        repo_name=BUSY,
        commit_date=ago(number * MONTH.total_seconds() / COMMITS),
        message=f"fix(parser): handle case {number} of the grammar properly",
        author_name=f"Person {number % 40}",
        author_login=f"person{number % 40}",
        branches=("main",),
        additions=number % 300,
        deletions=number % 70,
        files_changed=number % 9,
    )
    return CommitRecord(commit=commit, summary=analyse_commit(commit, None))


def happened(number: int, at: datetime) -> dict[str, Any]:
    """A push as GitHub shows it today, one of forty people."""
    payload = {"ref": "refs/heads/main", "head": f"{number:040x}", "before": f"{number - 1:040x}", "push_id": number}
    return fake_github.event(number, "PushEvent", f"person{number % 40}", at, payload, "octo/polled")


def bare_client(endpoint: str) -> Any:
    """A client of aiobotocore with the program's pool, without validation; to be entered."""
    return AioSession().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
        config=AioConfig(max_pool_connections=32, parameter_validation=False),
    )


class Bare:
    """aiobotocore alone, with as many calls at once as the program has, and capacity asked for."""

    def __init__(self, client: Any, table: Callable[[str], str]) -> None:
        self.client, self.table = client, table

    async def write(self, items: list[dict[str, Any]]) -> None:
        """As many batches at once as the program writes."""
        waiting = chunks(({"PutRequest": {"Item": item}} for item in items), 25)

        async def work() -> None:
            for batch in waiting:
                await self.client.batch_write_item(
                    RequestItems={self.table("events"): batch}, ReturnConsumedCapacity="INDEXES"
                )

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    async def put(self, items: list[dict[str, Any]]) -> None:
        """One after the other."""
        for item in items:
            await self.client.put_item(TableName=self.table("events"), Item=item, ReturnConsumedCapacity="INDEXES")

    async def get(self, table: str, *keys: dict[str, str]) -> Any:
        """Items by their keys."""
        wanted = {"Keys": [{name: {"S": value} for name, value in key.items()} for key in keys]}
        answer = await self.client.batch_get_item(
            RequestItems={self.table(table): wanted}, ReturnConsumedCapacity="INDEXES"
        )
        return answer["Responses"]

    async def query(self, table: str, index: str | None, begin: str, key: str, sort: str) -> list[dict[str, Any]]:
        """The rows of a repository from a sort key on, every page."""
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {"IndexName": index} if index else {}
        while True:
            answer = await self.client.query(
                TableName=self.table(table),
                KeyConditionExpression=f"{key} = :key AND {sort} >= :begin",
                ExpressionAttributeValues={":key": {"S": BUSY}, ":begin": {"S": begin}},
                ReturnConsumedCapacity="INDEXES",
                **more,
            )
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return found
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def recent_commits(self) -> None:
        """State, index rows, then the thirty newest commits with their summaries."""
        await self.get("event_patterns", {"repo_name": f"#state#{BUSY}", "event_pattern_detected": "state"})
        rows = await self.query("commits", "repo-date-index", ago(MONTH.total_seconds()), "repo_name", "commit_date")
        newest = [row["sha"]["S"] for row in rows[-30:]]
        await asyncio.gather(
            self.get("commits", *({"sha": name} for name in newest)),
            self.get("commit_summaries", *({"commit_sha": name} for name in newest)),
        )

    async def repository_health(self) -> None:
        """State, events and commits of ninety days, the last snapshot, an earlier result."""
        begin = ago(3 * MONTH.total_seconds())
        await self.get("event_patterns", {"repo_name": f"#state#{BUSY}", "event_pattern_detected": "state"})
        await self.query("events", "repo-created-index", begin, "repo_name", "created_at")
        await self.query("commits", "repo-date-index", begin, "repo_name", "commit_date")
        await self.query("security_metrics", None, "snapshot#", "repo_name", "metric_type_date")
        await self.get("repository_health_metrics", {"repo_name": BUSY})
