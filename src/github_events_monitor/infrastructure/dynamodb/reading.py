"""Files and summaries of commits, by the key of the commit."""

from collections.abc import Iterable
from typing import Any

from ...records import CommitFile, CommitSummary
from .batches import all_items, expressions, get_items
from .client import DynamoDBClient
from .items import attributes, must
from .rows import file_from_item, summary_from_item


async def load_files(client: DynamoDBClient, name: str) -> list[CommitFile]:
    """Return a commit's files by filename; `name` is its key."""
    found = [file_from_item(item) for item in await all_items(client, file_query(client, name))]
    return sorted(found, key=lambda file: file.filename)


def file_query(client: DynamoDBClient, name: str) -> dict[str, Any]:
    """Return the query for a commit's files."""
    query = expressions(KeyConditionExpression="#commit_sha = :key")
    query["TableName"] = client.table("commit_files")
    query["ExpressionAttributeValues"] = attributes({":key": name})
    query["ConsistentRead"] = True
    return query


async def load_summaries(
    client: DynamoDBClient, names: Iterable[str], *, consistent: bool = False
) -> dict[str, CommitSummary]:
    """Return summaries by the keys of their commits; those without are absent."""
    keys = ({"commit_sha": {"S": name}} for name in names)
    found = await get_items(client, "commit_summaries", keys, consistent=consistent)
    return {must(item, "commit_sha"): summary_from_item(item) for item in found}
