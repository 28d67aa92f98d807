"""One HTTP exchange with a host: time, size and errors bounded and translated, nothing else."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
import truststore

from ..errors import Unreachable
from .refusals import Transient

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a body, unpacked, that are read; GitHub's largest answers, commits with many patches, stay far below."""

_PIECE = 256 * 1024
"""Bytes that are unpacked at a time: a small body that grows beyond all measure costs no more memory than this."""

_MAX_LINK = 8_192
_MAX_ADDRESS = 4_096
_LONGEST_ETAG = 256
_GZIP = 16 + zlib.MAX_WBITS
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Exchange(NamedTuple):
    """A response as it came: header names are case-insensitive. next_link: as Link has it, maybe relative."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    next_link: str | None = None


def origin(url: str) -> tuple[str, str, int | None]:
    """Return (scheme, host, port) of a URL: what a token may be sent to."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme)


def resolve(url: str, reference: str) -> str:
    """Return the address that a response of `url` names, made absolute. Raises `Unreachable` for what is no address."""
    try:
        target = urljoin(url, reference) if len(reference) <= _MAX_ADDRESS else ""
        scheme, host, _ = origin(target)
    except ValueError:  # a port or an address that cannot be one
        scheme, host = "", ""
    if scheme not in _DEFAULT_PORTS or not host:
        raise Unreachable(f"{urlsplit(url).netloc} names {reference[:80]!r}, which is no address; check GITHUB_API_URL")
    return target


def trusted() -> ssl.SSLContext:
    """Return what judges a host's certificate: the system's trust store, and what SSL_CERT_FILE names beside it.

    httpx by itself knows Mozilla's list alone, in which the authority of a company's proxy does not stand.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if (named := ssl.get_default_verify_paths().cafile) is not None:  # on Linux it counts already
        context.load_verify_locations(named)
    return context


async def exchange(
    http: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    *,
    seconds: float,
    json: Mapping[str, object] | None = None,
) -> Exchange:
    """Return what a GET of the URL brings, or a POST when there is `json`, within at most `seconds`.

    Raises `Transient` for what another try may mend, `Unreachable` for what it will not; the message names the host.
    """
    host = urlsplit(url).netloc
    try:
        async with (
            asyncio.timeout(seconds),
            http.stream("POST" if json is not None else "GET", url, headers=headers, json=json) as response,
        ):
            body = await _body(response, host)
            return Exchange(response.status_code, response.headers, body, _next_link(response))
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


def without_secret(found: Exchange, authorization: str | None) -> Exchange:
    """Return the response without the secret: what a refusal says is shown to people, and may repeat the request."""
    secret = (authorization or "").rpartition(" ")[2]
    return found._replace(body=found.body.replace(secret.encode(), b"***")) if secret else found


def sendable_etag(etag: str | None) -> str | None:
    """Return an ETag that a request can carry, or None: https://www.rfc-editor.org/rfc/rfc9110#field.etag"""
    return etag if etag and etag.isascii() and etag.isprintable() and len(etag) <= _LONGEST_ETAG else None


async def _body(response: httpx.Response, host: str) -> bytes:
    """Return the body, read in bounded pieces. httpx would unpack whatever coding comes, as far as it goes."""
    coding = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if coding not in {"identity", "gzip", "x-gzip"}:
        raise Unreachable(f"{host} packs its answers as {coding[:40]!r}, which was not asked for; check any proxy")
    unpacker = None if coding == "identity" else zlib.decompressobj(_GZIP)
    body, taken = bytearray(), 0
    async for chunk in _raw(response):
        taken += len(chunk)
        for piece in (chunk,) if unpacker is None else _unpacked(unpacker, chunk, host):
            body += piece
            if len(body) > MAX_BODY:
                break
        if max(taken, len(body)) > MAX_BODY:
            raise Unreachable(
                f"{host} sent more than {MAX_BODY // 1024 // 1024} MiB in one answer; it was not read further"
            )
        await asyncio.sleep(0)  # the deadline holds, and others have their turn, while much is unpacked
    if unpacker is not None and taken and not unpacker.eof:
        raise Transient(f"{host} sent a cut or damaged body; try again later")
    return bytes(body)


async def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body's bytes as they are on the wire."""
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport of an asynchronous client streams asynchronously")
    async for chunk in stream:
        yield chunk


def _unpacked(unpacker: "zlib._Decompress", packed: bytes, host: str) -> Iterator[bytes]:
    """Yield what packed bytes hold, a bounded piece at a time. Raises `Transient` for what is not gzip."""
    try:
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, _PIECE)
            packed = unpacker.unconsumed_tail
    except zlib.error:
        raise Transient(f"{host} sent a cut or damaged body; try again later") from None


def _next_link(response: httpx.Response) -> str | None:
    """https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers"""
    if len(response.headers.get("link", "")) > _MAX_LINK:
        return None
    return response.links.get("next", {}).get("url")


def _reason(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
