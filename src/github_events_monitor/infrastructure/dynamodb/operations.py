"""What an operator does with the tables: make them with options, look at them, remove them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...errors import InvalidInput
from ...side_by_side import side_by_side
from ..database_interface import CORE_TABLES
from . import tables
from .client import DynamoDBClient
from .faults import AccessDenied, NotOffered
from .layout import TABLES, Table


@dataclass(frozen=True)
class TableOptions:
    """Options of `create_tables`; they are applied to tables that are there already, too.

    encryption: "aws" for AWS's own key in KMS, else a key of yours by id, ARN or alias; None is DynamoDB's default key.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html
    """

    point_in_time_recovery: bool = False
    deletion_protection: bool = False
    encryption: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "TableOptions":
        """Return checked options. Raises `InvalidInput`."""
        known = cls.__dataclass_fields__
        for name in options:
            if name not in known:
                raise InvalidInput(f"{name!r} is not an option for creating tables; the options are {', '.join(known)}")
        return cls(**{name: value for name, value in options.items() if value is not None})

    def at_creation(self) -> dict[str, Any]:
        """Return the parameters that CreateTable takes."""
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return self.of_update() | ({"Tags": tags} if tags else {})

    def of_update(self) -> dict[str, Any]:
        """Return the parameters that CreateTable and UpdateTable take."""
        found: dict[str, Any] = {"DeletionProtectionEnabled": True} if self.deletion_protection else {}
        if self.encryption:
            key = {} if self.encryption == "aws" else {"KMSMasterKeyId": self.encryption}
            found["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", **key}
        return found


async def create_tables(client: DynamoDBClient, options: TableOptions, *, expiry: bool) -> dict[str, str]:
    """Make what is missing, apply the options to all, and return by table "created" or "exists"."""
    outcomes = await tables.create(client, options.at_creation())
    if expiry:
        await tables.enable_expiry(client)
    there = [table for table in TABLES if outcomes[table.name] == "exists"]
    await side_by_side([partial(_apply, client, table, options) for table in there])
    if options.point_in_time_recovery:
        await side_by_side([partial(_enable_recovery, client, table) for table in TABLES])
    return outcomes


async def describe(client: DynamoDBClient) -> dict[str, Any]:
    """By table: name, status, item count, sizes in bytes, indexes, and settings; None is what could not be asked.

    DynamoDB brings counts and sizes up to date about every six hours.
    """
    found = await side_by_side([partial(_describe, client, table) for table in TABLES])
    return {table.name: about for table, about in zip(TABLES, found, strict=True)}


async def check(client: DynamoDBClient) -> dict[str, Any]:
    """Return `problems` and `tables` with status, items and indexes, by one DescribeTable each."""
    there = await tables.existing(client)
    missing = [client.table(table.name) for table in TABLES if table.name not in there]
    problems = [f"table {name} is missing; make it with: github-events-monitor database create" for name in missing]
    wrong = (tables.unusable(client, {name: described}) for name, described in there.items())
    return {
        "problems": problems + [reason for reason in wrong if reason],
        "tables": {
            name: {
                "status": str(described.get("TableStatus", "ACTIVE")).lower(),
                "items": described.get("ItemCount"),
                "indexes": sorted(index["IndexName"] for index in described.get("GlobalSecondaryIndexes", ())),
            }
            for name, described in there.items()
        },
    }


async def _describe(client: DynamoDBClient, table: Table) -> dict[str, Any]:
    name = client.table(table.name)
    try:
        described = await tables.describe(client, table)
    except AccessDenied:
        if table.name in CORE_TABLES:
            raise
        return {"table": name, "status": "unknown"}  # the policy is of the time before this table
    if described is None:
        return {"table": name, "status": "missing"}
    indexes = described.get("GlobalSecondaryIndexes", [])
    encryption = described.get("SSEDescription") or {}
    return {
        "table": name,
        "status": described["TableStatus"].lower(),
        "items": described.get("ItemCount"),
        "size_bytes": described.get("TableSizeBytes"),
        "indexes": sorted(index["IndexName"] for index in indexes),
        "index_bytes": {index["IndexName"]: index.get("IndexSizeBytes") for index in indexes},
        "billing_mode": (described.get("BillingModeSummary") or {}).get("BillingMode"),
        "expires_by": await _asked(partial(tables.expiry_of, client, table)),
        "point_in_time_recovery": await _asked(partial(_recovery, client, table)),
        "deletion_protection": described.get("DeletionProtectionEnabled"),
        "encryption": encryption.get("KMSMasterKeyArn") or "default",
    }


async def _asked(ask: Any) -> Any:
    """Return an answer, or None where the engine does not offer the question or the right to ask is missing."""
    try:
        return await ask()
    except (AccessDenied, NotOffered):
        return None


async def _recovery(client: DynamoDBClient, table: Table) -> bool:
    answer = await client.call("describe_continuous_backups", TableName=client.table(table.name))
    recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return bool(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")


async def _enable_recovery(client: DynamoDBClient, table: Table) -> None:
    await client.call(
        "update_continuous_backups",
        TableName=client.table(table.name),
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


async def _apply(client: DynamoDBClient, table: Table, options: TableOptions) -> None:
    """The options that CreateTable would have taken, for a table that was there; only what it does not have yet."""
    described = await tables.describe(client, table) or {}
    changes = options.of_update()
    if described.get("DeletionProtectionEnabled"):
        changes.pop("DeletionProtectionEnabled", None)
    if (described.get("SSEDescription") or {}).get("Status") in {"ENABLED", "ENABLING", "UPDATING"}:
        changes.pop("SSESpecification", None)
    for name, value in changes.items():  # UpdateTable takes one kind of change at a time
        await client.call("update_table", TableName=client.table(table.name), **{name: value})
        await tables.wait(client, table, settled=True)
    if options.tags and described:
        tags = [{"Key": key, "Value": value} for key, value in options.tags.items()]
        await client.call("tag_resource", ResourceArn=described["TableArn"], Tags=tags)
