"""The tables (see `layout`): made when missing, compared when there, never altered or dropped unasked.

Implementation notes
- A start on existing tables needs DescribeTable alone (with a retention DescribeTimeToLive, too), never ListTables.
"""

import contextlib
import logging
from collections.abc import Collection
from functools import partial
from typing import Any

import stamina

from ...errors import DatabaseError, SchemaMismatch
from ...side_by_side import side_by_side
from ..database_interface import TABLES as TABLE_NAMES
from .client import DynamoDBClient
from .faults import NOT_DYNAMODB, AccessDenied, TableInUse, TableMissing
from .layout import EXPIRES_AT, TABLES, Table, definition, difference

logger = logging.getLogger(__name__)

THREADS = "threads"
"""The table that databases of earlier versions do not have."""

READY_WITHIN = 300.0
"""Seconds; AWS makes a table with two indexes in about ten."""


class _NotYet(Exception):
    """The table is not in the state that is waited for."""


async def ensure(client: DynamoDBClient, *, expiry: bool) -> bool:
    """Make what is missing, wait until all is usable, and return whether the table of threads is there.

    A database of an earlier version lacks it, and the right to make it may be missing: the nine others then serve.
    Raises `SchemaMismatch` for tables that are not ours.
    """
    await side_by_side([partial(_create, client, table, {}) for table in TABLES if table.name != THREADS])
    has_threads = await _ensure_threads(client)
    if expiry:
        await enable_expiry(client, has_threads=has_threads)
    return has_threads


async def _ensure_threads(client: DynamoDBClient) -> bool:
    (table,) = [table for table in TABLES if table.name == THREADS]
    try:
        await _create(client, table, {})
    except AccessDenied:
        logger.warning(
            "%s is not there and may not be made here, so that issues and pull requests are not kept;"
            " with the right to create tables, run: github-events-monitor database create",
            client.table(THREADS),
        )
        return False
    return True


async def enable_expiry(client: DynamoDBClient, *, has_threads: bool = True) -> None:
    """Let DynamoDB remove what is past its `expires_at`."""
    there = [table for table in TABLES if table.expires and (has_threads or table.name != THREADS)]
    await side_by_side([partial(_enable_expiry, client, table) for table in there])


async def create(client: DynamoDBClient, options: dict[str, Any]) -> dict[str, str]:
    """Make what is missing and return by table "created" or "exists"."""
    outcomes = await side_by_side([partial(_create, client, table, options) for table in TABLES])
    return dict(zip((table.name for table in TABLES), outcomes, strict=True))


async def existing(client: DynamoDBClient, names: Collection[str] = TABLE_NAMES) -> dict[str, dict[str, Any]]:
    """Return the descriptions of those of the tables that are there, by our names."""
    asked = [table for table in TABLES if table.name in names]
    found = await side_by_side([partial(describe, client, table) for table in asked])
    return {table.name: answer for table, answer in zip(asked, found, strict=True) if answer is not None}


def unusable(client: DynamoDBClient, there: dict[str, dict[str, Any]]) -> str | None:
    """Return why questions would fail on tables that are there, in a sentence, or None where they would not.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
    """
    for table in TABLES:
        if (described := there.get(table.name)) is None:
            continue
        name, status = client.table(table.name), described.get("TableStatus", "ACTIVE")
        if status not in {"ACTIVE", "UPDATING"}:
            return f"table {name} is in state {status}; it has to be ACTIVE"
        if found := difference(table, described):
            return f"table {name} is not as it should be: {found}"
    return None


async def describe(client: DynamoDBClient, table: Table) -> dict[str, Any] | None:
    """Return what DescribeTable says, or None for a table that is not there."""
    try:
        answer = await client.call("describe_table", TableName=client.table(table.name))
    except TableMissing:
        return None
    described: dict[str, Any] = answer.get("Table") or {}
    if not _is_description(described):
        raise DatabaseError(NOT_DYNAMODB.format(endpoint=client.endpoint))
    return described


def _is_description(described: dict[str, Any]) -> bool:
    """Return whether what is read of a description is there; whatever answered need not be DynamoDB."""
    indexes = described.get("GlobalSecondaryIndexes", [])
    keys = [part for has_key in (described, *indexes) for part in has_key.get("KeySchema") or [{}]]
    attributes = described.get("AttributeDefinitions", [])
    texts = [described.get("TableStatus"), *(index.get("IndexName") for index in indexes)]
    texts += [part.get("AttributeName") for part in keys + attributes]
    texts += [part.get("AttributeType") for part in attributes]
    return all(isinstance(text, str) for text in texts)


async def remove(client: DynamoDBClient) -> list[str]:
    """Delete our tables, wait until they are gone, and return their names. Nothing goes if one is not ours."""
    there = await existing(client)
    for table in TABLES:
        if table.name in there:
            check(client, table, there[table.name])
    await side_by_side([partial(_remove, client, table) for table in TABLES if table.name in there])
    return list(there)


def check(client: DynamoDBClient, table: Table, described: dict[str, Any]) -> None:
    """Raises `SchemaMismatch` naming the table and the first difference that matters."""
    found = difference(table, described)
    if found:
        raise SchemaMismatch(
            f"table {client.table(table.name)} is not one of ours: {found}; it stays as it is, so choose another "
            "DYNAMODB_TABLE_PREFIX, or rename or export and delete it"
        )


async def _create(client: DynamoDBClient, table: Table, options: dict[str, Any]) -> str:
    described = await describe(client, table)
    if described and described["TableStatus"] == "DELETING":
        await wait(client, table, gone=True)
        described = None
    outcome = "exists"
    if described is None:
        try:
            await client.call("create_table", **definition(client.table(table.name), table), **options)
            outcome = "created"
        except TableInUse:  # another process was faster
            pass
        described = await wait(client, table)
    elif described["TableStatus"] == "CREATING":
        described = await wait(client, table)
    check(client, table, described)
    return outcome


async def _remove(client: DynamoDBClient, table: Table) -> None:
    with contextlib.suppress(TableMissing, TableInUse):  # another process is removing it
        await client.call("delete_table", TableName=client.table(table.name))
    await wait(client, table, gone=True)


async def wait(client: DynamoDBClient, table: Table, *, gone: bool = False, settled: bool = False) -> dict[str, Any]:
    """Wait until the table with all its indexes can be used (`settled`: and is not being changed), or is gone."""
    states = {"ACTIVE"} if settled else {"ACTIVE", "UPDATING"}

    async def look() -> dict[str, Any]:
        described = await describe(client, table)
        if gone != (described is None) or (described and not _is_in(states, described)):
            raise _NotYet
        return described or {}

    try:
        retrying = stamina.AsyncRetryingCaller(attempts=None, timeout=READY_WITHIN, wait_initial=0.1, wait_max=2.0)
        return await retrying.on(_NotYet)(look)
    except _NotYet:
        wanted = "gone" if gone else "ACTIVE"
        raise DatabaseError(
            f"table {client.table(table.name)} was not {wanted} within {READY_WITHIN:g} seconds: try again later"
        ) from None


def _is_in(states: set[str], described: dict[str, Any]) -> bool:
    indexes = described.get("GlobalSecondaryIndexes", ())
    return {described["TableStatus"], *(index.get("IndexStatus", "ACTIVE") for index in indexes)} <= states


async def _enable_expiry(client: DynamoDBClient, table: Table) -> None:
    name = client.table(table.name)
    attribute = await expiry_of(client, table)
    if attribute is None:
        specification = {"Enabled": True, "AttributeName": EXPIRES_AT}
        try:
            await client.call("update_time_to_live", TableName=name, TimeToLiveSpecification=specification)
        except DatabaseError:  # DynamoDB refuses to enable it twice: another process may have been faster
            attribute = await expiry_of(client, table)
            if attribute is None:
                raise
    if attribute not in {None, EXPIRES_AT}:
        raise SchemaMismatch(f"table {name} expires items by {attribute!r}, not by {EXPIRES_AT!r}")


async def expiry_of(client: DynamoDBClient, table: Table) -> str | None:
    """Return the attribute by which a table expires items, or None."""
    answer = await client.call("describe_time_to_live", TableName=client.table(table.name))
    found = answer.get("TimeToLiveDescription", {})
    return str(found["AttributeName"]) if found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"} else None
