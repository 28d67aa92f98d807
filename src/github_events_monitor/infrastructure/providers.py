"""The providers of databases: everything about each that must be known before its modules are imported."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from ..errors import InvalidInput
from .database_interface import DatabaseManager

Config = Mapping[str, Any]
"""What `DatabaseFactory.create` takes, its values checked by nothing but a provider."""


class Provider(ABC):
    """One entry: its name (also the scheme of its URLs), the form of a URL, the keys of a configuration."""

    name: str
    url_form: str
    keys: tuple[str, ...]

    @abstractmethod
    def create(self, options: Config) -> DatabaseManager:
        """Return a manager; its modules are imported here, nothing is opened. `options` have no None among them."""

    @abstractmethod
    async def require(self, config: Config) -> None:
        """Raise `InvalidInput` when there is no such database: opening it would make one."""

    @abstractmethod
    def parse_url(self, rest: str) -> dict[str, Any] | None:
        """Return what a URL says after `name://`, by keys of a configuration; None when it is not of the form."""

    @abstractmethod
    def format_url(self, config: Config) -> str:
        """Return the URL that `parse_url` reads, without credentials."""

    @abstractmethod
    def identity(self, config: Config) -> object:
        """Return a value that is equal for configurations of the same database."""


class _SQLite(Provider):
    name = "sqlite"
    url_form = "sqlite:///path"
    keys = ("db_path", "retention_days", "clock", "busy_timeout")

    def create(self, options: Config) -> DatabaseManager:
        from .sqlite.manager import SQLiteManager  # noqa: PLC0415 - imported when chosen

        rest = dict(options)
        return SQLiteManager(rest.pop("db_path", "./github_events.db"), **rest)

    async def require(self, config: Config) -> None:
        path = config.get("db_path") or ""
        if path != ":memory:" and not await asyncio.to_thread(Path(path).exists):
            raise InvalidInput(f"there is no database {path}; check the path (DATABASE_PATH)")

    def parse_url(self, rest: str) -> dict[str, Any] | None:
        path = unquote(rest.removeprefix("/"))
        return {"db_path": path} if rest.startswith("/") and path and path != ":memory:" else None

    def format_url(self, config: Config) -> str:
        return f"sqlite:///{quote(str(config['db_path']))}"

    def identity(self, config: Config) -> object:
        return Path(config["db_path"]).resolve()


class _DynamoDB(Provider):
    name = "dynamodb"
    url_form = "dynamodb://region/prefix?endpoint_url=http://host:port"
    keys = (
        "region",
        "table_prefix",
        "endpoint_url",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "retention_days",
        "clock",
    )
    _region = re.compile(r"[a-z0-9-]{0,40}")

    def create(self, options: Config) -> DatabaseManager:
        from .dynamodb.manager import DynamoDBManager  # noqa: PLC0415 - imported when chosen

        return DynamoDBManager(**options)

    async def require(self, config: Config) -> None:
        manager = self.create({key: value for key, value in config.items() if key in self.keys and value is not None})
        try:
            health = await manager.health_check()
        finally:
            await manager.close()
        if health.get("tables_found") == 0:
            raise InvalidInput(
                f"there is no database {self.format_url(config)}: none of its tables exists; check the prefix"
                " (DYNAMODB_TABLE_PREFIX) and the region (AWS_REGION)"
            )

    def parse_url(self, rest: str) -> dict[str, Any] | None:
        place, _, query = rest.partition("?")
        region, _, prefix = place.partition("/")
        options = dict(parse_qsl(query, keep_blank_values=True))
        endpoint = options.pop("endpoint_url", None)
        if options or not self._region.fullmatch(region):
            return None
        return {"region": region or None, "table_prefix": unquote(prefix) or None, "endpoint_url": endpoint or None}

    def format_url(self, config: Config) -> str:
        endpoint = config.get("endpoint_url")
        query = f"?{urlencode({'endpoint_url': endpoint}, safe=':/')}" if endpoint else ""
        return f"dynamodb://{config.get('region') or ''}/{quote(config.get('table_prefix') or '')}{query}"

    def identity(self, config: Config) -> object:
        return config.get("region"), config.get("table_prefix"), config.get("endpoint_url")


PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (_SQLite(), _DynamoDB())}


def provider_of(config: Config) -> Provider:
    """Return the provider that a configuration names; without a name it is SQLite.

    Raises:
        InvalidInput: There is no such provider.
    """
    name = config.get("provider") or "sqlite"
    if name not in PROVIDERS:
        raise InvalidInput(f"{name!r} is not a database provider; the providers are {' and '.join(PROVIDERS)}")
    return PROVIDERS[name]
