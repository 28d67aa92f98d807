"""A collector over the database that a config or the environment names."""

from collections.abc import Mapping
from typing import Any

from .collecting.collector import Collector
from .github.client import GitHubClient
from .github.credentials import find_credentials
from .infrastructure.database_factory import DatabaseFactory
from .instants import system_clock
from .settings import Settings


def create_enhanced_collector(database_config: Mapping[str, Any] | None = None) -> Collector:
    """Return a collector that is opened lazily, and closed by the caller.

    Args:
        database_config: `{'provider': 'sqlite', 'db_path': …}` or `{'provider': 'dynamodb', 'region': …,
            'table_prefix': …, 'endpoint_url': …}`; None reads DATABASE_PROVIDER and its companions.

    Raises:
        SettingsError: For a variable of the environment.
        InvalidInput: For `database_config`.
    """
    settings = Settings.load()
    manager = DatabaseFactory.create(settings.database_config() if database_config is None else database_config)
    client = GitHubClient(settings.github_api_url, find_credentials(settings), system_clock)
    return Collector(
        manager,
        client,
        with_token=client.authenticated,
        targets=settings.target_repositories,
        retention_days=settings.event_retention_days,
    )
