"""A GitHub App: it signs who it is, and gets a token for each of its installations, which lasts an hour.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/about-authentication-with-a-github-app
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
from pydantic import SecretStr

from ..errors import Forbidden, InvalidInput, NotFound, RateLimited, SettingsError, Unreachable
from ..instants import Clock, parse_instant
from .decoding import any_json
from .protocol import classify, request_headers
from .refusals import Request
from .transport import Exchange, exchange, trusted

RENEWED_BEFORE_END = timedelta(minutes=5)
_JWT_LIFE = timedelta(minutes=9)  # at most ten
_CLOCK_DRIFT = timedelta(minutes=1)
_SECONDS = 10.0
_ASKED_AGAIN = timedelta(hours=1)
"""After this an owner without an installation is looked up again: the App may have been installed since."""


class _Token(NamedTuple):
    """An installation's token: `value` is secret."""

    value: str
    ends_at: datetime


class _Found(NamedTuple):
    """Which installation an owner has, None for none, and when that was asked."""

    installation: int | None
    at: datetime


class GitHubApp:
    """Credentials of an App: each owner's questions are asked by that owner's installation.

    Owners without one, or whose is suspended, are asked about by the first installation there is, since any of them may
    read what is public.

    Args:
        app_id: The App's id or client id.
        key: Its private key in PEM. Raises `SettingsError` for anything else.
        installation: The one to use for every owner; None to find each owner's.
    """

    def __init__(
        self,
        api_url: str,
        app_id: str,
        key: SecretStr,
        *,
        installation: int | None,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base, self._app_id, self._key = api_url.rstrip("/"), app_id, _parsed(key)
        self._installation, self._clock, self._transport = installation, clock, transport
        self._tokens: dict[int, _Token] = {}
        self._found: dict[str | None, _Found] = {}
        self._lock = asyncio.Lock()

    def describe(self) -> str:
        """Return the App's id, and which installation is asked."""
        which = f"installation {self._installation}" if self._installation else "installations found by owner"
        return f"GitHub App {self._app_id}, {which}"

    async def header(self, owner: str | None) -> str | None:
        """Return the header with the token of an owner's installation; None where the App is installed nowhere.

        Raises `Forbidden` where GitHub does not know the App or its key, `Unreachable` where it does not answer.
        """
        name = owner.lower() if owner else None
        async with self._lock:  # many questions at once get one token
            remembered = name in self._found
            try:
                return await self._header(name)
            except Forbidden:
                if self._installation is not None or not remembered:
                    raise
                return await self._header(name)  # it was removed or suspended since: another one may serve

    async def _header(self, owner: str | None) -> str | None:
        installation = self._installation or await self._installation_of(owner)
        return None if installation is None else _bearer(await self._current(installation))

    def allowance(self, owner: str) -> int | None:
        """Return the owner's installation: each has a limit of its own.

        https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/rate-limits-for-github-apps
        """
        found = (self._found.get(owner.lower()), self._found.get(None))
        known = (one.installation for one in found if one is not None and one.installation is not None)
        return self._installation or next(known, None)

    def reject(self, authorization: str) -> None:
        """Ask for another token, and which installations there are: this one was removed, and maybe installed again."""
        kept = {number: token for number, token in self._tokens.items() if _bearer(token) != authorization}
        if kept != self._tokens:
            self._tokens = kept
            self._found.clear()

    def advice(self) -> str:
        """Return where to look: it was removed or suspended, or is installed nowhere."""
        return f"check the installations of GitHub App {self._app_id}"

    def access(self, owner: str | None) -> str | None:
        """Return what to do where an owner is known to have no installation, or one that is suspended."""
        found = self._found.get(owner.lower() if owner else None)
        if self._installation is not None or found is None or found.installation is not None:
            return None
        return f"install (or unsuspend) GitHub App {self._app_id}{f' for {owner}' if owner else ''}"

    async def _current(self, installation: int) -> _Token:
        """Return an installation's token, renewed before its end; where that fails, the old one to its end."""
        known, now = self._tokens.get(installation), self._clock()
        if known is not None and now < known.ends_at - RENEWED_BEFORE_END:
            return known
        try:
            self._tokens[installation] = await self._renewed(installation)
        except (Unreachable, RateLimited):
            if known is None or now >= known.ends_at:
                raise
        return self._tokens[installation]

    async def _renewed(self, installation: int) -> _Token:
        """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""
        what = f"a token of installation {installation}"
        try:
            token = _token(await self._ask(f"app/installations/{installation}/access_tokens", what, json={}))
        except NotFound:
            self._found.clear()  # it was removed, and maybe installed again
            raise Forbidden(
                f"GitHub App {self._app_id} has no installation {installation}; check GITHUB_APP_INSTALLATION_ID"
            ) from None
        except Forbidden:
            self._found.clear()  # it was suspended
            raise
        if token is None:
            raise Unreachable(f"{self._host} sent no token for {what}; check GITHUB_API_URL")
        return token

    async def _installation_of(self, owner: str | None) -> int | None:
        known, now = self._found.get(owner), self._clock()
        if known is None or (known.installation is None and now - known.at > _ASKED_AGAIN):
            known = self._found[owner] = _Found(await self._look_up(owner), now)
        if known.installation is None and owner is not None:
            return await self._installation_of(None)
        return known.installation

    async def _look_up(self, owner: str | None) -> int | None:
        """https://docs.github.com/en/rest/apps/apps#get-a-user-installation-for-the-authenticated-app"""
        if owner is None:
            every = await self._ask("app/installations?per_page=100", "the App's installations")
            return next(filter(None, map(_installation, every if isinstance(every, list) else [])), None)
        for kind in ("users", "orgs"):
            try:
                path = f"{kind}/{quote(owner, safe='')}/installation"
                return _installation(await self._ask(path, f"the App's installation for {owner}"))
            except NotFound:
                continue
        return None

    async def _ask(self, path: str, what: str, json: dict[str, Any] | None = None) -> Any:
        """Return decoded JSON. Raises what `protocol.classify` does; a redirect is not followed."""
        request = Request(what, self._host, authenticated=True)
        headers = request_headers(f"Bearer {self._jwt()}")
        async with httpx.AsyncClient(transport=self._transport, timeout=_SECONDS, verify=trusted()) as http:
            found = await exchange(http, f"{self._base}/{path}", headers, seconds=_SECONDS, json=json)
        found = found._replace(status=200) if found.status == 201 else found
        return any_json(self._judged(found, request).body)

    def _judged(self, found: Exchange, request: Request) -> Exchange:
        if found.status == 401:
            raise Forbidden(
                f"{request.host} does not accept GitHub App {self._app_id};"
                " check GITHUB_APP_ID, its private key, and this machine's clock"
            )
        outcome = classify(found.status, found.headers, found.body, request, now=self._clock())
        if outcome.status != "ok":
            raise Unreachable(f"{request.host} answered {found.status} for {request.what}; check GITHUB_API_URL")
        return found

    @property
    def _host(self) -> str:
        return urlsplit(self._base).netloc

    def _jwt(self) -> str:
        """https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""
        import jwt  # noqa: PLC0415 - a tenth of a second, for those who use an App

        now = self._clock()
        claims = {"iat": now - _CLOCK_DRIFT, "exp": now + _JWT_LIFE, "iss": self._app_id}
        return jwt.encode(claims, self._key, algorithm="RS256")


def _parsed(key: SecretStr) -> Any:
    """Return the key that text in PEM holds; `\\n` as two characters counts as a line's end, as variables have it."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        found = load_pem_private_key(key.get_secret_value().replace("\\n", "\n").strip().encode(), password=None)
    except (ValueError, TypeError):  # its text may quote what was given
        found = None
    if not isinstance(found, RSAPrivateKey):
        raise SettingsError("the private key of the GitHub App is not accepted; give the RSA key in PEM as downloaded")
    return found


def _bearer(token: _Token) -> str:
    return f"Bearer {token.value}"


def _installation(value: object) -> int | None:
    """Return the number of an installation, None for one that is suspended.

    https://docs.github.com/en/apps/maintaining-github-apps/suspending-a-github-app-installation
    """
    number = value.get("id") if isinstance(value, dict) and value.get("suspended_at") is None else None
    return number if isinstance(number, int) else None


def _token(value: object) -> _Token | None:
    if not isinstance(value, dict) or not isinstance(value.get("token"), str):
        return None
    try:
        return _Token(value["token"], parse_instant(str(value.get("expires_at"))))
    except InvalidInput:
        return None
