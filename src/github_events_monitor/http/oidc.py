"""JWTs of OIDC_ISSUER: signature by the issuer's published keys, issuer, audience, expiry.

The keys are found by https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig and kept. A token that
names an unknown key has them fetched again (issuers rotate keys), but not more often than once a minute: tokens are
strangers' text, and must not make us ask the issuer all the time.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import orjson

from ..errors import IssuerUnreachable
from ..settings import is_loopback
from ..side_by_side import LoopLock

logger = logging.getLogger(__name__)

ALGORITHMS = frozenset(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)) | {"EdDSA"}
"""Signatures by a private key; never a shared secret, never none: https://www.rfc-editor.org/rfc/rfc8725#section-3.1"""
KEPT = 3_600.0
"""Seconds that keys are used before they are fetched again."""
STALE = 86_400.0
"""Seconds that keys are used while the issuer cannot be reached."""
AGAIN = 60.0
"""Seconds between two fetches."""
WITHIN = 5.0
"""Seconds in which the issuer has to send its keys."""
MAX_BYTES = 262_144
MAX_KEYS = 20
LEEWAY = 30
"""Seconds by which the clocks may differ."""


@dataclass(frozen=True)
class Principal:
    """The subject of a token. `client` is the program that it was issued to, "" where the token does not say."""

    issuer: str
    subject: str | None
    client: str


class OidcVerifier:
    """The tokens of one issuer for one audience. `transport` and `monotonic` are for tests."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer, self._audience = issuer, audience
        self._transport, self._monotonic = transport, monotonic
        self._lock = LoopLock()
        self._keys: list[dict[str, Any]] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    async def verify(self, token: str) -> Principal | None:
        """Return the principal of a token, None for one that is not accepted. Raises `IssuerUnreachable`."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header.get("alg"), header.get("kid")
            if algorithm not in ALGORITHMS:
                return None
            claims = None
            for key in await self._keys_for(key_id, algorithm):
                claims = claims or self._claims(token, key, algorithm)
        except (jwt.PyJWTError, ValueError):
            return None
        if claims is None:
            return None
        client = claims.get("azp") or claims.get("client_id") or ""
        subject = claims.get("sub")
        return Principal(self._issuer, str(subject) if subject is not None else None, str(client))

    def _claims(self, token: str, key: dict[str, Any], algorithm: str) -> dict[str, Any] | None:
        """Return the claims of a token that this key signed and that is for us and now, else None."""
        try:
            return jwt.decode(
                token,
                jwt.PyJWK(key, algorithm).key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=[self._issuer, f"{self._issuer}/"],  # some write it with a slash, settings have it without
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError):
            return None

    async def _keys_for(self, key_id: object, algorithm: str) -> list[dict[str, Any]]:
        """Return the keys that a token may be signed with; fetched where they are old, or none of them fits."""
        found = self._fitting(key_id, algorithm)
        if found and self._age(self._fetched_at) < KEPT:
            return found
        async with self._lock():
            if self._age(self._tried_at) >= AGAIN:
                await self._fetch()
        if self._age(self._fetched_at) >= STALE:
            raise IssuerUnreachable("the keys of OIDC_ISSUER cannot be had, so that no token can be checked; try later")
        return self._fitting(key_id, algorithm)

    def _fitting(self, key_id: object, algorithm: str) -> list[dict[str, Any]]:
        return [
            key
            for key in self._keys
            if (key_id is None or key.get("kid") == key_id)
            and key.get("alg", algorithm) == algorithm
            and key.get("use", "sig") == "sig"
        ]

    def _age(self, since: float | None) -> float:
        return float("inf") if since is None else self._monotonic() - since

    async def _fetch(self) -> None:
        """Fetch the keys; a failure leaves the ones before in use."""
        self._tried_at = self._monotonic()
        try:
            async with (
                asyncio.timeout(WITHIN),
                httpx.AsyncClient(transport=self._transport, timeout=WITHIN, follow_redirects=False) as http,
            ):
                described = await _get_object(http, f"{self._issuer}/.well-known/openid-configuration")
                keys = (await _get_object(http, _keys_url(described, self._issuer))).get("keys")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            logger.warning("the keys of OIDC_ISSUER cannot be fetched: %s", error or type(error).__name__)
            return
        self._keys = [key for key in keys if isinstance(key, dict)][:MAX_KEYS] if isinstance(keys, list) else []
        self._fetched_at = self._monotonic()


async def _get_object(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Return the JSON object at a URL. Raises `ValueError` and `httpx.HTTPError`."""
    async with http.stream("GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}) as answer:
        answer.raise_for_status()
        body = b""
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError(f"the answer has more than {MAX_BYTES} bytes")
    found = orjson.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the answer is no JSON object")  # noqa: TRY004 - what was sent is wrong, not our code
    return found


def _keys_url(described: dict[str, Any], issuer: str) -> str:
    """Return where the issuer's keys are: over TLS, or on this machine. Raises `ValueError`."""
    if str(described.get("issuer", "")).rstrip("/") != issuer:
        raise ValueError("it describes another issuer")
    url = httpx.URL(str(described.get("jwks_uri", "")))
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise ValueError("jwks_uri is not an https URL")
    return str(url)
