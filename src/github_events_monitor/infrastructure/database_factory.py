"""Managers of databases, by provider; a provider's modules are imported when it is chosen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput
from .database_interface import DatabaseManager
from .providers import provider_of

if TYPE_CHECKING:
    from .dynamodb.manager import DynamoDBManager
    from .sqlite.manager import SQLiteManager


def get_sqlite_manager(path: str = "./github_events.db", **options: Any) -> "SQLiteManager":
    """Return a manager of a database file, or of `:memory:`; nothing is opened yet.

    Args:
        path: The file; missing folders are made.
        options: Those of `SQLiteManager`.
    """
    from .sqlite.manager import SQLiteManager  # noqa: PLC0415 - imported when chosen

    return SQLiteManager(path, **options)


def get_dynamodb_manager(
    region: str | None = None, table_prefix: str = "github-events-", endpoint_url: str | None = None, **options: Any
) -> "DynamoDBManager":
    """Return a manager of DynamoDB tables; nothing is contacted yet.

    Without region or credentials botocore's own chain finds them (roles, profiles, session tokens).

    Args:
        region: An AWS region.
        table_prefix: How the names of the tables begin.
        endpoint_url: Another endpoint, such as DynamoDB Local.
        options: Those of `DynamoDBManager`, for instance keys.
    """
    from .dynamodb.manager import DynamoDBManager  # noqa: PLC0415 - imported when chosen

    return DynamoDBManager(region=region, table_prefix=table_prefix, endpoint_url=endpoint_url, **options)


class DatabaseFactory:
    """Managers out of a configuration."""

    @staticmethod
    def create(config: Mapping[str, Any]) -> DatabaseManager:
        """Return a manager for `{"provider": "sqlite", "db_path": …}` or `{"provider": "dynamodb", "region": …, …}`.

        Keys whose value is None count as not given.

        Raises:
            InvalidInput: The provider or a key is unknown.
        """
        provider = provider_of(config)
        options = {key: value for key, value in config.items() if key != "provider" and value is not None}
        for key in options:
            if key not in provider.keys:
                raise InvalidInput(
                    f"{key!r} is not a key of the {provider.name} configuration; it takes {', '.join(provider.keys)}"
                )
        return provider.create(options)
