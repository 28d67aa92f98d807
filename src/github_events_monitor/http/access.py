"""Rules on requests: by which names we are addressed, from which pages, from which machine. No I/O.

Host and Origin are checked because a page in a browser can reach a loopback port under a name of its own (DNS
rebinding: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning). Without
ALLOWED_HOSTS the loopback names are accepted, and HOST itself where it is one address; a server on all addresses
(0.0.0.0) is reached under other names only when ALLOWED_HOSTS has them.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from ..settings import Settings

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
OPEN_PATHS = frozenset({"/health"})
"""For load balancers, which have no token and address us by number."""
_ALL_ADDRESSES = {"0.0.0.0", "::", "[::]"}  # noqa: S104 - recognised, not bound to
_FOREIGN_SITES = frozenset({"cross-site", "same-site"})
_LONGEST_HEADER = 512
"""Characters of a Host or Origin that are looked at: a name has at most 253."""


def refusal(scope: Scope, settings: Settings) -> str | None:
    """Return why a request is refused whatever token it carries, in a sentence, or None for one that may go on.

    Under Lambda AWS owns the socket: there only the token counts.
    """
    if is_lambda(scope, settings):
        return None
    if _is_of_foreign_page(Headers(scope=scope), settings):
        return "pages of other sites may not ask here; ALLOWED_HOSTS names those that may"
    if scope["path"] in OPEN_PATHS or not _came_by_tcp(scope):
        return None
    if not settings.asks_for_tokens and not _is_local(scope):
        return "without API_TOKEN only this machine is served; set it to a secret that clients send"
    return _refusal_of_names(Headers(scope=scope), accepted_names(settings))


def _is_of_foreign_page(headers: Headers, settings: Settings) -> bool:
    """Return whether a browser says that a page of another site asks, and the page is none of ALLOWED_HOSTS.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header: pages cannot change the header. It comes with an image
    or a link, too, which have no Origin.
    """
    if headers.get("sec-fetch-site", "").strip().lower() not in _FOREIGN_SITES:
        return False
    origin = headers.get("origin")
    return origin is None or not accepts_origin(settings.allowed_hosts, origin)


def _refusal_of_names(headers: Headers, names: tuple[str, ...]) -> str | None:
    host, origin = headers.get("host", ""), headers.get("origin")
    if not accepts_host(names, host):
        return f"Host {host[:80]!r} is not served here; ALLOWED_HOSTS names what is"
    if origin is not None and not accepts_origin(names, origin):
        return f"Origin {origin[:80]!r} is not served here; ALLOWED_HOSTS names what is"
    return None


def is_lambda(scope: Scope, settings: Settings) -> bool:
    """Return whether a request came through AWS Lambda: https://mangum.fastapiexpert.com/adapter/"""
    return settings.under_lambda or "aws.event" in scope


def accepted_names(settings: Settings) -> tuple[str, ...]:
    """Return the host names (with a port where only that one is meant) and origins that are served."""
    if settings.allowed_hosts:
        return settings.allowed_hosts
    own = () if settings.host in {*_ALL_ADDRESSES, *LOOPBACK_NAMES} else (settings.host,)
    return (*LOOPBACK_NAMES, *own)


def accepts_host(names: tuple[str, ...], host: str) -> bool:
    """Return whether a `Host` header is one of the names: a name without a port stands for any port."""
    given = _parts(f"//{host}")
    return given is not None and any(_fits(f"//{name}", given) for name in names if "://" not in name)


def accepts_origin(names: tuple[str, ...], origin: str) -> bool:
    """Return whether an `Origin` header is one of the names, written with or without its scheme."""
    given = _parts(origin)
    exact = {name.lower().rstrip("/") for name in names if "://" in name}
    return given is not None and (origin.lower() in exact or accepts_host(names, urlsplit(origin).netloc))


def _fits(name: str, given: tuple[str, int | None]) -> bool:
    known = _parts(name if name.count(":") < 2 or "[" in name else f"//[{name[2:]}]")
    return known is not None and known[0] == given[0] and known[1] in {None, given[1]}


def _parts(url: str) -> tuple[str, int | None] | None:
    if len(url) > _LONGEST_HEADER:
        return None
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (name, port) if name else None


def _came_by_tcp(scope: Scope) -> bool:
    """Return whether a request came over a TCP socket, which pages and strangers can reach.

    The local address is then a number (https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope); a
    Unix socket has a path, and an app that is called in its own process the name of the URL.
    """
    server = scope.get("server")
    return server is None or _address(server[0]) is not None or server[0].lower() == "localhost"


def _is_local(scope: Scope) -> bool:
    """Return whether a request came from this machine."""
    client = scope.get("client")
    address = _address(client[0]) if client else None
    return address is not None and address.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
