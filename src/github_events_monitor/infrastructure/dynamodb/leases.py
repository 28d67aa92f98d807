"""Leases on DynamoDB: who may collect a repository, in the item of its state (see `state_items`).

A lease that is taken makes the item's epoch grow, and one conditional write checks the epoch and stores the state.
"""

from typing import Any

from ...errors import DatabaseError
from ...instants import seconds_of
from ...records import Lease
from .batches import expressions
from .client import DynamoDBClient
from .faults import ConditionFailed
from .items import attributes, number
from .state_items import TABLE, key


async def acquire(
    client: DynamoDBClient, repo: str, owner: str, now: str, expires_at: str, latest: str
) -> Lease | None:
    """Take the lease if it is free, expired or ours already, or if it ends after `latest`."""
    values = {":owner": owner, ":now": now, ":until": expires_at, ":latest": latest, ":one": 1}
    values[":first"] = seconds_of(now)
    try:
        answer = await client.call(
            "update_item",
            TableName=client.table(TABLE),
            Key=key(f"#state#{repo}", "state"),
            ExpressionAttributeValues=attributes(values),
            ReturnValues="UPDATED_NEW",
            **expressions(
                UpdateExpression="SET #lease_owner = :owner, #lease_until = :until, "
                "#epoch = if_not_exists(#epoch, :first) + :one",
                ConditionExpression="attribute_not_exists(#lease_owner) OR #lease_owner = :owner "
                "OR #lease_until <= :now OR #lease_until > :latest",
            ),
        )
    except ConditionFailed:
        return None
    return Lease(repo, owner, number(answer["Attributes"], "epoch"), expires_at)


_IS_OURS = "#lease_owner = :owner AND #epoch = :epoch"


def _item_of(client: DynamoDBClient, lease: Lease) -> dict[str, Any]:
    """Return where a lease is, and the values of `_IS_OURS`."""
    return {
        "TableName": client.table(TABLE),
        "Key": key(f"#state#{lease.repo_name}", "state"),
        "ExpressionAttributeValues": attributes({":owner": lease.owner, ":epoch": lease.epoch}),
    }


async def release(client: DynamoDBClient, lease: Lease) -> None:
    """Give a lease back if it is still ours."""
    try:
        await client.call(
            "update_item",
            **_item_of(client, lease),
            **expressions(
                UpdateExpression="REMOVE #lease_owner, #lease_until",
                ConditionExpression=_IS_OURS,
            ),
        )
    except ConditionFailed:
        return


async def delete(client: DynamoDBClient, lease: Lease) -> bool:
    """Delete a lease of ours with its item, unless that has a state, too; return whether it is gone.

    A role of an earlier version may not delete items.
    """
    try:
        await client.call(
            "delete_item",
            **_item_of(client, lease),
            **expressions(ConditionExpression=f"{_IS_OURS} AND attribute_not_exists(#state)"),
        )
    except (ConditionFailed, DatabaseError):
        return False
    return True
