"""One HTTP exchange with a host: time, size and errors bounded and translated, nothing else."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from ..errors import Unreachable
from .refusals import Transient

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a body (decompressed) that are read; GitHub's largest answers, commits with many patches, stay far below."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Exchange(NamedTuple):
    """An answer as it came: header names are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def origin(url: str) -> tuple[str, str, int | None]:
    """(scheme, host, port) of a URL: what a token may be sent to."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme)


def resolve(url: str, reference: str) -> str:
    """The address that an answer of `url` names, made absolute. Raises `Unreachable` for what is no address."""
    try:
        target = urljoin(url, reference)
        scheme, host, _ = origin(target)
    except ValueError:  # a port or an address that cannot be one
        scheme, host = "", ""
    if scheme not in _DEFAULT_PORTS or not host:
        raise Unreachable(f"{urlsplit(url).netloc} names {reference[:80]!r}, which is no address; check GITHUB_API_URL")
    return target


async def exchange(
    http: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    json: Mapping[str, object] | None = None,
) -> Exchange:
    """GET the URL, or POST to it when there is `json`; the whole exchange takes at most `seconds`.

    Raises `Transient` for what another try may mend, `Unreachable` for what it will not; the message names the host.
    """
    host = urlsplit(url).netloc
    try:
        async with (
            asyncio.timeout(seconds),
            http.stream("POST" if json is not None else "GET", url, headers=headers, json=json) as response,
        ):
            return Exchange(response.status_code, response.headers, await _body(response, host))
    except (TimeoutError, httpx.TimeoutException):
        raise Transient(f"{host} did not answer completely within {seconds:.3g} s; try again later") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Unreachable(f"{host or url[:100]} cannot be asked ({error}); check GITHUB_API_URL") from None
    except httpx.LocalProtocolError:  # its text may quote a header, and so the token
        raise Unreachable(f"the request to {host} could not be formed; check GITHUB_TOKEN and GITHUB_API_URL") from None
    except httpx.ConnectError as error:
        raise Transient(
            f"cannot connect to {host} ({_reason(error)}); check the network, any proxy, and GITHUB_API_URL"
        ) from None
    except httpx.RequestError as error:
        raise Transient(f"the connection to {host} broke ({_reason(error)}); check the network and try again") from None


async def _body(response: httpx.Response, host: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            raise Unreachable(
                f"{host} sent more than {MAX_BODY // 1024 // 1024} MiB in one answer; it was not read further"
            )
    return bytes(body)


def _reason(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
