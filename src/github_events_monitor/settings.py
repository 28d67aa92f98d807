"""Settings: the one reader of the environment (and of a `.env` file beside it), frozen once read."""

import ipaddress
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import InvalidInput, SettingsError
from .records import repo_key

_CREDENTIALS = re.compile(r"//[^/]*@")

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
        raise ValueError("not a URL")  # so does reading a port that is no number up to 65535
    if value.split() != [value]:
        raise ValueError("not a URL")
    return value.rstrip("/")


def _sendable(value: object) -> object:
    """A token as a client can send it in a header: https://www.rfc-editor.org/rfc/rfc6750#section-2.1"""
    if isinstance(value, str) and not (value.isascii() and value.isprintable() and value.split() == [value]):
        raise ValueError("cannot be sent in a header")
    return value


def _github_token(value: object) -> object:
    """A token may come with the white space of the file that it was read from."""
    return (_sendable(value.strip()) if value.strip() else None) if isinstance(value, str) else value


def _repositories(value: object) -> object:
    names = _split(value)
    for name in names if isinstance(names, tuple) else ():
        try:
            repo_key(name)
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
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    database_provider: Literal["sqlite", "dynamodb"] = Field("sqlite", description="sqlite or dynamodb")
    database_path: str = Field("./github_events.db", description="a file path, or :memory:")
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
    github_api_url: HttpUrl = Field("https://api.github.com", description="an http or https URL")
    target_repositories: Repositories = Field((), description="owner/name, comma-separated")
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
    github_webhook_secret: SecretStr | None = Field(None, min_length=1, description="the webhook's secret")
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    log_file: Path | None = Field(None, description="a file path")
    aws_lambda_function_name: str | None = Field(None, description="set by AWS Lambda")

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment; `overrides` are flags of the command line. Raises `SettingsError`, one line."""
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            raise SettingsError("; ".join(_sentence(cls, problem) for problem in error.errors())) from None
        except (UnicodeDecodeError, OSError):
            raise SettingsError("the .env file of this folder cannot be read; it must be text in UTF-8") from None

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
        """What `DatabaseFactory.create` takes."""
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


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _sentence(cls: type[Settings], problem: Any) -> str:
    name = str(problem["loc"][0]).lower() if problem["loc"] else ""
    field = cls.model_fields.get("aws_region" if name == "aws_default_region" else name)
    accepted = field.description if field else "see the README"
    secret = field is None or "SecretStr" in str(field.annotation)
    value = "" if secret else "=" + _CREDENTIALS.sub("//***@", repr(problem["input"]))
    return f"{name.upper()}{value} is not accepted; give {accepted}"
