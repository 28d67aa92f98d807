"""Bearer tokens: API_TOKEN, or a JWT of OIDC_ISSUER, and what a client without one is shown.

https://www.rfc-editor.org/rfc/rfc6750#section-3, https://www.rfc-editor.org/rfc/rfc9728
"""

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.types import Scope

from ..settings import Settings

if TYPE_CHECKING:
    from .oidc import OidcVerifier, Principal

WELL_KNOWN = "/.well-known/oauth-protected-resource"
LONGEST_TOKEN = 16_384
"""Characters. Servers of identities keep far below; what is longer is read by no parser."""


@dataclass(frozen=True)
class Grant:
    """A request that may pass. `principal` is None for API_TOKEN, which names no client."""

    principal: "Principal | None" = None


class BearerTokens:
    """The tokens that are accepted with these settings. Raises `SettingsError` for OIDC settings that do not do."""

    def __init__(self, settings: Settings) -> None:
        settings.check_oidc()
        self._api_token = settings.api_token
        self._audience = settings.oidc_audience or ""
        self.issuer = settings.oidc_issuer
        self._verifier = _verifier(settings.oidc_issuer, self._audience) if settings.oidc_issuer else None

    async def check(self, authorization: str | None) -> Grant | None:
        """Return what an `Authorization` header grants, None for nothing.

        Raises `IssuerUnreachable` where the keys of OIDC_ISSUER are needed and cannot be had.
        """
        if self._api_token is not None and token_matches(self._api_token, authorization):
            return Grant()
        token = bearer_of(authorization)
        if self._verifier is None or token is None or token.count(".") != 2 or len(token) > LONGEST_TOKEN:
            return None
        principal = await self._verifier.verify(token)
        return Grant(principal) if principal else None

    def challenge(self, scope: Scope, authorization: str | None) -> str:
        """Return the `WWW-Authenticate` header of a refusal; with OIDC it says where a client finds the issuer."""
        said = ['error="invalid_token"'] if authorization else []
        if self.issuer:
            said.insert(0, f'resource_metadata="{self._origin(scope)}{WELL_KNOWN}{_resource_path(scope["path"])}"')
        return f"Bearer {', '.join(said)}".strip()

    def metadata(self, scope: Scope) -> dict[str, object]:
        """Return the protected-resource metadata: https://www.rfc-editor.org/rfc/rfc9728#section-2"""
        path = _resource_path(scope["path"].removeprefix(WELL_KNOWN))
        return {
            "resource": f"{self._origin(scope)}{path}",
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "resource_name": "GitHub Events Monitor",
        }

    def _origin(self, scope: Scope) -> str:
        """Return scheme and host under which the client addressed us; behind TLS the audience knows the scheme."""
        url = HTTPConnection(scope).url
        audience = urlsplit(self._audience)
        scheme = audience.scheme if audience.netloc.lower() == url.netloc.lower() else url.scheme
        return f"{scheme}://{url.netloc}"


def _verifier(issuer: str, audience: str) -> "OidcVerifier":
    from .oidc import OidcVerifier  # noqa: PLC0415 - brings cryptography, which those without OIDC start faster without

    return OidcVerifier(issuer, audience)


def bearer_of(authorization: str | None) -> str | None:
    """Return the token of an `Authorization` header, None where it is of another scheme."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def token_matches(token: SecretStr, authorization: str | None) -> bool:
    """Return whether an `Authorization` header carries the bearer token; takes the same time whatever it carries."""
    given = bearer_of(authorization)
    expected = token.get_secret_value().encode()
    return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), expected)


def _resource_path(path: str) -> str:
    """Return the path of the resource that a path belongs to: the MCP endpoints are resources of their own."""
    name = path.rstrip("/")
    return name if name in {"/mcp", "/sse"} else ""
