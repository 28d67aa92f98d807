"""Databases named by URL: `sqlite:///path`, `dynamodb://region/prefix?endpoint_url=…`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from ..errors import InvalidInput, SettingsError
from ..settings import Settings

_FORMS = "sqlite:///path or dynamodb://region/prefix?endpoint_url=http://host:port"
_REGION = re.compile(r"[a-z0-9-]{0,40}")
_PASSWORD = re.compile(r"//[^/]*@")


def parse_database_url(url: str) -> dict[str, Any]:
    """What `DatabaseFactory.create` takes; credentials and retention come from the environment, never from a URL.

    `sqlite:///path` is relative, `sqlite:////path` absolute. A region or prefix that is left out is the environment's.
    Raises `InvalidInput` that shows the accepted forms.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "sqlite":
        return _sqlite(url, rest)
    if separator and scheme == "dynamodb":
        return _dynamodb(url, rest)
    raise InvalidInput(f"{_shown(url)} does not name a database; write {_FORMS}")


def database_url(config: Mapping[str, Any]) -> str:
    """The URL of a factory's configuration: what `parse_database_url` reads, without credentials."""
    if config["provider"] == "sqlite":
        return f"sqlite:///{quote(str(config['db_path']))}"
    endpoint = config.get("endpoint_url")
    query = f"?{urlencode({'endpoint_url': endpoint}, safe=':/')}" if endpoint else ""
    return f"dynamodb://{config.get('region') or ''}/{quote(config.get('table_prefix') or '')}{query}"


def same_database(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configurations name one database."""
    return _identity(one) == _identity(other)


def _identity(config: Mapping[str, Any]) -> tuple[object, ...]:
    if config["provider"] == "sqlite":
        return ("sqlite", Path(config["db_path"]).resolve())
    return ("dynamodb", config.get("region"), config.get("table_prefix"), config.get("endpoint_url"))


def _sqlite(url: str, rest: str) -> dict[str, Any]:
    path = unquote(rest.removeprefix("/"))
    if not rest.startswith("/") or not path or path == ":memory:":
        raise InvalidInput(f"{_shown(url)} does not name a SQLite file; write sqlite:///github_events.db")
    return _settings(url, database_provider="sqlite", database_path=path).database_config()


def _dynamodb(url: str, rest: str) -> dict[str, Any]:
    place, _, query = rest.partition("?")
    region, _, prefix = place.partition("/")
    options = dict(parse_qsl(query, keep_blank_values=True))
    endpoint = options.pop("endpoint_url", None)
    if options or not _REGION.fullmatch(region):
        raise InvalidInput(f"{_shown(url)} is not of the form that names a database; write {_FORMS}")
    settings = _settings(
        url,
        database_provider="dynamodb",
        aws_region=region or None,
        dynamodb_table_prefix=unquote(prefix) or None,
        dynamodb_endpoint_url=endpoint or None,
    )
    # The URL alone says where: an endpoint of the environment must not turn AWS into something else.
    return {**settings.database_config(), "endpoint_url": settings.dynamodb_endpoint_url if endpoint else None}


def _settings(url: str, **named: str | None) -> Settings:
    try:
        return Settings.load(**named)
    except SettingsError as error:
        raise InvalidInput(f"{_shown(url)}: {error.message}") from None


def _shown(url: str) -> str:
    """What an error may repeat of a URL: no query, and nobody's password."""
    return repr(_PASSWORD.sub("//", url.partition("?")[0])[:200])
