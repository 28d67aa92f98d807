"""Databases named by URL: `sqlite:///path`, `dynamodb://region/prefix?endpoint_url=…`."""

import re
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInput, SettingsError
from ..infrastructure.providers import PROVIDERS, provider_of
from ..settings import Settings

_FORMS = " or ".join(provider.url_form for provider in PROVIDERS.values())
_PASSWORD = re.compile(r"//[^/]*@")
_SETTINGS = {
    "db_path": "database_path",
    "region": "aws_region",
    "table_prefix": "dynamodb_table_prefix",
    "endpoint_url": "dynamodb_endpoint_url",
}
"""The setting that stands for a part of a URL, and checks it."""


def parse_database_url(url: str) -> dict[str, Any]:
    """Return what `DatabaseFactory.create` takes; credentials and retention are the environment's, never a URL's.

    `sqlite:///path` is relative, `sqlite:////path` absolute. A region or prefix that is left out is the environment's.

    Raises:
        InvalidInput: The URL names no database; the message shows the accepted forms, and no secret.
    """
    scheme, separator, rest = url.partition("://")
    provider = PROVIDERS.get(scheme) if separator else None
    named = provider.parse_url(rest) if provider else None
    if provider is None or named is None:
        raise InvalidInput(f"{_shown(url)} does not name a database; write {_FORMS}")
    try:
        settings = Settings.load(
            database_provider=provider.name, **{_SETTINGS[key]: value for key, value in named.items()}
        )
    except SettingsError as error:
        raise InvalidInput(f"{_shown(url)}: {error.message}") from None
    config = settings.database_config()
    # The URL alone says where: an endpoint of the environment must not turn AWS into something else.
    return config if named.get("endpoint_url") or "endpoint_url" not in config else config | {"endpoint_url": None}


def database_url(config: Mapping[str, Any]) -> str:
    """Return the URL of a configuration: what `parse_database_url` reads, without credentials."""
    return provider_of(config).format_url(config)


def same_database(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two configurations name one database."""
    provider = provider_of(one)
    return provider is provider_of(other) and provider.identity(one) == provider.identity(other)


def _shown(url: str) -> str:
    """Return what an error may repeat of a URL: no query, and no password."""
    return repr(_PASSWORD.sub("//", url.partition("?")[0])[:200])
