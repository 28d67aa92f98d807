"""Which provider: the only place that knows them by name. A provider's module is imported when it is chosen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput
from .database_interface import DatabaseManager

if TYPE_CHECKING:
    from .dynamodb.manager import DynamoDBManager
    from .sqlite.manager import SQLiteManager

_SQLITE_KEYS = ("db_path", "retention_days", "clock", "busy_timeout")
_DYNAMODB_KEYS = (
    "region",
    "table_prefix",
    "endpoint_url",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "retention_days",
    "clock",
)


def get_sqlite_manager(path: str = "./github_events.db", **options: Any) -> "SQLiteManager":
    """A manager of a database file, or of `:memory:`; nothing is opened yet. Options: those of `SQLiteManager`."""
    from .sqlite.manager import SQLiteManager  # noqa: PLC0415 - imported when chosen

    return SQLiteManager(path, **options)


def get_dynamodb_manager(
    region: str | None = None, table_prefix: str = "github-events-", endpoint_url: str | None = None, **options: Any
) -> "DynamoDBManager":
    """A manager of DynamoDB tables; nothing is contacted yet. Options: those of `DynamoDBManager`, for instance keys.

    Without region or credentials botocore's own chain finds them (roles, profiles, session tokens).
    """
    from .dynamodb.manager import DynamoDBManager  # noqa: PLC0415 - imported when chosen

    return DynamoDBManager(region=region, table_prefix=table_prefix, endpoint_url=endpoint_url, **options)


class DatabaseFactory:
    """Managers out of a configuration."""

    @staticmethod
    def create(config: Mapping[str, Any]) -> DatabaseManager:
        """A manager for `{"provider": "sqlite", "db_path": …}` or `{"provider": "dynamodb", "region": …, …}`.

        Keys whose value is null count as not given. Raises `InvalidInput` for an unknown provider or key.
        """
        options = {key: value for key, value in config.items() if value is not None}
        provider = options.pop("provider", "sqlite")
        if provider == "sqlite":
            _check(options, provider, _SQLITE_KEYS)
            return get_sqlite_manager(options.pop("db_path", "./github_events.db"), **options)
        if provider == "dynamodb":
            _check(options, provider, _DYNAMODB_KEYS)
            return get_dynamodb_manager(**options)
        raise InvalidInput(f"{provider!r} is not a database provider; the providers are sqlite and dynamodb")


def _check(options: Mapping[str, Any], provider: str, accepted: tuple[str, ...]) -> None:
    for key in options:
        if key not in accepted:
            raise InvalidInput(f"{key!r} is not a key of the {provider} configuration; it takes {', '.join(accepted)}")
