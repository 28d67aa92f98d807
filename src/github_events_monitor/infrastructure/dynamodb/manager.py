"""The DynamoDB provider as a whole."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import InvalidInput
from ...instants import Clock, system_clock
from ...records import CollectedBatch, Commit, CommitRecord, Event, Lease, Stored, Thread
from ..contract.export_rows import ParsedItems
from ..database_interface import DatabaseManager, TableItem
from . import cost, joining, operations, settling, state_items, tables
from .client import Credentials, DynamoDBClient
from .collector_state import DynamoDBCollectorState
from .commits import DynamoDBCommits
from .connection import DynamoDBConnection
from .events import DynamoDBEvents
from .exporting import export_pages
from .importing import import_items
from .metrics import DynamoDBMetrics
from .registry import Registry
from .repositories import Repositories
from .threads import DynamoDBThreads


class DynamoDBManager(DatabaseManager):
    """The tables with a prefix in a region, or at an endpoint of one's own such as DynamoDB Local.

    Without keys botocore's chain finds credentials (environment, profile, role). `retention_days`: DynamoDB removes
    events and commits that are older (TTL). `retry_for`: seconds after which a call that keeps failing is given up, at
    the latest.
    """

    connection: DynamoDBConnection

    def __init__(
        self,
        *,
        region: str | None = None,
        table_prefix: str = "github-events-",
        endpoint_url: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        retention_days: int | None = None,
        clock: Clock = system_clock,
        retry_for: float = 60.0,
    ) -> None:
        client = DynamoDBClient(
            region=region,
            table_prefix=table_prefix,
            endpoint_url=endpoint_url,
            credentials=Credentials(aws_access_key_id, aws_secret_access_key, aws_session_token),
            retry_for=retry_for,
        )
        self.connection = DynamoDBConnection(client, clock, retention_days)
        self.retention_days = retention_days
        self._client = client
        self._registry = Registry(client)
        self.events: DynamoDBEvents = DynamoDBEvents(self.connection, self._registry)
        self.commits: DynamoDBCommits = DynamoDBCommits(self.connection, self._registry)
        self.metrics: DynamoDBMetrics = DynamoDBMetrics(self.connection)
        self.collector_state: DynamoDBCollectorState = DynamoDBCollectorState(self.connection, self._registry)
        self.threads: DynamoDBThreads = DynamoDBThreads(self.connection)
        self._repositories = Repositories(
            self.connection, self.events, self.commits, self.metrics, self.collector_state, self.threads
        )

    def __repr__(self) -> str:
        return f"DynamoDBManager({self._client.table_prefix!r} at {self._client.endpoint})"

    async def create_tables(self, **options: Any) -> dict[str, str]:
        """See the contract; options are those of `operations.TableOptions`."""
        chosen = operations.TableOptions.of(options)
        return await operations.create_tables(self._client, chosen, expiry=self.connection.retention_days is not None)

    async def describe(self) -> dict[str, Any]:
        """Return region, prefix, endpoint, retention, and `tables` (see `operations.describe`); nothing is created."""
        found = await operations.describe(self._client)
        return {
            "provider": "dynamodb",
            "region": self._client.region,
            "table_prefix": self._client.table_prefix,
            "endpoint_url": self._client.endpoint,
            "retention_days": self.connection.retention_days,
            "tables": found,
        }

    async def backup(self, path: Path, *, replace: bool = False) -> int:  # noqa: ARG002 - the contract's
        """See the contract: DynamoDB has backups of its own, and `export` writes a file."""
        raise InvalidInput(
            "database backup copies a SQLite file; of DynamoDB write a file with github-events-monitor export, and let"
            " AWS keep continuous backups with github-events-monitor database create --point-in-time-recovery"
        )

    async def check(self) -> dict[str, Any]:
        """See the contract; counts are those of DescribeTable, which DynamoDB renews about every six hours."""
        return {"provider": "dynamodb", **await operations.check(self._client)}

    async def estimate_cost(self) -> dict[str, Any]:
        """Return what a month costs at stated prices, from measurements; see `cost.estimate_cost`."""
        await self.connection.open()
        return await cost.estimate_cost(self._repositories)

    def consumed_capacity(self) -> dict[tuple[str, str], float]:
        """See the contract; tables without their prefix, each with its indexes."""
        used: Counter[tuple[str, str]] = Counter()
        for use, units in self.connection.capacity.units.items():
            used[use.table.removeprefix(self._client.table_prefix), "write" if use.writes else "read"] += units
        return dict(used)

    async def delete_tables(self) -> list[str]:
        """See the contract; nothing goes if one of the tables is not ours."""
        gone = await tables.remove(self._client)
        self.connection.forget()
        self._registry.forget()
        return gone

    async def _store(self, batch: CollectedBatch, lease: Lease) -> Stored:
        earlier = await state_items.check_lease(self._client, lease)
        events = await self.events.insert_new(batch.events) if batch.events else []
        commits = await self.commits.writer.insert(batch.commits)
        await self.metrics.save_metrics("security_metrics", batch.security)
        await self.metrics.save_metrics("deployment_metrics", batch.deployments)
        threads = await self.threads.save_threads(batch.threads)
        await self._registry.note_repositories([batch.state.repo_name])
        marks = [
            *settling.marks_of(events, commits.new, batch.threads if threads else ()),
            # What is known already may have been stored moments ago, by a pass that was interrupted.
            *settling.newest_marks(batch.events, commits.known, batch.threads),
            *settling.marks_of((), commits.changed, ()),  # an index may show them as they were
        ]
        unsettled = await settling.settle(self._client, [*earlier.marks, *marks])
        await state_items.save_state(self._client, batch.state, lease, unsettled)
        await state_items.forget_latest(self._client, batch.state.repo_name, earlier.latest)
        await self._registry.note_spelling([batch.state])
        return Stored(len(events), len(commits.new))

    async def _import(self, events: Sequence[Event], commits: Sequence[CommitRecord]) -> Stored:
        new = await self.events.insert_events(events)
        return Stored(new, len((await self.commits.writer.insert(commits)).new))

    async def _note_stored(self, events: Sequence[Event], commits: Sequence[Commit], threads: Sequence[Thread]) -> None:
        marks = {
            repo: list(settling.marks_of(*found))
            for repo, found in settling.by_repository(events, commits, threads).items()
        }
        self.connection.note_latest(list(settling.marks_of(events, commits, threads)))
        await state_items.note_latest(self._client, marks)

    async def _forget_repository(self, repo: str) -> None:
        await joining.forget_repository(self._repositories, self._registry, repo)

    def _read_pages(self, table: str, since: str | None, repo: str | None) -> AsyncIterator[list[TableItem]]:
        return export_pages(self.connection, table, since, repo)

    async def _write_items(self, items: ParsedItems) -> dict[str, int]:
        return await import_items(self._repositories, items)
