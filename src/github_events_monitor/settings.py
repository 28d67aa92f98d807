"""Settings: the one reader of the environment (and of a file of variables beside it), frozen once read."""

import ipaddress
import os
import re
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from dotenv import dotenv_values
from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import InvalidInput, SettingsError
from .watch_words import ACCEPTED, parse_watch_word

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_UNSET = re.compile(r"(?:^|/)\$[A-Za-z_]")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
"""What a client without a shell left as it was."""

_DESTINATIONS = {
    "GITHUB_API_URL": (
        "GITHUB_TOKEN",
        "GITHUB_TOKEN_FILE",
        "GITHUB_APP_PRIVATE_KEY",
        "GITHUB_APP_PRIVATE_KEY_FILE",
        "GH_TOKEN",
    ),
    "DYNAMODB_ENDPOINT_URL": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
}
"""Where requests go, and the credentials that go with them."""

DEFAULT_POLL_INTERVAL = 300
"""Seconds; also what freshness is judged by when background polling is off."""


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _names(value: object) -> object:
    names = _split(value)
    if isinstance(names, tuple) and any(len(name.split()) > 1 for name in names):
        raise ValueError("separated by something else than commas")
    return names


def _level(value: object) -> object:
    return value.upper() if isinstance(value, str) and value.upper() in LEVELS else value


def _http_url(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.port == 0:
        raise ValueError("not a URL")  # so does reading a port that is not a number up to 65535
    if value.split() != [value]:
        raise ValueError("not a URL")
    return value.rstrip("/")


def _sendable(value: object) -> object:
    """Return a token as a client can send it in a header: https://www.rfc-editor.org/rfc/rfc6750#section-2.1"""
    if not isinstance(value, str):
        return value
    if not (value.isascii() and value.isprintable() and value.split() == [value]) or _PLACEHOLDER.search(value):
        raise ValueError("cannot be sent in a header")
    return value


def _path(value: object) -> object:
    """Return a path with `~` and variables expanded, as a shell would: clients start servers without one."""
    if not isinstance(value, str):
        return value
    expanded = os.path.expanduser(os.path.expandvars(value))
    if _PLACEHOLDER.search(expanded) or _UNSET.search(expanded):
        raise ValueError("a variable that is not set")
    if _URL.match(expanded):
        raise ValueError("a URL")  # it would be a folder of that name, with the password in it
    return expanded


def _default_database() -> str:
    """Return the file of the current folder where it exists, else the one in the user's data folder."""
    here = "./github_events.db"
    try:
        found = Path(here).exists()
    except OSError:
        found = False
    return here if found else str(platformdirs.user_data_path("github-events-monitor") / "github_events.db")


def _github_token(value: object) -> object:
    """Return a token without the white space of the file that it was read from; None for a blank one."""
    return (_sendable(value.strip()) if value.strip() else None) if isinstance(value, str) else value


def _repositories(value: object) -> object:
    names = _split(value)
    for name in names if isinstance(names, tuple) else ():
        try:
            parse_watch_word(name)
        except InvalidInput as error:
            raise ValueError(error.message) from None
    return names


LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Repositories = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_repositories)]
Token = Annotated[SecretStr, BeforeValidator(_sendable)]
HttpUrl = Annotated[str, BeforeValidator(_http_url)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_level)]


class Settings(BaseSettings):
    """Every setting by the name of its variable; the descriptions say what is accepted."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    database_provider: Literal["sqlite", "dynamodb"] = Field("sqlite", description="sqlite or dynamodb")
    database_path: Annotated[str, BeforeValidator(_path)] = Field(
        default_factory=_default_database,
        description="a file path (no URL), or :memory:, in which every variable is set",
    )
    aws_region: str | None = Field(
        None,
        validation_alias=AliasChoices("aws_region", "aws_default_region"),
        pattern=r"^[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        description="a region like us-east-1, there or in AWS_DEFAULT_REGION",
    )
    aws_access_key_id: SecretStr | None = Field(None, description="an AWS access key id")
    aws_secret_access_key: SecretStr | None = Field(None, description="an AWS secret access key")
    aws_session_token: SecretStr | None = Field(None, description="an AWS session token")
    dynamodb_table_prefix: str = Field(
        "github-events-", pattern=r"^[A-Za-z0-9_.-]{0,200}$", description="letters, digits, and . _ -"
    )
    dynamodb_endpoint_url: HttpUrl | None = Field(None, description="an http or https URL")
    github_token: Annotated[SecretStr | None, BeforeValidator(_github_token)] = Field(
        None, description="a GitHub token, of visible ASCII characters"
    )
    github_token_file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None, description="a path of a file with a GitHub token alone in it"
    )
    github_app_id: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_.-]{1,60}$", description="the id or client id of a GitHub App"
    )
    github_app_installation_id: int | None = Field(None, ge=1, description="the number of one installation of the App")
    github_app_private_key: SecretStr | None = Field(None, description="the App's private key in PEM")
    github_app_private_key_file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None, description="a path of a file with the App's private key in PEM"
    )
    gh_token: Annotated[SecretStr | None, BeforeValidator(_github_token)] = Field(
        None, description="a GitHub token, of visible ASCII characters"
    )
    github_use_gh: bool = Field(True, description="true or false")
    github_api_url: HttpUrl = Field("https://api.github.com", description="an http or https URL")
    target_repositories: Repositories = Field((), description=f"{ACCEPTED}, comma-separated")
    poll_interval: int = Field(DEFAULT_POLL_INTERVAL, ge=0, le=86_400, description="whole seconds, 0 to 86400")
    event_retention_days: int | None = Field(None, ge=1, le=36_500, description="whole days, 1 or more")
    mcp_transport: Literal["stdio", "sse", "streamable-http"] = Field(
        "stdio", description="stdio, sse or streamable-http"
    )
    host: str = Field(
        "127.0.0.1", pattern=r"^[A-Za-z0-9.:%_\[\]-]+$", description="an address or host name to listen on"
    )
    port: int = Field(8000, ge=1, le=65_535, description="a port, 1 to 65535")
    api_token: Token | None = Field(None, min_length=1, description="a secret of visible ASCII characters")
    oidc_issuer: HttpUrl | None = Field(None, description="an https URL, the issuer of tokens that clients send")
    oidc_audience: str | None = Field(None, min_length=1, description="the audience that those tokens are for")
    allowed_hosts: Names = Field((), description="host names, comma-separated")
    bot_logins: Names = Field((), description="logins, comma-separated")
    read_only: bool = Field(False, description="true or false")
    tools: Names = Field((), description="names of tools, comma-separated")
    notify_urls: SecretStr | None = Field(None, description="URLs of the library apprise, comma-separated")
    github_webhook_secret: SecretStr | None = Field(None, min_length=1, description="the webhook's secret")
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    log_file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None, description="a path (no URL) of a regular file, in which every variable is set"
    )
    env_file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None, description="a path of a file of variables in UTF-8"
    )
    aws_lambda_function_name: str | None = Field(None, description="set by AWS Lambda")

    @classmethod
    def load(cls, *, folder: bool = True, **overrides: Any) -> Self:
        """Return the settings of the environment, and of the file that ENV_FILE names.

        folder: whether `.env` of the current folder is read where ENV_FILE names none. overrides: flags of the command
        line. Raises `SettingsError`, one line.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        file = _env_file(folder)
        try:
            if file is not None:
                _refuse_redirection(file, given)
            return cls(_env_file=file, **given)
        except ValidationError as error:
            raise SettingsError("; ".join(_sentence(cls, problem) for problem in error.errors())) from None
        except (UnicodeDecodeError, OSError):
            named = (
                "the .env file of this folder" if os.environ.get("ENV_FILE", "") == "" else f"ENV_FILE={str(file)!r}"
            )
            raise SettingsError(f"{named} cannot be read; it must be text in UTF-8") from None

    @classmethod
    def load_for_mcp(cls, **overrides: Any) -> Self:
        """Return the settings of an MCP server. Over stdio its folder may be a stranger's: `.env` there is not read."""
        settings = cls.load(folder=False, **overrides)
        return settings if settings.mcp_transport == "stdio" else cls.load(**overrides)

    @property
    def freshness_seconds(self) -> int:
        """How old the last collection may be before a read tool collects first."""
        return self.poll_interval or DEFAULT_POLL_INTERVAL

    @cached_property
    def bots(self) -> frozenset[str]:
        """`BOT_LOGINS`, lower-case."""
        return frozenset(login.lower() for login in self.bot_logins)

    @property
    def under_lambda(self) -> bool:
        """Whether AWS Lambda runs us: then it owns the socket and there is no lifespan."""
        return self.aws_lambda_function_name is not None

    def database_config(self) -> dict[str, Any]:
        """Return what `DatabaseFactory.create` takes."""
        if self.database_provider == "sqlite":
            return {"provider": "sqlite", "db_path": self.database_path, "retention_days": self.event_retention_days}
        secrets = {
            name: getattr(self, name) for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        }
        return {
            "provider": "dynamodb",
            "region": self.aws_region,
            "table_prefix": self.dynamodb_table_prefix,
            "endpoint_url": self.dynamodb_endpoint_url,
            "retention_days": self.event_retention_days,
            **{name: value.get_secret_value() if value else None for name, value in secrets.items()},
        }

    @property
    def asks_for_tokens(self) -> bool:
        """Whether clients of HTTP have to send a token."""
        return self.api_token is not None or self.oidc_issuer is not None

    def check_oidc(self) -> None:
        """Refuse an issuer whose tokens could be forged, or were made for others. Raises `SettingsError`."""
        if (self.oidc_issuer is None) != (self.oidc_audience is None):
            missing, there = ("OIDC_ISSUER", "OIDC_AUDIENCE")[:: 1 if self.oidc_issuer is None else -1]
            raise SettingsError(f"{missing} must be set where {there} is: tokens count with issuer and audience only")
        issuer = urlsplit(self.oidc_issuer or "https:")
        if issuer.scheme != "https" and not is_loopback(issuer.hostname or ""):
            raise SettingsError(f"OIDC_ISSUER={self.oidc_issuer!r} is not accepted; its keys are safe by https only")

    def check_listening(self) -> None:
        """Refuse to open a port that would let strangers in, or that is DynamoDB's. Raises `SettingsError`."""
        self.check_oidc()
        if not is_loopback(self.host) and not self.asks_for_tokens:
            raise SettingsError(
                f"HOST={self.host!r} can be reached from outside, so API_TOKEN must be set, a secret that clients send"
            )
        endpoint = urlsplit(self.dynamodb_endpoint_url or "")
        port = endpoint.port or {"http": 80, "https": 443}.get(endpoint.scheme)
        if self.database_provider == "dynamodb" and port == self.port and is_loopback(endpoint.hostname or ""):
            raise SettingsError(
                f"PORT={self.port} is also the port of DYNAMODB_ENDPOINT_URL={self.dynamodb_endpoint_url};"
                " set PORT to another, for instance PORT=8080"
            )


def environment_of(names: tuple[str, ...]) -> dict[str, str]:
    """Return some variables of the environment, for a program that we start."""
    return {name: os.environ[name] for name in names if name in os.environ}


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _env_file(folder: bool) -> Path | None:
    """Return the file of variables to read, None for none. Raises `SettingsError` where ENV_FILE names no file."""
    named = os.environ.get("ENV_FILE")
    if not named:
        return Path(".env") if folder else None
    try:
        path = Path(str(_path(named)))
        found = path.is_file()
    except (OSError, ValueError):
        found = False
    if not found:
        shown = "" if _may_hold_a_password(named) else f"={named!r}"
        raise SettingsError(f"ENV_FILE{shown} is not accepted; give a path of a file of variables in UTF-8")
    return path


def _refuse_redirection(file: Path, given: dict[str, Any]) -> None:
    """Refuse a file that alone says where credentials of the environment would go. Raises `SettingsError`."""
    if not file.is_file():
        return
    written = {name.upper() for name, value in dotenv_values(file, encoding="utf-8").items() if value}
    present = {name.upper() for name, value in os.environ.items() if value}
    for destination, credentials in _DESTINATIONS.items():
        sent = [name for name in credentials if name in present]
        if sent and destination in written - present and destination.lower() not in given:
            raise SettingsError(
                f"{destination} comes from the file {str(file)!r} alone, and {sent[0]} of the environment is not sent"
                f" where only a file says; set {destination} in the environment, too"
            )


def _sentence(cls: type[Settings], problem: Any) -> str:
    name = str(problem["loc"][0]).lower() if problem["loc"] else ""
    field = cls.model_fields.get("aws_region" if name == "aws_default_region" else name)
    accepted = field.description if field else "see the README"
    secret = field is None or "SecretStr" in str(field.annotation)
    value = "" if secret or _may_hold_a_password(problem["input"]) else f"={problem['input']!r}"
    return f"{name.upper()}{value} is not accepted; give {accepted}"


def _may_hold_a_password(value: object) -> bool:
    """Return whether a value that is not a URL may have been meant as one with credentials."""
    return isinstance(value, str) and ("@" in value or "?" in value)


def environment_without(names: Collection[str]) -> dict[str, str]:
    """Return the variables of the environment but for some, for a program that is started."""
    return {name: value for name, value in os.environ.items() if name not in names}
