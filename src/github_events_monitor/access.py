"""Who may speak HTTP to us: by which names we are addressed, from which pages, and with which token. No I/O.

Host and Origin are checked because a page in a browser can reach a loopback port under a name of its own (DNS
rebinding: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning). Without
ALLOWED_HOSTS the loopback names are accepted, and HOST itself where it is one address; a server on all addresses
(0.0.0.0) answers to other names only when ALLOWED_HOSTS has them.
"""

import hmac
from urllib.parse import urlsplit

from pydantic import SecretStr

from .settings import Settings

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_ALL_ADDRESSES = {"0.0.0.0", "::", "[::]"}  # noqa: S104 - recognised, not bound to


def accepted_names(settings: Settings) -> tuple[str, ...]:
    """Host names (with a port where only that one is meant), or origins, under which we answer."""
    if settings.allowed_hosts:
        return settings.allowed_hosts
    own = () if settings.host in {*_ALL_ADDRESSES, *LOOPBACK_NAMES} else (settings.host,)
    return (*LOOPBACK_NAMES, *own)


def accepts_host(names: tuple[str, ...], host: str) -> bool:
    """Whether a `Host` header is one of the names: a name without a port stands for any port."""
    given = _parts(f"//{host}")
    return given is not None and any(_fits(f"//{name}", given) for name in names if "://" not in name)


def accepts_origin(names: tuple[str, ...], origin: str) -> bool:
    """Whether an `Origin` header is one of the names, written with or without its scheme."""
    given = _parts(origin)
    exact = {name.lower().rstrip("/") for name in names if "://" in name}
    return given is not None and (origin.lower() in exact or accepts_host(names, urlsplit(origin).netloc))


def token_matches(token: SecretStr, authorization: str | None) -> bool:
    """Whether an `Authorization` header carries the bearer token; takes the same time whatever it carries."""
    scheme, _, given = (authorization or "").partition(" ")
    expected = token.get_secret_value().encode()
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected)


def _fits(name: str, given: tuple[str, int | None]) -> bool:
    known = _parts(name if name.count(":") < 2 or "[" in name else f"//[{name[2:]}]")
    return known is not None and known[0] == given[0] and known[1] in {None, given[1]}


def _parts(url: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (name, port) if name else None
